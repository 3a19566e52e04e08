# SPDX-License-Identifier: Apache-2.0
# systemd opens the socket and passes it on (LISTEN_FDS); the agent says when it is ready.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3
export XDG_RUNTIME_DIR=$T/run
mkdir -m 700 run run/secretsctl-agent
cat >activate.py <<'PY'
import os, socket, subprocess, sys, time
kind = getattr(socket, sys.argv[1])
listener = socket.socket(socket.AF_UNIX, kind)
listener.bind("run/secretsctl-agent/agent.sock")
listener.listen()
ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ready.bind("notify")
ready.settimeout(60)
fd = listener.detach()
def pass_on():
    os.dup2(fd, 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=os.path.abspath("notify"))
pid = os.fork()
if pid == 0:
    pass_on()
    os.execv(os.environ["SECRETSCTL"], ["secretsctl", "agent"])
if kind == socket.SOCK_SEQPACKET:
    print(ready.recv(100).decode(), flush=True)
    status = subprocess.run([os.environ["SECRETSCTL"], "lock", "--all"]).returncode
    os.kill(pid, 15)
else:
    status = 0
_, ended = os.waitpid(pid, 0)
sys.exit(status or os.waitstatus_to_exitcode(ended))
PY
run 0 python3 activate.py SOCK_SEQPACKET
out_is "READY=1"
[ -S run/secretsctl-agent/agent.sock ] || fail "the agent removed a socket that is not its own"
rm run/secretsctl-agent/agent.sock notify
run 1 python3 activate.py SOCK_STREAM
err_is "secretsctl: what systemd passes must be one socket of ListenSequentialPacket="
