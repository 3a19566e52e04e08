# SPDX-License-Identifier: Apache-2.0
# A value changes under a running container: by FUSE the shim signals or restarts the program, with a file
# that a tmpfs replaced it can only say so or end, with a directory it sees the new one. And what the shim says when
# nobody serves the files.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox
image=prov-rotation-$$:latest
containers=()
end_all() {
    docker rm -f "${containers[@]}" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
    rm -rf "$P"
}
P=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
on_exit end_all
mkdir -p "$T/root/bin" "$T/root/tmp"
cp "$(command -v busybox)" "$T/root/bin/busybox"
for applet in sh cat sleep; do ln -s busybox "$T/root/bin/$applet"; done
tar -C "$T/root" -c . | docker import - "$image" >/dev/null

new_vault
printf one | "$SECRETSCTL" add -q shop/pw --mode 0444
printf 'allow shop/* to project=shop\n' >"$T/policy"
mounted --policy "$T/policy" --engine "${DOCKER_HOST#unix://}"
"$SECRETSCTL" write "$P" >/dev/null
chmod 711 "$P"

start() { # start NAME SOURCE TARGET SHIM-OPTION...
    local name=prov-rotation-$$-$1 source=$2 target=$3
    shift 3
    containers+=("$name")
    timeout 60 docker run -d --name "$name" --network none -l com.docker.compose.project=shop \
        -l com.docker.compose.service=web -v "$source:$target:ro" -e 'V={{secret:pw}}' \
        -v "$SECRETSCTL_SHIM:/.secretsctl/shim:ro" --entrypoint /.secretsctl/shim "$image" \
        --dir /run/secrets --watch 1 "$@" -- /bin/sh -c \
        'trap "echo signal:$(cat /run/secrets/pw)" HUP; trap "exit 9" TERM; echo "up:$V"; while :; do sleep 0.1; done' \
        >/dev/null || fail "cannot start $name"
}
logged() { docker logs "prov-rotation-$$-$1" 2>&1 | grep -F -- "$2" >/dev/null; }
await() {
    until_true 15 logged "$@" || { docker logs "prov-rotation-$$-$1" || true; fail "no '$2' from $1"; }
}

start fuse-signal "$M/shop/pw" /run/secrets/pw --on-change signal
start fuse-restart "$M/shop/pw" /run/secrets/pw --on-change restart
start tmpfs-dir "$P/shop" /run/secrets --on-change restart
start tmpfs-file "$P/shop/pw" /run/secrets/pw --on-change signal
start tmpfs-exit "$P/shop/pw" /run/secrets/pw --on-change exit
for one in fuse-signal fuse-restart tmpfs-dir tmpfs-file tmpfs-exit; do await "$one" up:one; done

printf two | "$SECRETSCTL" rotate -q shop/pw
"$SECRETSCTL" write "$P" >/dev/null
await fuse-signal signal:
await fuse-restart up:two
await tmpfs-dir up:two
await tmpfs-file "a value was replaced on the host, but this container is bound to the old file until it is started again"
! logged tmpfs-file signal: || fail "a signal although the program would read the old value"
await tmpfs-exit "a value changed; ending, to be started again with the new one"
[ "$(timeout 60 docker wait "prov-rotation-$$-tmpfs-exit")" = 9 ] || fail "not the program's status"
docker start "prov-rotation-$$-tmpfs-exit" >/dev/null
await tmpfs-exit up:two
[ "$(docker logs "prov-rotation-$$-fuse-signal" 2>&1 | grep -c signal:)" = 1 ] || fail "more than one signal"

# Nobody serves the files any more: the connection is aborted under the containers.
timeout 20 "$SECRETSCTL" umount --force "$M" >/dev/null 2>&1 || true
run 125 timeout 60 docker exec "prov-rotation-$$-fuse-signal" /.secretsctl/shim -- /bin/sh -c true
err_has "secretsctl-shim: variable 'V': '/run/secrets/pw' cannot be read: the FUSE daemon is not running; restart the container once it is"
