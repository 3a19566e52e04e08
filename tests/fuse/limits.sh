# SPDX-License-Identifier: Apache-2.0
# Limits: many entries, 1,024 handles (or as many as the limit allows) open at once on many versions, values of 1 MiB, names at their limit,
# a mount point in use, no /dev/fuse, refused locked memory.
# SC_LIMIT_ENTRIES: how many (3000 in CI; 100000 is the limit that is promised).
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3 unshare
new_vault
entries=${SC_LIMIT_ENTRIES:-3000}
python3 -c 'import sys
for i in range(int(sys.argv[1])): print(f"e{i}=value-{i}")' "$entries" >"$T/many.env"
"$SECRETSCTL" import -q "$T/many.env" --scope many
# Names: parts and a whole at their limit.
part=$(printf 'p%.0s' $(seq 128))
long=$part/$part/$part/$part/$part/$part/$part/$part
printf 'long' | "$SECRETSCTL" add -q "$long"
head -c 1048576 /dev/urandom >"$T/big"
"$SECRETSCTL" add -q shop/big --from-file "$T/big"
head -c 1048577 /dev/urandom >"$T/bigger"
run 1 "$SECRETSCTL" add -q shop/bigger --from-file "$T/bigger"

begun=$(date +%s%N)
mounted
echo "$entries entries: mounted in $((($(date +%s%N) - begun) / 1000000)) ms"
begun=$(date +%s%N)
[ "$(find "$M/many" -type f | wc -l)" = "$entries" ] || fail "listing: $(find "$M/many" -type f | wc -l) entries"
echo "listed in $((($(date +%s%N) - begun) / 1000000)) ms"
for i in 0 1 $((entries / 2)) $((entries - 1)); do
    reads "$M/many/e$i" "value-$i" || fail "entry $i"
done
[ "$(stat -c %s "$M/many/e$((entries - 1))")" = $((6 + ${#entries})) ] ||
    [ "$(stat -c %s "$M/many/e$((entries - 1))")" = "$(printf 'value-%s' $((entries - 1)) | wc -c)" ] || fail "size"
reads "$M/$long" long || fail "a name of ${#long} bytes"
cmp "$T/big" "$M/shop/big" || fail "1 MiB"
! cat "$M/many/${part}p$part$part" 2>/dev/null || fail "a name above the limit"

# 1,024 handles at once: on as many files, and on the versions of one file; each keeps its own.
printf 'v0' | "$SECRETSCTL" add -q shop/key
until_true 60 reads "$M/shop/key" v0 || fail "added"
cat >"$T/handles.py" <<'PY'
import os, resource, subprocess, sys, time
mount, program, entries = sys.argv[1], sys.argv[2], int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
limit = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
held = [(os.open(f"{mount}/many/e{i % entries}", os.O_RDONLY), f"value-{i % entries}") for i in range(min(1024, limit - 64))]
versions = []
for n in range(20 if entries < 20000 else 4):
    versions.append((os.open(f"{mount}/shop/key", os.O_RDONLY), f"v{n}"))
    subprocess.run([program, "rotate", "-q", "shop/key"], input=f"v{n + 1}".encode(), check=True)
    for _ in range(200 if entries < 20000 else 3000):
        with open(f"{mount}/shop/key", "rb") as file:
            if file.read() == f"v{n + 1}".encode():
                break
        time.sleep(0.02)
    else:
        sys.exit(f"version {n + 1} is not seen")
time.sleep(11)  # longer than a version is kept that nobody has open
for fd, want in held + versions:
    got = os.pread(fd, 4096, 0).decode()
    assert got == want, (got, want)
print(len(held) + len(versions), "handles")
PY
timeout 400 python3 "$T/handles.py" "$M" "$SECRETSCTL" "$entries" || fail "handles"
for who in keeper worker agent; do
    echo "$who: $(sed -n 's/^Vm\(HWM\|Lck\):[[:space:]]*//p' "/proc/$(pid_of $who)/status" | paste -sd / -), locked / most resident"
done
kill -9 "$(pid_of worker)"
reads "$M/many/e1" value-1 || fail "next worker"
"$SECRETSCTL" __fuse-status "$M"

run 7 "$SECRETSCTL" mount -q "$M"
err_is "secretsctl: '$M' is mounted already; see: secretsctl umount"
mkdir "$T/full" && touch "$T/full/file"
run 1 "$SECRETSCTL" mount -q "$T/full"
err_has "'$T/full'"
run 1 "$SECRETSCTL" mount -q "$T/full/file"
end_mount
# Without /dev/fuse: in a namespace of its own, where it is covered.
run 9 unshare -m sh -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec "$@"' - "$SECRETSCTL" mount -q "$T/other"
err_has "/dev/fuse"
none_stuck
