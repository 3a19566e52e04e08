# SPDX-License-Identifier: Apache-2.0
"""The vault: whole commands beside age, pass and gopass, and figures from inside one process.

SC_BENCH_ROWS: the sizes for reads and writes ("1000 10000 100000"); a million takes ten minutes and 3 GB.
SC_BENCH_DIR: where the vaults stand (a real disk, not a tmpfs, for the commits' sake).
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from bench import BUILD, have, ms, row, timed

PROGRAM = str(BUILD / "cli/secretsctl")
ROUNDS = 200


def quiet(argv, env, data=None):
    subprocess.run(argv, env=env, input=data, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def environment(work):
    """One in which nothing of the user's is found, and no agent but the one started here."""
    env = {"PATH": os.environ["PATH"], "HOME": work, "LANG": "C.UTF-8", "XDG_STATE_HOME": work + "/state",
           "XDG_RUNTIME_DIR": work + "/run", "GNUPGHOME": work + "/gpg", "SECRETSCTL_VAULT": work + "/vault.db"}
    for folder in ("run", "gpg"):
        os.mkdir(f"{work}/{folder}", 0o700)
    return env


def age_identity(work, env):
    if not (have("age") and have("age-keygen")):
        return None, None
    quiet(["age-keygen", "-o", work + "/id.txt"], env)
    public = subprocess.run(["age-keygen", "-y", work + "/id.txt"], check=True, stdout=subprocess.PIPE, env=env,
                            text=True).stdout.strip()
    return work + "/id.txt", public


