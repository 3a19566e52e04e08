# SPDX-License-Identifier: Apache-2.0
# The stack of the demo with its values served through FUSE: each service sees what it was granted, and works.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/demo/own.sh"
needs_fuse
needs_docker
requires debootstrap

run 0 "$SC_SOURCE/scripts/demo" --fuse
grep -qE 'the shop answers: \{"orders": [1-9]' "$T/out" || fail "the shop does not work"
out_has "clean: none of 2 values found"
out_lacks 'w4rm'
err_lacks 'w4rm'
nothing_left
