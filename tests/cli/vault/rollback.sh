# SPDX-License-Identifier: Apache-2.0
# An older copy put back, a fork, and a foreign vault are noticed; with a reason they are accepted.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
printf 1 | run 0 "$SECRETSCTL" add shop/a
cp vault.db old.db
run 0 "$SECRETSCTL" checkpoint
cp out first.checkpoint
printf 2 | run 0 "$SECRETSCTL" rotate shop/a
run 0 "$SECRETSCTL" checkpoint --verify first.checkpoint
run 0 "$SECRETSCTL" checkpoint
cp out second.checkpoint
cp vault.db new.db

# 1. older
cp old.db vault.db
for command in "get shop/a" "check" "list" "rm shop/a" "backup b.db"; do
    # shellcheck disable=SC2086
    run 10 "$SECRETSCTL" $command
    err_is "secretsctl: this vault is at state 2, but 3 was seen before: an older copy was put back. If you did that yourself: secretsctl trust --accept-rollback REASON"
done
[ ! -e b.db ] || fail "a backup was made of an older copy"
# A pipeline without pins sees it by the number or by a checkpoint.
XDG_STATE_HOME=$T/none run 0 "$SECRETSCTL" get shop/a
XDG_STATE_HOME=$T/none2 SECRETSCTL_MIN_SEQ=3 run 10 "$SECRETSCTL" get shop/a
XDG_STATE_HOME=$T/none2 run 10 "$SECRETSCTL" checkpoint --verify second.checkpoint
err_is "secretsctl: the vault is at state 2, older than the checkpoint's 3"

# Who has no key follows, too, once the vault is known: the number goes up with what check saw.
mkdir known
cp old.db vault.db
XDG_STATE_HOME=$T/known run 0 "$SECRETSCTL" get shop/a
cp new.db vault.db
XDG_STATE_HOME=$T/known run 0 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check
cp old.db vault.db
XDG_STATE_HOME=$T/known run 10 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check
err_has "this vault is at state 2, but 3 was seen before"
XDG_STATE_HOME=$T/fresh run 0 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" check
[ ! -e fresh ] || fail "what nothing vouches for was pinned"

run 2 "$SECRETSCTL" trust --accept-rollback ''
err_is "secretsctl: --accept-rollback needs a reason, for the log"
run 2 "$SECRETSCTL" restore --accept-rollback '' new.db
XDG_STATE_HOME=$T/none run 2 "$SECRETSCTL" --min-seq some get shop/a
err_is "secretsctl: --min-seq must be a whole number"
XDG_STATE_HOME=$T/none SECRETSCTL_MAX_AGE=old run 2 "$SECRETSCTL" get shop/a
err_has "secretsctl: SECRETSCTL_MAX_AGE must be a duration"

# 2. fork: the same number, another history
XDG_STATE_HOME=$T/none run 0 "$SECRETSCTL" rm shop/a
run 10 "$SECRETSCTL" check
err_has "another history"
XDG_STATE_HOME=$T/none printf 3 | XDG_STATE_HOME=$T/none run 0 "$SECRETSCTL" add shop/b
run 10 "$SECRETSCTL" check
err_has "another history"
run 10 env XDG_STATE_HOME="$T/none" "$SECRETSCTL" checkpoint --verify second.checkpoint
err_is "secretsctl: the vault has another history than the one of the checkpoint"

# 3. another vault in its place, with a pin of the first one's number
run 6 env SECRETSCTL_VAULT_KEY=00 "$SECRETSCTL" check
err_is "secretsctl: the vault's verify key is not the one in SECRETSCTL_VAULT_KEY"

# 4. accepted, and noted
run 0 "$SECRETSCTL" trust --accept-rollback 'disk died'
run 0 "$SECRETSCTL" check
run 0 "$SECRETSCTL" log --op trust --json
jq -e '.[0].reason == "disk died"' "$T/out" >/dev/null || fail "the reason is not in the log"
cp new.db vault.db
run 10 "$SECRETSCTL" get shop/a
