# SPDX-License-Identifier: Apache-2.0
# Where no pin can be kept: the verify key, the least state and the greatest age are demanded from outside, and
# each has its exit status; accepting an older copy takes a reason, which is logged.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
new_vault
for i in 1 2 3; do printf '%d' "$i" | run 0 "$SECRETSCTL" add "shop/n$i"; done
key=$("$SECRETSCTL" check --json | jq -r .verify_key)
# Every command starts knowing nothing
stateless() { rm -rf "$T/none"; XDG_STATE_HOME=$T/none "$SECRETSCTL" "$@"; }

# The verify key: exit status 6
SECRETSCTL_VAULT_KEY=$key run 0 stateless get shop/n1
SECRETSCTL_VAULT_KEY=${key^^} run 0 stateless get shop/n1
other=$(printf '%064d' 0)
SECRETSCTL_VAULT_KEY=$other run 6 stateless get shop/n1
err_is "secretsctl: the vault's verify key is not the one in SECRETSCTL_VAULT_KEY"
SECRETSCTL_VAULT_KEY=$other run 6 stateless check
run 6 stateless trust --key "$other"

# A pipeline's variable that was not filled in is empty: it demands something that nothing meets, and is not
# taken for unset
SECRETSCTL_VAULT_KEY='' run 6 stateless get shop/n1
err_is "secretsctl: SECRETSCTL_VAULT_KEY is set and empty: it tells no verify key to believe"
SECRETSCTL_VAULT_KEY='' run 6 stateless check
SECRETSCTL_MIN_SEQ='' run 2 stateless get shop/n1
err_is "secretsctl: SECRETSCTL_MIN_SEQ must be a whole number"
SECRETSCTL_MAX_AGE='' run 2 stateless list
err_is "secretsctl: SECRETSCTL_MAX_AGE must be a duration such as 90s, 15m, 8h or 30d"
SECRETSCTL_MIN_SEQ='' run 0 stateless --min-seq 4 list
run 0 stateless trust --key "$key"

# The least state: exit status 10; the option wins over the variable
run 0 stateless --min-seq 4 get shop/n1
run 10 stateless --min-seq 5 get shop/n1
err_is "secretsctl: the vault is at state 4, older than 5, the least to accept"
SECRETSCTL_MIN_SEQ=5 run 10 stateless list
SECRETSCTL_MIN_SEQ=5 run 0 stateless --min-seq 4 list
SECRETSCTL_MIN_SEQ=5 run 10 stateless check
SECRETSCTL_MIN_SEQ=5 run 10 stateless backup copy.db
run 2 stateless --min-seq x get shop/n1
run 125 stateless --min-seq 5 run -- true

# The greatest age: exit status 10
run 0 stateless --max-age 1h get shop/n1
SECRETSCTL_MAX_AGE=1h run 0 stateless get shop/n1
run 2 stateless --max-age soon get shop/n1
sleep 1.1
run 10 stateless --max-age 0 get shop/n1
err_has "secretsctl: the vault was signed last at 20"
SECRETSCTL_MAX_AGE=0 run 10 stateless list
# A vault that nobody changes is signed anew for such readers
sleep 1
run 10 stateless --max-age 1s get shop/n1
run 0 "$SECRETSCTL" checkpoint --renew
out_has "secretsctl-checkpoint-1:5:"
run 0 stateless --max-age 30s get shop/n1
run 0 "$SECRETSCTL" log --op renew --json
jq -e 'length == 1' out >/dev/null || fail "renewing is not in the log"
run 2 "$SECRETSCTL" checkpoint --renew --verify out

# An older copy where there is a pin: refused, accepted with a reason, and the reason is in the log
cp vault.db old.db
printf 4 | run 0 "$SECRETSCTL" add shop/n4
cp old.db vault.db
run 10 "$SECRETSCTL" get shop/n1
run 10 "$SECRETSCTL" trust
run 0 "$SECRETSCTL" trust --accept-rollback 'the disk of the new machine died'
run 0 "$SECRETSCTL" get shop/n1
run 0 "$SECRETSCTL" log --op trust --json
jq -e '.[0].reason == "the disk of the new machine died"' out >/dev/null || fail "reason: $(cat out)"

# A new verify key: every other reader refuses until it trusts the vault anew
run 0 "$SECRETSCTL" get shop/n1
cp -r state reader-state
run 0 "$SECRETSCTL" slot add --key-file second.key --label spare
run 0 "$SECRETSCTL" slot list --json
spare=$(jq -r '.[] | select(.label == "spare").id' out)
run 0 "$SECRETSCTL" slot rm "$spare" --new-verify-key --reason 'left the team'
new=$("$SECRETSCTL" check --json | jq -r .verify_key)
[ "$new" != "$key" ] || fail "the verify key did not change"
XDG_STATE_HOME=$T/reader-state run 6 "$SECRETSCTL" get shop/n1
err_has "the vault's verify key is not the one seen before"
XDG_STATE_HOME=$T/reader-state run 6 "$SECRETSCTL" trust
XDG_STATE_HOME=$T/reader-state run 6 "$SECRETSCTL" trust --key "$key" --accept-rollback 'new key'
XDG_STATE_HOME=$T/reader-state run 0 "$SECRETSCTL" trust --key "$new" --accept-rollback 'told by phone'
XDG_STATE_HOME=$T/reader-state run 0 "$SECRETSCTL" get shop/n1
run 5 env SECRETSCTL_KEY_FILE=second.key "$SECRETSCTL" get shop/n1

# A pin that cannot be kept is told, unless the environment says what to accept
XDG_STATE_HOME=/proc/none run 0 "$SECRETSCTL" get shop/n1
out_is 1
err_has "secretsctl: warning: an older copy of the vault, put back, will not be noticed: "
SECRETSCTL_MIN_SEQ=1 XDG_STATE_HOME=/proc/none run 0 "$SECRETSCTL" get shop/n1
err_is ""
