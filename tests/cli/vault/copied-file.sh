# SPDX-License-Identifier: Apache-2.0
# A copy of vault.db without its log is an older state: whole, but refused where the newer one was seen. A log that is
# not the file's own, or not good, is not folded into it by anybody.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace
not_sanitized "strace cannot trace a traced program"
new_vault
printf 1 | run 0 "$SECRETSCTL" add shop/a

# killed_at_folding VAULT NAME: the value on standard input is committed, and stands in the log only: killed at the
# first write into the file itself.
killed_at_folding() {
    strace -f -qq -o trace -P "$T/$1" -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1 \
        "$SECRETSCTL" --vault "$1" rotate "$2" >/dev/null 2>&1 && fail "it was not killed"
    [ -s "$1-wal" ] || fail "there is no log"
}
printf 2 | killed_at_folding vault.db shop/a
cp vault.db copy.db
cp vault.db-wal log

# Reading recovers by itself, and changes nothing; checking or writing folds the log into the file.
run 0 "$SECRETSCTL" get shop/a
out_is 2
cmp vault.db copy.db || fail "reading changed the file"
cmp vault.db-wal log || fail "reading changed the log"
run 0 "$SECRETSCTL" check
[ ! -s vault.db-wal ] || fail "the log was not folded into the file"
run 0 "$SECRETSCTL" get shop/a
out_is 2
[ ! -e vault.db-wal ] || fail "the log is still there"
cp copy.db vault.db
cp log vault.db-wal
printf 3 | run 0 "$SECRETSCTL" add shop/b
[ ! -s vault.db-wal ] || fail "a writer has not folded the log into the file"

run 10 "$SECRETSCTL" --vault copy.db get shop/a
err_has "this vault is at state 2, but 4 was seen before"
run 0 env XDG_STATE_HOME="$T/elsewhere" "$SECRETSCTL" --vault copy.db check --decrypt
run 0 env XDG_STATE_HOME="$T/elsewhere" "$SECRETSCTL" --vault copy.db get shop/a
out_is 1

# The log of another vault, and a log of an older copy of this one
run 0 "$SECRETSCTL" --vault other.db init --key-file key
printf 1 | run 0 "$SECRETSCTL" --vault other.db add shop/a
printf 2 | killed_at_folding other.db shop/a
cp vault.db good.db
for beside in other.db-wal log; do
    for command in 'get shop/a' 'list' 'check' 'check --decrypt' 'add shop/c' 'rekey' 'backup out.db' 'log'; do
        cp vault.db vault.now
        cp "$beside" vault.db-wal
        rm -f vault.db-shm
        "$SECRETSCTL" $command <good.db >/dev/null 2>err && fail "$command: nothing was said of $beside"
        [ "$(wc -l <err)" = 1 ] || fail "$command: $(cat err)"
        cmp vault.db good.db || fail "$command has folded $beside into the file"
        rm -f vault.db-wal vault.db-shm
        run 0 "$SECRETSCTL" get shop/b
        out_is 3
    done
done
