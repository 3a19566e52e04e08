#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Masking: the filter alone, `mask` from end to end beside sed, and the echo of a typed byte through `run`."""
import contextlib
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

import bench

MIB = 24
LOG_MIB = 48
ECHO_ROUNDS = 600
ECHO_TURNS = 5


def helper(program, *words):
    done = subprocess.run([program, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True)
    return [float(cell) for cell in done.stdout.split()]


def user_seconds(argv, stdin, env):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(stdin, "rb") as log:
        subprocess.run(argv, check=True, stdin=log, stdout=subprocess.DEVNULL, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rates(program):
    for values in (10, 100, 1000):
        speed, copied, patterns, _, built = helper(program, "rate", values, MIB)
        bench.row(f"filter, {values} values, {patterns:.0f} patterns, one core", f"{speed:.0f} MB/s",
                  f"memcpy {copied:.0f} MB/s", f"{speed / copied:.3f} of it", ">= 300 MB/s at 1,000")
        if values == 1000:
            bench.row("making the patterns of 1,000 values", bench.ms(built))


def whole(ours, program, folder, env):
    log = folder / "log"
    with open(log, "wb") as out:
        subprocess.run([program, "log", str(LOG_MIB)], check=True, stdout=out)
    size = log.stat().st_size / 1e6
    mine = min(user_seconds([ours, "mask"], log, env) for _ in range(3))
    copy = min(user_seconds(["cat"], log, env) for _ in range(3))
    script = folder / "sed"
    script.write_text("".join(f"s/{i:040x}/***/g\n" for i in range(100)))
    short = folder / "short"
    short.write_bytes(log.read_bytes()[:1 << 20])
    peer = 1.048576 / user_seconds(["sed", "-f", script], short, env)
    bench.row("`mask`, 100 values in all encodings, file to /dev/null", f"{size / mine:.0f} MB/s",
              f"sed, the same values, raw only: {peer:.1f} MB/s", f"{size / mine / peer:.0f} times", "")
    bench.row("`mask`, CPU time of 48 MiB with opening the vault", bench.ms(mine * 1000),
              f"cat {bench.ms(copy * 1000)}", "", "")


@contextlib.contextmanager
def awake():
    """Keeps the processors from sleeping, with work that gives way to any other: how long a virtual machine needs
    to wake one up says nothing about programs."""
    spin = ["chrt", "--idle", "0", "sh", "-c", "while :; do :; done"]
    spinning = [subprocess.Popen(spin) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def echo(ours, program, relay, env):
    os.environ.update(env)
    commands = {"none": ["sleep", "100"], "run": [ours, "run", "--env", "--", "sleep", "100"],
                "relay": [relay, "sleep", "100"]}
    if bench.have("script"):
        commands["script"] = ["script", "-q", "-c", "sleep 100", "/dev/null"]
    best = {}
    with awake():
        for _ in range(ECHO_TURNS):
            for name, argv in commands.items():
                # The fastest tenth: the others tell what else the machine does.
                fast = helper(program, "echo", ECHO_ROUNDS, *argv)[0]
                best[name] = min(best.get(name, fast), fast)
    run = f"{best['run']:.1f} us"
    bench.row("echo of a typed byte through `run`", run, f"the bare relay of bench_relay {best['relay']:.1f} us",
              f"{best['run'] - best['relay']:+.1f} us", "<= 10 us more than unmasked")
    if "script" in best:
        bench.row("the same", run, f"script(1) {best['script']:.1f} us", f"{best['run'] - best['script']:+.1f} us", "")
    bench.row("the same", run, f"the terminal alone, with no process between {best['none']:.1f} us",
              f"{best['run'] - best['none']:+.1f} us", "")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    ours, program = str(build / "cli/secretsctl"), str(build / "tests/bench/bench_mask")
    relay = str(build / "tests/bench/bench_relay")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="secretsctl-bench."))
    env = dict(os.environ, SECRETSCTL_VAULT=str(folder / "vault.db"), XDG_STATE_HOME=str(folder / "state"))
    try:
        subprocess.run([ours, "-q", "init", "--key-file", folder / "key"], check=True, env=env)
        env["SECRETSCTL_KEY_FILE"] = str(folder / "key")
        listing = "".join(f"v{i}={i:040x}\n" for i in range(100))
        (folder / "env").write_text(listing)
        subprocess.run([ours, "-q", "import", "--format", "env", "--scope", "bench", folder / "env"], check=True, env=env,
                       stdout=subprocess.DEVNULL)
        rates(program)
        whole(ours, program, folder, env)
        echo(ours, program, relay, env)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
