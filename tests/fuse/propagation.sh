# SPDX-License-Identifier: Apache-2.0
# What the kernel copies into the mount namespaces of the host's services goes with the mount, and does not keep
# it; what is bound elsewhere, or copied for good, does.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires unshare nsenter
new_vault
export T
printf value-1 | "$SECRETSCTL" add -q shop/key

mkdir "$T/host"
mount -t tmpfs none "$T/host"
mount --make-shared "$T/host"
M=$T/host/mnt
cleanup() {
    umount "$T/jail" "$T/again" 2>/dev/null || true
    for pid in ${service:-} ${container:-}; do kill "$pid" 2>/dev/null || true; done
    end_mount
    umount -l "$T/host" || true
}
on_exit cleanup
namespace() { # PROPAGATION: its process in $!
    rm -f "$T/up"
    unshare -m --propagation "$1" sh -c 'touch "$T/up" "$T/bound" && exec sleep 300' &
    until_true 10 test -e "$T/up" || fail "no namespace"
}
in_service() { nsenter -t "$service" -m "$@"; }

namespace slave
service=$!
timeout 100 "$SECRETSCTL" mount -q "$M" || fail "cannot mount"
[ "$(in_service cat "$M/shop/key")" = value-1 ] || fail "not copied: this test shows nothing"
run 0 "$SECRETSCTL" umount "$M"
! in_service grep -q " $M " /proc/self/mounts || fail "the copy is left"

timeout 100 "$SECRETSCTL" mount -q "$M" || fail "cannot mount"
in_service mount --bind "$M/shop/key" "$T/bound"
run 7 "$SECRETSCTL" umount "$M"
err_is "secretsctl: '$M' is in use by 1 container or other mount namespace; stop them, or use --force"
[ "$(in_service cat "$T/bound")" = value-1 ] || fail "not read on"
in_service umount "$T/bound"

# Bound elsewhere in this namespace: in use as well. What the kernel has copied to a bind of the host's tree is not.
mkdir "$T/again"
mount --bind "$T/host" "$T/again"
run 0 "$SECRETSCTL" umount "$M"
timeout 100 "$SECRETSCTL" mount -q "$M" || fail "cannot mount"
[ "$(cat "$T/again/mnt/shop/key")" = value-1 ] || fail "not copied to the bind: this test shows nothing"
mkdir "$T/host/other"
mount --bind "$M" "$T/host/other" # with a copy of its own
run 7 "$SECRETSCTL" umount "$M"
err_has "secretsctl: '$M' is in use: it is bound at '$T/"
err_has "/other', too; unmount that, or use --force"
umount "$T/host/other"
run 0 "$SECRETSCTL" umount "$M"
umount "$T/again"
timeout 100 "$SECRETSCTL" mount -q "$M" || fail "cannot mount"
touch "$T/jail"
mount --bind "$M/shop/key" "$T/jail"
run 7 "$SECRETSCTL" umount "$M"
err_is "secretsctl: '$M' is in use: it is bound at '$T/jail', too; unmount that, or use --force"
agent=$(pid_of agent)
kill "$agent"
until_true 10 test ! -e "/proc/$agent" || fail "the agent does not end"
[ "$(cat "$T/jail")" = value-1 ] || fail "a bind is not read on when the agent ends"
umount "$T/jail"
run 0 "$SECRETSCTL" umount "$M"
timeout 100 "$SECRETSCTL" mount -q "$M" || fail "cannot mount"

namespace private
container=$!
run 7 "$SECRETSCTL" umount "$M"
kill "$container"
wait "$container" 2>/dev/null || true
run 0 "$SECRETSCTL" umount "$M"
none_stuck
