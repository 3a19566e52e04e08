# SPDX-License-Identifier: Apache-2.0
# A mount by fusermount3 that died with all its processes: its user mounts again in its place, root does
# not, and then root heals what containers have bound of it.
# In a mount namespace of its own, since /etc/fuse.conf must allow other users.
if [ "$(id -u)" = 0 ] && [ -e /etc/fuse.conf ] && [ -z "${SC_PRIVATE:-}" ]; then
    SC_PRIVATE=1 exec unshare -m --propagation private bash "$0"
fi
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_open_fuse
requires fusermount3 setpriv unshare nsenter
[ -e /etc/fuse.conf ] || skip "there is no /etc/fuse.conf"
user=65534
chmod 755 "$T"
mkdir -m 755 "$T/u" && chown $user:$user "$T/u"
echo user_allow_other >"$T/fuse.conf"
mount --bind "$T/fuse.conf" /etc/fuse.conf
end_conf() { umount -l /etc/fuse.conf; }
on_exit end_conf
cp "$SECRETSCTL" "$T/secretsctl" && chmod 755 "$T/secretsctl"
SECRETSCTL=$T/secretsctl # the build tree may be closed to ordinary users
export T
as_user() {
    setpriv --reuid $user --regid $user --clear-groups env HOME="$T/u" XDG_RUNTIME_DIR="$T/u" \
        XDG_STATE_HOME="$T/u/state" SECRETSCTL_VAULT="$T/u/vault.db" \
        SECRETSCTL_KEY_FILE="$T/u/key" "$@"
}
as_user "$SECRETSCTL" init -q --key-file "$T/u/key"
printf 'mine' | as_user "$SECRETSCTL" add -q shop/key --mode 0444
new_vault # root's own
printf 'of root' | "$SECRETSCTL" add -q shop/key

M=$T/u/secretsctl
pid_of() { as_user "$SECRETSCTL" __fuse-status "$M" 2>/dev/null | sed -n "s/^$1	//p"; }
end_mount() {
    as_user timeout 20 "$SECRETSCTL" umount --force "$M" >/dev/null 2>&1 || true
    umount -l "$M" 2>/dev/null || true
}
on_exit end_mount
mount_again() { as_user "$SECRETSCTL" mount -q --memory 2M --allow-other; }
run 0 mount_again
touch "$T/bound"
unshare -m sh -c 'mount --bind "$0" "$T/bound" && touch "$T/up" && exec sleep 300' "$M/shop/key" &
container=$!
end_container() { kill "$container" 2>/dev/null || true; }
on_exit end_container
until_true 10 test -e "$T/up" || fail "no namespace"
in_container() { [ "$(nsenter -t "$container" -m timeout 20 cat "$T/bound" 2>/dev/null)" = "$1" ]; }
in_container mine || fail "not bound"

for pid in $(pid_of keeper) $(pid_of worker) $(pid_of agent); do kill -STOP "$pid"; killed="${killed:-} $pid"; done
kill -KILL $killed
lost() { ! timeout 20 cat "$M/shop/key" >/dev/null 2>"$T/err" && grep -q 'endpoint is not connected' "$T/err"; }
until_true 5 lost || fail "a lost mount does not say so: $(cat "$T/err")"
run 8 as_user "$SECRETSCTL" mount --repair
err_has "healing containers needs root; mount without --repair, then as root: secretsctl mount --repair"
run 8 "$SECRETSCTL" mount --repair "$M"
err_is "secretsctl: the dead mount on '$M' is of user $user, who must mount again first"
run 0 mount_again
[ "$(cat "$M/shop/key")" = mine ] || fail "the user's mount is not back"
! in_container mine || fail "healed without root"
run 0 "$SECRETSCTL" mount --repair "$M"
err_is "secretsctl: replaced 2 dead mounts in containers" # its own mount, and what is bound of it
in_container mine || fail "not healed"
none_stuck
