# SPDX-License-Identifier: Apache-2.0
# verify over git: every object of every ref once, with the commit that brought it; messages, tags, names,
# objects that nothing refers to, and the files of the repository's folder.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq git

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_CONFIG_GLOBAL=/dev/null

make() {
    rm -rf repo
    git init -q -b main repo
    echo readme >repo/README
    git -C repo add README
    git -C repo commit -qm first
}
cell() { # NAME WANTED: path and where of each finding, without ids
    run 3 "$SECRETSCTL" verify git repo --json
    out_lacks "$value"
    local got
    got=$(jq -r '.findings[] | [.place, .file, .path // "-", .where, .encoding] | join(" ")' "$T/out" |
        sed "s#$T/##; s/[0-9a-f]\{40\}/ID/g" | sort)
    [ "$got" = "$2" ] || fail "$1: found
$got
instead of
$2"
}

make
run 0 "$SECRETSCTL" verify git repo
out_has "note: repository repo: 3 objects searched"
(cd repo && run 0 "$SECRETSCTL" verify git)

printf 'pw: %s' "$value" >repo/conf
git -C repo add conf
git -C repo commit -qm second
id=$(git -C repo rev-parse HEAD)
git -C repo rm -q conf
git -C repo commit -qm third
cell removed "git repository repo conf commit ID plain"
[ "$(jq -r '.findings[0].where' "$T/out")" = "commit $id" ] || fail "the commit"
run 3 "$SECRETSCTL" verify git repo
sed 's/[0-9a-f]\{40\}/ID/' "$T/out" | grep -x "high	git	repository repo	conf, commit ID	shop/token	plain" >/dev/null || fail "$(cat "$T/out")"
git -C repo gc -q
cell packed "git repository repo conf commit ID plain"

make
git -C repo checkout -qb side
printf '%s' "$value" | gzip >repo/conf.gz
git -C repo add conf.gz
git -C repo commit -qm second
git -C repo checkout -q main
cell "other branch, packed file" "git repository repo conf.gz commit ID plain"

make
git -C repo commit -q --allow-empty -m "use $value"
cell message "git repo/.git/COMMIT_EDITMSG - content plain
git repo/.git/logs/HEAD - content plain
git repo/.git/logs/refs/heads/main - content plain
git repository repo commit message commit ID plain"

make
git -C repo tag -a v1 -m "use $value"
cell tag "git repository repo tag commit ID plain"

make
echo x >"repo/$value"
git -C repo add .
git -C repo commit -qm second
git -C repo update-index --refresh >/dev/null
cell name "git repo/.git/index - content plain
git repository repo tree commit ID plain"

make
printf '%s' "$value" | git -C repo hash-object -w --stdin >/dev/null
cell unreachable "git repository repo unreachable object commit ID plain"

make
git -C repo remote add origin "https://u:$value@git.example/x"
cell remote "git repo/.git/config - content plain"

# No repository, one of somebody else, a damaged object: named, no pass.
mkdir none
run 1 "$SECRETSCTL" verify git none
out_has "not searched: git: repository none: cannot open the git repository"
make
object=$(find repo/.git/objects -type f -print -quit)
chmod u+w "$object"
echo junk >"$object"
run 1 "$SECRETSCTL" verify git repo
out_has "not searched: git: repository repo"
