# SPDX-License-Identifier: Apache-2.0
# verify over the logs of containers, with and without a terminal, and over volumes.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/engine.sh"
requires jq python3
needs_docker
engine_image

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
container=$tag-web
volume=$tag-data
remove_more() {
    docker rm -f "$container" >/dev/null 2>&1
    docker volume rm "$volume" >/dev/null 2>&1
}
on_exit remove_more

found() { # WORD NAME: place, file and path of each finding
    run 3 "$SECRETSCTL" verify "$1" "$2" --json
    out_lacks "$value"
    jq -r '.findings[] | [.place, .file, .path // "-", .encoding] | join(" ")' "$T/out" | sort
}
is() { [ "$1" = "$2" ] || fail "found
$1
instead of
$2"; }
start() { # OPTION... -- COMMAND: runs it to its end
    docker rm -f "$container" >/dev/null 2>&1 || true
    docker run --name "$container" --network none "$@" >/dev/null 2>&1 || fail "docker run"
}

start "$tag" echo nothing
run 0 "$SECRETSCTL" verify log "$container"
out_has "searched: log: 1 object, 8 bytes"
start "$tag" sh -c "echo 'the token is $value'"
is "$(found log "$container")" "log container $container - plain"
start "$tag" sh -c "echo 'the token is $value' >&2"
is "$(found log "$container")" "log container $container - plain"
start -t "$tag" sh -c "echo 'the token is $value'"
is "$(found log "$container")" "log container $container - plain"

# A line that the engine cuts into frames of 16 KiB, with the value across the border.
start "$tag" sh -c "printf '%016378d$value\\n' 0"
is "$(found log "$container")" "log container $container - plain"

# A log that the engine does not keep is no pass.
start --log-driver none "$tag" echo "$value"
run 1 "$SECRETSCTL" verify log "$container"
out_has "not searched: log: container $container: "
run 1 "$SECRETSCTL" verify log "$tag-absent"
out_has "not searched: log: container $tag-absent: "

docker volume create "$volume" >/dev/null
start -v "$volume:/data" "$tag" sh -c "echo clean >/data/a"
run 0 "$SECRETSCTL" verify volume "$volume"
start -v "$volume:/data" "$tag" sh -c "mkdir /data/sub; printf '%s' '$value' | gzip >/data/sub/dump.gz"
if [ "$(id -u)" = 0 ]; then
    found volume "$volume" | grep "^volume .*/sub/dump.gz - plain$" >/dev/null || fail "$(cat "$T/out")"
fi
# What the engine says of a volume: docker volume inspect shows it to everybody who may ask.
docker volume create --label "note=for $value" --opt type=cifs --opt device=//nas.invalid/data \
    --opt "o=username=shop,password=$value" "$volume-nas" >/dev/null
remove_nas() { docker volume rm "$volume-nas" >/dev/null 2>&1; }
on_exit remove_nas
found volume "$volume-nas" >/dev/null
[ "$(jq -r '.findings[] | [.place, .file, .key] | join(" ")' "$T/out" | sort)" = "inspect volume $volume-nas o
label volume $volume-nas note" ] || fail "$(cat "$T/out")"
run 1 "$SECRETSCTL" verify volume "$tag-absent"
out_has "not searched: volume: $tag-absent: the engine has no such volume"

# An engine that is elsewhere: through the container that has the volume mounted.
python3 - "${DOCKER_HOST#unix://}" >port <<'PY' &
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
def pump(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
while True:
    client, _ = server.accept()
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(sys.argv[1])
    for pair in ((client, engine), (engine, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
PY
forwarder=$!
stop_forwarder() { kill "$forwarder" 2>/dev/null; }
on_exit stop_forwarder
until_true 10 test -s port || fail "no forwarder"
run 3 env DOCKER_HOST="tcp://127.0.0.1:$(cat port)" "$SECRETSCTL" verify volume "$volume" --json
is "$(jq -r '.findings[] | [.file, .path] | join(" ")' "$T/out")" "volume $volume data/sub/dump.gz"
docker rm -f "$container" >/dev/null
run 1 env DOCKER_HOST="tcp://127.0.0.1:$(cat port)" "$SECRETSCTL" verify volume "$volume"
out_has "no container has it mounted"
