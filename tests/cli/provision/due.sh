# SPDX-License-Identifier: Apache-2.0
# Values that are due for rotation are handed out all the same, and named: by run, write and provision.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq
M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() { rm -rf "$M"; }
on_exit drop
new_vault
printf 'the old value' | "$SECRETSCTL" add -q shop/old --expires 1s
printf 'the good value' | "$SECRETSCTL" add -q shop/good --expires 300d
printf 'the kept value' | "$SECRETSCTL" add -q shop/kept
sleep 2.1

run 0 "$SECRETSCTL" run --scope shop --env -- sh -c 'exit 0'
err_is "secretsctl: 'shop/old' is due for rotation"
run 0 "$SECRETSCTL" run --scope shop --env --only 'shop/k*' -- sh -c 'exit 0'
err_is ""
run 0 "$SECRETSCTL" run -q --scope shop --env -- sh -c 'exit 0'
err_is ""
run 0 "$SECRETSCTL" write "$M" --scope shop --json
err_is "secretsctl: 'shop/old' is due for rotation"
jq -e '[.entries[] | select(.due).name] == ["shop/old"]' out >/dev/null || fail "json: $(cat out)"
[ "$(cat "$M/shop/old")" = "the old value" ] || fail "not written"

printf 'another' | "$SECRETSCTL" add -q shop/other --expires 1s
sleep 2.1
run 0 "$SECRETSCTL" write "$M" --scope shop
err_is "secretsctl: 'shop/old' and 1 more are due for rotation; see: secretsctl list --expired"
