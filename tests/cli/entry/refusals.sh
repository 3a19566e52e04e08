# SPDX-License-Identifier: Apache-2.0
# Bad input: one message, the status of the contract, nothing written, and no value repeated.
. "$SC_SOURCE/tests/support/functions.sh"

run 4 "$SECRETSCTL" list
err_is "secretsctl: there is no vault at '$T/vault.db'; run: secretsctl init, or restore BACKUP"

new_vault
printf x | run 0 "$SECRETSCTL" add shop/a

run 2 "$SECRETSCTL" add shop/b hunter2
err_is "secretsctl: a value on the command line is seen by every user and kept in the shell's history; give it on standard input or with --from-file"
run 2 "$SECRETSCTL" add shop/pw --generate 40
err_is "secretsctl: the length of a generated value is given as --generate=LEN"
err_lacks hunter2

# On a terminal nothing is asked for with --no-input.
on_terminal='import os, pty, sys
ends = pty.openpty()
os.set_inheritable(ends[0], True)
os.dup2(ends[1], 0)
os.execv(sys.argv[1], sys.argv[1:])'
run 2 python3 -c "$on_terminal" "$SECRETSCTL" add shop/b --no-input
err_is "secretsctl: no value is given and --no-input forbids to ask"

run 1 "$SECRETSCTL" add shop/a <<<y
err_is "secretsctl: there is an entry 'shop/a' already; change it with: rotate"
run 2 "$SECRETSCTL" rotate shop/a --keep-value --kind config
err_is "secretsctl: --kind goes with a new value, not with --keep-value"
run 4 "$SECRETSCTL" rotate shop/b <<<y
err_is "secretsctl: there is no entry 'shop/b'"
run 2 "$SECRETSCTL" get "shop/pass word"
err_lacks "pass word"
run 2 "$SECRETSCTL" get bare
err_has "the scope is missing"

head -c 1048577 /dev/zero >big
run 1 "$SECRETSCTL" add shop/big --from-file big
err_is "secretsctl: cannot read 'big': the value is longer than 1048576 bytes"
run 4 "$SECRETSCTL" add shop/b --from-file absent
err_is "secretsctl: cannot open 'absent': No such file or directory"

run 0 "$SECRETSCTL" list
[ "$(cut -f1 "$T/out")" = shop/a ] || fail "something was written"
run 1 "$SECRETSCTL" init
err_is "secretsctl: there is a file '$T/vault.db' already"

# Names of the program's own.
run 2 "$SECRETSCTL" add .originals/x --generate
err_is "secretsctl: names that begin with '.' are the program's own"

# A short option whose value may be left out; versions count from 1.
run 0 "$SECRETSCTL" add shop/short -g
run 0 "$SECRETSCTL" rotate -g12 shop/short
run 0 "$SECRETSCTL" get shop/short
[ "$(wc -c <"$T/out")" = 12 ] || fail "the length is not 12"
run 2 "$SECRETSCTL" get shop/short --revision 0
err_is "secretsctl: --revision counts from 1"
run 2 "$SECRETSCTL" rollback shop/short --to 0
err_is "secretsctl: --to counts from 1"
