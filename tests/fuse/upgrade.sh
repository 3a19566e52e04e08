# SPDX-License-Identifier: Apache-2.0
# A mount goes on with a later version of the program and back, while a reader holds files open: a later one has more
# in its journal. One that cannot take over says so and what to do, and no read fails. One that is not there, or hangs,
# is not tried again when those who serve die.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3
new_vault
printf first | "$SECRETSCTL" add -q shop/db
printf other | "$SECRETSCTL" add -q shop/web
mounted
now=$SECRETSCTL grown=$SC_BUILD/tests/fuse/secretsctl_grown other=$SC_BUILD/tests/fuse/secretsctl_other

cat >"$T/hold.py" <<'END'
import mmap, os, sys
path, stop = sys.argv[1:]
held = os.open(path, os.O_RDONLY)
mapped = mmap.mmap(held, 5, mmap.MAP_PRIVATE, mmap.PROT_READ)
print("holds", flush=True)
reads = 0
while not os.path.exists(stop):
    assert os.pread(held, 100, 0) == b"first", "the handle that is held"
    assert mapped[:] == b"first", "the mapping"
    with open(path, "rb") as f:
        assert f.read() in (b"first", b"the second"), "a new handle"
    reads += 1
print(reads)
END
python3 "$T/hold.py" "$M/shop/db" "$T/stop" >"$T/held" 2>&1 &
holder=$!
until_true 10 grep -sq holds "$T/held" || fail "no reader: $(cat "$T/held")"

journal_size() { # of the keeper's
    local fd
    for fd in "/proc/$(pid_of keeper)"/fd/*; do
        case $(readlink "$fd") in */memfd:secretsctl-journal*) stat -Lc %s "$fd" ;; esac
    done 2>/dev/null
}
runs() { [ "$(readlink "/proc/$(pid_of worker)/exe")" = "$1" ] && [ "$(readlink "/proc/$(pid_of keeper)/exe")" = "$1" ]; }
size=$(journal_size)
run 0 "$grown" mount --upgrade "$M"
until_true 10 runs "$grown" || fail "the later one does not serve"
[ "$(journal_size)" = $((size + 8192)) ] || fail "the journal has $(journal_size) bytes, had $size"
# The agent follows when it is ended: the mount is in use, and stays.
agent=$(pid_of agent)
kill "$agent"
until_true 10 test ! -e "/proc/$agent" || fail "the agent does not end"
run 0 "$grown" mount -q "$M"
[ "$(readlink "/proc/$(pid_of agent)/exe")" = "$grown" ] || fail "the old agent"
printf 'the second' | "$SECRETSCTL" rotate -q shop/db
until_true 10 reads "$M/shop/db" 'the second' || fail "a rotation does not show"
kill -9 "$(pid_of worker)" "$(pid_of agent)"
reads "$M/shop/web" other || fail "after a kill"

run 0 "$now" mount --upgrade "$M"
until_true 10 runs "$now" || fail "the one before does not serve again"
[ "$(journal_size)" = $((size + 8192)) ] || fail "on the way back: $(journal_size) bytes"
reads "$M/shop/db" 'the second' || fail "on the way back"

# One that is not there, one that hangs: the mount goes on with what it has, after the next death, too.
run 4 "$SECRETSCTL" __fuse-upgrade "$M" "$T/not-there"
err_is "secretsctl: cannot start '$T/not-there': No such file or directory"
kill -9 "$(pid_of worker)"
reads "$M/shop/web" other || fail "after an upgrade to nothing"
printf '#!/bin/sh\nexec sleep 600\n' >"$T/hangs" && chmod 755 "$T/hangs"
run 1 "$SECRETSCTL" __fuse-upgrade "$M" "$T/hangs"
err_is "secretsctl: the new server was not ready in time"
kill -9 "$(pid_of worker)"
reads "$M/shop/web" other || fail "after an upgrade that hangs"

# One that cannot go on with this memory: told, and those who serve stay.
worker=$(pid_of worker)
way_out="secretsctl: '$M' is served on by a version that this one cannot take over from; to change, with reads failing meanwhile: secretsctl umount --force '$M' && secretsctl mount --repair '$M'"
run 9 "$other" mount --upgrade "$M"
err_is "$way_out"
[ "$(pid_of worker)" = "$worker" ] || fail "refused, and another worker"
touch "$T/stop"
wait "$holder" || fail "a read failed: $(cat "$T/held")"
[ "$(tail -1 "$T/held")" -gt 100 ] || fail "hardly any reads: $(cat "$T/held")"

# The way out is one.
run 0 "$other" umount --force "$M"
run 0 "$other" mount --repair "$M"
reads "$M/shop/db" 'the second' || fail "the way out"
SECRETSCTL=$other
end_mount
none_stuck
