# SPDX-License-Identifier: Apache-2.0
# render: values and filters, the file it writes, and errors that name the place, not the text.
. "$SC_SOURCE/tests/support/functions.sh"

new_vault
printf 'p@ss"w' | "$SECRETSCTL" add shop/db_password
printf 'host=db' | "$SECRETSCTL" add shop/settings --kind config

cat >"$T/app.in" <<'END'
dsn: "postgres://app:{{secret:db_password|url}}@db/app"
json: {"p": "{{secret:shop/db_password|json}}"}
conf: {{config:settings}} {{ .Other }} {{open}}
END
run 0 "$SECRETSCTL" render --scope shop "$T/app.in"
out_is 'dsn: "postgres://app:p%40ss%22w@db/app"
json: {"p": "p@ss\"w"}
conf: host=db {{ .Other }} {{'

run 0 "$SECRETSCTL" render --scope shop "$T/app.in" -o "$T/app.yml" --mode 0640
[ "$(stat -c %a "$T/app.yml")" = 640 ]
cmp "$T/out" "$T/app.yml" 2>/dev/null || [ "$(wc -l <"$T/app.yml")" = 3 ]

printf 'a\n  {{secret:hunter2 }' >"$T/bad.in"
run 1 "$SECRETSCTL" render --scope shop "$T/bad.in"
err_is "secretsctl: template '$T/bad.in': line 2, column 20: '}}' is missing here"
printf '{{secret:nope}}' >"$T/bad.in"
run 4 "$SECRETSCTL" render --scope shop "$T/bad.in"
run 2 "$SECRETSCTL" render "$T/bad.in"
err_is "secretsctl: template '$T/bad.in': line 1, column 1: 'nope' has no scope; write scope/name or give a scope"
printf '{{config:db_password}}' >"$T/bad.in"
run 1 "$SECRETSCTL" render --scope shop "$T/bad.in"
err_is "secretsctl: template '$T/bad.in': line 1, column 1: 'shop/db_password' is a secret; write {{secret:...}}"
run 4 "$SECRETSCTL" render "$T/nope"
