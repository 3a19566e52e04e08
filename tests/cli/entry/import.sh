# SPDX-License-Identifier: Apache-2.0
# Each form of source; all entries or none; nothing of a value in a message.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault

cat >.env <<'ENV'
# comment
DB_PASSWORD='s3cr et$x'
export API_KEY="line\nbreak"
EMPTY=
ENV
run 4 "$SECRETSCTL" import nowhere
err_is "secretsctl: cannot open 'nowhere': No such file or directory"
run 0 "$SECRETSCTL" import .env --scope shop --dry-run --json
python3 -m json.tool "$T/out" >/dev/null || fail "not JSON"
run 0 "$SECRETSCTL" import .env --scope shop --dry-run
out_is "shop/db_password
shop/api_key
shop/empty"
run 4 "$SECRETSCTL" get shop/db_password
run 0 "$SECRETSCTL" import .env --scope shop
err_is "secretsctl: 3 added, 0 replaced, 0 skipped, 0 there already"
run 0 "$SECRETSCTL" get shop/db_password
out_is 's3cr et$x'
run 0 "$SECRETSCTL" get shop/api_key
out_is 'line
break'
run 0 "$SECRETSCTL" import .env --scope shop --json
out_is '{"added":0,"replaced":0,"skipped":0,"same":3}'

# A conflict stops everything, unless told otherwise.
cat >b.json <<'JSON'
{"shop": {"new": "n", "db_password": "other", "number": 42, "flag": true, "nul": "a\u0000b"}}
JSON
run 1 "$SECRETSCTL" import b.json
err_is "secretsctl: 'shop/db_password' has another value already; nothing was imported (see --on-conflict)"
run 4 "$SECRETSCTL" get shop/new
run 0 "$SECRETSCTL" import b.json --on-conflict skip
err_is "secretsctl: 4 added, 0 replaced, 1 skipped, 0 there already"
run 0 "$SECRETSCTL" get shop/db_password
out_is 's3cr et$x'
run 0 "$SECRETSCTL" import b.json --on-conflict replace
err_is "secretsctl: 0 added, 1 replaced, 0 skipped, 4 there already"
run 0 "$SECRETSCTL" get shop/number
out_is 42
[ "$("$SECRETSCTL" get shop/nul | od -An -tx1)" = " 61 00 62" ] || fail "NUL was lost"

# One commit for all.
python3 -c 'import json; print(json.dumps({"many/n%d" % i: "v%d" % i for i in range(1000)}))' >many.json
before=$("$SECRETSCTL" checkpoint | cut -d: -f2)
run 0 "$SECRETSCTL" import many.json
err_is "secretsctl: 1000 added, 0 replaced, 0 skipped, 0 there already"
after=$("$SECRETSCTL" checkpoint | cut -d: -f2)
[ "$after" = $((before + 1)) ] || fail "the import was not one commit: $before to $after"

cat >c.yml <<'YAML'
web:
  token: "t: #1"
  inner: {deep: 007}
plain/name: |
  two
  lines
YAML
run 0 "$SECRETSCTL" import c.yml --format yaml
run 0 "$SECRETSCTL" get web/inner/deep
out_is 007
run 0 "$SECRETSCTL" get web/token
out_is "t: #1"

mkdir -p files/sub files/..data
printf 'one\n' >files/one
printf '\0\1\2' >files/sub/two
echo no >files/..data/three
ln -s one files/link
run 0 "$SECRETSCTL" import files --scope dir
err_is "secretsctl: 3 added, 0 replaced, 0 skipped, 0 there already"
[ "$("$SECRETSCTL" get dir/sub/two | od -An -tx1)" = " 00 01 02" ] || fail "bytes were changed"
run 0 "$SECRETSCTL" get dir/link
out_is one

# What cannot be taken is told, and nothing comes in without it.
mkdir odd
printf x >odd/good
for what in 'ln -s /dev/zero odd/it' 'mkfifo odd/it'; do
    $what
    run 1 "$SECRETSCTL" import odd --format dir --scope odd
    err_is "secretsctl: 'odd/it' is neither a file nor a folder"
    rm odd/it
done
ln -s ../files odd/it
run 1 "$SECRETSCTL" import odd --format dir --scope odd
err_is "secretsctl: 'odd/it' is a link to a folder; import that one by its name"
rm odd/it
printf x >"odd/$(printf 'a\nb')"
run 2 "$SECRETSCTL" import odd --format dir --scope odd
err_has "secretsctl: 'odd/a\\x0ab': the name is not valid"
run 4 "$SECRETSCTL" get odd/good

mkdir -p stack/secrets
printf pw >stack/secrets/db.txt
cat >stack/compose.yml <<'YAML'
name: stack
services: {db: {image: x, secrets: [db_password]}}
secrets:
  db_password: {file: "./secrets/${WHICH:-db}.txt"}
  outside: {external: true}
YAML
run 0 "$SECRETSCTL" import stack/compose.yml --format compose
run 0 "$SECRETSCTL" get stack/db_password
out_is pw

