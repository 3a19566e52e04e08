# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that mount: a vault, a mount at $M, and no dead mount left behind.
# shellcheck shell=bash

# needs_fuse: skips where this user cannot mount FUSE.
needs_fuse() {
    needs_root
    [ -c /dev/fuse ] || skip "there is no /dev/fuse"
    requires setsid
}

# needs_open_fuse: ordinary users may open /dev/fuse; where it is closed, in mounts of the test's own, so called before
# the test has done anything.
needs_open_fuse() {
    needs_fuse
    requires setpriv unshare
    setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'exec 3<>/dev/fuse' 2>/dev/null && return
    [ "${SC_OWN_MOUNTS:-}" != 1 ] || skip "/dev/fuse is closed to ordinary users"
    cd / && rm -rf "$T"
    # shellcheck disable=SC2016
    exec env SC_OWN_MOUNTS=1 unshare --mount --propagation private sh -ec '
        mount -t tmpfs -o mode=755,size=64k none /mnt
        mknod -m 666 /mnt/fuse c $(stat -c "0x%t 0x%T" /dev/fuse)
        mount --bind /mnt/fuse /dev/fuse
        umount -l /mnt
        exec bash "$0"' "$0"
}

# Ends the mount by force: aborts the connection, so that nothing can hang on it. And waits for the agents of those
# that were ended before, which write what they have seen of the vault into a folder that is to be removed.
mount_agents=
end_mount() {
    local agent
    agent=$(pid_of agent || true)
    timeout 20 "$SECRETSCTL" umount --force "$M" >/dev/null 2>&1 || true
    umount -l "$M" 2>/dev/null || true
    umount -l "$M" 2>/dev/null || true
    until_true 3 test ! -e "/proc/${agent:-0}" || kill -9 "$agent" || true
    for agent in $mount_agents; do until_true 3 test ! -e "/proc/$agent" || true; done
}

# mounted [OPTION...]: mounts at $M and ends that at exit.
mounted() {
    M=$T/mnt
    on_exit end_mount
    timeout 100 "$SECRETSCTL" mount -q "$@" "$M" || fail "cannot mount: $*"
    mount_agents+=" $(pid_of agent || true)"
}

# pid_of keeper|worker: of the mount at $M, as its status says.
pid_of() { "$SECRETSCTL" __fuse-status "$M" 2>/dev/null | sed -n "s/^$1	//p"; }

# kill_all: keeper, worker and agent in one moment. On a busy machine one of them may just be replaced: again.
kill_all() {
    local pid pids
    for _ in 1 2 3 4 5; do
        pids="$(pid_of keeper) $(pid_of worker) $(pid_of agent)"
        for pid in $pids; do kill -STOP "$pid" 2>/dev/null || true; done
        for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
        sleep 0.5
        "$SECRETSCTL" __fuse-status "$M" >/dev/null 2>&1 || return 0
        sleep 3
    done
    fail "keeper, worker and agent cannot be killed at once"
}

# not_mounted: nothing is mounted at $M.
not_mounted() { ! grep -q " $M " /proc/mounts; }

# nothing_mounted_below DIRECTORY: nor at it. Of the machine's other mounts a test says nothing.
nothing_mounted_below() { ! grep -q " $1[/ ]" /proc/mounts; }

# reads FILE TEXT: whether the file's content is the text, within a minute.
reads() { [ "$(timeout 60 cat "$1" && printf .)" = "$2." ]; }

# none_stuck: fails if a process of ours stays in state D.
stuck() { ps -eo stat,args | grep '^D' | grep -E 'secretsctl|storm_reader' | grep -v grep; }
none_stuck() {
    until_true 5 not_stuck || fail "a process in state D: $(stuck)"
}
not_stuck() { ! stuck >/dev/null; }
