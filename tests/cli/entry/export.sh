# SPDX-License-Identifier: Apache-2.0
# Out again, and in again: env lines, JSON, files, and the archive that age opens too.
. "$SC_SOURCE/tests/support/functions.sh"
requires age age-keygen
new_vault
printf 'plain' | run 0 "$SECRETSCTL" add shop/a --note 'a "note"' --label team=x --mode 0440 --owner 5:6
printf 'q"u$o\\t`e\n2' | run 0 "$SECRETSCTL" add shop/b --kind config
printf 'deep' | run 0 "$SECRETSCTL" add shop/in/c

run 0 "$SECRETSCTL" export shop --format json
out_is '{
  "shop/a": "plain",
  "shop/b": "q\"u$o\\t`e\u000a2",
  "shop/in/c": "deep"
}'
python3 -c 'import json,sys; json.load(open(sys.argv[1]))' out || fail "not JSON"
run 0 "$SECRETSCTL" export shop --format env --output plain.env
err_is "secretsctl: 3 entries exported"
[ "$(stat -c %a plain.env)" = 600 ] || fail "others can read the file"
(. ./plain.env && [ "$B" = "$(printf 'q"u$o\\t`e\n2')" ]) || fail "a shell reads another value"
run 1 "$SECRETSCTL" export shop --format env --output plain.env
err_is "secretsctl: cannot create 'plain.env': File exists"
run 0 "$SECRETSCTL" export --format dir --output files
[ "$(cat files/shop/in/c)" = deep ] || fail "the file has another value"
[ "$(stat -c %a files)" = 700 ] || fail "others can enter the folder"

run 0 "$SECRETSCTL" export shop/in/ --json
out_is '{
  "shop/in/c": "deep"
}'
run 2 "$SECRETSCTL" export shop --json --format env
err_is "secretsctl: --json and --format env exclude each other"
run 4 "$SECRETSCTL" export shoop --format env --output typo.env
err_is "secretsctl: there is no entry at or below 'shoop'"
[ ! -e typo.env ] || fail "an empty file was made"
printf 'other' | run 0 "$SECRETSCTL" add blog/a
run 2 "$SECRETSCTL" export --format env
err_is "secretsctl: 'blog/a' and 'shop/a' would both be the variable A; export one scope"
out_is ""
run 0 "$SECRETSCTL" rm blog/a

printf '\377\0' | run 0 "$SECRETSCTL" add shop/bytes
run 9 "$SECRETSCTL" export --format json
err_is "secretsctl: 'shop/bytes' is not text, which JSON cannot hold; use --format dir or --age"
out_is ""

# The archive keeps all of it; a vault made from it says the same.
(umask 077; age-keygen -o id.txt 2>/dev/null)
recipient=$(age-keygen -y id.txt)
run 0 "$SECRETSCTL" export --age "$recipient" --output all.age
err_is "secretsctl: 4 entries exported"
[ "$(stat -c %a all.age)" = 600 ] || fail "others can read the archive"
! grep -q plain all.age || fail "a value stands in the archive"
age -d -i id.txt all.age | sed -n 1p | grep -x '{"secretsctl-archive":1}' >/dev/null || fail "age does not open it"
"$SECRETSCTL" list --json >before
SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" init --key-file "$T/key"
export SECRETSCTL_VAULT=$T/second.db
run 0 "$SECRETSCTL" import all.age --age-identity id.txt
err_is "secretsctl: 4 added, 0 replaced, 0 skipped, 0 there already"
run 0 "$SECRETSCTL" show shop/a --json
out_has '"mode":"0440"'
for name in shop/a shop/b shop/in/c shop/bytes; do
    "$SECRETSCTL" --vault "$T/vault.db" get "$name" | cmp - <("$SECRETSCTL" get "$name") || fail "$name differs"
done
strip() { sed 's/"created":[^,}]*//g; s/"version":[^,}]*//g' "$1"; }
"$SECRETSCTL" list --json >after
diff <(strip before) <(strip after) || fail "something that belongs to the entries was lost"

# Not the right key, a changed file, a cut one: nothing comes in.
rm second.db
run 0 "$SECRETSCTL" init --key-file "$T/key"
(umask 077; age-keygen -o other.txt 2>/dev/null)
run 5 "$SECRETSCTL" import all.age --age-identity other.txt
head -c 300 all.age >cut.age
run 6 "$SECRETSCTL" import cut.age --age-identity id.txt
age -d -i id.txt all.age | head -3 | age -a -r "$recipient" >short.age
run 6 "$SECRETSCTL" import short.age --age-identity id.txt
err_is "secretsctl: 'short.age': the archive has no end"
run 0 "$SECRETSCTL" list
out_is ""
run 2 "$SECRETSCTL" export --age age1nonsense
err_has "not an age recipient"
run 2 "$SECRETSCTL" export
err_is "secretsctl: give --format env, json or dir, or --age RECIPIENT"

# The name of the file tells the format, as it does for import.
printf v | run 0 "$SECRETSCTL" add shop/told
for name in told.json told.env; do
    run 0 "$SECRETSCTL" export shop -o "$name"
    "$SECRETSCTL" export shop --format "${name##*.}" | cmp - "$name" || fail "$name is something else"
done
run 2 "$SECRETSCTL" export shop -o told
err_is "secretsctl: give --format env, json or dir, or --age RECIPIENT"
