# SPDX-License-Identifier: Apache-2.0
# The log answers who did what to which entry, when and why, on a terminal, in a pipe and as JSON.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
host=$(hostname)
printf 1 | run 0 "$SECRETSCTL" add shop/a --reason first
printf 1 | run 0 "$SECRETSCTL" add shop/in/b
printf 1 | run 0 "$SECRETSCTL" add shopping/c
run 0 "$SECRETSCTL" rotate shop/a --generate --reason 'it leaked'
run 0 "$SECRETSCTL" slot add --key-file second.key --label spare
run 0 env SECRETSCTL_KEY_FILE=second.key "$SECRETSCTL" rm shop/in/b --reason 'not used'

ops() { "$SECRETSCTL" log "$@" | cut -f3,4 | tr '\t\n' ' ;'; }
[ "$(ops)" = "rm shop/in/b;slot-add spare;rotate shop/a;add shopping/c;add shop/in/b;add shop/a;init -;" ] || fail "all: $(ops)"
[ "$(ops --name shop)" = "rm shop/in/b;rotate shop/a;add shop/in/b;add shop/a;" ] || fail "scope: $(ops --name shop)"
[ "$(ops --name shop/a)" = "rotate shop/a;add shop/a;" ] || fail "entry"
[ "$(ops --op add --name shop)" = "add shop/in/b;add shop/a;" ] || fail "what"
[ "$(ops --limit 1)" = "rm shop/in/b;" ] || fail "limit"
[ "$(ops --by "$(id -u)" --op rm)" = "rm shop/in/b;" ] || fail "user number"
[ "$(ops --by "$host" --limit 1)" = "rm shop/in/b;" ] || fail "host"
[ "$(ops --by "$(id -u)@$host" --limit 1)" = "rm shop/in/b;" ] || fail "number@host"
[ -z "$(ops --by nobody-here)" ] || fail "nobody"
run 0 "$SECRETSCTL" slot list --json
spare=$(jq -r '.[] | select(.label == "spare").id' out)
[ "$(ops --by "${spare:0:8}")" = "rm shop/in/b;" ] || fail "slot: $(ops --by "${spare:0:8}")"
[ "$(ops --by "$spare")" = "rm shop/in/b;" ] || fail "whole number of the slot"

[ "$(ops --since 1h --limit 1)" = "rm shop/in/b;" ] || fail "since"
[ -z "$(ops --until 1h)" ] || fail "until"
[ -z "$(ops --since 2099-01-01)" ] || fail "since a date"
[ "$(ops --since 2020-01-31 --until 2099-01-01T00:00:00Z --limit 1)" = "rm shop/in/b;" ] || fail "between dates"
for bad in yesterday 2026-02-30 2026-1-1 2026-01-01T25:00:00Z 2026-01-01x; do
    run 2 "$SECRETSCTL" log --since "$bad"
    err_is "secretsctl: --since must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, or how long ago, such as 12h or 30d"
done

run 0 "$SECRETSCTL" log --name shop/a --json
jq -e 'length == 2 and .[0].op == "rotate" and .[0].reason == "it leaked" and .[0].name == "shop/a"
    and (.[0].time | test("^20..-..-..T..:..:..Z$")) and (.[0].uid | type) == "number"
    and .[0].state == 5 and .[1].reason == "first"' out >/dev/null || fail "json: $(cat out)"
# A value is never in it
run 0 "$SECRETSCTL" get shop/a
value=$(cat out)
run 0 "$SECRETSCTL" log
out_lacks "$value"