# Refusals name the place, never the value.
echo '{"a": "hunter2" "b": 1}' >bad.json
run 1 "$SECRETSCTL" import bad.json
err_has "'bad.json' line 1, column"
err_lacks hunter2
echo '{"a": {"b": "hunter2", "b": "hunter2"}}' >bad.json
run 1 "$SECRETSCTL" import bad.json
err_is "secretsctl: 'bad.json' line 1, column 26: a name stands twice in one object"
echo '{"a": {"b": 12345678901234567890}}' >bad.json
run 1 "$SECRETSCTL" import bad.json
err_is "secretsctl: 'bad.json' line 1, column 32: a number that is too large; put it in quotes"
python3 -c 'print("{\"a\":" * 5000)' >bad.json
run 1 "$SECRETSCTL" import bad.json
err_has "more objects inside each other than can be read"
echo '{"a b/c": "hunter2"}' >bad.json
run 2 "$SECRETSCTL" import bad.json
err_lacks hunter2
echo '{"a": "hunter2"}' >bad.json
run 2 "$SECRETSCTL" import bad.json
err_is "secretsctl: an entry needs a scope: give --scope"
echo '{"a": {"b": ["hunter2"]}}' >bad.json
run 1 "$SECRETSCTL" import bad.json
err_is "secretsctl: 'a/b': it is a list or null, not a value"
printf 'a:\n  b: [hunter2]\n' >bad.yml
run 1 "$SECRETSCTL" import bad.yml --format yaml
err_is "secretsctl: 'bad.yml' line 2, column 3: it is a list or null, not a value"
printf 'a:\n  b: !!binary aHVudGVyMg==\n' >bad.yml
run 1 "$SECRETSCTL" import bad.yml --format yaml
err_is "secretsctl: 'bad.yml' line 2, column 3: it has a tag, so it is not what its text says"
printf 'a:\n  b: !vault |\n    hunter2\n' >bad.yml
run 1 "$SECRETSCTL" import bad.yml --format yaml
printf 'a:\n  b: !!str 12\n' >good.yml
run 0 "$SECRETSCTL" import good.yml --format yaml --dry-run
printf x >notes.txt
run 2 "$SECRETSCTL" import notes.txt
err_is "secretsctl: what 'notes.txt' is cannot be told from its name; give --format"
touch values.yaml
run 2 "$SECRETSCTL" import values.yaml --scope a
err_is "secretsctl: 'values.yaml' may be a Compose file or hold the values itself: give --format compose or yaml"

# What SOPS has encrypted is not stored as if it were the value; what it decrypts comes by standard input.
cat >sops.yaml <<'END'
db:
    password: ENC[AES256_GCM,data:abc=,iv:x,tag:y,type:str]
sops:
    kms: []
END
run 1 "$SECRETSCTL" import sops.yaml --format yaml --scope sops
err_has "'sops/db/password' is encrypted by SOPS; give it decrypted: sops -d FILE | secretsctl import --format yaml -"
printf 'A=ENC[AES256_GCM,data:abc=,iv:x,tag:y,type:str]\nsops_version=3\n' >sops.env
run 1 "$SECRETSCTL" import sops.env --scope sops
err_has "'sops/a' is encrypted by SOPS; give it decrypted: sops -d FILE | secretsctl import --format env -"
printf '{"a":"ENC[AES256_GCM,data:abc=,iv:x,tag:y,type:str]","sops":{"version":"3"}}' >sops.json
run 1 "$SECRETSCTL" import sops.json --scope sops
run 0 "$SECRETSCTL" list sops
out_is ""
run 0 "$SECRETSCTL" import --format yaml --scope sops - <<<'password: p1'
run 0 "$SECRETSCTL" get sops/password
out_is p1

# A secret that is no file is not read, and that is said.
printf x >here.txt
cat >swarm.yml <<'END'
name: swarm
services: {}
secrets: {here: {file: ./here.txt}, gone: {external: true}, env: {environment: HOME}}
END
run 0 "$SECRETSCTL" import --format compose swarm.yml
err_has "secretsctl: warning: secret 'gone' is external and was not read; bring it in with: secretsctl add"
err_has "secretsctl: warning: secret 'env' is no file and was not read; bring it in with: secretsctl add"
err_has "secretsctl: 1 added,"
run 4 "$SECRETSCTL" import none.json
printf '=hunter2\n' >bad.env
run 2 "$SECRETSCTL" import bad.env --scope x
err_has "'bad.env': the name is not valid"
err_lacks hunter2
printf 'A="hunter2\n' >bad.env
run 1 "$SECRETSCTL" import bad.env --scope x
err_lacks hunter2
# More than is held in locked memory at once.
head -c 4194241 /dev/zero | tr '\0' ' ' >large.json
run 1 "$SECRETSCTL" import large.json
err_is "secretsctl: 'large.json' is over 4194240 bytes; import it in parts, or from an archive of 'secretsctl export --age'"
run 0 "$SECRETSCTL" check
