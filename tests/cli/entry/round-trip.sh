# SPDX-License-Identifier: Apache-2.0
# The daily commands: what goes in comes out byte for byte, versions count up, names move.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault

printf 'first\0\n' | run 0 "$SECRETSCTL" add shop/db_password
run 0 "$SECRETSCTL" get shop/db_password
cmp "$T/out" <(printf 'first\0\n') || fail "the value changed"

printf 'second\n' | run 0 "$SECRETSCTL" rotate shop/db_password --strip-newline
run 0 "$SECRETSCTL" get shop/db_password
cmp "$T/out" <(printf 'second') || fail "--strip-newline"
run 0 "$SECRETSCTL" get shop/db_password --revision 1
cmp "$T/out" <(printf 'first\0\n') || fail "the older version changed"

run 0 "$SECRETSCTL" rollback shop/db_password
run 0 "$SECRETSCTL" get shop/db_password
cmp "$T/out" <(printf 'first\0\n') || fail "rollback"

run 0 "$SECRETSCTL" mv shop/db_password prod/web/db
run 4 "$SECRETSCTL" get shop/db_password
err_is "secretsctl: there is no entry 'shop/db_password'"
run 0 "$SECRETSCTL" list prod
[ "$(cut -f1,2,3,4,6 "$T/out")" = "$(printf 'prod/web/db\tsecret\t3\t7\t-')" ] || fail "list"
run 0 "$SECRETSCTL" list pro
out_is ""

run 0 "$SECRETSCTL" rm prod/web/db
run 4 "$SECRETSCTL" get prod/web/db
err_is "secretsctl: there is no entry 'prod/web/db'; it was removed"
run 0 "$SECRETSCTL" history prod/web/db
[ "$(cut -f3,6 "$T/out" | tr '\t\n' ' ;')" = "1 -;2 -;3 -;4 removed;" ] || fail "history"

run 0 "$SECRETSCTL" add prod/web/db --generate=20
run 0 "$SECRETSCTL" get prod/web/db
[ "$(wc -c <"$T/out")" = 20 ] || fail "--generate"
run 0 "$SECRETSCTL" add prod/short --generate=8
run 2 "$SECRETSCTL" rotate prod/short --generate=7
err_is "secretsctl: a generated value has at least 8 characters"
run 2 "$SECRETSCTL" rotate prod/short --generate=4097
err_is "secretsctl: the length to generate must be at most 4096"
[ "$("$SECRETSCTL" get prod/short | wc -c)" = 8 ] || fail "a refused length changed the value"
run 0 "$SECRETSCTL" rm prod/short
run 0 "$SECRETSCTL" show prod/web/db --json
jq -e '.version == 5 and .size == 20' "$T/out" >/dev/null || fail "show --json"

# A template: what it names, at which version, and what is missing; a broken one is shown too
printf one | run 0 "$SECRETSCTL" add shop/db
printf '{{secret:db}} {{secret:shop/db|url}} {{secret:other/gone}}' | run 0 "$SECRETSCTL" add shop/conf --kind template
printf two | run 0 "$SECRETSCTL" rotate shop/db
run 0 "$SECRETSCTL" show shop/conf
[ "$(grep -c '^names' out)" = 2 ] || fail "names: $(cat out)"
out_has "names	shop/db	version 2	20"
out_has "names	other/gone	missing"
out_has "version	1"
run 0 "$SECRETSCTL" show shop/conf --json
jq -e '.version == 1 and (.names | map([.name, .version]) == [["shop/db", 2], ["other/gone", 0]])' out >/dev/null || fail "$(cat out)"
run 0 "$SECRETSCTL" show shop/db --json
jq -e 'has("names") | not' out >/dev/null || fail "a secret names nothing"

broken_template shop/broken 'x {{secret:db'
run 0 "$SECRETSCTL" show shop/broken
out_has "kind	template"
err_has "secretsctl: warning: template 'shop/broken': line 1, column 14: "
