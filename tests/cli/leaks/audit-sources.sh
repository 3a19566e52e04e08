# SPDX-License-Identifier: Apache-2.0
# Git history and archives: what is deleted, amended, nested or broken.
. "$SC_SOURCE/tests/support/functions.sh"
requires git tar gzip zstd python3

export GIT_CONFIG_GLOBAL=$T/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$GIT_CONFIG_GLOBAL" user.email a@b.invalid
git config --file "$GIT_CONFIG_GLOBAL" user.name tester
git init -q repo
cd repo
printf 'services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: long-gone-1\n' >compose.yml
git add . && git commit -qm first
first=$(git rev-parse HEAD)
git rm -q compose.yml && git commit -qm 'take it out'
echo 'A_PASSWORD=amended-away-2' >a.env && git add . && git commit -qm env
echo clean >a.env && git commit -qam env --amend
git commit -q --allow-empty -m "deploy with https://bot:tok3n-in-message@host/"
cd ..

run 0 "$SECRETSCTL" audit --json repo
run 3 "$SECRETSCTL" audit --json --history repo
jq -e --arg c "$first" '.findings[] | select(.file == "compose.yml" and .commit == $c and .line == 4 and .service == "db")' out >/dev/null ||
    fail "the deleted file: $(cat out)"
jq -e '.findings[] | select(.file == "commit message")' out >/dev/null || fail "the message: $(cat out)"

mkdir plain && echo x >plain/x
run 1 "$SECRETSCTL" audit --history plain
err_has "secretsctl: cannot open the git repository of 'plain'"

# archives, also nested, compressed, truncated
mkdir in && echo 'Z_PASSWORD=in-an-archive-3' >in/z.env
tar -C in -czf inner.tgz z.env
tar -cf outer.tar inner.tgz
zstd -q in/z.env -o z.env.zst
python3 -c "import zipfile; zipfile.ZipFile('z.zip','w').write('in/z.env','dir/z.env')"
run 0 "$SECRETSCTL" audit outer.tar
run 3 "$SECRETSCTL" audit --json --archives outer.tar z.zip
jq -e '[.findings[].file] | sort == ["outer.tar!inner.tgz!z.env", "z.zip!dir/z.env"]' out >/dev/null || fail "archives: $(cat out)"
head -c 90 inner.tgz >cut.tgz
run 1 "$SECRETSCTL" audit --json --archives cut.tgz
jq -e '.skipped | length == 1' out >/dev/null || fail "truncated: $(cat out)"
