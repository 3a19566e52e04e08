# SPDX-License-Identifier: Apache-2.0
# Keeper, worker and agent killed together. With a service manager that keeps the descriptors no read
# fails; without one the mount is lost, says so at once, and the next mount replaces it.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3 unshare nsenter
new_vault
export T
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm

M=$T/mnt
on_exit end_mount
python3 "$SC_SOURCE/tests/fuse/fdstore.py" "$SECRETSCTL" "$M" 4 2>"$T/manager" &
manager=$!
until_true 10 reads "$M/shop/storm" 7:xxxxxxx:7 || fail "not served"
"$SC_BUILD/tests/fuse/storm_reader" 2 "$M/shop/storm" >"$T/reader" 2>&1 || { cat "$T/reader"; fail "reads failed"; }
wait "$manager" || { cat "$T/manager"; fail "the manager is not content"; }
cat "$T/reader"
until_true 5 not_mounted || fail "SIGTERM did not unmount"

mounted
exec 5<"$M/shop/storm"
# What a container has bound.
touch "$T/bound"
unshare -m sh -c 'mount --bind "$0" "$T/bound" && touch "$T/up" && exec sleep 300' "$M/shop/storm" &
container=$!
end_container() { kill "$container" 2>/dev/null || true; }
on_exit end_container
until_true 10 test -e "$T/up" || fail "no namespace"
in_container() { [ "$(nsenter -t "$container" -m cat "$T/bound" 2>/dev/null)" = "$1" ]; }
in_container 7:xxxxxxx:7 || fail "not bound"
kill_all
lost() { ! timeout 20 cat "$M/shop/storm" 2>"$T/err" >/dev/null && grep -q 'endpoint is not connected' "$T/err"; }
until_true 5 lost || fail "a lost mount does not say so: $(cat "$T/err")"
! cat <&5 2>/dev/null || fail "an open handle of a lost mount reads"
run 1 env SECRETSCTL_RUN_DIR="$M" "$SECRETSCTL" doctor
out_has "'$M' is a mount whose server is gone"
run 1 env SECRETSCTL_RUN_DIR="$M" "$SECRETSCTL" provision --tmpfs
err_is "secretsctl: '$M' is a mount whose server is gone; to have it again: secretsctl mount --repair; for files in memory in its place, first: secretsctl umount"
run 0 "$SECRETSCTL" mount -q "$M"
err_is "secretsctl: 2 dead mounts in containers; to replace: secretsctl mount --repair '$M'" # its own, and what is bound of it
reads "$M/shop/storm" 7:xxxxxxx:7 || fail "not mounted anew"

# It is healed by its own mount, never with the values of another one.
end_other() { "$SECRETSCTL" umount --force "$T/other" >/dev/null 2>&1 || true; }
on_exit end_other
run 0 "$SECRETSCTL" mount -q "$T/other"
run 0 "$SECRETSCTL" mount --repair "$T/other"
! in_container 7:xxxxxxx:7 || fail "healed with another mount's values"
run 0 "$SECRETSCTL" mount --repair "$M"
in_container 7:xxxxxxx:7 || fail "not healed"
end_other

# Another system on this machine (a container that mounts for itself) has mounted at a path of the same name:
# that is neither dead nor ours, and stays as it is.
mkdir -p /run/secretsctl-mounts
unshare -m --propagation private sh -c '
    mount -t tmpfs -o mode=0700 tmpfs /run/secretsctl-mounts && umount -l "$1" && umount -l "$1" && cd / &&
    export SECRETSCTL_VAULT="$T/guest.db" && "$0" init -q --key-file "$T/guest.key" &&
    export SECRETSCTL_KEY_FILE="$T/guest.key" && printf guest | "$0" add -q shop/storm &&
    "$0" mount -q "$1" && touch "$T/guest" && while [ -e "$T/guest" ]; do sleep 0.2; done
    "$0" umount --force "$1"' "$SECRETSCTL" "$M" >"$T/guest.log" 2>&1 &
guest=$!
end_guest() { rm -f "$T/guest"; wait "$guest" || true; }
on_exit end_guest
until_true 20 test -e "$T/guest" || { cat "$T/guest.log"; fail "the other system does not mount"; }
in_guest() { [ "$(nsenter -t "$guest" -m cat "$M/shop/storm" 2>/dev/null)" = "$1" ]; }
in_guest guest || fail "the other system's mount does not serve"
run 0 "$SECRETSCTL" mount --repair "$M"
err_is "secretsctl: replaced 0 dead mounts in containers"
in_guest guest || fail "another system's mount was replaced with the values of this one"
end_guest

# The connection is ended, by an administrator or by a time limit of the kernel: all leave, and the next
# mount has the place at once.
minor=$(awk -v m="$M" '$5 == m { split($3, device, ":"); n = device[2] } END { print n }' /proc/self/mountinfo)
echo 1 >"/sys/fs/fuse/connections/$minor/abort"
until_true 5 lost || fail "an aborted mount does not say so: $(cat "$T/err")"
run 0 "$SECRETSCTL" mount --repair "$M"
reads "$M/shop/storm" 7:xxxxxxx:7 || fail "not mounted anew after an abort"
in_container 7:xxxxxxx:7 || fail "not healed after an abort"
none_stuck
