# SPDX-License-Identifier: Apache-2.0
# A portable vault: one file and, while it is written, a journal; as safe against a kill as the usual one; made so
# and back again; read from media that cannot be written.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace sqlite3
not_sanitized "the leak sanitizer does not work below strace"
"$SECRETSCTL" init --key-file key --portable >/dev/null 2>&1 || fail "init --portable"
export SECRETSCTL_KEY_FILE=$T/key
mode() { sqlite3 vault.db 'PRAGMA journal_mode'; }
[ "$(mode)" = delete ] || fail "mode: $(mode)"
printf 1 | run 0 "$SECRETSCTL" add shop/n
printf 2 | strace -f -e trace=openat,open -o trace "$SECRETSCTL" rotate shop/n 2>/dev/null
grep -q 'vault.db-journal' trace || fail "there is no journal"
! grep -qE 'vault.db-(wal|shm)' trace || fail "a portable vault has a log"
run 0 "$SECRETSCTL" check --decrypt

# Killed at every tenth call or so: what was acknowledged is there, nothing is torn
acknowledged=2
next=3
for call in pwrite64 fdatasync unlink; do
    for n in 1 2 3 4 6 9 12; do
        if printf '%d' "$next" | strace -f -o trace -e inject=$call:signal=KILL:when=$n "$SECRETSCTL" rotate shop/n >/dev/null 2>&1; then
            acknowledged=$next
        fi
        run 0 "$SECRETSCTL" check --decrypt
        run 0 "$SECRETSCTL" get shop/n
        [ "$(cat out)" = "$acknowledged" ] || [ "$(cat out)" = "$next" ] || fail "$call $n: $(cat out) after $acknowledged"
        acknowledged=$(cat out)
        next=$((next + 1))
    done
done

# Several at once
for i in 1 2 3 4; do printf v | "$SECRETSCTL" add "many/n$i" 2>/dev/null & done
wait
run 0 "$SECRETSCTL" list many
[ "$(wc -l <out)" = 4 ] || fail "a write was lost: $(cat out)"

# Back and forth; refused while somebody has it open
run 0 "$SECRETSCTL" compact --storage usual
[ "$(mode)" = wal ] || fail "not usual again"
printf v | run 0 "$SECRETSCTL" add shop/usual
exec 9> >(exec sqlite3 vault.db >reader.out 2>&1)
echo "BEGIN; SELECT count(*) FROM rec; COMMIT; SELECT 'open';" >&9
until_true 10 grep -q open reader.out || fail "no reader"
run 7 "$SECRETSCTL" compact --storage portable
exec 9>&-
until_true 10 "$SECRETSCTL" compact --storage portable >out 2>err || fail "still in use: $(cat err)"
[ "$(mode)" = delete ] || fail "not portable again: $(cat err)"
run 0 "$SECRETSCTL" check --decrypt
run 2 "$SECRETSCTL" compact --storage fast

# From media that cannot be written; with a journal waiting it cannot be read right
[ "$(id -u)" = 0 ] || exit 0 # the rest mounts
mkdir ro
mount -t tmpfs none ro 2>/dev/null || skip "this machine does not let a test mount"
unmount() { umount "$T/ro" 2>/dev/null; }
on_exit unmount
cp vault.db ro/
run 0 "$SECRETSCTL" compact --storage usual
cp vault.db ro/usual.db
mount -o remount,ro ro
export XDG_STATE_HOME=$T/elsewhere # one of them is older
for file in ro/vault.db ro/usual.db; do
    run 0 "$SECRETSCTL" --vault "$file" get shop/n
    run 0 "$SECRETSCTL" --vault "$file" check
    for command in 'add shop/x' compact rekey 'checkpoint --renew'; do
        run 8 "$SECRETSCTL" --vault "$file" $command <<<x
        err_is "secretsctl: cannot write to the vault '$file': Read-only file system"
    done
done
mount -o remount,rw ro
head -c 600 /dev/urandom >ro/vault.db-journal
mount -o remount,ro ro
run 8 "$SECRETSCTL" --vault ro/vault.db get shop/n
err_has "waits to be recovered"
mount -o remount,rw ro
head -c 600 /dev/urandom >ro/usual.db-wal
mount -o remount,ro ro
run 8 "$SECRETSCTL" --vault ro/usual.db get shop/n
err_is "secretsctl: 'ro/usual.db' waits to be recovered, but its directory cannot be written"
mount -o remount,rw ro
: >ro/usual.db-wal
: >ro/usual.db-journal
mount -o remount,ro ro
run 0 "$SECRETSCTL" --vault ro/usual.db get shop/n
