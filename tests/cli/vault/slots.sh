# SPDX-License-Identifier: Apache-2.0
# Slots come and go; a removed one opens nothing, also when its row is put back; nobody is asked for
# the other passphrases.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
(umask 077; printf 'first passphrase\n' >p1; age-keygen -o id.txt 2>/dev/null)
printf v1 | run 0 "$SECRETSCTL" add a/x
run 2 "$SECRETSCTL" slot add --no-input
err_is "secretsctl: --no-input forbids to ask for a passphrase; give --new-passphrase-file or --key-file"
run 2 setsid --wait "$SECRETSCTL" slot add
err_is "secretsctl: there is no terminal to ask for a passphrase on; give --new-passphrase-file or --key-file"
run 0 "$SECRETSCTL" slot add --new-passphrase-file p1 --kdf light --label 'in the safe' --reason 'for the bad day'
run 0 "$SECRETSCTL" slot add --recipient "$(age-keygen -y id.txt)" --label alice
run 0 "$SECRETSCTL" slot add --key-file k2 --label robot
err_has "made the key file 'k2'; keep a copy where the vault is not"
run 0 "$SECRETSCTL" slot list --json
jq -e 'map(.kind) | sort == ["key-file","key-file","passphrase","recipient"]' "$T/out" >/dev/null || fail "kinds"
robot=$(jq -r '.[] | select(.label == "robot").id' "$T/out")
mine=$(jq -r '.[] | select(.current).id' "$T/out")

unset SECRETSCTL_KEY_FILE
for key in "--passphrase-file p1" "--identity id.txt" "--key-file k2"; do
    # shellcheck disable=SC2086
    run 0 "$SECRETSCTL" $key get a/x
    out_is v1
done

cp vault.db before.db
run 2 "$SECRETSCTL" --key-file k2 slot rm "${robot:0:8}"
err_is "secretsctl: this is the slot that opened the vault; remove it with another key"
run 0 "$SECRETSCTL" --key-file key slot rm "${robot:0:8}" --reason 'robot sold'
run 5 "$SECRETSCTL" --key-file k2 get a/x --no-input
run 0 "$SECRETSCTL" --passphrase-file p1 get a/x
run 0 "$SECRETSCTL" --identity id.txt log --op slot-add --json
jq -e 'any(.name == "in the safe" and .reason == "for the bad day")' "$T/out" >/dev/null || fail "the reason for the slot"
run 0 "$SECRETSCTL" --identity id.txt log
[ "$(cut -f3 "$T/out" | tr '\n' ' ')" = "slot-rm slot-add slot-add slot-add add init " ] || fail "log across the change of key: $(cat "$T/out")"

cp vault.db good.db
sqlite3 vault.db "attach 'before.db' as o; insert into slot select * from o.slot where hex(slot_id)=upper('$robot');"
run 6 "$SECRETSCTL" --key-file k2 get a/x
err_is "secretsctl: the key slots in the vault's file are not the signed ones"
cp good.db vault.db

run 0 "$SECRETSCTL" --key-file key rekey --new-verify-key --reason yearly
run 0 "$SECRETSCTL" --identity id.txt get a/x
run 6 env XDG_STATE_HOME="$T/other" SECRETSCTL_VAULT_KEY=00 "$SECRETSCTL" --identity id.txt get a/x
run 0 "$SECRETSCTL" --key-file key check --decrypt
# Named by digits, by a label that is the only one of its kind, or by the recipient
run 0 "$SECRETSCTL" --key-file key slot add --recipient "$(age-keygen -y id.txt)" --label robot2
alice=$("$SECRETSCTL" --key-file key slot list --json | jq -r '.[] | select(.label == "alice").id')
run 0 "$SECRETSCTL" --key-file key slot add --key-file k3 --label "${alice:0:8}"
run 2 "$SECRETSCTL" --key-file key slot rm "${alice:0:8}"
err_is "secretsctl: several are called so or begin like this; give more digits of the number"
run 2 "$SECRETSCTL" --key-file key slot rm "$(age-keygen -y id.txt)"
err_is "secretsctl: several are called so or begin like this; give more digits of the number"
run 4 "$SECRETSCTL" --key-file key slot rm nobody
err_is "secretsctl: there is no such slot; see: secretsctl slot list"
run 2 "$SECRETSCTL" --key-file key slot rm ''
run 0 "$SECRETSCTL" --key-file key slot rm robot2
err_has "removed slot "
err_lacks robot2
run 0 "$SECRETSCTL" --key-file key slot rm "${alice:0:9}"
run 0 "$SECRETSCTL" --key-file key slot rm "${alice:0:8}" # the label that is left
run 4 "$SECRETSCTL" --key-file key slot rm "${robot:0:8}"
run 2 "$SECRETSCTL" --passphrase-file p1 slot rm 0
run 0 "$SECRETSCTL" --passphrase-file p1 slot rm "$mine"
run 5 "$SECRETSCTL" --key-file key get a/x --no-input
