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
run 2 "$SECRETSCTL" compose rewrit --write
err_is "secretsctl: there is no such command; did you mean 'compose rewrite'? See: secretsctl help"
run 2 "$SECRETSCTL" slot hunter2
err_is "secretsctl: 'slot' needs one of: 'slot add', 'slot list', 'slot rm'"
# the word that other programs have for it
run 2 "$SECRETSCTL" ls
err_is "secretsctl: there is no such command; did you mean 'list'? See: secretsctl help"
run 2 "$SECRETSCTL" grant remove
err_is "secretsctl: there is no such command; did you mean 'grant rm'? See: secretsctl help"

# the first word alone: its commands
for words in 'help slot' 'slot --help' 'slot -h' '--help slot'; do
    # shellcheck disable=SC2086 # words
    run 0 "$SECRETSCTL" $words
    out_is "usage: secretsctl slot COMMAND

  slot add          add a way to open the vault
  slot list         list the ways to open the vault
  slot rm           remove a way to open the vault, and change the root key

More on one command: secretsctl help slot add"
    err_is ""
done
run 2 "$SECRETSCTL" slot
err_is "secretsctl: 'slot' needs one of: 'slot add', 'slot list', 'slot rm'"

for word in a zz fuse-ma "$(head -c 100 /dev/zero | tr '\0' a)" ''; do
    run 2 "$SECRETSCTL" "$word"
    err_is "secretsctl: there is no such command; see: secretsctl help"
done

run 2 "$SECRETSCTL"
err_is "secretsctl: no command given; see: secretsctl help"
