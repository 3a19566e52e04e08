# SPDX-License-Identifier: Apache-2.0
# run on a terminal: the child has one too, of the same size; masking, the prompt at once, ^C, the modes.
. "$SC_SOURCE/tests/support/functions.sh"

requires python3
new_vault
printf hunter2pass | "$SECRETSCTL" add shop/pw
cat >"$T/drive.py" <<'END'
import os, pty, select, signal, struct, sys, fcntl, termios, time
prog = sys.argv[1]
def session(script, feed, until, status):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(prog, [prog, "run", "--env", "--", "sh", "-c", script])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 77, 0, 0))
    seen, sent, end = b"", False, time.time() + 60
    while time.time() < end:
        ready = select.select([fd], [], [], 0.2)[0]
        if ready:
            try: data = os.read(fd, 4096)
            except OSError: break
            if not data: break
            seen += data
        if feed and not sent and feed[0] in seen:
            os.write(fd, feed[1]); sent = True
    got = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert got == status, (got, status, seen)
    for text in until: assert text in seen, (text, seen)
    assert b"hunter2pass" not in seen, seen
session('test -t 0 && test -t 1 && test -t 2 && echo "tty $PW"', None, [b"tty ***\r\n"], 0)
session('printf "Password: "; read x; echo "got $x"', (b"Password: ", b"abc\n"), [b"got abc"], 0)
session('stty -echo; printf "login as hunt"; read x; echo er2pass', (b"login as hunt", b"\n"), [b"login as hunt***"], 0)
# dash is deaf to ^C while it starts a program.
session('trap "exit 5" INT; echo up; while :; do :; done', (b"up", b"\x03"), [], 5)
session('echo up; exec sleep 20', (b"up", b"\x03"), [], 130)
session('until [ "$(stty size)" = "31 77" ]; do sleep 0.05; done; stty size', None, [b"31 77"], 0)
# A signal that comes too late for the command does not hide how it ended.
for _ in range(5):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(prog, [prog, "run", "--env", "--", "sh", "-c", 'trap "exit 7" TERM; echo up; while :; do sleep 0.01; done'])
    seen = b""
    while b"up" not in seen: seen += os.read(fd, 4096)
    got = 0
    while got == 0:
        os.kill(pid, signal.SIGTERM)
        got, status = os.waitpid(pid, os.WNOHANG)
    assert os.waitstatus_to_exitcode(status) == 7, status
    os.close(fd)
session('echo secret >/dev/tty; echo "$PW" >/dev/tty', None, [b"secret", b"***"], 0)
END
run 0 python3 "$T/drive.py" "$SECRETSCTL"
