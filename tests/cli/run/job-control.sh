# SPDX-License-Identifier: Apache-2.0
# run below an interactive shell: ^Z, fg, bg, a job started in the background, resizing, much typed at once,
# a shell with jobs of its own inside, a full-screen program, and pipes on one side only.
. "$SC_SOURCE/tests/support/functions.sh"

requires python3
not_sanitized "the shell's own waits get too short"
new_vault
printf hunter2pass | "$SECRETSCTL" add shop/pw
cat >"$T/drive.py" <<'END'
import fcntl, os, pty, select, struct, sys, termios, time

PROGRAM = sys.argv[1]
RUN = PROGRAM + " run --env -- "


class Shell:
    """An interactive bash on a terminal, and what it prints."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="PROMPT> ", TERM="xterm", HISTFILE="/dev/null")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.seen = b""
        self.size(24, 80)
        self.until(b"PROMPT> ")

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        data = text.encode()
        while data:
            self.drain(0)
            _, ready, _ = select.select([], [self.fd], [], 10)
            assert ready, "the terminal takes nothing"
            data = data[os.write(self.fd, data[:512]):]

    def drain(self, patience):
        while select.select([self.fd], [], [], patience)[0]:
            self.seen += os.read(self.fd, 65536)

    def until(self, text, seconds=60):
        """Reads until the text was printed, and forgets everything up to its end."""
        end = time.time() + seconds
        while text not in self.seen:
            assert time.time() < end, (text, self.seen[-2000:])
            self.drain(0.05)
        assert b"hunter2pass" not in self.seen, self.seen
        before, _, self.seen = self.seen.partition(text)
        return before

    def command(self, text):
        self.type(text + "\n")

    def start(self, script):
        """Runs what prints "up:" first."""
        self.command(script)
        self.until(b"up:\r\n")

    def stop(self):
        self.type("\x1a")
        self.until(b"Stopped")

    def interrupt(self):
        self.type("\x03")
        self.until(b"PROMPT> ")

    def ended(self, want):
        """What is typed before the shell is back would be for the program."""
        self.until(b"PROMPT> ")
        self.status(want)

    def status(self, want):
        self.command("echo status:$?:")
        self.until(b"status:%d:" % want)

    def cooked(self):
        """The shell has its terminal back as it was: echo and line ends included."""
        self.command("stty -a | tr ';' ' ' | tr '\\n' ' '; echo end:$((1+1)):")
        shown = self.until(b"end:2:")
        for mode in (b" icanon", b" echo ", b" opost", b" isig"):
            assert mode in shown, (mode, shown)


def stop_and_go():
    shell = Shell()
    shell.start(RUN + "sh -c 'echo up:; read x; echo got:$x:$PW'")
    shell.stop()
    shell.cooked()
    shell.command("fg")
    shell.until(b"fg")
    shell.type("abc\n")
    shell.until(b"got:abc:***\r\n")
    shell.ended(0)
    shell.cooked()


def talker():
    """The program is stopped, and what it left running prints on: the shell gets its terminal all the same."""
    shell = Shell()
    shell.start(RUN + "sh -c 'echo up:; yes & kill -STOP $$; kill $!; echo on:$PW'")
    shell.until(b"Stopped")
    shell.until(b"PROMPT> ")
    shell.command("fg")
    shell.until(b"on:***")
    shell.ended(0)


def background():
    shell = Shell()
    shell.start(RUN + "sh -c 'echo up:; sleep 0.7; echo later:$PW; read x; echo got:$x; exit 7'")
    shell.stop()
    shell.command("bg")
    shell.until(b"later:***")
    shell.command("echo shell:$((1+1)):")
    shell.until(b"shell:2:")
    shell.command("fg")
    time.sleep(0.8)  # a running job is not told: the change is seen within half a second
    shell.type("abc\n")
    shell.until(b"got:abc")
    shell.ended(7)
    # From the beginning.
    shell.command(RUN + "sh -c 'echo up:$PW; read x; echo got:$x' &")
    shell.until(b"up:***")
    shell.command("fg")
    time.sleep(0.8)
    shell.type("xyz\n")
    shell.until(b"got:xyz")
    shell.ended(0)


COUNT = """import os, signal, sys
hits = 0
def hit(number, frame):
    global hits
    hits += 1
    os.write(2, b"hits:%d:" % hits)
