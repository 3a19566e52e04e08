# SPDX-License-Identifier: Apache-2.0
"""A service manager's descriptor store in 60 lines: runs `secretsctl mount --foreground`, keeps what it
stores, kills all of its processes at once, and starts it again with LISTEN_FDS.

usage: fdstore.py SECRETSCTL MOUNTPOINT CYCLES
"""
import array
import os
import signal
import socket
import subprocess
import sys
import time

program, point, cycles = sys.argv[1], sys.argv[2], int(sys.argv[3])
address = os.path.join(os.environ["T"], "notify")
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(address)
kept = {}


def listen(seconds):
    """Handles messages until READY and a full store, or the time is over."""
    ready, end = False, time.time() + seconds
    while time.time() < end and not (ready and len(kept) == 4):
        notify.settimeout(max(0.01, end - time.time()))
        try:
            data, ancillary, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(64))
        except TimeoutError:
            break
        fields = dict(line.split("=", 1) for line in data.decode().splitlines())
        ready = ready or "READY" in fields
        if "FDSTOREREMOVE" in fields and fields["FDNAME"] in kept:
            os.close(kept.pop(fields["FDNAME"]))
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                kept[fields["FDNAME"]] = array.array("i", payload)[0]
    return ready and len(kept) == 4


def start():
    names, fds = list(kept), list(kept.values())

    def place():
        high = [os.dup(fd) for fd in fds]
        for fd in high:  # clear of the numbers they are to have
            assert fd >= 3 + len(fds), "descriptors overlap"
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.environ["LISTEN_PID"] = str(os.getpid())

    env = dict(os.environ, NOTIFY_SOCKET=address, LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=":".join(names))
    command = ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", program, "mount", "-q", "--foreground", point]
    return subprocess.Popen(command, env=env, preexec_fn=place if fds else None, close_fds=False)


def processes():
    out = subprocess.run([program, "__fuse-status", point], capture_output=True, text=True, check=False).stdout
    status = dict(line.split("\t") for line in out.splitlines())
    return [int(status[who]) for who in ("keeper", "worker", "agent") if int(status.get(who, 0)) > 0]


for i in range(20):
    os.dup(0)  # so that kept descriptors have numbers clear of 3 and up
agent = start()
if not listen(60):
    sys.exit("not ready, or its descriptors are not in the store")
for cycle in range(cycles):
    time.sleep(0.4)
    victims = processes()
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)  # all at once, so that none can save another
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    agent.wait()
    agent = start()
    if not listen(60):
        sys.exit(f"cycle {cycle}: not ready after all was killed")
time.sleep(1.5)
agent.terminate()
sys.exit(agent.wait())
