# SPDX-License-Identifier: Apache-2.0
# --init: status, signals, orphans, the terminal; --on-change: signal, restart, exit.
. "$SC_SOURCE/tests/support/functions.sh"

shim=$SECRETSCTL_SHIM
export SECRETSCTL_DIR=$T
printf one >"$T/pw"
# What a failure leaves would keep meson waiting for the end of its output.
end_jobs() { jobs -p | xargs -r kill 2>/dev/null || true; }
on_exit end_jobs

says() { grep -qxF -- "$2" "$1" 2>/dev/null; }
wait_for() { # wait_for FILE TEXT
    until_true 10 says "$@" || { cat "$1" || true; fail "no '$2' in $1"; }
}
# ended_with STATUS PID
ended_with() {
    local status=0
    wait "$2" || status=$?
    [ "$status" = "$1" ] || fail "status $status, expected $1"
}

# forgot MARKER: whether no piece of it stands in the memory of $pid, also in what is kept out of dumps; true where
# nobody can look.
forgot() {
    local status=0
    "$SC_BUILD/tests/support/residue" --hidden 8 "$pid" <<<"value $1" >/dev/null 2>&1 || status=$?
    [ "$status" != 1 ]
}

# A child that takes no notice of TERM is killed in the end: see below.
mkdir "$T/deaf"
printf one >"$T/deaf/pw"
env SECRETSCTL_DIR="$T/deaf" V='{{secret:pw}}' "$shim" --on-change restart --watch 1 -- bash -c \
    "trap '' TERM; trap 'exit 4' USR1; echo \"\$V\" >>$T/deaf/log; for i in {1..2400}; do sleep 0.05; done" &
deaf=$!
wait_for "$T/deaf/log" one
printf two >"$T/deaf/.pw"
mv "$T/deaf/.pw" "$T/deaf/pw"

for status in 0 1 7 255; do run "$status" "$shim" --init -- sh -c "exit $status"; done
run 137 "$shim" --init -- sh -c 'kill -KILL $$'
run 143 "$shim" --init -- sh -c 'kill -TERM $$'
run 127 "$shim" --init -- /nonexistent
# Whoever started it may ignore SIGCHLD: then the kernel tells nobody of a child's end. The child has it as it was.
run 3 timeout -s KILL 20 env --ignore-signal=CHLD "$shim" --init -- sh -c 'exit 3'
for case in 1:--ignore-signal=CHLD 0:--default-signal=CHLD; do
    run 0 timeout -s KILL 20 env "${case#*:}" "$shim" --init -- sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status
    [ $((0x$(cat "$T/out") >> 16 & 1)) = "${case%%:*}" ] || fail "$case: the child has SigIgn $(cat "$T/out")"
done
run 125 env V='{{secret:nope}}' "$shim" --init -- true
# What was rendered into a file goes with the child.
run 5 "$shim" --init --file 'KEY={{secret:pw}}' -- sh -c 'cat "$KEY" && echo "$KEY" >&2 && exit 5'
out_is one
[ -s "$T/err" ] && [ ! -e "$(cat "$T/err")" ] && [ ! -e "$(dirname "$(cat "$T/err")")" ] || fail "a file is left: $(cat "$T/err")"

# Each signal reaches the child.
for signal in HUP INT QUIT USR1 USR2 TERM WINCH CONT; do
    rm -f "$T/log"
    # A background job of a shell ignores INT and QUIT, and a child could not change that.
    env --default-signal=INT,QUIT "$shim" --init -- bash -c "trap 'echo $signal >>$T/log; exit 3' $signal; echo up >>$T/log
        while :; do sleep 0.05; done" &
    pid=$!
    wait_for "$T/log" up
    kill -s "$signal" "$pid"
    ended_with 3 "$pid"
    wait_for "$T/log" "$signal"
done

# A stopped child goes on; the shim itself is not stopped by what it forwards.
rm -f "$T/log"
"$shim" --init -- bash -c "trap 'echo term >>$T/log; exit 0' TERM; echo \$\$ >$T/child; echo up >>$T/log
    while :; do sleep 0.05; done" &
pid=$!
wait_for "$T/log" up
kill -STOP "$(cat "$T/child")"
kill -TERM "$pid"
kill -CONT "$pid"
ended_with 0 "$pid"

# Orphans are adopted and reaped: no zombie below us.
rm -f "$T/log"
"$shim" --init -- bash -c "for i in 1 2 3 4 5; do (sleep 0.1 & exit 0); done; echo up >>$T/log
    until [ -e $T/go ]; do sleep 0.05; done" &
pid=$!
wait_for "$T/log" up
children() { # how many it has, dead ones too; one that goes while we look is no failure
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } |
        awk -v p="$pid" '{ sub(/.*\) /, ""); if ($2 == p) n++ } END { print n + 0 }'
}
alone() { [ "$(children)" = 1 ]; }
until_true 10 alone || fail "$(children) children are left"
touch "$T/go"
ended_with 0 "$pid"

# The working directory and the signal mask are the ones given.
run 0 env -C / "$shim" --init -- pwd
out_is /
run 0 "$shim" --init -- grep SigBlk /proc/self/status
out_is "SigBlk:	0000000000000000"

