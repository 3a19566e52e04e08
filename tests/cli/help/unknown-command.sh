# SPDX-License-Identifier: Apache-2.0
# A word that is no command is a usage error, and is not repeated: it may be a misplaced value.
. "$SC_SOURCE/tests/support/functions.sh"

run 2 "$SECRETSCTL" hunter2
err_is "secretsctl: there is no such command; see: secretsctl help"
out_is ""

run 2 "$SECRETSCTL"
err_is "secretsctl: no command given; see: secretsctl help"
