#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`audit`: source text in memory with all rules on one core, beside the scanners that are installed (gitleaks,
ripsecrets, detect-secrets) and beside reading alone; and a small project from start to end."""
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

from bench import have, interleaved, ms, row, timed

BUILD = pathlib.Path(sys.argv[1]).resolve()
PROGRAM = str(BUILD / "cli/secretsctl")
HERE = pathlib.Path(__file__).resolve().parent
SOURCES = ["/usr/include", "/usr/lib/python3"]
ENDINGS = (".h", ".hpp", ".c", ".py", ".txt", ".json")
TOTAL = 128 * 1000 * 1000
PIECE = 8 * 1000 * 1000


def collect(tree, pieces):
    """The machine's own headers and Python sources: as they are, and joined to large files."""
    total, joined = 0, bytearray()
    for folder in SOURCES:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix not in ENDINGS or path.is_symlink() or not path.is_file() or total > TOTAL:
                continue
            text = path.read_bytes()
            target = tree / str(path).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
            total += len(text)
            joined += text
            if len(joined) > PIECE:
                (pieces / f"{total}.c").write_bytes(joined)
                joined = bytearray()
    return total


def cpu(argv, env=None, rounds=9):
    """The least CPU seconds of some runs. Findings are no failure."""
    best = None
    for _ in range(rounds):
        pid = os.posix_spawnp(argv[0], argv, env or os.environ,
                              file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                                            (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
        _, status, usage = os.wait4(pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
            raise SystemExit(f"bench: {argv[0]} ended with status {status}")
        used = usage.ru_utime + usage.ru_stime
        best = min(best or used, used)
    return best


def rate(total, seconds):
    return f"{total / seconds / 1e6:,.0f} MB/s"


def throughput(work):
    tree, pieces = work / "tree", work / "pieces"
    tree.mkdir(), pieces.mkdir()
    total = collect(tree, pieces)
    size = sum(path.stat().st_size for path in pieces.iterdir())
    count = sum(1 for path in tree.rglob("*") if path.is_file())
    line = [PROGRAM, "audit", "--threads", "1", "--no-ignore", "--fail-on", "never", str(pieces)]
    ours = cpu(line)
    floor = cpu(["cat", *sorted(map(str, pieces.iterdir()))])
    row(f"audit, {size / 1e6:.0f} MB of source in large files, per core", rate(size, ours),
        f"reading alone (cat) {rate(size, floor)}", f"{floor / ours:.2f}", "1,800 MB/s")
    row("the same, resident", f"{timed({'audit': line}, rounds=3)['audit'][4]:.0f} MB", goal="100 MB")
    small = cpu([PROGRAM, "audit", "--threads", "1", str(tree)])
    row(f"audit, {total / 1e6:.0f} MB in {count:,} files, per core", rate(total, small))
    beside_peers(tree / "usr/lib/python3")


def beside_peers(tree):
    """CPU time of the whole process over a smaller tree: some of the peers take their time."""
    total = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    ours = cpu([PROGRAM, "audit", str(tree)])
    peers = {
        "gitleaks": ["gitleaks", "dir", "--no-banner", str(tree)],
        "ripsecrets": ["ripsecrets", str(tree)],
        "detect-secrets": ["detect-secrets", "scan", "--all-files", str(tree)],
    }
    for name, argv in peers.items():
        if have(name):
            peer = cpu(argv, rounds=1)
            row(f"audit, {total / 1e6:.0f} MB of Python", rate(total, ours), f"{name} {rate(total, peer)}",
                f"{peer / ours:.0f} x less CPU")
        else:
            row(f"audit, {total / 1e6:.0f} MB of Python", rate(total, ours), f"{name} is not installed")


def start(work):
    """A small project: what a pre-commit hook waits for."""
    shop = work / "shop"
    shutil.copytree(HERE.parent.parent / "examples/shop", shop)
    env = dict(os.environ, XDG_STATE_HOME=str(work / "state"))
    runs = {"audit": [PROGRAM, "audit", "--fail-on", "never", str(shop / "compose.yml")], "true": ["/bin/true"]}
    times = interleaved(runs, rounds=200, env=env)
    row("audit of one Compose file, start to end", ms(times["audit"]), f"/bin/true {ms(times['true'])}", "", "5 ms")


def main():
    # In memory where there is room, so that no disk is measured.
    home = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(dir=home) as folder:
        work = pathlib.Path(folder)
        throughput(work)
        start(work)


main()
