# SPDX-License-Identifier: Apache-2.0
# verify over folders and archives that hold a git repository: loose objects, packs whose objects are kept as
# deltas, bundles. What git itself says an object is, is what must have been searched.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq git python3

new_vault
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_CONFIG_GLOBAL=/dev/null

# Forty passwords that differ in the middle, each in one version of a file: what a pack keeps of the next one is
# a few letters and where to copy the others from.
cat >make.py <<'END'
import random, subprocess
random.seed(7)
lines = ["%d %d" % (i, random.getrandbits(60)) for i in range(300)]
names = {}
for n in range(40):
    lines[random.randrange(300)] = "changed in version %d" % n
    value = "hunter-%04d-winter-2026" % (n * 7919 % 10000)
    names["shop/pw%02d" % n] = value
    version = lines[:]
    version[150 + n % 3] = "password=" + value
    with open("repo/conf", "w") as file:
        file.write("\n".join(version))
    subprocess.run(["git", "-C", "repo", "add", "conf"], check=True)
    subprocess.run(["git", "-C", "repo", "commit", "-qm", "version %d" % n], check=True)
with open("values.env", "w") as file:
    for name, value in names.items():
        file.write("%s=%s\n" % (name.replace("/", "__").upper(), value))
END
git init -q -b main repo
python3 make.py
run 0 "$SECRETSCTL" import --scope shop values.env
rm values.env
found() { # how many values are found in it, each once
    run 3 "$SECRETSCTL" verify path "$1" --json
    out_lacks hunter
    [ "$(jq ".skipped | length" "$T/out")" = 0 ] || fail "not all was searched: $(jq .skipped "$T/out")"
    jq -r '.findings[].name' "$T/out" | sort -u | wc -l
}
rm repo/conf # the working tree has the last one
[ "$(found repo)" = 40 ] || fail "loose objects"
jq -r '.findings[0] | .file, .path' "$T/out" | tr '\n' ' ' | grep -E '^repo/\.git/objects/../[0-9a-f]{38} blob $' >/dev/null ||
    fail "where: $(jq -r '.findings[0]' "$T/out")"
[ "$(jq -r '.findings[].fix' "$T/out" | sort -u)" = "rotate it: git keeps it, here and in every clone" ] ||
    fail "what to do: $(jq '.findings[0]' "$T/out")"
tar -cf repo.tar repo
[ "$(found repo.tar)" = 40 ] || fail "loose objects in a tar"

for options in '' '--depth=3' '--window=40 --depth=400'; do
    # shellcheck disable=SC2086
    git -C repo repack -adfq $options
    git -C repo prune-packed -q
    [ "$(git -C repo count-objects)" = "0 objects, 0 kilobytes" ] || fail "not packed"
    [ "$(found repo)" = 40 ] || fail "a pack made with '$options'"
    [ "$(jq -r '.findings[].path' "$T/out" | grep -cE '^blob at [0-9]+$')" = "$(jq '.findings | length' "$T/out")" ] ||
        fail "where: $(jq '.findings[0]' "$T/out")"
done
(cd repo && git verify-pack -v .git/objects/pack/*.idx) >listed
grep -q 'chain length = [5-9]' listed || fail "nothing is a delta to a delta"

tar -czf repo.tgz repo
[ "$(found repo.tgz)" = 40 ] || fail "a pack in a packed tar"
git -C repo bundle create -q "$T/repo.bundle" --all
[ "$(found repo.bundle)" = 40 ] || fail "a bundle"

# Deltas by the other object's name: as git may be told to make them, and in what it fetched, where the other
# objects stand at the end of the pack.
git -C repo -c repack.useDeltaBaseOffset=false repack -adfq
[ "$(found repo)" = 40 ] || fail "a pack with deltas by name"
git init -q -b main fetched
git -C fetched config fetch.unpackLimit 1
git -C repo branch middle main~25
git -C fetched fetch -q "file://$T/repo" middle
git -C fetched update-ref refs/heads/main FETCH_HEAD
git -C fetched fetch -q "file://$T/repo" main
[ "$(found fetched)" = 40 ] || fail "fetched packs"
[ "$(echo fetched/.git/objects/pack/*.pack | wc -w)" = 2 ] || fail "not two packs"

# Without libgit2, which names objects: what the deltas show is found, and the rest is no pass.
library=$(ldconfig -p | sed -n 's/.*libgit2\.so\.[0-9].* => //p' | head -n 1)
if [ "$(id -u)" = 0 ] && [ -n "$library" ]; then
    # shellcheck disable=SC2016
    run 3 unshare --mount --propagation private sh -c 'mount --bind /dev/null "$0" && exec "$@"' \
        "$(realpath "$library")" "$SECRETSCTL" verify path fetched
    grep -E '^not searched: path: fetched/.*\.pack: [0-9]+ of its objects could not be put together; the first: .*libgit2\.so' \
        "$T/out" >/dev/null || { cat "$T/out"; fail "without libgit2"; }
fi

# A pack as a file in a repository; and such a one in a third, which is too deep.
into() { # REPOSITORY FILE: a new one with the file, packed
    git init -q "$1"
    cp "$2" "$1/file"
    git -C "$1" add file
    git -C "$1" commit -qm file
    git -C "$1" repack -adfq
    git -C "$1" prune-packed -q
    rm "$1/file"
}
into outer repo/.git/objects/pack/*.pack
[ "$(found outer)" = 40 ] || fail "a pack in a pack"
jq -r '.findings[0].path' "$T/out" | grep -E '^blob at [0-9]+!blob at [0-9]+$' >/dev/null || fail "where: $(jq '.findings[0]' "$T/out")"
into outermost outer/.git/objects/pack/*.pack
run 1 "$SECRETSCTL" verify path outermost
out_has "it is a git pack inside of 2 others"

# What is not there cannot be put together: said, and no pass.
git -C repo bundle create -q "$T/thin.bundle" main~1..main
run 3 "$SECRETSCTL" verify path thin.bundle
out_has "not searched: path: thin.bundle: 1 of its objects could not be put together; the first: it is a delta to an object that is not in it"
pack=$(echo repo/.git/objects/pack/*.pack)
head -c -30 "$pack" >cut.pack
run 3 "$SECRETSCTL" verify path cut.pack
out_has "not searched: path: cut.pack: the git objects end early"

# A file may begin as an object does.
printf 'x^2 is no object' >text
run 0 "$SECRETSCTL" verify path text
