# SPDX-License-Identifier: Apache-2.0
# What is staged, as a hook of git sees it; histories of every shape: merged, renamed, packed, bare, shallow, work trees, submodules.
. "$SC_SOURCE/tests/support/functions.sh"
requires git

export GIT_CONFIG_GLOBAL=$T/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$GIT_CONFIG_GLOBAL" user.email a@b.invalid
git config --file "$GIT_CONFIG_GLOBAL" user.name tester
git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main
git config --file "$GIT_CONFIG_GLOBAL" protocol.file.allow always

keys() { jq -r '.findings[] | "\(.file) \(.key)"' "$T/out" | LC_ALL=C sort | tr '\n' ';'; }

# ---- a hook: what is staged counts, not what lies in the work tree
git init -q repo
cd repo
cat >.git/hooks/pre-commit <<HOOK
#!/bin/sh
exec "$SECRETSCTL" audit --quiet --staged
HOOK
chmod +x .git/hooks/pre-commit
echo 'A_PASSWORD=staged-only-1' >a.env
git add a.env
echo 'A_PASSWORD=' >a.env
run 3 "$SECRETSCTL" audit --staged --json
[ "$(keys)" = "a.env A_PASSWORD;" ] || fail "before the first commit: $(keys)"
git commit -qm first >/dev/null 2>&1 && fail "the hook let the first commit pass"
git add a.env
git commit -qm first || fail "the hook stopped a clean commit: $(cat "$T/out")"
echo 'B_PASSWORD=not-added-2' >b.env
git commit -q --allow-empty -m nothing || fail "the hook looked at what is not staged"
mkdir -p sub/deep vendor
echo 'C_PASSWORD=staged-below-3' | tee sub/deep/c.env >vendor/c.env
printf '!c.env\n' >sub/.secretsctlignore
printf 'vendor/\n*.tmp\n' >.secretsctlignore
git add sub vendor .secretsctlignore
run 3 "$SECRETSCTL" audit --staged --json
[ "$(keys)" = "sub/deep/c.env C_PASSWORD;" ] || fail "ignored, and the same blob elsewhere: $(keys)"
printf '*.env dotenv\n' >sub/.secretsctlignore
run 0 "$SECRETSCTL" audit --staged
run 3 "$SECRETSCTL" audit --staged --no-ignore
(cd sub && run 3 "$SECRETSCTL" audit --staged --no-ignore --quiet) || fail "from a folder below"
git rm -q --cached a.env && git mv sub/deep/c.env sub/moved.env
git add sub && run 0 "$SECRETSCTL" audit --staged
git commit -qm 'ignored by rule' || fail "the hook does not honour the ignore files"
run 0 "$SECRETSCTL" audit --staged --json
jq -e '.findings == [] and .skipped == []' "$T/out" >/dev/null || fail "nothing staged: $(cat "$T/out")"
run 2 "$SECRETSCTL" audit --staged --history
mkdir ../plain && run 1 "$SECRETSCTL" audit --staged ../plain
err_has "secretsctl: cannot open the git repository of '../plain'"
rm .git/hooks/pre-commit .secretsctlignore sub/.secretsctlignore

# ---- branches, an evil merge, renames, deletions, tags, stashes
git checkout -q -b side
echo 'SIDE_PASSWORD=on-the-side-4' >side.env && git add side.env && git commit -qm side
git checkout -q main
echo 'D_PASSWORD=deleted-later-5' >d.env && git add d.env && git commit -qm d
git mv d.env e.env && git commit -qm renamed
git merge -q --no-commit side >/dev/null 2>&1 && echo 'M_PASSWORD=only-in-the-merge-6' >m.env && git add m.env && git commit -qm merge
git rm -q m.env e.env side.env && git commit -qm gone
git branch -qD side
echo 'T_PASSWORD=in-a-tag-7' >t.env && git add t.env && git commit -qm t && git tag -a v1 -m 'tag with https://u:tagged-8@h.invalid/' && git reset -q --hard HEAD~1
echo 'S_PASSWORD=stashed-9' >s.env && git add s.env && git stash -q
git worktree add -q ../tree -b other
(cd ../tree && echo 'W_PASSWORD=in-a-work-tree-10' >w.env && git add w.env && git commit -qm w)
git pack-refs --all && git repack -qadf
wanted="side.env SIDE_PASSWORD;t.env T_PASSWORD;tag null;s.env S_PASSWORD;w.env W_PASSWORD;d.env D_PASSWORD;m.env M_PASSWORD"
all_of() {
    for one in a $(echo "$wanted" | tr ' ;' '@ '); do
        [ "$one" = a ] || keys | grep "$(echo "$one" | tr '@' ' ')" >/dev/null || fail "$1: no $one in $(keys)"
    done
}
run 3 "$SECRETSCTL" audit --history --json
all_of "the repository"
run 3 "$SECRETSCTL" audit --history --json ../tree
all_of "a work tree of it"
(cd ../tree && echo 'X_PASSWORD=staged-in-a-tree-11' >x.env && git add x.env)
run 3 "$SECRETSCTL" audit --staged --json ../tree
[ "$(keys)" = "x.env X_PASSWORD;" ] || fail "staged in a work tree: $(keys)"
run 0 "$SECRETSCTL" audit --staged

