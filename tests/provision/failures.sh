# SPDX-License-Identifier: Apache-2.0
# tmpfs mode when things go wrong: no room half-way, killed in the middle, a ramfs and its quota, no privilege, memory
# that cannot be locked, unknown scopes, a directory that something else is mounted on.
. "$SC_SOURCE/tests/support/functions.sh"
needs_root
unshare -m true 2>/dev/null || skip "no mounts here"

M=$T/mnt
mkdir "$M"
drop() { umount -l "$M" 2>/dev/null; }
on_exit drop
new_vault
for i in $(seq 8); do
    printf 'old-%s' "$i" | "$SECRETSCTL" add -q "a/v$i"
    printf 'old-%s' "$i" | "$SECRETSCTL" add -q "b/v$i"
done

whole() { # whole WORD: each scope is one generation, and says WORD if given
    local scope
    for scope in a b; do
        [ "$(cat "$M/$scope"/v* | tr '-' '\n' | grep -v '[0-9]' | sort -u | wc -l)" = 1 ] || fail "a mixture in $scope"
        [ "$(find "$M/$scope" -maxdepth 1 -name 'v*' | wc -l)" = 8 ] || fail "not all names in $scope"
    done
    [ -z "${1:-}" ] || [ "$(cat "$M"/[ab]/v* | tr -d '0-9\n' | sed "s/$1-//g")" = "" ] || fail "not $1"
}

# No room half-way: what was there stays, whole.
mount -t tmpfs -o size=240k prov "$M"
run 0 "$SECRETSCTL" write "$M"
whole old
head -c 100000 /dev/zero >"$T/zeroes"
for i in 1 2; do "$SECRETSCTL" rotate -q "b/v$i" --from-file "$T/zeroes" >/dev/null; done
run 1 "$SECRETSCTL" write "$M"
err_is "secretsctl: cannot write 'b/v2': cannot write: No space left on device"
whole old
[ "$(find "$M" -name '.~*' | wc -l)" = 6 ] || fail "leftovers: $(find "$M" -name '.~*')"
for i in 1 2; do printf 'new-%s' "$i" | "$SECRETSCTL" rotate -q "b/v$i"; done
run 0 "$SECRETSCTL" write "$M"
umount "$M"

# Killed in the middle, many times: never a mixture, and the next one completes.
mount -t tmpfs -o size=4m prov "$M"
for word in red blue; do
    for scope in a b; do for i in $(seq 8); do printf '%s-%s' "$word" "$i" | "$SECRETSCTL" rotate -q "$scope/v$i"; done; done
    cp "$SECRETSCTL_VAULT" "$T/$word.db"
    cp -r "$T/state" "$T/$word.state"
done
write_as() { # write_as WORD COMMAND...: with the vault as it was then
    local word=$1
    shift
    SECRETSCTL_VAULT=$T/$word.db XDG_STATE_HOME=$T/$word.state "$@"
}
write_as red "$SECRETSCTL" write -q "$M" >/dev/null
for i in $(seq 40); do
    word=red
    [ $((i % 2)) = 0 ] || word=blue
    write_as "$word" timeout -s KILL "0.0$((i % 7 + 1))" "$SECRETSCTL" write "$M" >/dev/null 2>&1 || true
    whole
done
write_as blue "$SECRETSCTL" write "$M" >/dev/null
whole blue
[ "$(find "$M" -name '.~*' | wc -l)" = 6 ] || fail "leftovers: $(find "$M" -name '.~*')"
umount "$M"

# What may be swapped is told by the options of the file system, not by its name.
mkdir "$T/noswap"
mount -t tmpfs -o mode=0700,size=1m noswap "$T/noswap"
run 0 "$SECRETSCTL" write "$T/noswap" --json
! grep -q '"swap":"never"' "$T/out" || fail "a tmpfs that swaps is said not to"
umount "$T/noswap"

# ramfs has no limit of its own, so ours holds.
mount -t ramfs prov "$M"
run 0 "$SECRETSCTL" write "$M" --size 64K
run 0 "$SECRETSCTL" write "$M" --size 64K --json
out_has '"swap":"never"'
head -c 70000 /dev/zero >"$M/of-others"
run 1 "$SECRETSCTL" write "$M" --size 32K
err_is "secretsctl: 70096 bytes are in use and 96 are to come, over the quota of 32768"
umount "$M"

# Something else is there.
mount -t proc proc "$M"
run 1 "$SECRETSCTL" provision --tmpfs "$M"
err_is "secretsctl: something else is mounted on '$M'; unmount it first"
run 7 "$SECRETSCTL" provision --fuse "$M"
err_is "secretsctl: something else is mounted on '$M'; unmount it first (what 'provision' mounted: secretsctl umount)"
umount "$M"
run 2 "$SECRETSCTL" write "$M" --scope '../a'
mount -t tmpfs prov "$M"
run 4 "$SECRETSCTL" write "$M" --scope nobody
err_is "secretsctl: scope 'nobody' has no entries"
run 125 "$SECRETSCTL" run --scope nobody -- true
err_is "secretsctl: scope 'nobody' has no entries"

# Without privilege, and with no memory to lock: it works, files are the caller's, and the reason is told.
chmod 755 "$T" "$M"
cp "$SECRETSCTL" "$T/program"
chown -R 65534 "$T"/vault.db* "$T/key" "$T/state" "$T/home" "$M"
user=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all)
chmod 777 "$T"
run 0 "${user[@]}" prlimit --memlock=0:0 "$T/program" write "$M" --scope a
whole_a() { [ "$(stat -Lc %u:%a "$M/a/v1")" = 65534:400 ]; }
whole_a || fail "owner or mode: $(stat -Lc %u:%a "$M/a/v1")"
if [ "$(stat -f -c %T "$T")" != tmpfs ]; then
    run 9 "${user[@]}" "$T/program" provision --tmpfs "$T/ondisk"
    err_has "is not on a file system in memory"
fi
printf x | "${user[@]}" "$T/program" add -q c/owned --owner 12345:12345
run 8 "${user[@]}" "$T/program" write "$M" --scope c
err_has "cannot give 'c/owned' to uid 12345"
[ ! -e "$M/c" ] || fail "half of it was written"
