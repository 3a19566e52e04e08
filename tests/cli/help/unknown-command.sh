# SPDX-License-Identifier: Apache-2.0
# A word that is no command is a usage error, and is not repeated: it may be a misplaced value.
. "$SC_SOURCE/tests/support/functions.sh"

run 2 "$SECRETSCTL" hunter2
err_is "secretsctl: there is no such command; see: secretsctl help"
out_is ""

# what was most likely meant comes from the table
run 2 "$SECRETSCTL" audi .
err_is "secretsctl: there is no such command; did you mean 'audit'? See: secretsctl help"
run 2 "$SECRETSCTL" help verfiy
err_is "secretsctl: there is no such command; did you mean 'verify'? See: secretsctl help"
run 2 "$SECRETSCTL" rewrite --write
err_is "secretsctl: there is no such command; did you mean 'compose rewrite'? See: secretsctl help"
for word in a zz fuse-ma "$(head -c 100 /dev/zero | tr '\0' a)" ''; do
    run 2 "$SECRETSCTL" "$word"
    err_is "secretsctl: there is no such command; see: secretsctl help"
done

run 2 "$SECRETSCTL"
err_is "secretsctl: no command given; see: secretsctl help"
