# SPDX-License-Identifier: Apache-2.0
# Inside containers: a rotation wakes who watches the file (inotify) and who polls it (EPOLLPRI); after the
# whole mount was lost and made anew, a bind of its parent directory with rslave is whole at once, and
# `docker restart` heals one of the file.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox
new_vault
name=fuse-inside-$$
image=$name:latest
end_containers() {
    docker rm -f "$name-file" "$name-tree" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
    umount -l "$T/tree" 2>/dev/null || true
}
on_exit end_containers
mkdir -p "$T/root/bin" "$T/tree/mnt"
cp "$(command -v busybox)" "$T/root/bin/busybox"
cp "$SC_BUILD/tests/fuse/watcher_static" "$T/root/bin/watcher"
tar -C "$T/root" -c . | docker import - "$image" >/dev/null
printf 'one' | "$SECRETSCTL" add -q shop/key
mount --bind "$T/tree" "$T/tree"
mount --make-shared "$T/tree"
M=$T/tree/mnt
on_exit end_mount
timeout 100 "$SECRETSCTL" mount -q --engine none "$M" || fail "cannot mount"

timeout 60 docker run -d --name "$name-file" --network none -v "$M/shop/key:/key:ro" "$image" \
    /bin/busybox sleep 1000 >/dev/null || fail "cannot start a container on the file"
if timeout 60 docker run -d --name "$name-tree" --network none -v "$T/tree:/tree:ro,rslave" "$image" \
    /bin/busybox sleep 1000 >/dev/null 2>"$T/err"; then
    tree=1
else
    grep -q 'not a shared\|not shared\|shared or slave' "$T/err" || { cat "$T/err"; fail "cannot start a container on the tree"; }
    tree=
    echo "not tried: the engine does not see a shared mount"
fi
in_file() { timeout 60 docker exec "$name-file" /bin/busybox cat /key; }
in_tree() { timeout 60 docker exec "$name-tree" /bin/busybox cat /tree/mnt/shop/key; }

for kind in inotify epoll; do
    docker exec "$name-file" /bin/watcher "$kind" /key >"$T/$kind" 2>&1 &
    watcher=$!
    until_true 10 grep -q ready "$T/$kind" || fail "$kind: $(cat "$T/$kind")"
    sleep 0.3
    printf 'rotated for %s' "$kind" | "$SECRETSCTL" rotate -q shop/key
    wait "$watcher" || fail "$kind: not woken in the container: $(cat "$T/$kind")"
done
[ "$(in_file)" = "rotated for epoll" ] || fail "file: $(in_file)"
[ -z "$tree" ] || [ "$(in_tree)" = "rotated for epoll" ] || fail "tree: $(in_tree)"

kill_all
lost() { ! in_file >/dev/null 2>&1; }
until_true 10 lost || fail "all are dead, and the file is read"
timeout 100 "$SECRETSCTL" mount -q --engine none "$M" || fail "cannot mount anew"
if [ -n "$tree" ]; then
    healed() { [ "$(in_tree 2>/dev/null)" = "rotated for epoll" ]; }
    until_true 10 healed || fail "the tree with rslave is not healed"
    echo "rslave: healed by the new mount alone"
fi
lost || fail "the file is healed without repair"
timeout 60 docker restart -t 1 "$name-file" >/dev/null || fail "docker restart"
[ "$(in_file)" = "rotated for epoll" ] || fail "docker restart does not heal"
docker rm -f "$name-file" "$name-tree" >/dev/null 2>&1 || true
none_stuck
