# SPDX-License-Identifier: Apache-2.0
# The store moves while a mount is upgraded, and the worker on the new memory is ready behind that of the new program:
# it is of the new program, too.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires pgrep python3
cp "$SECRETSCTL" "$T/newer"
printf '#!/bin/sh\nwhile [ ! -e "%s" ]; do sleep 0.02; done\nexec "%s" "$@"\n' "$T/go" "$T/newer" >"$T/slow"
chmod 755 "$T/slow"
head -c 700000 /dev/zero >"$T/large"
cat >"$T/stop.py" <<'END'
import os, signal, sys
keeper = sys.argv[1]
children = lambda: set(open(f"/proc/{keeper}/task/{keeper}/children").read().split())
before = children()
print("watches", flush=True)
while not (new := children() - before):
    pass
pid = new.pop()
while b"__fuse-worker" not in open(f"/proc/{pid}/cmdline", "rb").read():
    pass  # the keeper waits until it is itself
os.kill(int(pid), signal.SIGSTOP)
print(pid, flush=True)
END
starts() { pgrep -f "^/bin/sh $T/slow __fuse-worker" >/dev/null; }
stopped() { [ "$(wc -l <"$T/stopped")" = 2 ]; }
newer() { [ "$(readlink "/proc/$(pid_of worker)/exe")" = "$T/newer" ] && [ "$(readlink "/proc/$(pid_of keeper)/exe")" = "$T/newer" ]; }

attempt() { # attempt NAME: with a vault of its own
    local upgrade status=0 n
    rm -f "$T/go"
    M=$T/$1 SECRETSCTL_VAULT=$T/$1.db
    new_vault
    printf first | "$SECRETSCTL" add -q shop/db
    timeout 100 "$SECRETSCTL" mount -q --memory 2M "$M" || fail "cannot mount"
    "$SECRETSCTL" __fuse-upgrade "$M" "$T/slow" 2>"$T/err" &
    upgrade=$!
    until_true 5 starts || fail "no next worker"
    python3 "$T/stop.py" "$(pid_of keeper)" >"$T/stopped" &
    until_true 5 grep -qs watches "$T/stopped" || fail "nobody watches"
    for n in 1 2 3 4; do "$SECRETSCTL" add -q --from-file "$T/large" "$1/$n"; done
    for n in 1 2 3 4; do timeout 60 cat "$M/$1/$n" >/dev/null 2>&1 & done
    until_true 5 stopped || fail "the store does not move"
    touch "$T/go"
    wait "$upgrade" || status=$?
    kill -CONT "$(tail -1 "$T/stopped")" 2>/dev/null || true
    [ "$status" = 0 ] || { cat "$T/err"; return 1; } # a machine that stood still for ten seconds
    until_true 5 newer || fail "upgraded, and the old program serves"
    printf "%s" "$1" | "$SECRETSCTL" rotate -q shop/db
    until_true 5 reads "$M/shop/db" "$1" || fail "a rotation does not show"
    cmp "$T/large" "$M/$1/4" || fail "a value of the new memory"
}
on_exit end_mount
attempt one || { end_mount && attempt two; } || { end_mount && attempt three; } || fail "no upgrade"
none_stuck
