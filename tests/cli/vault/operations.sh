# SPDX-License-Identifier: Apache-2.0
# The commands of docs/OPERATIONS.md, as they stand there, and the bad days in its table that a test can make: each
# ends with the values back.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq git
new_vault
mkdir usb backup bin
ln -s "$SECRETSCTL" bin/secretsctl
export PATH=$T/bin:$PATH
printf 'first' | run 0 secretsctl add shop/db_password --expires 20d

# Commands that reach for containers stand in other tests; those for git come last.
sed -n '/^```sh$/,/^```$/p' "$SC_SOURCE/docs/OPERATIONS.md" | grep '^secretsctl' | grep -vE ' (provision|verify|import)( |$)' |
    sed "s,/media/usb,$T/usb,; s,/backup/,$T/backup/," >commands
[ "$(wc -l <commands)" = 5 ] || fail "the page has other commands: $(cat commands)"
while IFS= read -r line; do
    bash -c "$line" >"$T/out" 2>"$T/err" </dev/null || fail "'$line': $(cat "$T/err")"
done <commands
secretsctl get shop/db_password >newest
[ "$(wc -c <newest)" = 32 ] || fail "not rotated"
secretsctl checkpoint --verify backup/vault.checkpoint
run 0 secretsctl checkpoint --json
[ "$(jq -c keys out)" = '["checkpoint"]' ] || fail "$(cat out)"
[ "$(jq -r .checkpoint out)" = "$(secretsctl checkpoint)" ] || fail "$(cat out)"
run 0 secretsctl checkpoint --json --verify backup/vault.checkpoint
[ "$(jq -c .verified out)" = true ] || fail "$(cat out)"
secretsctl backup latest.db

value_is_back() {
    run 0 secretsctl get shop/db_password
    cmp "$T/out" newest || fail "$1: another value"
    run 0 secretsctl check
}

# damaged: a byte of a page that nothing signed stands in, then much of the file
cp vault.db whole.db
flip vault.db 9000
run 6 secretsctl check
if grep -q 'nothing that is signed was changed' "$T/err"; then
    run 0 secretsctl backup new.db
    run 0 secretsctl restore new.db
    value_is_back "a damaged page"
fi
head -c 20000 /dev/urandom >vault.db
run 6 secretsctl restore latest.db
err_has 'cannot be read; move it away first'
run 6 secretsctl check
mv vault.db damaged.db
run 0 secretsctl restore latest.db
value_is_back "damaged"

# gone, and only an older backup left
rm vault.db
run 10 secretsctl restore backup/vault-*.db
run 0 secretsctl restore backup/vault-*.db --accept-rollback 'the disk died'
run 0 secretsctl get shop/db_password
[ "$(cat "$T/out")" = first ] || fail "the older value"
rm vault.db
run 0 secretsctl restore latest.db --accept-rollback 'a newer one was found'
value_is_back "gone"

# another machine: no pins, and a key that was written down
key=$(secretsctl check --json | jq -r .verify_key)
export XDG_STATE_HOME=$T/other-machine
rm vault.db
run 0 secretsctl restore latest.db
run 6 secretsctl trust --key "$(printf '0%.0s' $(seq 64))"
run 0 secretsctl trust --key "$key"
value_is_back "another machine"

# the key is lost: the one in the safe opens, and the lost one is shut out
lost=$(secretsctl slot list --json | jq -r '.[] | select(.label != "in the safe").id')
export SECRETSCTL_KEY_FILE=$T/usb/vault.key
run 0 secretsctl slot rm "$lost" --new-verify-key --reason 'laptop stolen'
value_is_back "a lost key"
run 5 env SECRETSCTL_KEY_FILE="$T/key" "$SECRETSCTL" get shop/db_password

# two branches changed the vault: what only the other has comes over, what both have stays
export SECRETSCTL_VAULT=vault.db
mkdir repository
cd repository
git init -q
git config user.email t@example.org
git config user.name t
run 0 secretsctl init --key-file "$T/git.key"
export SECRETSCTL_KEY_FILE=$T/git.key
commit() { git add vault.db && git commit -qm "$1"; }
printf base | run 0 secretsctl add shop/both
commit base
git checkout -qb theirs
printf theirs | run 0 secretsctl rotate shop/both
printf 1 | run 0 secretsctl add shop/theirs
commit theirs
git checkout -q -
chmod 600 vault.db
run 10 secretsctl list
run 0 secretsctl trust --accept-rollback 'another branch'
printf ours | run 0 secretsctl rotate shop/both
printf 2 | run 0 secretsctl add shop/ours
commit ours
git merge -q theirs >/dev/null 2>&1 && fail "no conflict"
sed -n '/^git checkout --ours/,/^```$/p' "$SC_SOURCE/docs/OPERATIONS.md" | grep -v '^```' |
    sed "s,/dev/shm/,$T/,g; s/THEIRS/theirs/" >merge
[ "$(wc -l <merge)" = 3 ] || fail "the page has other commands: $(cat merge)"
run 0 env TMPDIR="$T" bash -e merge
[ "$(secretsctl list | cut -f1 | xargs)" = 'shop/both shop/ours shop/theirs' ] || fail "$(secretsctl list)"
[ "$(secretsctl get shop/both)" = ours ] || fail "ours did not stay"
run 0 secretsctl check
