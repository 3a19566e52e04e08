# SPDX-License-Identifier: Apache-2.0
# backup, check and restore; the log; nothing readable in any file.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
printf value-one | run 0 "$SECRETSCTL" add shop/db_password --note 'a-note-of-mine' --label team=blue --reason 'first-reason'
run 0 "$SECRETSCTL" backup b1.db
run 1 "$SECRETSCTL" backup b1.db
err_is "secretsctl: there is a file 'b1.db' already"
printf value-two | run 0 "$SECRETSCTL" rotate shop/db_password --reason second
run 0 "$SECRETSCTL" backup b2.db

for file in vault.db b1.db b2.db; do
    for word in shop db_password value-one value-two a-note-of-mine blue first-reason; do
        ! grep -qaF "$word" "$file" || fail "'$word' can be read in $file"
    done
done
[ "$(stat -c %a vault.db b1.db | sort -u)" = 600 ] || fail "mode"
[ "$(find . -maxdepth 1 -name 'vault.db*' | wc -l)" = 1 ] || fail "the vault at rest is more than one file"

run 10 "$SECRETSCTL" restore b1.db
err_is "secretsctl: the backup is older than the vault seen last, so changes would be lost; if that is wanted: --accept-rollback REASON"
run 0 "$SECRETSCTL" get shop/db_password
out_is value-two

rm vault.db
run 0 "$SECRETSCTL" restore b2.db
run 0 "$SECRETSCTL" get shop/db_password
out_is value-two

run 0 "$SECRETSCTL" restore b1.db --accept-rollback 'wrong rotation'
run 0 "$SECRETSCTL" get shop/db_password
out_is value-one
run 0 "$SECRETSCTL" log --name shop
[ "$(cut -f3,4,7 "$T/out")" = "$(printf 'add\tshop/db_password\tfirst-reason')" ] || fail "log"
run 0 "$SECRETSCTL" check --decrypt --json
jq -e '.ok and .decrypted and .pages == "intact" and .records == 2' "$T/out" >/dev/null || fail "check --json"
run 5 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" log --no-input
run 0 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check

head -c 20000 b1.db >cut.db
chmod 600 cut.db
run 6 "$SECRETSCTL" --vault cut.db check
printf 'no vault at all' >text
chmod 600 text
run 6 "$SECRETSCTL" --vault text check
err_has "this file is not a vault"

# A backup from before the verify key was changed: 'trust', which speaks of the vault in place, would not help
run 0 "$SECRETSCTL" rekey --new-verify-key --reason yearly
run 6 "$SECRETSCTL" restore b2.db
err_is "secretsctl: the backup does not fit the vault seen last: another verify key, or another log. If it is from before the key was changed, and that is wanted: --accept-rollback REASON"
run 6 "$SECRETSCTL" restore cut.db
err_has "'cut.db': the vault's file is damaged"
run 0 "$SECRETSCTL" restore b2.db --accept-rollback 'the new key is lost'
run 0 "$SECRETSCTL" get shop/db_password
out_is value-two
