# SPDX-License-Identifier: Apache-2.0
# What is in use for a moment only does not make umount fail: it looks again. Each user here goes away
# when umount is seen to wait for it, so nothing depends on how fast this machine is.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires unshare
new_vault
printf value | "$SECRETSCTL" add -q shop/key

# umount_meanwhile COMMAND...: stops an umount of $M that looks again, runs the command, lets it go on.
umount_meanwhile() {
    "$SECRETSCTL" umount "$M" 2>"$T/err" 5<&- &
    local pid=$!
    until sleeps "$pid"; do
        [ -d "/proc/$pid" ] || fail "umount did not wait: $(cat "$T/err")"
    done
    kill -STOP "$pid"
    "$@"
    kill -CONT "$pid"
    wait "$pid" || fail "exit status $?: $(cat "$T/err")"
    until_true 5 not_mounted || fail "still mounted"
}
close_file() { exec 5<&-; }
leave() {
    kill "$container"
    wait "$container" 2>/dev/null || true
}
namespace() {
    rm -f "$T/up"
    mkfifo "$T/up"
    unshare -m --propagation private sh -c 'echo up >"$0" && exec sleep 300' "$T/up" 5<&- &
    container=$!
    read -r _ <"$T/up"
}

mounted
exec 5<"$M/shop/key"
umount_meanwhile close_file

mounted
namespace
umount_meanwhile leave

# Values in memory likewise.
run 0 "$SECRETSCTL" provision -q --tmpfs "$M"
exec 5<"$M/shop/key"
umount_meanwhile close_file
