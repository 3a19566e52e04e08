# SPDX-License-Identifier: Apache-2.0
# What core dumps of processes that stay would show, while they wait: no piece of a value, in memory or
# registers. (Those of a mount: fuse/leak.sh.)
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_root
requires python3
not_sanitized "the sanitizers keep what was released"
residue=$SC_BUILD/tests/support/residue
new_vault
piece='J~q8^Zw#' # four bytes of it stand nowhere else
printf -v long "%.0s$piece" {1..625}
value() { printf %s "${long:0:$1}"; } # value SIZE: the piece, over and over
for size in 8 16 24 32 64 100 5000; do value $size | "$SECRETSCTL" add -q "shop/v$size"; done
printf 'a={{secret:v8}} b={{secret:v24|base64}} c={{secret:v100|url}} d={{secret:v32|json}}' |
    "$SECRETSCTL" add -q shop/template --kind template
# What ends with the test however it ends.
started=()
end_all() { kill "${started[@]}" 2>/dev/null || true; }
on_exit end_all

looked_at() { # looked_at SIZE [OPTION]... PID...
    local size=$1
    shift
    "$residue" "${@:1:$(($# - 1))}" "$size" "${!#}" <<<"value $piece"
}
nothing_in() { # nothing_in WHO PID...
    local who=$1 pid
    shift
    for pid; do
        looked_at 8 "$pid" || fail "a value in the memory of $who"
        looked_at 4 --writable "$pid" || fail "the fourth part of a value in the memory of $who"
    done
}
children() { cat /proc/"$1"/task/*/children; }
line_in() { grep -qsxF "$2" "$1"; }

# Not blind.
env "VARIABLE=$piece" sleep 60 &
started+=($!)
has_it() { grep -qaF VARIABLE "/proc/$!/environ" 2>/dev/null; }
until_true 5 has_it
run 1 looked_at 8 "${started[-1]}"

# run, with the command asleep: it has printed values, and begun one.
for how in --env --files --memfd; do
    # shellcheck disable=SC2016 # for the command
    "$SECRETSCTL" run $how --scope shop -- sh -c 'env; env | base64 -w 0; cat $V16_FILE $V100_FILE; printf "\nready\nJ~q"; exec env -i sleep 60' \
        >"$T/out$how" 2>&1 &
    started+=($!)
    until_true 10 line_in "$T/out$how" ready || fail "run $how does not start: $(cat "$T/out$how")"
    until_true 10 grep -qF 'J~q' "$T/out$how" || fail "run $how holds back what begins a value"
    guard=()
    [ $how != --files ] || read -ra guard <<<"$(children $!)"
    nothing_in "run $how" $! "${guard[@]:0:1}"
done

# On a terminal, where a value is typed, too; the monitor has a copy of what run had when it began.
cat >"$T/drive.py" <<'PY'
import os, pty, sys
script = 'env; read x; echo "got $x"; printf "ready J~q"; exec env -i sleep 60'
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "run", "--env", "--scope", "shop", "--", "sh", "-c", script])
seen = b""
os.write(fd, (sys.argv[2] * 4 + "\n").encode())
while b"ready" not in seen:
    seen += os.read(fd, 4096)
print(pid, flush=True)
while os.read(fd, 4096):
    pass
PY
python3 "$T/drive.py" "$SECRETSCTL" "$piece" >"$T/driven" &
started+=($!)
until_true 10 test -s "$T/driven" || fail "no session on a terminal"
pid=$(cat "$T/driven")
read -ra monitor <<<"$(children "$pid")"
nothing_in "run on a terminal" "$pid" "${monitor[@]}"

# mask, whose input pauses in a value.
mkfifo "$T/in"
"$SECRETSCTL" mask --scope shop <"$T/in" >"$T/masked" &
started+=($!)
exec 7>"$T/in"
for size in 8 24 100 5000; do
    value $size >&7
    value $size | base64 -w 0 | sed 's/^/ /' >&7
    printf ' begins %s' "$(value 30)" >&7
    sleep 0.1
    nothing_in mask "${started[-1]}"
    echo >&7
done
exec 7>&-
wait "${started[-1]}"
[ "$(grep -c '^\*\*\* ' "$T/masked")" = 4 ] || fail "not masked: $(cat "$T/masked")"
! grep -qF "$piece" "$T/masked" || fail "not masked: $(cat "$T/masked")"

# The agent, after reads through it; with the vault open, and closed again.
export XDG_RUNTIME_DIR=$T/runtime
mkdir -m 700 "$XDG_RUNTIME_DIR"
"$SECRETSCTL" agent -q 2>/dev/null &
started+=($!)
until_true 5 test -S "$XDG_RUNTIME_DIR/secretsctl-agent/agent.sock"
"$SECRETSCTL" unlock -q
for size in 8 24 100 5000; do
    env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" get "shop/v$size" >"$T/got"
    [ "$(stat -c %s "$T/got")" = $size ] || fail "the agent gives something else"
    nothing_in "the agent" "${started[-1]}"
done
"$SECRETSCTL" lock -q
nothing_in "the agent" "${started[-1]}"

# The shim that stays, before and after a rotation.
mkdir "$T/secrets"
for size in 8 32 100; do value $size >"$T/secrets/v$size"; done
rm -f "$T/got"
shim_of() { # shim_of ACTION COMMAND...
    # shellcheck disable=SC2016
    A='{{secret:v32}}' B='x{{secret:v100|base64}}' C='{{secret:v8}}' \
        "$SECRETSCTL_SHIM" --dir "$T/secrets" --on-change "$1" --watch 1 --file 'F={{secret:v100}}' -- "${@:2}" &
    started+=($!)
}
shim_of restart sh -c "echo >>$T/starts; exec env -i sleep 60"
restarting=${started[-1]}
shim_of signal:USR1 sh -c "trap 'echo >$T/told' USR1; echo >$T/trapped; while :; do sleep 0.1; done"
signalling=${started[-1]}
until_true 10 test -s "$T/starts" -a -s "$T/trapped" || fail "the shim does not start"
nothing_in "the shim" "$restarting" "$signalling"
value 24 >"$T/secrets/v32"
twice() { [ "$(wc -l <"$T/starts")" = 2 ]; }
until_true 10 twice || fail "no restart"
until_true 10 test -s "$T/told" || fail "no signal"
nothing_in "the shim after a rotation" "$restarting" "$signalling"
