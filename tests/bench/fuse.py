# SPDX-License-Identifier: Apache-2.0
"""FUSE: open+read+close through a bind mount, with identity and log, next to a minimal libfuse server;
four readers; a rotation until the file has it; the first read of one of 10,000 entries.

Where the scheduler puts reader and server decides more than either program does: on one processor a question
is a switch, on two it is the wake-up of a processor that may sleep. So both servers are measured in the same
named placements, in turn, and only then where the scheduler likes."""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench

build = pathlib.Path(sys.argv[1]).resolve()
program = build / "cli/secretsctl"
here = pathlib.Path(__file__).resolve().parent
work = pathlib.Path(tempfile.mkdtemp(prefix="secretsctl-bench."))
os.environ.update(SECRETSCTL_VAULT=str(work / "vault.db"), SECRETSCTL_KEY_FILE=str(work / "key"),
                  XDG_STATE_HOME=str(work / "state"))
mounts = []
TURNS = 7
TURN_MS = 300
PIPES = "-"  # the reader's word for no file system at all
PIPES_APART = "-apart"
EVERYWHERE = os.sched_getaffinity(0)
FIRST, LAST = min(EVERYWHERE), max(EVERYWHERE)
# What it is called, where the servers are and the reader is, the reader's word for as many questions to a bare process.
PLACEMENTS = [("reader and server on one processor", {FIRST}, {FIRST}, PIPES),
              ("reader and server on two processors", {LAST}, {FIRST}, PIPES_APART),
              ("reader and server wherever they are put", EVERYWHERE, EVERYWHERE, PIPES)]


def ctl(*arguments, stdin=b"", check=True):
    return subprocess.run([program, *arguments], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=check, timeout=60)


def compile_helper(name, *flags):
    target = work / name
    subprocess.run(["cc", "-O2", "-pthread", "-o", target, here / f"{name}.c", *flags], check=True)
    return target


def bind(source):
    target = work / f"bind{len(mounts)}"
    target.touch()
    subprocess.run(["mount", "--bind", source, target], check=True)
    mounts.append(target)
    return target


def measure(reader, path, readers, milliseconds=3000, where=EVERYWHERE):
    out = subprocess.run([reader, str(milliseconds), str(readers), path], stdout=subprocess.PIPE, text=True, check=True,
                         preexec_fn=lambda: os.sched_setaffinity(0, where))
    return [float(word) for word in out.stdout.split()]


def in_turn(reader, paths, where):
    """Each path's median and 99th percentile, the middle of several turns: what else the machine does hits all
    alike, and no single burst of it decides."""
    figures = {path: [] for path in paths}
    for _ in range(TURNS):
        for path in paths:
            figures[path].append(measure(reader, path, 1, TURN_MS, where)[:2])
    return {path: [statistics.median(column) for column in zip(*rows)] for path, rows in figures.items()}


def status():
    lines = ctl("__fuse-status", str(work / "ours")).stdout.decode().splitlines()
    return dict(line.split("\t") for line in lines)


def put(pids, where):
    """All threads of these processes on these processors; threads started later inherit it."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(ProcessLookupError):  # a pool's thread that has just ended
                os.sched_setaffinity(int(thread), where)


def floor_server():
    """The yardstick's process and a bind mount of its file, or None where libfuse is absent."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], stdout=subprocess.PIPE, text=True,
                           check=False)
    if flags.returncode != 0:
        return None, None
    server = compile_helper("fuse_floor", *flags.stdout.split())
    point = work / "floor"
    point.mkdir()
    process = subprocess.Popen([server, point])
    for _ in range(100):
        if os.path.ismount(point):
            break
        time.sleep(0.02)
    return process, bind(point / "file")