# One signal for one change, none for equal content.
rm -f "$T/log"
env V='{{secret:pw}}' "$shim" --on-change signal:USR1 --watch 1 -- bash -c \
    "trap 'echo changed >>$T/log' USR1; trap 'exit 0' TERM; echo up >>$T/log; while :; do sleep 0.05; done" &
pid=$!
wait_for "$T/log" up
printf one >"$T/.pw"
mv "$T/.pw" "$T/pw" # another inode, equal content
sleep 2.3
! grep -q changed "$T/log" || fail "a signal for equal content"
printf two >"$T/.pw"
mv "$T/.pw" "$T/pw"
wait_for "$T/log" changed
sleep 1.3
[ "$(grep -c changed "$T/log")" = 1 ] || fail "more than one signal"
kill "$pid"
ended_with 0 "$pid"

# restart: a new child with the new value; when the value is away, the old one goes on.
rm -f "$T/log"
printf one >"$T/pw"
env V='{{secret:pw}}' "$shim" --on-change restart --watch 1 -- bash -c \
    "echo \"\$V\" >>$T/log; trap 'exit 0' TERM; while :; do sleep 0.05; done" 2>"$T/err" &
pid=$!
wait_for "$T/log" one
printf three >"$T/.pw"
mv "$T/.pw" "$T/pw"
wait_for "$T/log" three
: >"$T/pw"
wait_for "$T/err" "secretsctl-shim: the program goes on with the old values"
kill -0 "$pid"
kill "$pid"
ended_with 0 "$pid"

# A value away when another changes: the old child is looked after meanwhile, the change is not forgotten.
rm -f "$T/log"
printf one >"$T/pw"
printf x >"$T/pw2"
env V='{{secret:pw}}{{secret:pw2}}' "$shim" --wait 60 --on-change restart --watch 1 -- bash -c \
    "echo \"\$V\" >>$T/log; trap 'exit 0' TERM; trap 'echo usr >>$T/log' USR1; while :; do sleep 0.05; done" 2>"$T/err" &
pid=$!
wait_for "$T/log" onex
mv "$T/pw2" "$T/away"
printf two-kX9wQ-marker >"$T/.pw"
mv "$T/.pw" "$T/pw"
wait_for "$T/err" "secretsctl-shim: the program goes on with the old values"
until_true 10 forgot two-kX9wQ-marker || fail "the parent holds a value that it has no use for"
kill -USR1 "$pid"
wait_for "$T/log" usr
mv "$T/away" "$T/pw2"
wait_for "$T/log" two-kX9wQ-markerx
kill "$pid"
ended_with 0 "$pid"

# A change while the old child takes its time to end reaches the new one.
rm -f "$T/log"
env V='{{secret:pw}}' "$shim" --on-change restart --watch 1 -- bash -c \
    "echo \"\$V\" >>$T/log; trap 'echo ending >>$T/log; sleep 1.2; exit 0' TERM; while :; do sleep 0.05; done" 2>"$T/err" &
pid=$!
wait_for "$T/log" two-kX9wQ-marker
printf three >"$T/.pw"
mv "$T/.pw" "$T/pw"
wait_for "$T/log" ending
printf four >"$T/.pw"
mv "$T/.pw" "$T/pw"
wait_for "$T/log" four
kill "$pid"
ended_with 0 "$pid"

# exit: the child's status.
rm -f "$T/log"
printf one >"$T/pw"
env V='{{secret:pw}}' "$shim" --on-change exit --watch 1 -- bash -c \
    "trap 'exit 9' TERM; echo up >>$T/log; while :; do sleep 0.05; done" 2>/dev/null &
pid=$!
wait_for "$T/log" up
printf four >"$T/pw"
ended_with 9 "$pid"

# What was a file may become anything: it is not waited for, and signals are forwarded.
rm -f "$T/log"
env V='{{secret:pw}}' timeout -s KILL 60 "$shim" --on-change signal:USR1 --watch 1 -- bash -c \
    "trap : USR1; trap 'exit 9' TERM; echo up >>$T/log; for i in {1..1200}; do sleep 0.05; done" 2>/dev/null &
pid=$!
wait_for "$T/log" up
mkfifo "$T/fifo"
mv "$T/fifo" "$T/pw"
sleep 2.5
kill "$pid"
ended_with 9 "$pid"
rm "$T/pw"

# The values are wiped from the parent once the child has them.
marker=kX9wQ-marker-77
printf '%s' "$marker" >"$T/pw"
rm -f "$T/log"
env -i V='{{secret:pw}}' "$shim" --init --dir "$T" -- /bin/sh -c "echo up >>$T/log; exec /bin/sleep 300" &
pid=$!
wait_for "$T/log" up
waits() { grep -q '^State:[[:space:]]*S' "/proc/$pid/status"; }
until_true 10 waits || fail "the parent does not wait for its child"
forgot "$marker" || fail "the parent still holds the value"
kill "$pid"
ended_with 143 "$pid"

until_true 60 says "$T/deaf/log" two || fail "a child that ignores TERM was not replaced"
kill -USR1 "$deaf"
ended_with 4 "$deaf"
