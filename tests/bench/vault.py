# SPDX-License-Identifier: Apache-2.0
"""The vault: whole commands beside age, pass and gopass, and figures from inside one process."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from bench import have, interleaved, ms, row

BUILD = pathlib.Path(sys.argv[1])
PROGRAM = str(BUILD / "cli/secretsctl")


def commands(work):
    env = dict(os.environ, XDG_STATE_HOME=work + "/state", SECRETSCTL_VAULT=work + "/vault.db")
    for variable in ("SECRETSCTL_KEY_FILE", "SECRETSCTL_IDENTITY"):
        env.pop(variable, None)
    key = work + "/key"
    subprocess.run([PROGRAM, "-q", "--key-file", key, "init"], env=env, check=True)
    subprocess.run([PROGRAM, "-q", "--key-file", key, "add", "shop/pw", "--generate"], env=env, check=True)
    runs = {"get": [PROGRAM, "--key-file", key, "get", "shop/pw"]}
    if have("age") and have("age-keygen"):
        identity, sealed = work + "/id.txt", work + "/sealed.age"
        subprocess.run(["age-keygen", "-o", identity], check=True, stderr=subprocess.DEVNULL)
        public = subprocess.run(["age-keygen", "-y", identity], check=True, stdout=subprocess.PIPE,
                                text=True).stdout.strip()
        subprocess.run(["age", "-r", public, "-o", sealed], input=b"x" * 32, check=True)
        runs["age"] = ["age", "-d", "-i", identity, sealed]
    times = interleaved(runs, rounds=200, env=env)
    peer = times.get("age")
    row("get, cold, key file", ms(times["get"]), f"age -d {ms(peer)}" if peer else "age is not installed",
        f"{times['get'] / peer:.2f}" if peer else "", "5 ms")


def inside(work):
    sizes = os.environ.get("SC_BENCH_ROWS", "1000 10000 100000").split()
    for size in [["10000"], sizes]:
        shutil.rmtree(work + "/inside", ignore_errors=True)
        os.mkdir(work + "/inside")
        out = subprocess.run([BUILD / "tests/bench/bench_vault", work + "/inside", *size], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        for line in out.splitlines():
            cells = line.split("\t")
            if cells[0] == "rekey":
                row(f"re-key {cells[1]} entries", f"{cells[2]} ms CPU", goal="10,000: 500 ms")
            elif size is sizes:
                rows, wall, cpu, plain, read, listing, check = cells
                row(f"put, {rows} entries", f"{wall} us, {cpu} us CPU", f"plain SQLite commit {plain} us",
                    f"{float(wall) / float(plain):.2f}", "+300 us")
                row(f"verified get, {rows} entries", f"{read} us")
                row(f"list {rows} entries", f"{listing} ms CPU", goal="10,000: 30 ms")
                row(f"check {rows} entries, each record opened", f"{check} ms CPU", goal="100,000: 2000 ms")


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("SC_BENCH_DIR")) as work:
        commands(work)
        inside(work)


main()
