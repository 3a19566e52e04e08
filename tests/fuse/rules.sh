# SPDX-License-Identifier: Apache-2.0
# Policies on the host, each rule by opening: user, group, executable, window of time, number of opens (which
# outlives workers), deny over allow. Names are known to all (EACCES, not ENOENT); listings leave out what
# is refused; what a program opened it may hand on; nobody writes.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires busybox setpriv python3
new_vault
chmod 711 "$T"
for name in a/uid a/gid b/exe c/now d/later e/three f/yes f/no g/open; do
    printf 'value of %s' "$name" | "$SECRETSCTL" add -q "$name" --mode 0444
done
at() { date -u -d "$1" +%H:%M; }
cat >"$T/policy" <<POLICY
allow a/uid    to uid=65534
allow a/gid    to gid=4242
allow b/exe    to exe=*/busybox
allow c/now    to host between $(at '-20 minutes')-$(at '+20 minutes')
allow d/later  to host between $(at '+1 hour')-$(at '+2 hours')
allow e/three  to host opens 3
allow f/*      to host
deny  f/no     to uid=0
POLICY
mounted --policy "$T/policy" --engine none
as() { local id=$1; shift; setpriv --reuid "$id" --regid "$id" --clear-groups "$@"; }
may() { [ "$("$@" 2>"$T/err")" = "value of ${*: -1:1}" ] || fail "refused: $*: $(cat "$T/err")"; }
may_not() { # may_not ERROR COMMAND...
    local want=$1
    shift
    ! "$@" >"$T/out" 2>"$T/err" || fail "allowed: $*"
    grep -q "$want" "$T/err" || fail "$*: $(cat "$T/err")"
}
cd "$M"
may as 65534 cat a/uid
may_not 'Permission denied' cat a/uid
may as 4242 cat a/gid
may_not 'Permission denied' as 65534 cat a/gid
may busybox cat b/exe
may_not 'Permission denied' cat b/exe
may cat c/now
may_not 'Permission denied' cat d/later
may cat f/yes
may_not 'Permission denied' cat f/no
may as 65534 cat f/no
may as 65534 cat g/open
may_not 'No such file' cat a/none
may_not 'No such file' cat none/at-all
for _ in 1 2 3; do may cat e/three; done
may_not 'Permission denied' cat e/three
kill -9 "$(pid_of worker)"
may_not 'Permission denied' cat e/three
cp "$SECRETSCTL" "$T/newer"
run 0 "$T/newer" mount --upgrade "$M"
may_not 'Permission denied' cat e/three
# Names and sizes are known, so that a container can start; listings tell what may be opened.
[ "$(stat -c %s a/uid)" = 14 ] || fail "stat"
[ -z "$(ls a)" ] || fail "root sees: $(ls a)"
[ "$(as 65534 ls a)" = uid ] || fail "65534 sees: $(as 65534 ls a)"
[ "$(ls f)" = yes ] || fail "f: $(ls f)"
# The gate is the open: who has opened may hand on, to a child or through a socket.
exec 7< <(as 65534 cat a/uid)
[ "$(cat <&7)" = "value of a/uid" ] || fail "pipe"
exec 7<&-
[ "$(as 65534 sh -c 'exec 5<a/uid; setpriv --help >/dev/null; cat <&5')" = "value of a/uid" ] || fail "inherited"
cat >"$T/passes.py" <<'PY'
import array, os, socket, sys
near, far = socket.socketpair()
if os.fork() == 0:
    os.setgid(65534); os.setuid(65534)
    fd = os.open(sys.argv[1], os.O_RDONLY)
    far.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    os._exit(0)
_, (cmsg,), _, _ = near.recvmsg(1, 64)
print(os.read(array.array("i", cmsg[2])[0], 100).decode(), end="")
PY
[ "$(python3 "$T/passes.py" a/uid)" = "value of a/uid" ] || fail "passed through a socket"
# Two threads of two users in one process are two readers: the one that opens is judged.
cat >"$T/threads.py" <<'PY'
import ctypes, os, platform, struct, sys, threading
# setresgid and setresuid of this thread alone: the numbers of the system calls
wide = {"x86_64": (119, 117)}.get(platform.machine(), (149, 147))
numbers = wide if struct.calcsize("P") == 8 else (210, 208)
libc = ctypes.CDLL(None, use_errno=True)
seen = {}
def other():
    for number in numbers:
        libc.syscall(number, 65534, 65534, 65534)
    try:
        seen["other"] = os.read(os.open(sys.argv[1], os.O_RDONLY), 100).decode()
    except PermissionError:
        seen["other"] = "refused"
thread = threading.Thread(target=other)
thread.start(); thread.join()
try:
    os.open(sys.argv[1], os.O_RDONLY)
    seen["main"] = "allowed"
except PermissionError:
    seen["main"] = "refused"
print(seen["other"], seen["main"])
PY
[ "$(python3 "$T/threads.py" a/uid)" = "value of a/uid refused" ] || fail "threads: $(python3 "$T/threads.py" a/uid)"
may_not 'Read-only file system' sh -c ': >>g/open'
may_not 'Permission denied' as 65534 sh -c ': >>g/open'
cd "$T"
refused() {
    "$SECRETSCTL" who f/no --all --json >"$T/who"
    python3 -c 'import json,sys; r=json.load(open(sys.argv[1]))["readers"]
assert any(x["result"]=="EACCES" and x["uid"]=="0" for x in r) and any(x["result"]=="ok" and x["uid"]=="65534" for x in r)' "$T/who" 2>/dev/null
}
# Who was handed what another had opened, stands there, too; the child that read inherited, and this one by a socket.
handed_on() {
    "$SECRETSCTL" who a/uid --json >"$T/who"
    python3 -c 'import json,sys; r=json.load(open(sys.argv[1]))["readers"]
got = [x for x in r if x["result"] == "handed-on"]
assert any(x["uid"] == "65534" and x["reader"].endswith("/cat") for x in got)
assert any(x["uid"] == "0" and "python" in x["reader"] for x in got)' "$T/who" 2>/dev/null
}
until_true 5 handed_on || { cat "$T/who"; fail "the log does not say who was handed an open file"; }
until_true 5 refused || { cat "$T/who"; fail "the log does not say who was refused"; }
none_stuck
