# SPDX-License-Identifier: Apache-2.0
# A worker killed at each point of a request: strace delivers the SIGKILL when it enters the N-th call of
# a kind (the request is taken; the reader is being looked up; it is noted, and not answered), or holds
# it when the call has been made (taken, nothing done; answered, and the slot not cleared) until it is
# killed. The reader gets its bytes each time, and the log counts each open once.
# SC_POINTS: how many calls of a kind (2 in CI).
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires strace python3
new_vault
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm
on_exit end_bind
end_bind() { umount -l "$T/bind" 2>/dev/null || true; }
cat >"$T/reader.py" <<'PY'
import os, sys
for _ in range(4):
    fd = os.open(sys.argv[1], os.O_RDONLY)
    size = os.fstat(fd).st_size
    got = os.read(fd, 4096) + os.read(fd, 4096)
    os.close(fd)
    assert got == b"7:xxxxxxx:7" and size == len(got), (got, size)
PY
opens_of() { # opens_of PID: opens in the log
    awk -F'\t' -v pid="$1" '$8 == pid && $5 == "ok" { sum += $16 } END { print sum + 0 }' "$SECRETSCTL_VAULT".access/*.log
}
all_noted() { [ "$(opens_of "$1")" = 4 ]; }
none_twice() { # looked at when all is over: what comes late would be counted twice
    for one in "${seen[@]}"; do all_noted "$one" || fail "$(opens_of "$one") of 4 opens of one reader in the log"; done
}
# Or killed already: a call that was under way counts as entered.
attached() { [ ! -e "/proc/$1/status" ] || grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$1/status" 2>/dev/null; }

# The worker serves still, or is gone: one that was killed may wait a little for its tracer.
alone() { [ "$(pid_of worker)" = "$1" ] || [ ! -e "/proc/$1/status" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

kill_at() { # kill_at CALL enter|exit N
    local call=$1 when=$2 n=$3 worker reader strace inject=signal=KILL
    worker=$(pid_of worker)
    [ "$when" = enter ] || inject=delay_exit=2000000
    strace -f -qq -o /dev/null -p "$worker" -e trace="$call" -e inject="$call:$inject:when=$n" 2>/dev/null &
    strace=$!
    until_true 5 attached "$worker" || fail "$call: strace does not attach"
    python3 "$T/reader.py" "$T/bind" >"$T/out" 2>&1 &
    reader=$!
    if [ "$when" = exit ]; then
        sleep 0.15
        kill -9 "$worker" 2>/dev/null || true
    fi
    wait "$reader" || { cat "$T/out"; fail "$call $when $n: the reader failed"; }
    until_true 5 all_noted "$reader" || fail "$call $when $n: $(opens_of "$reader") of 4 opens in the log"
    seen+=("$reader")
    until_true 5 alone "$worker" || fail "$call $when $n: two workers"
    if [ "$(pid_of worker)" = "$worker" ]; then
        survived=$((survived + 1)) # the N-th call of this kind did not come
    else
        points=$((points + 1))
    fi
    # Its tracee may have died while strace held it: then it waits for ever, and minds no other signal.
    kill -9 "$strace" 2>/dev/null || true
    wait "$strace" 2>/dev/null || true
}
points=0 survived=0 seen=()
for resend in "" --no-resend; do
    # shellcheck disable=SC2086
    mounted $resend
    touch "$T/bind"
    mount --bind "$M/shop/storm" "$T/bind"
    for n in $(seq "${SC_POINTS:-2}"); do
        kill_at read enter "$n"
        kill_at read exit "$n"
        kill_at openat enter "$n"
        kill_at pread64 enter "$n"
        kill_at readlinkat enter "$n"
        kill_at writev enter "$n"
        kill_at writev exit "$n"
    done
    echo "killed at $points points ($survived not reached): $("$SECRETSCTL" __fuse-status "$M" | tr '\n\t' ' =')"
    end_bind
    end_mount
done
none_twice
[ "$points" -ge 20 ] || fail "only $points kills"
none_stuck
