# SPDX-License-Identifier: Apache-2.0
# For tests beside the real Docker Compose: builds it where there is Go, and sets $peer to the program.
HOME=$(getent passwd "$(id -u)" | cut -d: -f6) # where Go keeps its modules
export HOME

peer=$SC_BUILD/peer-compose
status=0
"$SC_SOURCE/tests/peer/build" "$peer" || status=$?
[ "$status" != 77 ] || exit 77
[ "$status" = 0 ] || fail "the peer cannot be built"
