#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks `secretsctl compose config` on the cases of a folder.

usage: cases.py SECRETSCTL FOLDER                 compares with want.json, or want.err and its message, and reads
                                                  the YAML it prints again
       cases.py SECRETSCTL FOLDER --write PEER    writes want.json from the real Docker Compose, and
                                                  want.err from ours where both refuse

A case is a folder with a file `args` (arguments, one a line) and perhaps `env` (variables). In the wanted
files @DIR@ stands for the folder and @UP@ for the one above. No message may hold a value: the word hunter2 marks some.
"""
import json
import os
import subprocess
import sys


# What they print refers to what is not there: a service that is not enabled, a variable without a name.
NOT_READ_AGAIN = ("profiles-depends-optional", "dotenv-lone-key")


def run(command, directory, given=None):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "PWD": directory, "TZ": "UTC"}
    path = os.path.join(directory, "env")
    if os.path.exists(path):
        env.update(line.rstrip("\n").split("=", 1) for line in open(path) if "=" in line)
    return subprocess.run(command, cwd=directory, env=env, input=given, capture_output=True, timeout=60)


def arguments(directory):
    return [line.rstrip("\n") for line in open(os.path.join(directory, "args"))]


def config(program, directory, form):
    args = ["--all" if a == "--all-resources" else a for a in arguments(directory)]
    return run([program, "compose", "config", "--reveal", "--format", form, *args], directory)


def portable(output, directory):
    return output.decode().replace(directory, "@DIR@").replace(os.path.dirname(directory), "@UP@")


def message(result, directory):
    lines = portable(result.stderr, directory).strip().splitlines()
    return f"{result.returncode}: {lines[-1] if lines else ''}\n"


def write(program, peer, directory):
    theirs = run([peer, *arguments(directory), "config", "--format", "json"], directory)
    ours = config(program, directory, "json")
    for name in ("want.json", "want.err"):
        if os.path.exists(os.path.join(directory, name)):
            os.unlink(os.path.join(directory, name))
    if theirs.returncode == 0:
        tree = json.loads(portable(theirs.stdout, directory))
        with open(os.path.join(directory, "want.json"), "w") as out:
            json.dump(tree, out, indent=1, sort_keys=True, ensure_ascii=False)
            out.write("\n")
    elif ours.returncode != 0:
        with open(os.path.join(directory, "want.err"), "w") as out:
            out.write(message(ours, directory))


def check(program, directory):
    result = config(program, directory, "json")
    if b"hunter2" in result.stderr:
        return "a message holds a value"
    wanted = os.path.join(directory, "want.err")
    if os.path.exists(wanted):
        got = message(result, directory)
        want = open(wanted).read()
        return None if got == want else f"\n  want {want}  got  {got}"
    if result.returncode != 0:
        return f"fails: {message(result, directory)}"
    got = json.loads(portable(result.stdout, directory))
    want = json.load(open(os.path.join(directory, "want.json")))
    if got != want:
        return "the model differs; tests/peer/compare.py tells where"
    text = config(program, directory, "yaml")
    if text.returncode != 0:
        return "fails with --format yaml"
    if os.path.basename(directory) in NOT_READ_AGAIN:
        return None
    again = run([program, "compose", "config", "--reveal", "--format", "json", "--all", "-f", "-"], directory, text.stdout)
    return None if again.stdout == result.stdout else f"its YAML reads as something else\n{again.stderr.decode()}"


def main():
    program, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    cases = sorted(d for d in os.listdir(folder) if os.path.exists(os.path.join(folder, d, "args")))
    if len(sys.argv) > 4 and sys.argv[3] == "--write":
        for case in cases:
            write(program, os.path.abspath(sys.argv[4]), os.path.join(folder, case))
        return 0
    failures = 0
    for case in cases:
        fault = check(program, os.path.join(folder, case))
        if fault:
            print(f"FAIL {case}: {fault}")
            failures += 1
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
