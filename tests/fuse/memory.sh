# SPDX-License-Identifier: Apache-2.0
# Little memory: more names than the store begins with room for, and an ordinary user whose locked memory is
# limited: each value can be read, if not all at once; what is open stays; what does not fit is told; rotations show.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_open_fuse
requires fusermount3 setpriv prlimit python3

# 2,500 names at their limit are more than 2 MiB.
new_vault
part=$(printf 'p%.0s' $(seq 128))
scope=$part/$part/$part/$part/$part/$part/$part
seq 2500 | sed "s/.*/$(printf 'N%.0s' $(seq 120))&=value-&/" >"$T/long.env"
"$SECRETSCTL" import -q --format env --scope "$scope" "$T/long.env"
mounted --memory 2M
[ "$(find "$M/$scope" -type f | wc -l)" = 2500 ] || fail "not all are listed"
reads "$M/$scope/$(printf 'n%.0s' $(seq 120))2500" value-2500 || fail "the last one"
end_mount

user=65534
locked=8388608 # or what the machine lets a test have: 6 MiB are enough
hard=$(ulimit -Hl)
[ "$hard" = unlimited ] || [ $((hard * 1024)) -ge $locked ] || locked=$((hard * 1024))
chmod 755 "$T"
mkdir -m 700 "$T/u" && chown $user:$user "$T/u"
as_user() {
    prlimit --memlock="$locked:$locked" setpriv --reuid $user --regid $user --clear-groups env HOME="$T/u" \
        XDG_RUNTIME_DIR="$T/u" XDG_STATE_HOME="$T/u/state" SECRETSCTL_VAULT="$T/u/vault.db" SECRETSCTL_KEY_FILE="$T/u/key" "$@"
}
cp "$SECRETSCTL" "$T/secretsctl" && chmod 755 "$T/secretsctl"
SECRETSCTL=$T/secretsctl # the build tree may be closed to ordinary users
as_user "$SECRETSCTL" init -q --key-file "$T/u/key"
for i in $(seq 6); do
    (yes "value-$i" || true) | head -c 1048576 | as_user "$SECRETSCTL" add -q shop/v$i --mode 0444
done
M=$T/u/secretsctl
end_rootless() {
    as_user timeout 20 "$SECRETSCTL" umount --force "$M" >/dev/null 2>&1 || true
    umount -l "$M" 2>/dev/null || true
}
on_exit end_rootless
run 0 as_user "$SECRETSCTL" mount -q
agent=$(as_user "$SECRETSCTL" __fuse-status "$M" | sed -n 's/^agent	//p')
cat >"$T/read.py" <<'PY'
import errno, os, sys, time
mount = sys.argv[1]

def want(i):
    return (f"value-{i}\n" * 200000).encode()[:1 << 20]

def read(i):
    with open(f"{mount}/shop/v{i}", "rb") as file:
        return file.read()

for i in [*range(1, 7), 1]:
    assert read(i) == want(i), i
held, refused = [], 0
for i in range(1, 7):
    try:
        held.append((i, os.open(f"{mount}/shop/v{i}", os.O_RDONLY)))
    except OSError as error:
        assert error.errno == errno.ENOMEM, error
        refused += 1
print(len(held), "held,", refused, "refused")
assert held and refused
for i, fd in held:
    assert os.pread(fd, 1 << 20, 0) == want(i), i
    os.close(fd)
for i in range(6, 0, -1):
    for _ in range(600):  # it is tried again every two seconds
        try:
            assert read(i) == want(i), i
            break
        except OSError as error:
            assert error.errno == errno.ENOMEM, error
            time.sleep(0.05)
    else:
        sys.exit(f"{i} cannot be read any more")
PY
as_user timeout 100 python3 "$T/read.py" "$M" || fail "values that take turns"
printf newer | as_user "$SECRETSCTL" rotate -q shop/v3
rotated() { [ "$(as_user timeout 20 cat "$M/shop/v3" | head -c 5)" = newer ]; }
until_true 20 rotated || fail "a rotation is not seen"
[ "$(as_user "$SECRETSCTL" __fuse-status "$M" | sed -n 's/^agent	//p')" = "$agent" ] || fail "the agent has ended"
run 0 as_user "$SECRETSCTL" umount
