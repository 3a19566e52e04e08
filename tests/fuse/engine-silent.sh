# SPDX-License-Identifier: Apache-2.0
# Containers that start while a part hangs: the engine's socket silent, worker or keeper stopped, the agent
# dead. No start waits for ever; known containers read on; new ones are refused after half a second, and
# served once the engine answers. A bind of a name that is not there makes no directory.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox python3
new_vault
name=fuse-silent-$$
image=$name:latest
end_containers() {
    docker ps -aq --filter "name=$name" | xargs -r docker rm -f >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
}
on_exit end_containers
mkdir -p "$T/root/bin"
cp "$(command -v busybox)" "$T/root/bin/busybox"
tar -C "$T/root" -c . | docker import - "$image" >/dev/null
printf 'value' | "$SECRETSCTL" add -q shop/key
echo 'allow shop/* to project=shop' >"$T/policy"

# Between agent and engine: stopped, it takes connections (the kernel does) and never answers.
cat >"$T/proxy.py" <<'PY'
import os, socket, sys, threading
def copy(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2] + ".new")
listener.listen(16)
os.rename(sys.argv[2] + ".new", sys.argv[2])  # it is there once it listens
while True:
    near, _ = listener.accept()
    far = socket.socket(socket.AF_UNIX)
    far.connect(sys.argv[1])
    for pair in ((near, far), (far, near)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
PY
python3 "$T/proxy.py" "${DOCKER_HOST#unix://}" "$T/engine" &
proxy=$!
end_proxy() { kill -9 "$proxy" 2>/dev/null || true; }
on_exit end_proxy
until_true 5 test -S "$T/engine" || fail "no proxy"
mounted --policy "$T/policy" --engine "$T/engine"

start() { # start N: within a minute, or it hangs
    timeout 60 docker run -d --name "$name-$1" --network none -l com.docker.compose.project=shop \
        -v "$M/shop/key:/key:ro" "$image" /bin/busybox sleep 1000 >/dev/null || fail "container $1 does not start"
}
in_container() { timeout 60 docker exec "$name-$1" /bin/busybox cat /key; }
reads_in() { [ "$(in_container "$1" 2>/dev/null)" = value ]; }
start 1
reads_in 1 || fail "the first container"

kill -STOP "$proxy"
start 2
begun=$(date +%s%N)
run 1 in_container 2
err_has "Permission denied"
took=$((($(date +%s%N) - begun) / 1000000))
begun=$(date +%s%N)
reads_in 1 || fail "engine silent: the known container"
usual=$((($(date +%s%N) - begun) / 1000000)) # what "docker exec" itself takes here
[ "$took" -lt $((5000 + 3 * usual)) ] || fail "engine silent: refused after $took ms, served after $usual ms"
kill -9 "$(pid_of worker)"
reads_in 1 || fail "engine silent: the known container, next worker"
kill -CONT "$proxy"
until_true 10 reads_in 2 || fail "the engine answers again, and the container is not served"
echo "engine silent: refused after $took ms with docker exec"

kill -STOP "$(pid_of worker)"
start 3
until_true 10 reads_in 3 || fail "worker stopped"
kill -STOP "$(pid_of keeper)"
start 4
until_true 10 reads_in 4 || fail "keeper stopped"
# Stopped, so that no other is started: that is failures.sh.
agent=$(pid_of agent)
kill -STOP "$agent"
start 5
run 1 in_container 5
err_has "Permission denied"
reads_in 1 || fail "agent hangs: the known container"
kill -CONT "$agent"
until_true 10 reads_in 5 || fail "agent back"
kill -9 "$agent"
start 6
until_true 10 reads_in 6 || fail "the next agent does not answer"

# Nothing at that name: docker would make a directory, and must not.
run 125 timeout 60 docker run --rm --network none -v "$M/shop/later:/key:ro" "$image" /bin/busybox true
err_has "ead-only file system"
"$SECRETSCTL" umount --force "$M"
none_stuck
