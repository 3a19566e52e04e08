# SPDX-License-Identifier: Apache-2.0
# Expiry, labels, notes and exposure: set, changed, taken away, shown, and what list finds by them.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
printf 1 | run 0 "$SECRETSCTL" add shop/old --expires 1s
printf 1 | run 0 "$SECRETSCTL" add shop/soon --expires 10d --label team=web --label tier=1 --note 'ask Ann'
printf 1 | run 0 "$SECRETSCTL" add shop/later --expires 300d --label team=db
printf 1 | run 0 "$SECRETSCTL" add shop/never --mode 0440 --owner 5:6
printf 1 | run 0 "$SECRETSCTL" add shop/motd --kind config
names() { "$SECRETSCTL" list "$@" | cut -f1 | tr '\n' ' '; }
sleep 1.1
[ "$(names --expired)" = "shop/old " ] || fail "expired: $(names --expired)"
[ "$(names --expiring 30d)" = "shop/old shop/soon " ] || fail "expiring: $(names --expiring 30d)"
run 2 "$SECRETSCTL" list --expiring soon
[ "$(names --label team)" = "shop/later shop/soon " ] || fail "label"
[ "$(names --label team=web)" = "shop/soon " ] || fail "label and value"
[ -z "$(names --label team=we)" ] || fail "a part of a label's value"
[ "$(names --kind config)" = "shop/motd " ] || fail "kind"
[ -z "$(names --exposed)" ] || fail "exposed"
run 0 "$SECRETSCTL" list shoop
err_is "secretsctl: there is nothing to list"
out_is ''
run 0 "$SECRETSCTL" log --op create
err_is "secretsctl: there is nothing to list"
run 0 "$SECRETSCTL" list shoop --quiet
err_is ''
run 0 "$SECRETSCTL" list shoop --json
out_is '[]'
err_is ''

run 0 "$SECRETSCTL" show shop/soon
out_has "note	ask Ann"
out_has "label	team=web"
run 0 "$SECRETSCTL" show shop/soon --json
jq -e '.labels == {"team": "web", "tier": "1"} and .note == "ask Ann" and (.expires | test("^20")) and .exposed == false' \
    out >/dev/null || fail "show: $(cat out)"
run 0 "$SECRETSCTL" show shop/never --json
jq -e '.mode == "0440" and .uid == 5 and .gid == 6 and .expires == null' out >/dev/null || fail "show: $(cat out)"

# A rotation keeps what is known of the entry; an expiry is moved or taken away without a new value
printf 2 | run 0 "$SECRETSCTL" rotate shop/soon --expires 90d
run 0 "$SECRETSCTL" show shop/soon --json
jq -e '.version == 2 and .note == "ask Ann" and .labels.team == "web"' out >/dev/null || fail "rotate: $(cat out)"
run 0 "$SECRETSCTL" rotate shop/old --keep-value --expires never --note ''
[ -z "$(names --expired)" ] || fail "the expiry is still there"
run 0 "$SECRETSCTL" show shop/old --json
jq -e '.version == 1 and .expires == null' out >/dev/null || fail "keep-value: $(cat out)"

# What a removed reader knew, until it is rotated
age-keygen -o ci.txt 2>/dev/null
recipient=$(age-keygen -y ci.txt)
run 0 "$SECRETSCTL" grant add shop "$recipient"
run 0 "$SECRETSCTL" grant rm shop "$recipient"
[ "$(names --exposed)" = "shop/later shop/never shop/old shop/soon " ] || fail "exposed: $(names --exposed)"
run 0 "$SECRETSCTL" rotate shop/later --generate
[ "$(names --exposed)" = "shop/never shop/old shop/soon " ] || fail "exposed after rotate"
