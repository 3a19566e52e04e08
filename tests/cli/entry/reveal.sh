# SPDX-License-Identifier: Apache-2.0
# On a terminal a value is refused without --reveal, and with it stands on the other screen only until Enter, ^C or
# ^D; nothing of it is left on the normal screen. In a pipe it comes as it is.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3
new_vault
printf hunter2pass | run 0 "$SECRETSCTL" add shop/pw
printf plainmotd | run 0 "$SECRETSCTL" add shop/motd --kind config
cat >drive.py <<'PY'
import os, pty, select, sys, time
program = sys.argv[1]
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"

def session(words, term="xterm", wait=None, keys=None):
    """Exit status and everything the terminal was sent."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = term
        os.execv(program, [program, *words])
    seen, sent, end = b"", False, time.time() + 30
    while time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            seen += data
        if wait and not sent and wait in seen:
            time.sleep(0.2)
            os.write(fd, keys)
            sent = True
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen

def normal_screen(seen):
    """What was written while the normal screen was up."""
    assert seen.count(ENTER) == seen.count(LEAVE) == 1, seen
    return seen[:seen.index(ENTER)] + seen[seen.index(LEAVE):]

status, seen = session(["get", "shop/pw"])
assert status == 2 and b"hunter2" not in seen and b"--reveal" in seen, (status, seen)
# A file of all of them is for a file; what asks for it on the terminal gets it there.
status, seen = session(["export", "shop", "--format", "env"])
assert status == 2 and b"hunter2" not in seen and b"--reveal" in seen, (status, seen)
status, seen = session(["export", "shop", "--format", "env", "--reveal"])
assert status == 0 and b"hunter2pass" in seen, (status, seen)
for keys, want in ((b"\n", 0), (b"\x04", 0), (b"\x03", -2)):
    status, seen = session(["get", "shop/pw", "--reveal"], wait=b"from the screen", keys=keys)
    assert status == want, (keys, status, seen)
    assert b"hunter2pass" in seen and b"hunter2" not in normal_screen(seen), seen
    inside = seen[seen.index(ENTER):seen.index(LEAVE)]
    assert inside.endswith(b"\x1b[H\x1b[2J"), inside
# Where there is no other screen, or nobody to press a key
for words, term in ((["get", "shop/pw", "--reveal"], "dumb"), (["--no-input", "get", "shop/pw", "--reveal"], "xterm"),
                    (["get", "shop/motd"], "xterm")):
    status, seen = session(words, term)
    assert status == 0 and ENTER not in seen and (b"hunter2pass\r\n" in seen or b"plainmotd\r\n" in seen), (words, seen)
PY
run 0 python3 drive.py "$SECRETSCTL"
run 0 "$SECRETSCTL" get shop/pw
out_is hunter2pass
