# SPDX-License-Identifier: Apache-2.0
# After everything was used once on a real engine - tmpfs, FUSE, shim, run, mask, render, a rotation - marked
# values are looked for where none may be: core dumps, environments, command lines, swap, temporary files, the engine's
# layers, configurations and logs, exported and committed containers.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox gdb findmnt python3
not_sanitized "its own dumps are no subject of this test"
image=prov-leak-$$:latest
name=prov-leak-$$
P=/run/secretsctl-leak-$$
end_all() {
    [ -z "${runner:-}" ] || kill "$runner" 2>/dev/null || true
    docker rm -f "$name-tmpfs" "$name-fuse" >/dev/null 2>&1 || true
    docker rmi -f "$image" "$name-committed" >/dev/null 2>&1 || true
    umount -l "$P" 2>/dev/null || true
    rmdir "$P" 2>/dev/null || true
}
on_exit end_all
mkdir -p "$T/root/bin" "$T/root/tmp"
cp "$(command -v busybox)" "$T/root/bin/busybox"
for applet in sh cat sleep wc; do ln -s busybox "$T/root/bin/$applet"; done
tar -C "$T/root" -c . | docker import - "$image" >/dev/null

mark=canary-$(od -An -tx8 -N8 /dev/urandom | tr -d ' ')
new_vault
printf '%s-one' "$mark" | "$SECRETSCTL" add -q shop/pw --mode 0444
printf 'url = db://app:{{secret:pw|url}}@db/app\n' | "$SECRETSCTL" add -q shop/app.conf --kind template --mode 0444
"$SECRETSCTL" provision --tmpfs -q "$P" >/dev/null
mounted --engine "${DOCKER_HOST#unix://}"

start() { # start NAME DIRECTORY: the program prints what it can know, not the value
    docker run -d --name "$name-$1" --network none -l com.docker.compose.project=shop -l com.docker.compose.service=app \
        -v "$2/pw:/run/secrets/pw:ro" -v "$2/app.conf:/run/secrets/app.conf:ro" -v "$SECRETSCTL_SHIM:/.secretsctl/shim:ro" \
        --entrypoint /.secretsctl/shim "$image" --init --file 'CONF={{secret:app.conf}}' -- \
        /bin/sh -c 'cat $CONF /run/secrets/pw | wc -c; echo ready; while :; do sleep 0.2; done' >/dev/null
}
start tmpfs "$P/shop"
start fuse "$M/shop"
ready() { docker logs "$name-$1" 2>&1 | grep ready >/dev/null; }
for one in tmpfs fuse; do until_true 15 ready "$one" || { docker logs "$name-$one"; fail "$one does not start"; }; done

# A command that has the value, prints it, and stays.
"$SECRETSCTL" run --env --scope shop --only pw -- sh -c 'echo "is $PW"; echo "$PW" | base64; exec env -u PW sleep 600' \
    >"$T/run.log" 2>&1 &
runner=$!
until_true 10 grep -q is "$T/run.log"
"$SECRETSCTL" run --scope shop -- sh -c 'cat "$PW_FILE"' >>"$T/run.log"
"$SECRETSCTL" get shop/pw | "$SECRETSCTL" mask >>"$T/run.log"
printf '{{secret:pw}}' >"$T/template.in"
"$SECRETSCTL" render --scope shop "$T/template.in" -o "$P/rendered"
printf '{{secret:nope}}{{secret:pw}}' | "$SECRETSCTL" render --scope shop - >"$T/failed.log" 2>&1 || true
printf '%s-two' "$mark" | "$SECRETSCTL" rotate -q shop/pw
"$SECRETSCTL" provision --tmpfs -q "$P" >/dev/null
docker exec "$name-fuse" /bin/cat /run/secrets/pw | wc -c >"$T/exec.log"
"$SECRETSCTL" log >"$T/vault.log"

nothing_in() { # nothing_in PLACE, of what comes on standard input
    ! grep -qaF "$mark" || fail "a value in $1"
}
# What a dump has of memory; the registers of the last copy, also in it, are nowhere promised to be clean.
cat >"$T/memory.py" <<'END'
import struct, sys
dump = open(sys.argv[1], "rb").read()
start, count = struct.unpack_from("<Q", dump, 32)[0], struct.unpack_from("<H", dump, 56)[0]
for i in range(count):
    kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", dump, start + 56 * i)
    if kind == 1:
        sys.stdout.buffer.write(dump[offset:offset + size])
END
# Core dumps: the owner may not make one; root's holds nothing.
for pid in "$runner" "$(pid_of keeper)" "$(pid_of worker)" "$(pid_of agent)"; do
    [ -n "$pid" ] && [ -d "/proc/$pid" ] || fail "a process is missing"
    [ "$(stat -c %u "/proc/$pid/mem")" = 0 ] || fail "$pid may be traced by its owner"
    grep -q 'Max core file size  *0 ' "/proc/$pid/limits" || fail "$pid may dump core"
    who=$(tr '\0' ' ' <"/proc/$pid/cmdline")
    gcore -o "$T/core" "$pid" >/dev/null 2>&1 || true
    [ ! -e "$T/core.$pid" ] ||
        python3 "$T/memory.py" "$T/core.$pid" | nothing_in "the memory of $who"
    rm -f "$T/core.$pid"
done
# Environments and command lines of all processes of the machine.
for dir in /proc/[0-9]*; do
    { cat "$dir/environ" "$dir/cmdline" 2>/dev/null || true; } | nothing_in "$dir"
done
# Swap: the mount cannot, so nothing has to be searched.
findmnt -no OPTIONS,FSTYPE "$P" | grep -E "noswap|ramfs" >/dev/null || fail "the tmpfs may swap"
# Files: the vault, its companions and logs, temporary directories, /dev/shm. (Scripts of tests write the mark nowhere.)
for dir in "$T" "$HOME" /tmp /var/tmp /dev/shm; do
    ! grep -rqaF --exclude-dir='secretsctl-test.*' --devices=skip -- "$mark" "$dir" 2>/dev/null ||
        [ "$dir" = "$T" ] || fail "a value below $dir"
done
! grep -raF --exclude-dir=mnt --devices=skip -l -- "$mark" "$T" || fail "a value in the test's files"
# The engine: layers, configurations, logs.
for one in tmpfs fuse; do
    id=$(docker inspect -f '{{.Id}}' "$name-$one")
    docker inspect "$name-$one" | nothing_in "docker inspect"
    docker logs "$name-$one" 2>&1 | nothing_in "docker logs"
    docker export "$name-$one" | nothing_in "docker export"
    docker commit "$name-$one" "$name-committed" >/dev/null
    docker save "$name-committed" | nothing_in "a committed image"
    upper=$(docker inspect -f '{{index .GraphDriver.Data "UpperDir"}}' "$name-$one")
    [ ! -d "$upper" ] || ! grep -rqaF -- "$mark" "$upper" || fail "a value in the layer of $one"
    state=$(docker info -f '{{.DockerRootDir}}')/containers/$id
    [ ! -d "$state" ] || ! grep -rqaF -- "$mark" "$state" || fail "a value in the engine's files of $one"
done
# And they were used: masked, and as long as they should be.
grep -qxF 'is ***' "$T/run.log" || fail "the run was not masked: $(cat "$T/run.log")"
[ "$(cat "$T/exec.log")" = $((${#mark} + 4)) ] || fail "the container read something else"
