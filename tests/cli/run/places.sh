# SPDX-License-Identifier: Apache-2.0
# Where run puts files: shared, private, without a name; templates from --env-file; what is left after every
# kind of death; what the command inherits.
. "$SC_SOURCE/tests/support/functions.sh"

M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() { rm -rf "$M"; }
on_exit drop
export XDG_RUNTIME_DIR=$M
new_vault
printf 'p@ss w"ord' | "$SECRETSCTL" add -q shop/db_password
printf 'token-4711' | "$SECRETSCTL" add -q shop/token
printf 'abcd\0efgh' | "$SECRETSCTL" add -q other/binary

at_last() { until_true 10 "$@" || fail "never: $*"; }
empty() { [ -z "$(ls -A "$M")" ]; }
occupied() { ! empty; }

# --memfd: sealed, without a name, for as many as there are descriptors.
run 0 "$SECRETSCTL" run --memfd --no-mask --scope shop -- sh -c \
    'echo "$DB_PASSWORD_FILE"; cat "$DB_PASSWORD_FILE" "$TOKEN_FILE"; echo x 2>/dev/null >"$TOKEN_FILE" || echo sealed; ls /proc/self/fd'
out_has /proc/self/fd/300
out_has 'p@ss w"ordtoken-4711'
out_has sealed
out_has 301
out_lacks 302
empty || fail "files are left: $(ls "$M")"
run 125 bash -c 'ulimit -n 301; exec "$0" run --memfd --scope shop -- true' "$SECRETSCTL"
err_is "secretsctl: more values than descriptors ('ulimit -n'): 'shop/token' has none left; choose with --only, or leave --memfd out"
run 125 "$SECRETSCTL" run --memfd --private -- true

# With few descriptors: a clear error, or the files are there for as long as the command runs.
for limit in $(seq 8 14); do
    status=0
    bash -c 'ulimit -n "$1"; exec "$0" run --no-mask --scope shop -- sh -c "cat \"\$TOKEN_FILE\""' "$SECRETSCTL" "$limit" \
        >"$T/out" 2>"$T/err" || status=$?
    case $status in
        0) out_is token-4711 ;;
        125) err_has "Too many open files" ;;
        *) fail "status $status with $limit descriptors: $(cat "$T/err")" ;;
    esac
    empty || fail "files are left with $limit descriptors: $(ls "$M")"
done

# --private: the command sees the files, others see an empty directory, and then nothing.
private() { # private COMMAND...: run as given, checked from outside while it is up
    rm -f "$T/up" "$T/go"
    "$@" run --private --no-mask --scope shop -- sh -c 'cat "$DB_PASSWORD_FILE"; stat -f -c %T "$DB_PASSWORD_FILE"
        echo "$DB_PASSWORD_FILE" >"$0/up"; until [ -e "$0/go" ]; do sleep 0.05; done; id -u; grep CapEff /proc/self/status' \
        "$T" >"$T/out" 2>"$T/err" &
    pid=$!
    at_last test -s "$T/up"
    [ ! -e "$(cat "$T/up")" ] || fail "others see the file"
    [ -z "$(find "$M" -type f)" ] || fail "others see files"
    touch "$T/go"
    wait "$pid" || fail "status $?"
    out_has 'p@ss w"ord'
    at_last empty
}
if unshare -m true 2>/dev/null; then
    private "$SECRETSCTL"
    grep -qE '^p@ss w"ord(tmpfs|ramfs)$' "$T/out" || fail "not in memory: $(cat "$T/out")"
    run 125 unshare -m -- bash -c 'exec setpriv --bounding-set=-sys_admin --inh-caps=-all -- "$0" run --private --scope shop -- true' "$SECRETSCTL"
    err_has "this system does not let us make a mount namespace; leave --private out"
    empty || fail "files are left after a failure"
fi
if [ "$(id -u)" = 0 ]; then
    # As an ordinary user, through a user namespace: the uid stays, and nothing but it.
    chmod 755 "$T"
    cp "$SECRETSCTL" "$T/program"
    chown -R 65534 "$T/vault.db"* "$T/key" "$T/state" "$T/data" "$T/home" "$M" 2>/dev/null || true
    chmod 777 "$T"
    export HOME=$T/home
    if setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Um true 2>/dev/null; then
        private setpriv --reuid 65534 --regid 65534 --clear-groups "$T/program"
        out_has 65534
        out_has 'CapEff:	0000000000000000'
        grep -qE '^p@ss w"ordramfs$|^p@ss w"ordtmpfs$' "$T/out" || fail "not in memory: $(cat "$T/out")"
    fi
    chown -R 0 "$T" "$M"
    chmod 700 "$T"
fi

# --env-file: templates; what has none is no secret; --set wins over it, and it over entries.
cat >"$T/app.env" <<'END'
# a comment
LEVEL=debug-level
URL="db://app:{{secret:db_password|url}}@db"   # quoted
TOKEN={{secret:token}}-suffix
END
run 0 "$SECRETSCTL" run --env --no-mask --scope shop --env-file "$T/app.env" --set 'LEVEL=trace' -- env
out_has 'LEVEL=trace'
out_has 'URL=db://app:p%40ss%20w%22ord@db'
out_has 'TOKEN=token-4711-suffix'
run 0 "$SECRETSCTL" run --scope shop --only none --env-file "$T/app.env" -- sh -c 'echo $URL $LEVEL; echo token-4711; env | grep -c PASSWORD_FILE || true'
out_is '*** debug-level
***
0'
run 0 "$SECRETSCTL" run --scope shop --env-file "$T/app.env" --dry-run
out_is 'DB_PASSWORD_FILE	shop/db_password
LEVEL	--env-file LEVEL
URL	--env-file URL
TOKEN	--env-file TOKEN'
printf 'A={{secret:nope}}\n' >"$T/bad.env"
run 125 "$SECRETSCTL" run --scope shop --env-file "$T/bad.env" -- true
err_has "--env-file A: line 1, column 1: "
printf 'A="open hunter2\n' >"$T/bad.env"
run 125 "$SECRETSCTL" run --scope shop --env-file "$T/bad.env" -- true
err_lacks hunter2
run 125 "$SECRETSCTL" run --scope shop --env-file "$T/nope.env" -- true