def password_store(work, env):
    """A store of one entry for pass and gopass, sealed to a throwaway key; its agent keeps the key at hand."""
    quiet(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "bench", "ed25519", "sign", "never"], env)
    key = subprocess.run(["gpg", "--quiet", "--list-keys", "--with-colons", "bench"], env=env, check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    fingerprint = next(line.split(":")[9] for line in key.splitlines() if line.startswith("fpr"))
    quiet(["gpg", "--batch", "--passphrase", "", "--quick-add-key", fingerprint, "cv25519", "encr", "never"], env)
    quiet(["pass", "init", "bench"], env)
    quiet(["pass", "insert", "-m", "shop/pw"], env, b"x" * 32)


def peers(work, env, identity, public):
    """The commands that get one value from what is compared with; and what is not installed."""
    runs, absent = {}, []
    if identity is not None:
        quiet(["age", "-r", public, "-o", work + "/sealed.age"], env, b"x" * 32)
        runs["age -d"] = ["age", "-d", "-i", identity, work + "/sealed.age"]
    else:
        absent.append("age")
    store = have("gpg") and have("pass")
    if store:
        password_store(work, env)
    for name in ("pass", "gopass"):
        argv = [name, "show", "shop/pw"]
        works = store and have(name) and subprocess.run(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0
        if works:
            runs[f"{name} show"] = argv
        else:
            absent.append(name)
    return runs, absent


def start_agent(argv, env):
    """In the foreground, so that it can be ended; returns once it listens."""
    agent = subprocess.Popen([PROGRAM, *argv, "agent"], env=env, stderr=subprocess.DEVNULL)
    while not os.path.exists(env["XDG_RUNTIME_DIR"] + "/secretsctl-agent/agent.sock"):
        if agent.poll() is not None:
            sys.exit("the agent has ended")
        time.sleep(0.01)
    return agent


def stop_agents(agent, env):
    if have("gpgconf"):
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=False)
    agent.terminate()
    agent.wait()


def commands(work):
    env = environment(work)
    key = ["--key-file", work + "/key"]
    quiet([PROGRAM, *key, "init"], env)
    quiet([PROGRAM, *key, "add", "shop/pw", "--generate"], env)
    identity, public = age_identity(work, env)
    others, absent = peers(work, env, identity, public)
    ours = {"a process that does nothing": ["/bin/true"],
            "get, cold, key file": [PROGRAM, *key, "get", "shop/pw"]}
    if identity is not None:
        quiet([PROGRAM, *key, "slot", "add", "--recipient", public], env)
        ours["get, cold, age identity"] = [PROGRAM, "--identity", identity, "get", "shop/pw"]
    ours["get through the agent"] = [PROGRAM, "--no-input", "get", "shop/pw"]
    agent = start_agent(key, env)
    try:
        quiet([PROGRAM, *key, "unlock"], env)
        times = timed({**ours, **others}, ROUNDS, env)
    finally:
        stop_agents(agent, env)
    compared = ", ".join([f"{name} {ms(times[name][1])}" for name in others] +
                         [f"{name} is not installed" for name in absent])
    for name in ours:
        _, wall, slowest, cpu, _ = times[name]
        best = min((times[other][1] for other in others), default=None)
        goal = "" if name.startswith("a process") else "3 ms, p99 10 ms" if "agent" in name else "5 ms"
        row(name, f"{ms(wall)}, p99 {ms(slowest)}, {ms(cpu)} CPU", compared if goal else "",
            f"{wall / best:.2f} of the fastest" if best and goal else "", goal)


def inside(work, sizes):
    """Runs bench_vault; yields its lines as (kind, number of rows, figures)."""
    shutil.rmtree(work + "/inside", ignore_errors=True)
    os.mkdir(work + "/inside")
    out = subprocess.run([BUILD / "tests/bench/bench_vault", work + "/inside", *sizes], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    for line in out.splitlines():
        kind, rows, *figures = line.split("\t")
        yield kind, int(rows), [float(figure) for figure in figures]


def flat(what, many, few, times):
    large, small = times
    row(f"{what}, {many:,} entries beside {few:,}, in turn", f"{large:.0f} us", f"{small:.0f} us",
        f"{large / small:.2f}", "1.5 from 1,000 to 1,000,000")


def left(work, vault):
    """How a command opens a vault that bench_vault has left, and its environment."""
    folder = work + "/inside"
    env = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", "XDG_STATE_HOME": folder}
    return [PROGRAM, "--vault", f"{folder}/{vault}.db", "--key-file", folder + "/key"], env


def cold(work, rows):
    """A whole `get` from each of the vaults that bench_vault has left, in turn, in milliseconds."""
    runs = {vault: [*left(work, vault)[0], "get", f"bench/scope/n{count // 2}"] for vault, count in rows.items()}
    times = timed(runs, ROUNDS, left(work, "vault")[1])
    return [times[vault][1] * 1e3 for vault in runs]


def sizes(work):
    wanted = os.environ.get("SC_BENCH_ROWS", "1000 10000 100000").split()
    for kind, rows, figures in inside(work, wanted):
        if kind != "rows":
            continue
        put, put_cpu, plain, plain_cpu, pages, pages_cpu, get, _, listing, list_cpu, check, check_cpu = figures[:12]
        _, many_put, _, few_put, many_get, _, few_get, _ = figures[12:]
        row(f"put, {rows:,} entries", f"{put:.0f} us, {put_cpu:.0f} us CPU",
            f"plain SQLite commit {plain:.0f} us, {plain_cpu:.0f} us CPU",
            f"{put - plain:+.0f} us, {put_cpu - plain_cpu:+.0f} us CPU", "+300 us, +150 us CPU")
        row(f"the same beside as many changed pages, {rows:,} entries", f"{put:.0f} us, {put_cpu:.0f} us CPU",
            f"plain SQLite commit of 12 pages {pages:.0f} us, {pages_cpu:.0f} us CPU",
            f"{put - pages:+.0f} us, {put_cpu - pages_cpu:+.0f} us CPU")
        row(f"verified get, {rows:,} entries", f"{get:.1f} us")
        row(f"list {rows:,} names", f"{listing / 1e3:.1f} ms, {list_cpu / 1e3:.1f} ms CPU",
            goal="30 ms" if rows == 10000 else "")
        row(f"check {rows:,} entries, each record opened", f"{check / 1e3:.0f} ms, {check_cpu / 1e3:.0f} ms CPU",
            goal="2,000 ms" if rows == 100000 else "")
    few = int(wanted[0])
    flat("get, cold", rows, few, cold(work, {"vault": rows, "small": few}))
    flat("verified get", rows, few, (many_get, few_get))
    flat("put, CPU", rows, few, (many_put, few_put))


def rekey(work):
    for kind, rows, figures in inside(work, ["10000"]):
        if kind == "rekey":
            row(f"re-key {rows:,} entries", f"{figures[0] / 1e3:.0f} ms, {figures[1] / 1e3:.0f} ms CPU", goal="500 ms")
    argv, env = left(work, "vault")
    _, wall, slowest, cpu, _ = timed({"list": [*argv, "list"]}, ROUNDS // 4, env)["list"]
    row("list 10,000 names, the whole command", f"{ms(wall)}, p99 {ms(slowest)}, {ms(cpu)} CPU", goal="30 ms")


def main():
    with tempfile.TemporaryDirectory(prefix="sc-", dir=os.environ.get("SC_BENCH_DIR")) as work:
        os.mkdir(work + "/c")
        commands(work + "/c")
        sizes(work)
        rekey(work)


main()
