# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: timing a process, medians, rows of the table."""
import os
import statistics
import subprocess
import time


def row(what, ours, peer="", ratio="", goal=""):
    print("\t".join([what, ours, peer, ratio, goal]), flush=True)


def spawn_once(argv, env=None, stdin=None):
    """Wall time in milliseconds of one process, start to exit, output thrown away."""
    start = time.perf_counter()
    done = subprocess.run(
        argv, env=env, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, close_fds=False,
    )
    elapsed = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        raise SystemExit(f"bench: {argv[0]} ended with status {done.returncode}")
    return elapsed


def interleaved(commands, rounds=200, env=None):
    """Medians of several commands run in turn, so that the machine's mood hits all alike.

    commands: {name: argv}. Returns {name: milliseconds}.
    """
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            times[name].append(spawn_once(argv, env))
    return {name: statistics.median(values) for name, values in times.items()}


def have(program):
    return any(os.access(os.path.join(folder, program), os.X_OK)
               for folder in os.environ.get("PATH", "").split(":"))


def ms(value):
    return f"{value:.2f} ms"