# What no variable can hold.
run 125 "$SECRETSCTL" run --env --only '*/binary' -- true
err_is "secretsctl: 'other/binary' holds a NUL byte, which no variable can; use --files"
head -c 786432 /dev/urandom | base64 -w0 >"$T/large" # 1 MiB
"$SECRETSCTL" add -q other/large --from-file "$T/large"
run 125 "$SECRETSCTL" run --env --only '*/large' -- true
err_is "secretsctl: 'other/large' is longer than the kernel takes in one variable (131071 bytes with its name); use --files"
run 0 "$SECRETSCTL" run --no-mask --only '*/large' -- sh -c 'cmp "$LARGE_FILE" "$0"' "$T/large"
run 0 "$SECRETSCTL" run --only '*/large' -- sh -c 'cat "$LARGE_FILE"; echo'
out_is '***'
for i in $(seq 20); do head -c 130000 "$T/large" | "$SECRETSCTL" add -q "big/v$i"; done
run 126 "$SECRETSCTL" run --env --no-mask --scope big -- true
err_is "secretsctl: arguments and variables are more than the kernel takes; choose values with --only"

# The command gets our umask, signals and working directory, and none of our descriptors.
run 0 bash -c 'umask 027; cd /; exec 7</dev/null; exec "$0" run --scope shop --no-mask -- sh -c "umask; pwd; ls /proc/self/fd | tr \"\n\" \" \"; grep SigBlk /proc/self/status"' "$SECRETSCTL"
out_is '0027
/
0 1 2 3 SigBlk:	0000000000000000'

# Every kind of death: of run, of its whole group, of the guard (then the next run cleans up).
start() {
    setsid "$SECRETSCTL" run --scope shop -- sh -c 'echo $$ >>"$0"; exec sleep 300' "$T/sleepers" >/dev/null 2>&1 &
    at_last occupied
    place=$(ls "$M")
    pid=${place#secretsctl-run.}
    pid=${pid%%.*}
    at_last test -s "$M/$place/token"
}
guards() { # the process that has the directory open and is no child of a shell: by its session
    ps -o pid= --ppid "$pid" | while read -r child; do
        [ "$(ps -o sid= -p "$child" | tr -d ' ')" != "$child" ] || echo "$child"
    done
}
# A guard that is slow to start is waited for: whoever ends the whole group before that would leave values.
if command -v strace >/dev/null; then
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run 0 strace -f -qq -o "$T/trace" -e trace=setsid,openat \
        -e inject=setsid:delay_enter=300000 "$SECRETSCTL" run --scope shop -- true
    ready=$(grep -n 'setsid.* = [0-9]' "$T/trace" | head -1 | cut -d: -f1)
    first=$(grep -n '"token", O_WRONLY' "$T/trace" | head -1 | cut -d: -f1)
    [ "${ready:?}" -lt "${first:?}" ] || fail "values are written before their guard is ready"
fi
end_sleepers() { xargs -r kill <"$T/sleepers" 2>/dev/null; }
on_exit end_sleepers
start
kill -KILL -- "-$pid"
at_last empty
start
guard=$(guards)
[ -n "$guard" ] || fail "no guard"
for signal in TERM INT HUP; do kill -s "$signal" "$guard"; done
kill -0 "$guard" || fail "the guard dies of an ordinary signal"
[ -z "$(tr -d '\0' <"/proc/$guard/environ")" ] || fail "the guard has an environment"
kill -KILL "$guard" "$pid"
sleep 0.2
occupied || fail "nobody was left to clean up, and yet it is clean"
run 0 "$SECRETSCTL" run --scope shop -- true
empty || fail "the next run left the files of the dead one"

# Where processes have numbers of their own (a container that shares the place): the files of the one are not
# taken for those of a dead one by the other; as the first process there run collects what others leave.
if [ "$(id -u)" = 0 ] && unshare --pid --fork --mount-proc true 2>/dev/null; then
    unshare --pid --fork --mount-proc "$SECRETSCTL" run --no-mask --scope shop -- sh -c '
        touch "$0/apart-up"; until [ -e "$0/apart-go" ]; do sleep 0.05; done; cat "$TOKEN_FILE"' "$T" >"$T/apart" 2>&1 &
    at_last test -e "$T/apart-up"
    run 0 "$SECRETSCTL" run --scope shop -- true
    touch "$T/apart-go"
    wait $! || fail "the files are gone: $(cat "$T/apart")"
    [ "$(cat "$T/apart")" = token-4711 ] || fail "$(cat "$T/apart")"
    empty || fail "files are left: $(ls "$M")"
    # shellcheck disable=SC2016
    orphan='(sh -c "echo \$\$ >\$0" "$0" &); until [ -s "$0" ]; do sleep 0.05; done
        for _ in $(seq 200); do kill -0 "$(cat "$0")" 2>/dev/null || { sleep 1; exit 5; }; sleep 0.05; done; exit 9'
    run 5 unshare --pid --fork --mount-proc "$SECRETSCTL" run --env --scope shop -- sh -c "$orphan" "$T/orphan"
fi
