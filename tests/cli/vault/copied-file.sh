# SPDX-License-Identifier: Apache-2.0
# A copy of vault.db without its log is an older state: whole, but refused where the newer one was seen.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace
not_sanitized "strace cannot trace a traced program"
new_vault
printf 1 | run 0 "$SECRETSCTL" add shop/a

# Killed at the first write into the file itself: the commit is in the log, and only there.
printf 2 | strace -f -qq -o trace -P "$T/vault.db" -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1 \
    "$SECRETSCTL" rotate shop/a >/dev/null 2>&1 && fail "it was not killed"
[ -s vault.db-wal ] || fail "there is no log"
cp vault.db copy.db

run 0 "$SECRETSCTL" get shop/a # recovers by itself
out_is 2
[ ! -s vault.db-wal ] || fail "the log was not folded into the file"
run 10 "$SECRETSCTL" --vault copy.db get shop/a
err_has "this vault is at state 2, but 3 was seen before"
run 0 env XDG_STATE_HOME="$T/elsewhere" "$SECRETSCTL" --vault copy.db check --decrypt
run 0 env XDG_STATE_HOME="$T/elsewhere" "$SECRETSCTL" --vault copy.db get shop/a
out_is 1
