# SPDX-License-Identifier: Apache-2.0
# A recipient of one scope reads it and nothing else, cannot write; removal re-keys and names what is
# exposed.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
age-keygen -o ci.txt 2>/dev/null
age-keygen -o host.txt 2>/dev/null
chmod 600 ./*.txt
ci=$(age-keygen -y ci.txt)
host=$(age-keygen -y host.txt)
for name in ci/web/token ci/web/url ci/db prod/pw; do
    printf 'value of %s' "$name" | run 0 "$SECRETSCTL" add "$name"
done
printf plain | run 0 "$SECRETSCTL" add ci/web/motd --kind config

as_ci() { env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" --identity ci.txt --no-input "$@"; }
run 5 as_ci list
err_is "secretsctl: what was given does not open this vault: a wrong passphrase, key or identity"
run 4 "$SECRETSCTL" grant add ci/none "$ci"
run 2 "$SECRETSCTL" grant add ci/web age1nonsense
err_is "secretsctl: not an age recipient ('age1' and 58 characters)"
run 2 "$SECRETSCTL" slot add --recipient age1nonsense
run 0 "$SECRETSCTL" grant add ci/web "$ci" --label pipeline --reason 'the pipeline reads it'
run 0 "$SECRETSCTL" log --json
jq -e --arg ci "$ci" 'any(.op == "grant-add" and .name == "ci/web" and .reason == "the pipeline reads it")
    and any(.op == "grant-to" and .name == $ci)' "$T/out" >/dev/null || fail "log of the grant"
run 1 "$SECRETSCTL" grant add ci/web "$ci"
err_is "secretsctl: this recipient has a grant on 'ci/web' already"
run 0 "$SECRETSCTL" grant add ci/web "$host"
run 0 "$SECRETSCTL" grant list --json
jq -e 'length == 2 and (map(.label) | contains(["pipeline"]))' "$T/out" >/dev/null || fail "grant list"

run 0 as_ci list
[ "$(cut -f1 "$T/out" | tr '\n' ' ')" = "ci/web/motd ci/web/token ci/web/url " ] || fail "list: $(cat "$T/out")"
run 0 as_ci get ci/web/token
out_is "value of ci/web/token"
run 5 as_ci get prod/pw
err_is "secretsctl: this key does not open the scope of 'prod/pw'"
run 5 as_ci get ci/db
run 5 as_ci add ci/web/new <<<x
err_is "secretsctl: this key cannot write to the vault"
run 5 as_ci slot list
run 5 as_ci log
run 0 as_ci check --decrypt
out_has "intact, and every record opens in 1 of 3 scopes, which is what this key is for"
run 0 as_ci check --decrypt --json
jq -e '.ok and (.decrypted | not) and .scopes == 3 and .scopes_opened == 1' out >/dev/null || fail "check: $(cat out)"
run 0 "$SECRETSCTL" check --decrypt --json
jq -e '.decrypted and .scopes_opened == 3' out >/dev/null || fail "check: $(cat out)"

cp vault.db before.db
run 0 "$SECRETSCTL" grant rm ci/web "$ci" --reason 'pipeline moved'
[ "$(cat "$T/out")" = "$(printf 'ci/web/token\nci/web/url')" ] || fail "exposed: $(cat "$T/out")"
run 5 as_ci get ci/web/token
run 0 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" --identity host.txt get ci/web/token
out_is "value of ci/web/token"
run 0 "$SECRETSCTL" list ci/web
[ "$(cut -f6 "$T/out" | tr '\n' ' ')" = "- exposed exposed " ] || fail "status"
printf new | run 0 "$SECRETSCTL" rotate ci/web/token
run 0 "$SECRETSCTL" list ci/web
[ "$(cut -f6 "$T/out" | tr '\n' ' ')" = "- - exposed " ] || fail "status after rotate"
run 0 "$SECRETSCTL" check --decrypt
run 0 "$SECRETSCTL" log --op grant-rm --json
jq -e '.[0].reason == "pipeline moved" and .[0].name == "ci/web"' "$T/out" >/dev/null || fail "log"
run 0 "$SECRETSCTL" log --op grant-of
out_has "$ci"

# what to rotate, for programs; named by the label
run 0 "$SECRETSCTL" grant add ci/web "$ci" --label pipeline
run 0 "$SECRETSCTL" grant add ci "$ci" --label pipeline
run 4 "$SECRETSCTL" grant rm prod pipeline
err_is "secretsctl: there is no such grant; see: secretsctl grant list"
run 4 "$SECRETSCTL" grant rm ci/none pipeline
err_is "secretsctl: there is no scope 'ci/none'"
run 0 "$SECRETSCTL" grant rm ci/web pipeline --json
jq -e '. == ["ci/web/token", "ci/web/url"]' "$T/out" >/dev/null || fail "exposed as JSON: $(cat "$T/out")"

# The removed grant put back by somebody who can write the file
sqlite3 vault.db "attach 'before.db' as o; insert or replace into scope_grant select * from o.scope_grant;"
run 6 as_ci get ci/web/token
err_is "secretsctl: the grants in the vault's file are not the signed ones"
