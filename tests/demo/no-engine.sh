# SPDX-License-Identifier: Apache-2.0
# scripts/demo where no Docker engine runs: it ends well, and says what is left to see.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/demo/own.sh"
needs_root
export DOCKER_HOST=unix://$T/nothing.sock

run 0 "$SC_SOURCE/scripts/demo"
out_has "There is no Docker engine here, so no container is started."
out_has "2 findings"
out_has "scripts/demo --start-engine"
out_lacks 'w4rm'
err_lacks 'w4rm'
nothing_left
