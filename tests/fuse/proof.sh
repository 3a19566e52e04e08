# SPDX-License-Identifier: Apache-2.0
# The proof at size: worker and keeper killed in turn, and upgrades, while four containers read without a
# pause and the values rotate: one to other lengths, and one, read by busybox's sendfile(2), to the same
# length (docs/FUSE.md says why). No read fails, none is torn, nothing stays in state D.
# SC_PROOF_KILLS, SC_PROOF_UPGRADES: how many (60 and 3 in CI; 2000 and 20 is the proof, about 6 minutes:
# SC_PROOF_KILLS=2000 SC_PROOF_UPGRADES=20 meson test -C build -t 10 fuse-proof).
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox
not_sanitized "a server that starts slowly is killed before it serves"
new_vault
kills=${SC_PROOF_KILLS:-60}
upgrades=${SC_PROOF_UPGRADES:-3}
name=fuse-proof-$$
image=$name:latest
end_containers() {
    docker rm -f "$name-1" "$name-2" "$name-3" "$name-4" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
}
on_exit end_containers
mkdir -p "$T/root/bin"
cp "$(command -v busybox)" "$T/root/bin/busybox"
cp "$SC_BUILD/tests/fuse/storm_reader_static" "$T/root/bin/storm_reader"
# What programs in images do: the shell reads with `cat`, and looks whether the value is whole.
cat >"$T/root/bin/loop" <<'LOOP'
reads=0 failed=0 torn=0
trap 'echo "reads $reads failed $failed torn $torn"; exit $((failed + torn > 0))' TERM
while :; do
    value=$(/bin/busybox cat /run/secrets/steady) || { failed=$((failed + 1)); echo "status $?"; continue; }
    reads=$((reads + 1))
    [ "${value%%:*}" = "${value##*:}" ] && [ -n "$value" ] && continue
    torn=$((torn + 1))
    echo "torn: ${#value} bytes, ${value%%:*} to ${value##*:}"
done
LOOP
tar -C "$T/root" -c . | docker import - "$image" >/dev/null

put() { # put ADD-OR-ROTATE N: values that show whether they are whole
    { printf '%s:' "$2"; head -c $(($2 % 977)) /dev/zero | tr '\0' x; printf ':%s' "$2"; } |
        "$SECRETSCTL" "$1" -q shop/storm
    printf '%06d:%06d' "$2" "$2" | "$SECRETSCTL" "$1" -q shop/steady
}
put add 1
mounted --engine none
cp "$SECRETSCTL" "$T/newer"

start() { # start N COMMAND...
    timeout 60 docker run -d --name "$name-$1" --network none \
        -v "$M/shop/storm:/run/secrets/storm:ro" -v "$M/shop/steady:/run/secrets/steady:ro" "$image" "${@:2}" >/dev/null || fail "cannot start reader $1"
}
start 1 /bin/storm_reader 100000 /run/secrets/storm
start 2 /bin/storm_reader 100000 /run/secrets/storm
start 3 /bin/busybox sh /bin/loop
start 4 /bin/busybox sh /bin/loop

(n=1; while sleep 0.5; do n=$((n + 1)); put rotate "$n"; done) >/dev/null 2>&1 &
rotator=$!
end_rotator() { kill "$rotator" 2>/dev/null && wait "$rotator" 2>/dev/null || true; }
on_exit end_rotator

# Both are there, and the one that was killed is another: not both at the same moment, which is a row of
# its own (double-death.sh).
replaced() { # replaced KEEPER-OR-WORKER OLD-PID
    local status keeper worker
    status=$("$SECRETSCTL" __fuse-status "$M" 2>/dev/null) || return 1
    keeper=$(sed -n 's/^keeper	//p' <<<"$status")
    worker=$(sed -n 's/^worker	//p' <<<"$status")
    [ "${!1}" != "$2" ] && [ -d "/proc/$keeper" ] && [ -d "/proc/$worker" ]
}
started=$(date +%s)
killed=0 upgraded=0
victim=worker
while [ "$killed" -lt "$kills" ]; do
    pid=$(pid_of $victim)
    kill -9 "$pid"
    killed=$((killed + 1))
    until_true 20 replaced $victim "$pid" || fail "kill $killed: no new $victim: $("$SECRETSCTL" __fuse-status "$M" 2>&1)"
    [ $victim = worker ] && victim=keeper || victim=worker
    if [ $((killed * upgrades / kills)) -gt "$upgraded" ]; then
        worker=$(pid_of worker) keeper=$(pid_of keeper)
        timeout 60 "$T/newer" mount --upgrade "$M" || fail "upgrade $upgraded"
        until_true 20 replaced worker "$worker" || fail "upgrade $upgraded: worker"
        until_true 20 replaced keeper "$keeper" || fail "upgrade $upgraded: keeper"
        upgraded=$((upgraded + 1))
    fi
done
took=$(($(date +%s) - started))
end_rotator

total=0
for i in 1 2 3 4; do
    docker stop -t 30 "$name-$i" >/dev/null || fail "reader $i does not stop"
    result=$(docker logs "$name-$i" 2>&1)
    echo "reader $i: $result"
    case $result in
    *$'\n'*) fail "reader $i met errors" ;;
    "reads "*" failed 0 torn 0"*) ;;
    *) fail "reader $i met errors" ;;
    esac
    result=${result#reads }
    total=$((total + ${result%% *}))
    [ "$(docker inspect -f '{{.State.ExitCode}}' "$name-$i")" = 0 ] || fail "reader $i: exit status"
done
"$SECRETSCTL" __fuse-status "$M"
echo "$killed kills and $upgraded upgrades in $took s, $total reads by 4 containers, 0 failed, 0 torn"
reads "$M/shop/storm" "$("$SECRETSCTL" get shop/storm)" || fail "the last value is not there"
none_stuck
