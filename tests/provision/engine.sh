# SPDX-License-Identifier: Apache-2.0
# tmpfs mode on a real engine: owner and mode inside, who still reads an old file, restarting those and no
# others, and the same from the terminal's question.
. "$SC_SOURCE/tests/support/functions.sh"
needs_root
needs_docker
requires busybox python3 findmnt
image=prov-tmpfs-$$:latest
name=prov-tmpfs-$$
M=/run/secretsctl-test-$$
end_all() {
    docker rm -f "$name-file" "$name-dir" "$name-other" "$name-two" "$name-down" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
    umount -l "$M" 2>/dev/null || true
    rmdir "$M" 2>/dev/null || true
}
on_exit end_all
mkdir -p "$T/root/bin"
cp "$(command -v busybox)" "$T/root/bin/busybox"
for applet in sh cat sleep stat; do ln -s busybox "$T/root/bin/$applet"; done
tar -C "$T/root" -c . | docker import - "$image" >/dev/null

new_vault
printf one | "$SECRETSCTL" add -q shop/pw --owner 1234:1235 --mode 0440
printf token | "$SECRETSCTL" add -q shop/token
run 0 "$SECRETSCTL" provision --tmpfs "$M"
err_is ""
start() { # start NAME SOURCE TARGET
    docker run -d --name "$name-$1" --network none --user 1234 --stop-timeout 1 --label com.docker.compose.project=shop \
        --label com.docker.compose.service="$1" -v "$2:$3:ro" "$image" /bin/sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
}
inside() { docker exec "$name-$1" "${@:2}"; }
started() { docker inspect -f '{{.State.StartedAt}}' "$name-$1"; }
start file "$M/shop/pw" /run/secrets/pw
start dir "$M/shop" /run/secrets
start other "$M/shop/token" /run/secrets/token
[ "$(inside file /bin/stat -c '%u:%g %a' /run/secrets/pw)" = '1234:1235 440' ] || fail "owner or mode inside"
[ "$(inside file /bin/cat /run/secrets/pw)" = one ] || fail "not readable inside"
! inside other /bin/cat /run/secrets/token >/dev/null 2>&1 || fail "an entry of root's is readable by the user"

# A rotation: the bound directory shows it, the bound file does not; that one is named, the others are not.
printf two | "$SECRETSCTL" rotate -q shop/pw
run 0 "$SECRETSCTL" provision --tmpfs --json "$M"
out_has "\"container\":\"$name-file\""
out_lacks "\"container\":\"$name-dir\""
out_lacks "\"container\":\"$name-other\""
[ "$(inside dir /bin/cat /run/secrets/pw)" = two ] || fail "the bound directory does not show it"
[ "$(inside file /bin/cat /run/secrets/pw)" = one ] || fail "the bound file changed under the container"

# It stays so until it is done; --restart does it, to this one only.
others=$(started dir)$(started other)
run 0 "$SECRETSCTL" provision --tmpfs --no-restart "$M"
err_has "container '$name-file' (shop/file) still reads the old '$M/shop/pw'"
run 0 "$SECRETSCTL" provision --tmpfs --restart "$M"
err_has "they were restarted"
[ "$(inside file /bin/cat /run/secrets/pw)" = two ] || fail "the restarted container reads the old one"
[ "$(started dir)$(started other)" = "$others" ] || fail "a container was restarted that was not stale"
run 0 "$SECRETSCTL" provision --tmpfs "$M"
err_is ""

# Of a container with two such files there is one line; one that is down between two starts reads nothing,
# and gets the new file with its next start.
docker run -d --name "$name-two" --network none --user 1234 --stop-timeout 1 -v "$M/shop/pw:/run/secrets/pw:ro" \
    -v "$M/shop/token:/run/secrets/token:ro" "$image" /bin/sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
docker run -d --name "$name-down" --network none --restart always -v "$M/shop/pw:/run/secrets/pw:ro" "$image" \
    /bin/sh -c 'exit 1' >/dev/null
down() { [ "$(docker inspect -f '{{.State.Restarting}} {{ge .RestartCount 5}}' "$name-down")" = 'true true' ]; }
until_true 30 down
printf 2 | "$SECRETSCTL" rotate -q shop/pw
printf 2 | "$SECRETSCTL" rotate -q shop/token
run 0 "$SECRETSCTL" provision --tmpfs --no-restart "$M"
grep -Eqx "secretsctl: container '$name-two' still reads the old '$M/shop/(pw|token)' and 1 more" err ||
    fail "two files: $(cat err)"
[ "$(grep -c "container '$name-two'" err)" = 1 ] || fail "a line for each file: $(cat err)"
err_lacks "$name-down"
docker rm -f "$name-two" "$name-down" >/dev/null
printf two | "$SECRETSCTL" rotate -q shop/pw
run 0 "$SECRETSCTL" provision --tmpfs --restart "$M"

# On a terminal it asks.
printf three | "$SECRETSCTL" rotate -q shop/pw
cat >"$T/ask.py" <<'END'
import os, pty, select, sys, time
def session(answer):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "provision", "--tmpfs", sys.argv[2]])
    seen, sent, end = b"", False, time.time() + 60
    while time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try: data = os.read(fd, 4096)
            except OSError: break
            if not data: break
            seen += data
        if not sent and b"?" in seen.replace(b"?25", b""):
            os.write(fd, answer); sent = True
    assert sent, seen
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
session(sys.argv[3].encode() + b"\n")
END
run 0 python3 "$T/ask.py" "$SECRETSCTL" "$M" n
[ "$(inside file /bin/cat /run/secrets/pw)" = two ] || fail "restarted although the answer was no"
run 0 python3 "$T/ask.py" "$SECRETSCTL" "$M" y
[ "$(inside file /bin/cat /run/secrets/pw)" = three ] || fail "not restarted although the answer was yes"

# A removed entry is overwritten under whoever has it bound.
"$SECRETSCTL" rm shop/pw >/dev/null
run 0 "$SECRETSCTL" provision --tmpfs --no-restart "$M"
[ -z "$(inside file /bin/cat /run/secrets/pw)" ] || fail "a removed value is still readable"
