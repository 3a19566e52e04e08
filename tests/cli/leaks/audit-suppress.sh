# SPDX-License-Identifier: Apache-2.0
# Marks in the text, .secretsctlignore, baselines: what they hide, and what they must not.
. "$SC_SOURCE/tests/support/functions.sh"

count() { "$SECRETSCTL" audit --json "$@" 2>/dev/null | jq '.findings | length'; }

cat >a.env <<'ENV'
A_PASSWORD=one-value # secretsctl:allow dotenv a test fixture
# secretsctl:allow dotenv-literal a test fixture
B_PASSWORD=two-values
C_PASSWORD=three-values # secretsctl:allow dotenv
D_PASSWORD=four-values # secretsctl:allow compose-env not this rule
E_PASSWORD=five-values # gitleaks:allow
ENV
[ "$(count a.env)" = 2 ] || fail "marks: $(count a.env) findings, expected C and D"
[ "$(count --no-ignore a.env)" = 5 ] || fail "--no-ignore does not show all"

mkdir -p tree/sub tree/vendor
echo 'X_PASSWORD=abcdefgh' | tee tree/x.env tree/sub/x.env tree/vendor/y.env tree/sub/z.env >/dev/null
printf '# comment\nvendor/\nsub/x.env\nz.env dotenv-url\n' >tree/.secretsctlignore
[ "$(count tree)" = 2 ] || fail "ignore file: $(count tree) findings"
printf 'z.env dotenv\n' >>tree/.secretsctlignore
[ "$(count tree)" = 1 ] || fail "a rule of an ignore file"

# a baseline knows values by keyed fingerprint, wherever their lines go
echo 'P_PASSWORD=from-before' >p.env
run 0 "$SECRETSCTL" audit --write-baseline base.txt p.env
! grep -q from-before base.txt || fail "the baseline holds a value"
run 0 "$SECRETSCTL" audit --baseline base.txt p.env
printf '\n\nP_PASSWORD=from-before\nQ_PASSWORD=brand-new\n' >p.env
run 3 "$SECRETSCTL" audit --baseline base.txt --json p.env
jq -e '.findings | length == 1 and .[0].key == "Q_PASSWORD"' out >/dev/null || fail "baseline: $(cat out)"

# the exit status by severity: each one reaches itself, and no higher one
mkdir levels
printf 'X_PASSWORD=hunter2hunter2\n' >levels/high.env
printf 'X_PASSWORD=changeme\n' >levels/medium.env
printf 'services: {a: {image: x, environment: {X_PASSWORD: "${X_PASSWORD}"}}}\n' >levels/low.yml
rank=0
for severity in low medium high; do
    rank=$((rank + 1)) at=0
    file=$(echo levels/$severity.*)
    run 0 "$SECRETSCTL" audit --json --fail-on never "$file"
    jq -e --arg is $severity '.findings | length == 1 and .[0].severity == $is' out >/dev/null || fail "$severity: $(cat out)"
    for least in low medium high; do
        at=$((at + 1))
        run $((rank >= at ? 3 : 0)) "$SECRETSCTL" audit --fail-on $least "$file"
    done
    run $((rank >= 2 ? 3 : 0)) "$SECRETSCTL" audit "$file"
done

run 5 "$SECRETSCTL" audit --baseline base.txt --fingerprint-key other.key p.env
err_is "secretsctl: 'base.txt' was made under another fingerprint key; give it with --fingerprint-key"
echo nonsense >base.txt
run 6 "$SECRETSCTL" audit --baseline base.txt p.env
err_is "secretsctl: 'base.txt' is no baseline"
