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

namespace private
container=$!
run 7 "$SECRETSCTL" umount "$M"
kill "$container"
wait "$container" 2>/dev/null || true
run 0 "$SECRETSCTL" umount "$M"
none_stuck