def placed(reader, ours, floor):
    """Both servers in each placement; no placement is left out because it is the worse one."""
    now = status()
    servers = [int(now[role]) for role in ("keeper", "worker", "agent")]
    servers += [floor_process.pid] if floor else []
    for name, server, client, pipes in PLACEMENTS:
        if server != client and FIRST == LAST:
            continue
        put(servers, server)
        figures = in_turn(reader, [*filter(None, (ours, floor)), pipes], client)
        p50, p99 = figures[ours]
        peer50, peer99 = figures.get(floor, (0, 0))
        goal = "≤ 1.3" if server != EVERYWHERE else "(luck of both)"
        bench.row(f"open+read+close through a bind mount, {name}, p50, µs", f"{p50:.0f}",
                  f"libfuse {peer50:.0f}" if floor else "no libfuse", f"{p50 / peer50:.2f}" if floor else "", goal)
        bench.row("the same, p99, µs", f"{p99:.0f}", f"libfuse {peer99:.0f}" if floor else "no libfuse",
                  f"{p99 / peer99:.2f}" if floor else "", "≤ 300")
        pipe50, pipe99 = figures[pipes]
        bench.row("as many questions to a process through pipes, placed the same: p50 and p99, µs",
                  f"{pipe50:.0f} and {pipe99:.0f}", "", f"{p99 / pipe99:.2f} of this p99")


def reads(ours, floor, reader):
    for path in filter(None, (ours, floor)):
        measure(reader, path, 1, TURN_MS)  # warm
    placed(reader, ours, floor)
    _, four99, rate = measure(reader, ours, 4)
    peer_rate = measure(reader, floor, 4)[2] if floor else 0
    bench.row("4 readers, reads per second", f"{rate:,.0f}", f"libfuse {peer_rate:,.0f}" if floor else "no libfuse",
              f"{rate / peer_rate:.2f} (more is better)" if floor else "", "≥ 25,000")
    bench.row("4 readers, p99, µs", f"{four99:.0f}")
    bench.row("opens of all these that the read log has lost (its ring was full)", status()["lost"], "", "", "0")


def rotations(path):
    """From the end of `rotate` (its commit) until a read has the new value, and from its start."""
    after, whole = [], []
    for i in range(20):
        value = f"rotated-{i}-{time.time_ns()}".encode()
        start = time.perf_counter()
        ctl("rotate", "-q", "bench/key", stdin=value)
        committed = time.perf_counter()
        while path.read_bytes() != value and time.perf_counter() - committed < 10:
            pass
        seen = time.perf_counter()
        after.append((seen - committed) * 1000)
        whole.append((seen - start) * 1000)
    after.sort(), whole.sort()
    bench.row("rotate until visible, after the command has ended, median (worst)",
              f"{bench.ms(after[10])} ({bench.ms(after[-1])})", "", "", "≤ 10 ms")
    bench.row("the same with the command itself, median", bench.ms(whole[10]))


def many():
    """10,000 entries: until mounted, and first reads: each has its value opened in the vault."""
    lines = "".join(f"E{i}=value-{i}\n" for i in range(10000))
    (work / "many.env").write_text(lines)
    if ctl("import", str(work / "many.env"), "--scope", "many", check=False).returncode != 0:
        return
    point = work / "many"
    start = time.perf_counter()
    ctl("mount", "-q", str(point))
    mounted = time.perf_counter()
    names = sorted((point / "many").iterdir())
    took = []
    for name in names[::200]:
        first = time.perf_counter()
        name.read_bytes()
        took.append((time.perf_counter() - first) * 1000)
    bench.row("mount with 10,000 entries", bench.ms((mounted - start) * 1000))
    bench.row("first read of one of 10,000, median of 50 (the very first)",
              f"{bench.ms(sorted(took)[len(took) // 2])} ({bench.ms(took[0])})")
    ctl("umount", "--force", str(point), check=False)


floor_process = None
try:
    ctl("init", "-q", "--key-file", str(work / "key"))
    ctl("add", "-q", "bench/key", stdin=b"value-of-the-yardstick")
    ctl("mount", "-q", str(work / "ours"))
    ours_file = bind(work / "ours/bench/key")
    floor_process, floor_file = floor_server()
    reads(ours_file, floor_file, compile_helper("fuse_reader"))
    rotations(ours_file)
    many()
finally:
    for mount in mounts:
        subprocess.run(["umount", "-l", mount], check=False)
    ctl("umount", "--force", str(work / "ours"), check=False)
    if floor_process is not None:
        floor_process.terminate()
        floor_process.wait()
    subprocess.run(["umount", "-l", work / "floor"], stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(work, ignore_errors=True)
