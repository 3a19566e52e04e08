# SPDX-License-Identifier: Apache-2.0
# A rotation wakes who polls an open file (EPOLLPRI) and who watches it (inotify), also when the
# workers changed in between; and drops what sendfile left in the page cache.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
new_vault
printf 'one' | "$SECRETSCTL" add -q shop/key --mode 0440
mounted

rotations=0
woken() { # woken KIND BEFORE-ROTATION-COMMAND: the watcher wakes within a second of the rotation, or is tried again
    local watcher start late
    : >"$T/$1"
    "$SC_BUILD/tests/fuse/watcher" "$1" "$M/shop/key" >"$T/$1" &
    watcher=$!
    until_true 5 grep -q ready "$T/$1"
    sleep 0.2
    $2
    rotations=$((rotations + 1)) # another value each time
    printf 'value %s' "$rotations" | "$SECRETSCTL" rotate -q shop/key
    start=$(date +%s%3N)
    wait "$watcher" || fail "$1: not woken ($2)"
    late=$(($(tail -1 "$T/$1") - start))
    echo "$1 ($2): woken $late ms after the rotation"
    [ "$late" -lt 1000 ]
}
soon() { # on a busy machine one may really be late
    woken "$@" || woken "$@" || woken "$@" || fail "$1 ($2): late each time"
}
kill_worker() { kill -9 "$(pid_of worker)"; sleep 0.3; }
soon epoll true
soon inotify true
soon inotify kill_worker
soon epoll kill_worker

# Nobody but that one process may open for writing.
! sh -c ": >'$M/shop/key'" 2>/dev/null || fail "opened for writing"
