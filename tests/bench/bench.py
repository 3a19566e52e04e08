# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: timing a process, medians, rows of the table."""
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(sys.argv[1]).resolve()


def row(what, ours, peer="", ratio="", goal=""):
    print("\t".join([what, ours, peer, ratio, goal]), flush=True)


def timed(commands, rounds=200, env=None):
    """Times whole processes in turn, so that the machine's mood hits all alike.

    commands: {name: argv}. Returns {name: (wall 10th percentile, median, 99th percentile, CPU median, most
    memory)} in milliseconds and MB.
    """
    line = [str(BUILD / "tests/bench/bench_spawn"), str(rounds)]
    for number, argv in enumerate(commands.values()):
        line += ([":::"] if number else []) + [str(word) for word in argv]
    out = subprocess.run(line, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures = [tuple(float(cell) for cell in cells.split("\t")) for cells in out.splitlines()]
    return dict(zip(commands, figures))


def interleaved(commands, rounds=200, env=None):
    """The medians of timed() alone: {name: milliseconds}."""
    return {name: figures[1] for name, figures in timed(commands, rounds, env).items()}


def have(program):
    return any(os.access(os.path.join(folder, program), os.X_OK)
               for folder in os.environ.get("PATH", "").split(":"))


def ms(value):
    return f"{value:.2f} ms"
