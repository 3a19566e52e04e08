# SPDX-License-Identifier: Apache-2.0
# A mount serves each entry with its true size, a rotation is there at the next open, nothing can be
# changed through it, and umount leaves nothing behind.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
new_vault
printf 'first-value' | "$SECRETSCTL" add -q shop/db_password --mode 0440 --owner 7:8
printf '' | "$SECRETSCTL" add -q shop/empty --allow-empty
head -c 1048576 /dev/urandom >"$T/big"
"$SECRETSCTL" add -q deep/er/big --from-file "$T/big"
mounted

reads "$M/shop/db_password" first-value || fail "content"
run 1 "$SECRETSCTL" provision "$M"
err_is "secretsctl: '$M' is served by a mount, which shows the present values by itself; for files in memory in its place, first: secretsctl umount"
[ "$(stat -c '%s %a %u:%g %F' "$M/shop/db_password")" = "11 440 7:8 regular file" ] || fail "attributes"
reads "$M/shop/empty" '' || fail "empty value"
cmp "$T/big" "$M/deep/er/big" || fail "1 MiB value"
if command -v fincore >/dev/null; then # what was read is not kept in the page cache
    [ "$(fincore --noheadings --output PAGES "$M/deep/er/big" | tr -d ' ')" = 0 ] || fail "in the page cache"
    [ "$(fincore --noheadings --output PAGES "$T/big" | tr -d ' ')" -gt 0 ] || fail "fincore sees nothing"
fi
[ "$(cd "$M" && find . | LC_ALL=C sort | tr '\n' ' ')" = \
    ". ./deep ./deep/er ./deep/er/big ./shop ./shop/db_password ./shop/empty " ] || fail "listing"

# One version to its end; the next open has the new one, whole, also for programs that trust st_size.
exec 5<"$M/shop/db_password"
inode=$(stat -c %i "$M/shop/db_password")
printf 'second-and-longer-value' | "$SECRETSCTL" rotate -q shop/db_password
until_true 5 reads "$M/shop/db_password" second-and-longer-value || fail "rotation is not seen"
[ "$(busybox cat "$M/shop/db_password")" = second-and-longer-value ] || fail "busybox cat"
[ "$(cat <&5)" = first-value ] || fail "the open handle changed its version"
[ "$(stat -c %i "$M/shop/db_password")" = "$inode" ] || fail "the inode changed"
exec 5<&-

for change in "touch $M/shop/new" "mkdir $M/x" "rm $M/shop/empty" "truncate -s 0 $M/shop/empty" \
    "chmod 777 $M/shop/empty" "mv $M/shop/empty $M/shop/e" "ln -s a $M/l" "tee $M/shop/empty"; do
    ! $change </dev/null >/dev/null 2>"$T/err" || fail "allowed: $change"
    grep -q 'Read-only file system' "$T/err" || fail "$change: $(cat "$T/err")"
done

"$SECRETSCTL" rm -q shop/empty
until_true 5 test ! -e "$M/shop/empty" || fail "removed entry is still there"
printf again | "$SECRETSCTL" add -q shop/empty
until_true 5 reads "$M/shop/empty" again || fail "re-added entry"

run 7 "$SECRETSCTL" mount "$M"
err_has "is mounted already"
exec 5<"$M/shop/empty"
run 7 "$SECRETSCTL" umount "$M"
err_is "secretsctl: '$M' is in use; close its files, or use --force"
exec 5<&-
run 0 "$SECRETSCTL" umount "$M"
until_true 5 not_mounted || fail "still mounted"
run 2 "$SECRETSCTL" provision --fuse --scope shop "$M"
err_is "secretsctl: --fuse serves the whole vault, to those whom a policy allows; the options of files in memory do not go with it"
# The processes of a mount keep no pipe of their starter open.
timeout 60 bash -c '"$1" mount "$2" 2>&1 | cat' - "$SECRETSCTL" "$M" >"$T/out" || fail "output stays open"
out_is "secretsctl: serving on '$M'"
run 0 "$SECRETSCTL" umount "$M"
until_true 5 not_mounted || fail "still mounted"

# In the foreground of a terminal that is closed the mount ends, since nobody would start the next agent.
"$SECRETSCTL" mount --foreground -q "$M" &
agent=$!
until_true 10 reads "$M/shop/empty" again || fail "not served in the foreground"
kill -HUP "$agent"
wait "$agent" || fail "exit status $? after a hang-up"
not_mounted || fail "a mount without an agent is left"
run 4 "$SECRETSCTL" umount "$M"
err_is "secretsctl: nothing of this program is mounted on '$M'"
