# SPDX-License-Identifier: Apache-2.0
# A bundle holds the current values of its scopes for those who have a grant; it is read like a vault, cannot be
# written, changed or shortened, ends when it was said to, and an older one is noticed.
. "$SC_SOURCE/tests/support/functions.sh"
requires age-keygen
new_vault
age-keygen -o ci.txt 2>/dev/null
age-keygen -o host.txt 2>/dev/null
age-keygen -o other.txt 2>/dev/null
chmod 600 ./*.txt
for name in ci/web/token ci/web/url ci/db prod/pw; do
    printf 'value of %s' "$name" | run 0 "$SECRETSCTL" add "$name"
done
printf 'the new token' | run 0 "$SECRETSCTL" rotate ci/web/token
printf plain | run 0 "$SECRETSCTL" add ci/web/motd --kind config
printf 'url={{secret:url}}' | run 0 "$SECRETSCTL" add ci/web/app.conf --kind template
printf 'x' | run 0 "$SECRETSCTL" add ci/web/gone
run 0 "$SECRETSCTL" rm ci/web/gone

run 2 "$SECRETSCTL" bundle -o web.sctl
err_is "secretsctl: name the scope: --scope SCOPE"
run 2 "$SECRETSCTL" bundle --scope ci/web
run 4 "$SECRETSCTL" bundle --scope ci/none -o web.sctl
run 4 "$SECRETSCTL" bundle --scope ci/web -o web.sctl
err_is "secretsctl: nobody has a grant on 'ci/web', so nobody could read the bundle; first: secretsctl grant add 'ci/web' age1..."
[ ! -e web.sctl ] || fail "a bundle was written all the same"
run 0 "$SECRETSCTL" grant add ci/web "$(age-keygen -y ci.txt)"
run 0 "$SECRETSCTL" grant add ci/web "$(age-keygen -y host.txt)"
run 0 "$SECRETSCTL" grant add ci "$(age-keygen -y host.txt)"
run 0 "$SECRETSCTL" bundle --scope ci/web --output web.sctl
[ "$(stat -c %a web.sctl)" = 644 ] || fail "mode"
run 0 "$SECRETSCTL" bundle --scope ci/web -o - --quiet
[ "$(stat -c %s out)" = "$(stat -c %s web.sctl)" ] || fail "standard output"
! grep -qaE 'token|value of|ci/web|plain' web.sctl || fail "a name or value is in the bundle"

# Read where there is no vault, no key of it, and nothing is known of it
mkdir elsewhere
cp web.sctl ci.txt host.txt other.txt elsewhere
cd elsewhere
there() { env -u SECRETSCTL_KEY_FILE -u SECRETSCTL_VAULT XDG_STATE_HOME="$T/elsewhere/state" "$SECRETSCTL" --no-input --vault web.sctl "$@"; }
run 0 there --identity ci.txt get ci/web/token
out_is "the new token"
run 0 there --identity ci.txt list
[ "$(cut -f1 "$T/out" | tr '\n' ' ')" = "ci/web/app.conf ci/web/motd ci/web/token ci/web/url " ] || fail "list: $(cat "$T/out")"
run 0 there --identity host.txt export --format json
jq -e '.ci.web.url == "value of ci/web/url" or ."ci/web/url" == "value of ci/web/url"' "$T/out" >/dev/null || fail "export: $(cat "$T/out")"
# shellcheck disable=SC2016
run 0 there --identity ci.txt run --scope ci/web --env --only "token" -- sh -c 'printf "%s" "$TOKEN" | wc -c'
[ "$(tr -d ' ' <"$T/out")" = 13 ] || fail "run: $(cat "$T/out")"
run 0 there --identity ci.txt show ci/web/token
run 0 there --identity ci.txt check --decrypt
out_has "intact, and every record opens"
run 0 there check
run 0 there check --json
jq -e '.ok and .slots == 0 and .scopes == 1' "$T/out" >/dev/null || fail "check: $(cat "$T/out")"
# Old versions are not in it, but history knows what is
run 4 there --identity ci.txt get ci/web/token --revision 1
run 0 there --identity ci.txt history ci/web/token
[ "$(cut -f3 "$T/out")" = 2 ] || fail "history: $(cat "$T/out")"
run 4 there --identity ci.txt get ci/web/gone
run 4 there --identity ci.txt get ci/web/none
run 5 there --identity ci.txt get prod/pw

# Not for others, not for writing, and not a vault
run 5 there --identity other.txt list
run 5 there list
err_is "secretsctl: the bundle is locked; give --identity FILE of somebody it was made for"
run 5 there --key-file "$T/key" list
run 9 there --identity ci.txt add ci/web/new <<<x
err_is "secretsctl: 'web.sctl' is a bundle, which can only be read"
run 9 there --identity ci.txt rm ci/web/token
run 9 there --identity ci.txt backup copy.db
run 9 env -u SECRETSCTL_VAULT "$SECRETSCTL" --vault fresh.db restore web.sctl
run 5 there --identity ci.txt log
run 5 there --identity ci.txt slot list
run 5 there --identity ci.txt bundle --scope ci/web -o copy.sctl
err_is "secretsctl: a bundle is made with a key of the whole vault only"
there checkpoint >mine
run 0 there checkpoint --verify mine
cd "$T"
"$SECRETSCTL" checkpoint | cmp - elsewhere/mine || fail "a bundle has another state than its vault"

# With history, and several scopes; old versions come only when asked for
run 0 "$SECRETSCTL" bundle --scope ci --scope ci/web --history -o both.sctl
both() { env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/s1" "$SECRETSCTL" --vault both.sctl --identity "$@"; }
run 0 both host.txt get ci/web/token --revision 1
out_is "value of ci/web/token"
run 0 both host.txt get ci/db
run 0 both ci.txt get ci/web/url
run 5 both ci.txt get ci/db
err_is "secretsctl: this key does not open the scope of 'ci/db'"

# Every bit that is flipped is noticed (a sample), and so is every cut
python3 - <<'PY'
data = open("web.sctl", "rb").read()
import random
random.seed(7)
for i, at in enumerate(sorted(set(range(0, 470)) | set(random.sample(range(len(data)), 60)) | set(range(len(data) - 64, len(data), 8)))):
    if i % 4 and at < 460:
        continue
    bad = bytearray(data)
    bad[at] ^= 1 << (at % 8)
    open(f"bad.{at}", "wb").write(bad)
for at in (0, 7, 8, 100, 427, 432, len(data) // 2, len(data) - 65, len(data) - 64, len(data) - 1):
    open(f"cut.{at}", "wb").write(data[:at])
open("more.1", "wb").write(data + b"\0")
PY
chmod 600 bad.* cut.* more.* # what does not even begin like a bundle is looked at as a vault
for file in bad.* cut.* more.*; do
    status=0
    env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/s2" "$SECRETSCTL" --vault "$file" --identity ci.txt get ci/web/token >out 2>err || status=$?
    [ "$status" = 6 ] || fail "$file: exit status $status: $(cat err)"
done

# An older one than was seen; one of another vault; one whose time is over
run 0 env XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault web.sctl --identity ci.txt get ci/web/token
cp "$SECRETSCTL_VAULT" fork.db
printf newer | run 0 "$SECRETSCTL" rotate ci/web/token
run 0 "$SECRETSCTL" bundle --scope ci/web -o newer.sctl
run 0 env XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault newer.sctl --identity ci.txt get ci/web/token
out_is newer
printf other | run 0 env XDG_STATE_HOME="$T/forked" "$SECRETSCTL" --vault fork.db rotate ci/web/token
run 0 env XDG_STATE_HOME="$T/forked" "$SECRETSCTL" --vault fork.db bundle --scope ci/web -o fork.sctl
run 10 env XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault fork.sctl --identity ci.txt get ci/web/token
err_has "secretsctl: this vault has another history than the one seen before (they part at or before state "
run 10 env XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault web.sctl --identity ci.txt get ci/web/token
err_has "an older copy was put back"
run 0 env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault web.sctl --identity ci.txt trust --accept-rollback 'newer one is broken'
run 0 env XDG_STATE_HOME="$T/s3" "$SECRETSCTL" --vault web.sctl --identity ci.txt get ci/web/token
key=$("$SECRETSCTL" check --json | jq -r .verify_key)
run 0 env XDG_STATE_HOME="$T/s4" SECRETSCTL_VAULT_KEY="$key" "$SECRETSCTL" --vault web.sctl --identity ci.txt get ci/web/url
run 6 env XDG_STATE_HOME="$T/s4" SECRETSCTL_VAULT_KEY="${key//[0-9]/0}" "$SECRETSCTL" --vault web.sctl --identity ci.txt get ci/web/url
run 0 "$SECRETSCTL" bundle --scope ci/web --valid 1h -o brief.sctl
run 0 env XDG_STATE_HOME="$T/s5" "$SECRETSCTL" --vault brief.sctl --identity ci.txt get ci/web/url
run 0 "$SECRETSCTL" bundle --scope ci/web --valid 1s -o brief.sctl
sleep 2
run 10 env XDG_STATE_HOME="$T/s5" "$SECRETSCTL" --vault brief.sctl --identity ci.txt get ci/web/url
err_has "secretsctl: the bundle was good until 20"

# A removed grant opens nothing that is made afterwards
run 0 "$SECRETSCTL" grant rm ci/web "$(age-keygen -y ci.txt)"
run 0 "$SECRETSCTL" bundle --scope ci/web -o after.sctl
run 5 env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/s6" "$SECRETSCTL" --vault after.sctl --identity ci.txt list
run 0 env -u SECRETSCTL_KEY_FILE XDG_STATE_HOME="$T/s6" "$SECRETSCTL" --vault after.sctl --identity host.txt list