signal.signal(signal.SIGINT, hit)
os.write(2, b"hits:0:")
sys.stdin.readline()
os.write(2, b"all:%d:" % hits)"""


def keyboard():
    shell = Shell()
    # Not with a program to wait for: dash is deaf to ^C while it starts one.
    shell.start(RUN + "sh -c 'echo up:; read x'")
    shell.interrupt()
    shell.status(130)
    shell.start(RUN + "sh -c 'echo up:; read x' | cat; echo is:${PIPESTATUS[0]}:")
    # The whole pipeline is interrupted, and a job of the shell's own is as after ^C.
    shell.interrupt()
    shell.start(RUN + "sh -c 'echo up:; read x; echo got:$x:$PW' | cat")
    shell.stop()
    shell.command("fg")
    shell.until(b"fg")
    shell.until(b"| cat")
    shell.type("abc\n")
    shell.until(b"got:abc:***")
    # Without a terminal of its own the program has each ^C from the keyboard, and not from run again.
    open("count.py", "w").write(COUNT)
    shell.command(RUN + "python3 count.py >/dev/null")
    shell.until(b"hits:0:")
    for n in range(1, 11):
        shell.type("\x03")
        shell.until(b"hits:%d:" % n)
    shell.type("q\n")
    shell.until(b"all:10:")
    shell.ended(0)
    shell.command("echo ty''ped | " + RUN + "sh -c 'test -t 1 && cat'")
    shell.until(b"typed\r\n")


def sizes():
    shell = Shell()
    shell.start(RUN + "bash -c 'trap \"stty size\" WINCH; echo up:; while :; do sleep 0.1; done'")
    shell.size(50, 132)
    shell.until(b"50 132")
    # While stopped, too.
    shell.stop()
    shell.size(33, 99)
    shell.command("fg")
    shell.until(b"33 99")
    shell.interrupt()


def pasted():
    shell = Shell()
    count = 200000
    shell.command(RUN + "sh -c 'stty raw -echo; echo up:; head -c %d | md5sum; stty sane'" % count)
    shell.until(b"up:\n")
    shell.type("0123456789" * (count // 10))
    import hashlib
    shell.until(hashlib.md5(b"0123456789" * (count // 10)).hexdigest().encode(), 60)
    shell.ended(0)


def inner_shell():
    shell = Shell()
    shell.command(RUN + "bash --norc --noprofile --noediting -i")
    shell.until(b"PROMPT> ")
    shell.command("PS1='INNER'$((1+1))'> '")
    shell.until(b"INNER2> ")
    shell.start("sh -c 'echo up:; exec sleep 300'")
    shell.stop()
    shell.until(b"INNER2> ")
    shell.command("jobs; kill -KILL %1; wait %1; echo value:$PW:")
    shell.until(b"sleep 300")
    shell.until(b"value:***:")
    shell.command("suspend")
    shell.until(b"PROMPT> ")
    shell.command("fg")
    shell.command("exit 5")
    shell.until(b"PROMPT> ")
    shell.status(5)


FULL_SCREEN = r'''
import curses, os
def show(screen):
    while True:
        screen.erase()
        screen.addstr(3, 5, "size %d,%d" % screen.getmaxyx())
        screen.addstr(5, 5, "value " + os.environ["PW"])
        screen.refresh()
        key = screen.getch()
        if key == ord("q"):
            return
curses.wrapper(show)
print("left the screen")
'''


def full_screen():
    open("screen.py", "w").write(FULL_SCREEN)
    shell = Shell()
    shell.command(RUN + "python3 screen.py")
    shell.until(b"\x1b[?1049h")
    shell.until(b"size 24,80")
    shell.until(b"***")
    shell.size(40, 100)
    shell.until(b"40,100")
    shell.type("\x1a")
    shell.until(b"\x1b[?1049l")
    shell.until(b"Stopped")
    shell.command("fg")
    shell.until(b"\x1b[?1049h")
    shell.type("q")
    shell.until(b"left the screen")
    shell.ended(0)


for test in (stop_and_go, talker, background, keyboard, sizes, pasted, inner_shell, full_screen):
    print(test.__name__, flush=True)
    test()
END
run 0 timeout 500 python3 "$T/drive.py" "$SECRETSCTL"
