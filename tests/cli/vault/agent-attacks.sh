# SPDX-License-Identifier: Apache-2.0
# What another process may not do to an agent: trace it, dump it, read its memory as the same user;
# talk to it as another one; and it does not start where memory cannot be locked.
. "$SC_SOURCE/tests/support/functions.sh"
not_sanitized "it needs a locked, untraceable agent"
needs_root # to be two other users
requires setpriv gdb /usr/bin/python3 prlimit
as_user() { setpriv --reuid "$1" --regid "$1" --clear-groups --bounding-set=-all "${@:2}"; }
stop_agent() { [ -z "${agent:-}" ] || kill "$agent" 2>/dev/null || true; }
on_exit stop_agent

chmod 755 "$T"
install -m 755 "$SECRETSCTL" program # where other users can reach it
SECRETSCTL=$T/program
mkdir -m 700 run && chown 65533:65533 run
export XDG_RUNTIME_DIR=$T/run
sock=run/secretsctl-agent/agent.sock

# No right to lock memory: no agent.
run 8 as_user 65533 prlimit --memlock=0 "$SECRETSCTL" agent
err_is "secretsctl: the agent would hold keys where they can be swapped out: cannot lock memory for secrets; raise the limit (ulimit -l)"

setpriv --reuid 65533 --regid 65533 --clear-groups --bounding-set=-all "$SECRETSCTL" agent 2>log &
agent=$!
until_true 10 test -S "$sock" || fail "the agent does not listen: $(cat log)"

# The same user cannot look into it.
run 1 as_user 65533 gdb -batch -p "$agent" -ex 'info registers'
err_has "Operation not permitted"
run 1 as_user 65533 cat "/proc/$agent/mem"
run 1 as_user 65533 cat "/proc/$agent/environ"
grep -q '^Max core file size *0 ' "/proc/$agent/limits" || fail "core dumps are on"
grep -q '^VmLck:[^1-9]*[1-9]' "/proc/$agent/status" || fail "nothing is locked in memory"

# Another user is refused, even with the modes of the files opened by mistake.
run 0 as_user 65533 chmod 755 run run/secretsctl-agent
run 0 as_user 65533 chmod 777 "$sock"
cat >ask.py <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b"SCQ1\x05" + bytes(23))
print(s.recv(100)[4])
PY
chmod 755 ask.py
run 0 as_user 65534 /usr/bin/python3 ask.py "$sock"
out_is 3
run 0 as_user 65533 /usr/bin/python3 ask.py "$sock"
out_is 0
# And does not trust an agent of somebody else.
run 8 as_user 65534 "$SECRETSCTL" lock --all
err_is "secretsctl: the agent at '$T/$sock' belongs to another user"
