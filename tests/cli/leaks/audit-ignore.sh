# SPDX-License-Identifier: Apache-2.0
# .secretsctlignore hides what .gitignore would, pattern by pattern as git itself says.
. "$SC_SOURCE/tests/support/functions.sh"
requires git python3

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir tree
cd tree
git init -q .
for path in a.env ab.env b.env .env sub/a.env sub/b.env sub/deep/a.env sub/deep/er/c.env vendor/x.env lib/vendor/x.env \
    'vendor.env' 'a b.env' 'build/out/a.env' 'build/a.env' '!bang.env' '#hash.env' 'x[1].env' docs/a/b/c.env docs/c.env 'st*r.env'; do
    mkdir -p "$(dirname "$path")"
    echo 'X_PASSWORD=hunter2hunter2' >"$path"
done
cat >../patterns <<'PATTERNS'
a.env
/a.env
*.env
/*.env
sub
sub/
/sub/
sub/*
sub/*.env
sub/**
sub/**/a.env
**/a.env
**/deep
**/deep/
docs/**/c.env
docs/*/c.env
docs/**
/**/er/*.env
vendor
vendor/
/vendor/
lib/vendor
vendor/*
?.env
??.env
[ab].env
[!a].env
[^a].env
[a-c]*.env
x\[1\].env
x[[]1].env
a\ b.env
\!bang.env
\#hash.env
# a comment
st\*r.env
*vendor*
build/out
build/*/a.env
build/**/a.env
*.env & !a.env
*.env & !/a.env
sub/ & !sub/a.env
sub/* & !sub/a.env
sub/* & !sub/deep/ & sub/deep/a.env
!a.env & a.env
/* & !/sub/
a.env & !sub/
**
**/
*/a.env
*/*/a.env
sub/deep/er
deep/er
/deep
e?
[z-a].env
[
a.env/
PATTERNS
python3 "$SC_SOURCE/tests/cli/leaks/ignore-patterns.py" "$SECRETSCTL" ../patterns || fail 'patterns'

# a file of a folder below is nearer, and only means what is below it
printf '*.env\n' >.secretsctlignore
printf '!a.env\n/b.env\n' >sub/.secretsctlignore
"$SECRETSCTL" audit --json --fail-on never . | jq -r '.findings[].file' | LC_ALL=C sort >../shown
printf 'sub/a.env\nsub/deep/a.env\n' | cmp -s - ../shown || fail "two files: $(cat ../shown)"

# so it does where the files are named one by one, as hooks do, from wherever their folder is seen
run 0 "$SECRETSCTL" audit --fail-on low sub/b.env b.env ./sub/deep/er/c.env
run 3 "$SECRETSCTL" audit --fail-on low sub/a.env
printf '*.env dotenv-url\n!a.env dotenv\n' >.secretsctlignore
rm sub/.secretsctlignore
run 3 "$SECRETSCTL" audit --fail-on low b.env
printf '*.env dotenv\n!a.env dotenv-literal\n' >.secretsctlignore
run 0 "$SECRETSCTL" audit --fail-on low b.env
run 3 "$SECRETSCTL" audit --fail-on low a.env
