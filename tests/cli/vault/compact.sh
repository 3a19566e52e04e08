# SPDX-License-Identifier: Apache-2.0
# compact deletes old versions for good, shrinks trees and the file, and is one signed, logged change; a kill
# at any moment leaves a good vault with every current value.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
new_vault
for i in 1 2 3 4 5; do printf 'value %d' "$i" | run 0 "$SECRETSCTL" "$([ "$i" = 1 ] && echo add || echo rotate)" shop/a; done
printf only | run 0 "$SECRETSCTL" add shop/b
printf gone | run 0 "$SECRETSCTL" add shop/c
run 0 "$SECRETSCTL" rm shop/c
versions() { "$SECRETSCTL" history "$1" | cut -f3 | tr '\n' ' '; }

# What it refuses
run 2 "$SECRETSCTL" compact --keep 0
err_is "secretsctl: --keep is 1 or more: the current version always stays"
run 2 "$SECRETSCTL" compact --keep x
run 2 "$SECRETSCTL" compact --older-than never

# A dry run changes nothing
"$SECRETSCTL" checkpoint >before
run 0 "$SECRETSCTL" compact --keep 2 --dry-run
err_is "secretsctl: would delete 3 old versions of 1 entry"
"$SECRETSCTL" checkpoint | cmp - before || fail "a dry run made a change"
# All versions are young
run 0 "$SECRETSCTL" compact --keep 2 --older-than 1d --dry-run --json
jq -e '.versions == 0 and .dry_run' out >/dev/null || fail "dry run: $(cat out)"
# However old it is, the current one stays
sleep 1.1
run 0 "$SECRETSCTL" compact --older-than 0s --dry-run
err_is "secretsctl: would delete 5 old versions of 2 entries"

# The sealed bytes of what is deleted, as they stand in the file now
sqlite3 vault.db "SELECT hex(substr(ct, 1, 40)) FROM rec JOIN blob ON id=blob_id WHERE kind=1" | sort >sealed
hexdump_of() { od -An -v -tx1 "$1" | tr -d ' \n' | tr a-f A-F; }
run 0 "$SECRETSCTL" compact --keep 2 --reason 'spring cleaning'
[ "$(versions shop/a)" = "4 5 " ] || fail "versions of shop/a: $(versions shop/a)"
[ "$(versions shop/b)" = "1 " ] || fail "versions of shop/b"
[ "$(versions shop/c)" = "1 2 " ] || fail "versions of shop/c: $(versions shop/c)"
run 4 "$SECRETSCTL" get shop/a --revision 3
err_is "secretsctl: 'shop/a' has no version 3 with a value"
run 4 "$SECRETSCTL" rollback shop/a --to 1
run 0 "$SECRETSCTL" get shop/a
out_is "value 5"
run 0 "$SECRETSCTL" check --decrypt
sqlite3 vault.db "SELECT hex(substr(ct, 1, 40)) FROM rec JOIN blob ON id=blob_id WHERE kind=1" | sort >left
[ "$(comm -23 sealed left | wc -l)" = 3 ] || fail "three records are gone"
for file in vault.db vault.db-wal; do
    [ -e "$file" ] || continue
    hexdump_of "$file" >bytes
    while read -r marker; do
        ! grep -qF "$marker" bytes || fail "a deleted record is still in $file"
    done < <(comm -23 sealed left)
done
[ "$(sqlite3 vault.db 'PRAGMA freelist_count')" = 0 ] || fail "free pages are left"
run 0 "$SECRETSCTL" log --json
jq -e '.[0].op == "compact" and .[0].reason == "spring cleaning" and .[1].op == "purge"
    and .[1].name == "shop/a"' out >/dev/null || fail "log: $(head -c 600 out)"

# The number of a removed entry is not used again
run 0 "$SECRETSCTL" compact --keep 1
[ "$(versions shop/c)" = "2 " ] || fail "versions of shop/c after --keep 1"
run 4 "$SECRETSCTL" get shop/c
printf new | run 0 "$SECRETSCTL" add shop/c
[ "$(versions shop/c)" = "2 3 " ] || fail "a version number was used again"

# A tree that many entries made deep becomes shallow again, and the file small
seq 1200 | awk '{printf "\"n%d\":\"%d\",", $1, $1}' | sed 's/^/{/;s/,$/}/' >many.json
state() { "$SECRETSCTL" check --json | jq .state; }
before=$(state)
run 0 "$SECRETSCTL" import --format json many.json --scope many
[ "$(state)" = $((before + 1)) ] || fail "an import of 1,200 entries is not one commit"
depth() { sqlite3 vault.db "SELECT max(depth) FROM scope"; }
[ "$(depth)" = 2 ] || fail "depth $(depth)"
run 0 "$SECRETSCTL" list many
cut -f1 out | sort >names
while read -r name; do [ "$name" = many/n7 ] || echo "$name"; done <names >doomed
xargs "$SECRETSCTL" rm <doomed >/dev/null 2>&1 || fail "rm"
run 0 "$SECRETSCTL" compact --keep 1 --json
jq -e '.bytes_after < .bytes_before' out >/dev/null || fail "the file did not shrink: $(cat out)"
run 0 "$SECRETSCTL" check --decrypt
run 0 "$SECRETSCTL" get many/n7
out_is 7

# Somebody who reads all the while keeps the old bytes alive; the command says so
exec 9> >(exec sqlite3 vault.db >reader.out 2>&1)
echo "BEGIN; SELECT count(*) FROM rec;" >&9
until_true 10 test -s reader.out || fail "no reader"
run 7 "$SECRETSCTL" compact
err_has "is in use: what was deleted stays in its log until nobody reads it"
exec 9>&-
until_true 10 "$SECRETSCTL" compact >out 2>err || fail "still in use: $(cat err)"
run 0 "$SECRETSCTL" compact

# A reader or pipeline with a grant only cannot do it
requires age-keygen
age-keygen -o ci.txt 2>/dev/null
run 0 "$SECRETSCTL" grant add shop "$(age-keygen -y ci.txt)"
run 5 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" --identity ci.txt compact
err_is "secretsctl: this key cannot write to the vault"

# Killed anywhere: what remains is good, and the next one finishes
requires strace
not_sanitized "the leak sanitizer does not work below strace"
for i in $(seq 6); do printf '%d' "$i" | run 0 "$SECRETSCTL" rotate shop/a; done
cp vault.db ready.db
strace -f -e trace=openat,open -o trace "$SECRETSCTL" compact 2>/dev/null
sed "s,$T,T,g" trace >opened # wherever the test itself may stand
! grep -qE 'etilqs|/var/tmp|O_TMPFILE' opened || fail "compact writes a temporary file: $(cat trace)"
for call in pwrite64 fdatasync ftruncate; do
    for n in 1 2 3 5 8 13; do
        rm -f vault.db-wal vault.db-shm
        cp ready.db vault.db
        rm -rf state
        strace -f -o trace -e inject=$call:signal=KILL:when=$n "$SECRETSCTL" compact --keep 1 \
            >/dev/null 2>&1 || true
        run 0 "$SECRETSCTL" check --decrypt
        run 0 "$SECRETSCTL" get shop/a
        out_is 6
        run 0 "$SECRETSCTL" compact --keep 1
        [ "$(versions shop/a)" = "11 " ] || fail "killed at $call $n: $(versions shop/a)"
        run 0 "$SECRETSCTL" check --decrypt
    done
done
