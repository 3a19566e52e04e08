# SPDX-License-Identifier: Apache-2.0
# Without root: fusermount3 mounts for an ordinary user; the same user reads, root of the host does not
# (no allow_other), kills lose nothing, umount cleans up; what is missing is said clearly.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_open_fuse
requires fusermount3 setpriv
user=65534
chmod 755 "$T"
mkdir -m 700 "$T/u" && chown $user:$user "$T/u"
as_user() {
    setpriv --reuid $user --regid $user --clear-groups env HOME="$T/u" XDG_RUNTIME_DIR="$T/u" \
        XDG_STATE_HOME="$T/u/state" SECRETSCTL_VAULT="$T/u/vault.db" \
        SECRETSCTL_KEY_FILE="$T/u/key" "$@"
}
cp "$SECRETSCTL" "$T/secretsctl" && chmod 755 "$T/secretsctl"
SECRETSCTL=$T/secretsctl # the build tree may be closed to ordinary users
as_user "$SECRETSCTL" init -q --key-file "$T/u/key"
printf 'mine' | as_user "$SECRETSCTL" add -q shop/key --mode 0444
M=$T/u/secretsctl
end_rootless() {
    as_user timeout 20 "$SECRETSCTL" umount --force "$M" >/dev/null 2>&1 || true
    umount -l "$M" 2>/dev/null || true
}
on_exit end_rootless
run 0 as_user "$SECRETSCTL" mount -q --memory 2M
[ "$(as_user timeout 60 cat "$M/shop/key")" = mine ] || fail "the user cannot read"
! timeout 60 cat "$M/shop/key" 2>/dev/null || fail "root of the host reads without allow_other"
field() { as_user "$SECRETSCTL" __fuse-status "$M" | sed -n "s/^$1	//p"; }
kill -9 "$(field worker)"
[ "$(as_user timeout 60 cat "$M/shop/key")" = mine ] || fail "after the worker was killed"
kill -9 "$(field keeper)"
[ "$(as_user timeout 60 cat "$M/shop/key")" = mine ] || fail "after the keeper was killed"
printf 'newer' | as_user "$SECRETSCTL" rotate -q shop/key
rotated() { [ "$(as_user timeout 60 cat "$M/shop/key")" = newer ]; }
until_true 5 rotated || fail "rotation"
# While somebody has a file open it stays, is said to, and is served on.
as_user sh -c 'exec 3<"$1"; echo $$ >"$2"; exec sleep 300' sh "$M/shop/key" "$T/u/open" &
holder=$!
until_true 5 test -s "$T/u/open" || fail "nobody has it open"
run 7 as_user "$SECRETSCTL" umount
err_is "secretsctl: '$M' is in use; close its files, or use --force"
rotated || fail "not served any more"
kill "$(cat "$T/u/open")"
wait "$holder" || true
run 0 as_user "$SECRETSCTL" umount
until_true 5 not_mounted || fail "still mounted"

run 8 as_user "$SECRETSCTL" mount -q --memory 2M --allow-other
err_has "'user_allow_other' must stand in /etc/fuse.conf"
run 8 as_user "$SECRETSCTL" mount -q --memory 2M /usr/secretsctl-test

# Root of a user namespace of one's own, without fusermount3: mount(2) works; namespaces below read too.
end_rootless
cat >"$T/inside" <<'INSIDE'
set -eu
export HOME=$U XDG_RUNTIME_DIR=$U/run XDG_STATE_HOME=$U/state SECRETSCTL_VAULT=$U/ns.db SECRETSCTL_KEY_FILE=$U/nskey
mkdir -p "$U/run"
"$SECRETSCTL" init -q --key-file "$U/nskey"
printf mine | "$SECRETSCTL" add -q shop/key --mode 0444
"$SECRETSCTL" mount -q --memory 2M --engine none "$U/ns" || exit 3
[ "$(cat "$U/ns/shop/key")" = mine ] || exit 4
kill -9 "$("$SECRETSCTL" __fuse-status "$U/ns" | sed -n 's/^worker	//p')"
[ "$(timeout 60 cat "$U/ns/shop/key")" = mine ] || exit 5
printf newer | "$SECRETSCTL" rotate -q shop/key
for _ in $(seq 600); do [ "$(cat "$U/ns/shop/key")" != newer ] || break; sleep 0.05; done
[ "$(cat "$U/ns/shop/key")" = newer ] || exit 6
[ "$(unshare -Ur cat "$U/ns/shop/key")" = newer ] || exit 7
"$SECRETSCTL" umount "$U/ns"
INSIDE
in_namespace() { as_user env U="$T/u" SECRETSCTL="$SECRETSCTL" unshare -Urm --propagation private "$@"; }
if in_namespace true 2>/dev/null; then
    run 0 in_namespace timeout 300 bash "$T/inside"
else
    echo "not tried: user namespaces are closed to ordinary users"
fi
none_stuck
