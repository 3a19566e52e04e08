# SPDX-License-Identifier: Apache-2.0
# provision and write: layout, owner and mode, what changed, disks refused, the vault locked.
. "$SC_SOURCE/tests/support/functions.sh"

M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() {
    for place in own small foreign many; do umount -l "$M/$place" 2>/dev/null || true; done
    rm -rf "$M"
}
on_exit drop
new_vault
printf s3cret | "$SECRETSCTL" add shop/db_password
printf tok | "$SECRETSCTL" add shop/api/token
printf x | "$SECRETSCTL" add other/x

run 0 "$SECRETSCTL" write "$M" --scope shop
out_is "created	$M/shop/db_password	$(id -u):$(id -g)	0400
created	$M/shop/api/token	$(id -u):$(id -g)	0400"
[ "$(cat "$M/shop/db_password")" = s3cret ]
[ "$(stat -Lc %a "$M/shop/db_password")" = 400 ]
[ ! -e "$M/other" ]
before=$(stat -Lc %i "$M/shop/api/token")

printf new | "$SECRETSCTL" rotate shop/db_password
run 0 "$SECRETSCTL" write "$M" --scope shop --json
out_has '"state":"changed"'
out_has '"state":"unchanged"'
out_lacks s3cret
[ "$(cat "$M/shop/db_password")" = new ]
[ "$(stat -Lc %i "$M/shop/api/token")" = "$before" ]

"$SECRETSCTL" rm shop/api/token >/dev/null
run 0 "$SECRETSCTL" write "$M" --scope shop
out_has "removed	$M/shop/api/token	-	-"
[ ! -e "$M/shop/api" ]

# A directory on a disk is refused, and nothing is written.
if [ "$(stat -f -c %T "$T")" != tmpfs ]; then
    mkdir "$T/disk"
    run 9 "$SECRETSCTL" write "$T/disk"
    err_is "secretsctl: '$T/disk' is not on a file system in memory, values would reach a disk; give a directory on a tmpfs, or run 'provision --tmpfs' as root, which mounts one"
    [ -z "$(ls -A "$T/disk")" ]
fi
run 4 "$SECRETSCTL" write "$M/nope"
run 1 "$SECRETSCTL" write "$M" --size 2
err_is "secretsctl: the values up to 'shop/db_password' are over the quota of 2 bytes; raise it with --size"
run 2 "$SECRETSCTL" write "$M" --size 2q

# As root a tmpfs of its own, 0700, that cannot swap.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    run 0 "$SECRETSCTL" provision "$M/own" --json
    out_has '"mounted":true'
    [ "$(stat -c %a "$M/own")" = 700 ]
    mountpoint -q "$M/own"
    grep -q " $M/own .*\(noswap\|ramfs\)" /proc/self/mountinfo || fail "it can swap"
    run 0 "$SECRETSCTL" provision "$M/own" --json --dir-mode 0711
    out_has '"mounted":false'
    [ "$(stat -c %a "$M/own")" = 711 ]

    # It grows with what it is asked to hold.
    run 1 "$SECRETSCTL" provision "$M/small" --size 1
    head -c 1000000 /dev/zero | "$SECRETSCTL" add shop/one
    head -c 1000000 /dev/zero | "$SECRETSCTL" add shop/two
    run 0 "$SECRETSCTL" provision "$M/small"
    [ "$(stat -Lc %s "$M/small/shop/two")" = 1000000 ]
    grep -q " $M/small .*\(noswap\|ramfs\)" /proc/self/mountinfo || fail "it can swap now"
    [ "$(stat -c %a "$M/small")" = 700 ]
    # Somebody else's stays as large as they made it.
    mkdir "$M/foreign"
    mount -t tmpfs -o size=64k,mode=755 mine "$M/foreign"
    run 1 "$SECRETSCTL" provision "$M/foreign"
    err_has "No space left on device"

    # Two at once on a new directory: one that waits for its turn takes what the other has mounted.
    mkdir "$M/many"
    exec 7<"$M/many"
    flock 7
    "$SECRETSCTL" provision --tmpfs "$M/many" >"$T/many" 2>&1 7<&- &
    waiting=$!
    until_true 10 sleeps "$waiting" || fail "it does not wait: $(cat "$T/many")"
    mount -t tmpfs -o mode=700 secretsctl "$M/many"
    exec 7<&-
    wait "$waiting" || fail "$(cat "$T/many")"
    [ "$(grep -c " $M/many " /proc/self/mountinfo)" = 1 ] || fail "mounted over it: $(cat "$T/many")"
    [ "$(cat "$M/many/shop/db_password")" = new ] || fail "$(cat "$T/many")"
    run 0 "$SECRETSCTL" umount "$M/many"

    # umount ends it; an open file and another namespace keep it, a foreign one is none of its business.
    run 4 "$SECRETSCTL" umount "$M/foreign"
    err_is "secretsctl: nothing of this program is mounted on '$M/foreign'"
    exec 8<"$M/small/shop/two"
    run 7 "$SECRETSCTL" umount "$M/small"
    err_is "secretsctl: '$M/small' is in use; close its files, or use --force"
    exec 8<&-
    mkfifo "$T/up"
    unshare -m sh -c 'echo up >"$0" && exec sleep 300' "$T/up" &
    container=$!
    read -r _ <"$T/up"
    run 7 "$SECRETSCTL" umount "$M/small"
    err_is "secretsctl: '$M/small' is in use by 1 container or other mount namespace; stop them, or use --force"
    run 0 "$SECRETSCTL" umount --force "$M/small"
    kill "$container"
    wait "$container" 2>/dev/null || true
    run 0 "$SECRETSCTL" umount "$M/own"
    ! mountpoint -q "$M/own" || fail "still mounted"
    [ -z "$(ls -A "$M/own")" ] || fail "values lie below"
fi

# A second vault of the host does not take the first one's files for its own leftovers.
mkdir "$M/shared"
run 0 "$SECRETSCTL" write "$M/shared" --scope shop
SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" init --key-file "$T/key"
printf 2 | SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" add blog/pw
SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" write "$M/shared"
out_is "created	$M/shared/blog/pw	$(id -u):$(id -g)	0400"
err_is "secretsctl: scope 'shop' there is another vault's and stays; --scope 'shop' removes it"
[ "$(cat "$M/shared/shop/db_password")" = new ] || fail "the first vault's file is gone"
SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" write "$M/shared" --json
out_has '"foreign":["shop"]'
SECRETSCTL_VAULT=$T/second.db run 0 "$SECRETSCTL" write "$M/shared" --scope shop
[ ! -e "$M/shared/shop" ] || fail "shop is still there"

# Nothing is mounted over files that are there: an empty name (a variable that is not set) is not the working directory.
mkdir "$T/full"
printf x >"$T/full/file"
cd "$T/full"
for command in provision mount umount write; do
    run 2 "$SECRETSCTL" $command ''
    err_is "secretsctl: the name of the directory is empty"
done
if [ "$(id -u)" = 0 ] && [ "$(stat -fc %T .)" != tmpfs ]; then
    run 1 "$SECRETSCTL" provision .
    err_is "secretsctl: '$T/full' is not empty; give an empty or a new directory"
fi
[ -f file ] || fail "the file is hidden"