# ---- ignored under one path, the same blob under another is not
git init -q ../twice && cd ../twice
mkdir fixtures && echo 'F_PASSWORD=the-same-blob-13' >fixtures/f.env && git add . && git commit -qm fixtures
cp fixtures/f.env real.env && git add . && git commit -qm real && git rm -q real.env && git commit -qm gone
echo 'fixtures/' >.secretsctlignore
run 3 "$SECRETSCTL" audit --history --json
[ "$(keys)" = "real.env F_PASSWORD;" ] || fail "one blob, two paths: $(keys)"
echo '*.env' >.secretsctlignore
run 0 "$SECRETSCTL" audit --history --json
cd ../repo

# ---- bare, and borrowing objects from another one
git clone -q --mirror . ../bare.git
run 3 "$SECRETSCTL" audit --history --json ../bare.git
wanted="side.env SIDE_PASSWORD;t.env T_PASSWORD;tag null;s.env S_PASSWORD;d.env D_PASSWORD;m.env M_PASSWORD"
all_of "a bare one"
git clone -q --shared . ../shared-objects
wanted="side.env SIDE_PASSWORD;t.env T_PASSWORD;d.env D_PASSWORD;m.env M_PASSWORD;w.env W_PASSWORD" # a stash is not cloned
run 3 "$SECRETSCTL" audit --history --json ../shared-objects
all_of "one that borrows objects"

# ---- what is cut off is no pass: a shallow clone names what it has not
git clone -q --depth 1 "file://$PWD" ../shallow
run 3 "$SECRETSCTL" audit --history --json ../shallow # what no commit there names has variables still
jq -e '(.findings | map(.file) | unique == ["unreachable object"]) and (.skipped | length == 1) and (.skipped[0].reason | startswith("a shallow clone"))' "$T/out" >/dev/null ||
    fail "shallow: $(cat "$T/out")"

# ---- a submodule is its own repository: the link is no blob, its history is looked at by its path
git init -q ../library
(cd ../library && echo 'L_PASSWORD=in-the-library-12' >l.env && git add . && git commit -qm l && git rm -q l.env && git commit -qm l2)
git init -q ../super && cd ../super
git submodule --quiet add ../library lib
run 0 "$SECRETSCTL" audit --staged --json
jq -e '.skipped == []' "$T/out" >/dev/null || fail "a submodule that is staged: $(cat "$T/out")"
git commit -qm sub
run 0 "$SECRETSCTL" audit --history --json
jq -e '.skipped == []' "$T/out" >/dev/null || fail "a submodule: $(cat "$T/out")"
run 3 "$SECRETSCTL" audit --history --json lib
[ "$(keys)" = "l.env L_PASSWORD;" ] || fail "inside the submodule: $(keys)"

# ---- a damaged object is named
git init -q ../damaged && cd ../damaged
echo 'Y_PASSWORD=' >y.env && git add . && git commit -qm y
blob=$(git rev-parse HEAD:y.env)
chmod u+w ".git/objects/${blob%"${blob#??}"}/${blob#??}"
echo broken >".git/objects/${blob%"${blob#??}"}/${blob#??}"
run 1 "$SECRETSCTL" audit --history --json
jq -e '.skipped | length >= 1' "$T/out" >/dev/null || fail "damaged: $(cat "$T/out")"

# ---- what git keeps for itself is looked at where it is named
git init -q ../remote && cd ../remote
git remote add origin https://bob:in-the-address-77@git.invalid/x.git
run 0 "$SECRETSCTL" audit .
run 3 "$SECRETSCTL" audit .git/config
out_has ".git/config	7	"
out_has "	config-url	"
