#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `secretsctl compose config` with the real Docker Compose, file by file.

usage: compare.py [--verbose] [--fill] SECRETSCTL PEER FOLDER...

With --fill every variable that a file names has the value 1, so that less is refused for want of one.

Every Compose file below the folders (compose*.y*ml, docker-compose*.y*ml, *.compose.yml) is a case; a
folder with a file `args` gives the arguments of both programs instead (one a line), and `env` gives
variables. Both run with the same environment and in the folder of the case.

The results are compared as parsed JSON and as parsed YAML. Prints a table: cases, equal, both refuse,
different and why; exits 1 if there is a difference that is not explained below.
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import yaml


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    pass


# Plain scalars as strings, numbers apart: YAML 1.1 types of PyYAML are not those of Compose.
Loader.yaml_implicit_resolvers = {}


def run(command, directory, env):
    result = subprocess.run(command, cwd=directory, env=env, capture_output=True, timeout=120)
    return result.returncode, result.stdout, result.stderr.decode(errors="replace")


def normal(value):
    """Numbers of 32 bits differ in their last digits between printers; nothing else is changed."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [normal(v) for v in value]
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def difference(ours, theirs, path=()):
    """(path, what is different) of the first difference, or None. Values are not told."""
    if type(ours) is not type(theirs):
        return path, f"{type(ours).__name__} here, {type(theirs).__name__} there"
    if isinstance(ours, dict):
        for key in sorted(set(ours) | set(theirs), key=str):
            if key not in ours or key not in theirs:
                return path + (key,), "only there" if key not in ours else "only here"
            found = difference(ours[key], theirs[key], path + (key,))
            if found:
                return found
        return None
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return path, f"{len(ours)} items here, {len(theirs)} there"
        for i, (a, b) in enumerate(zip(ours, theirs)):
            found = difference(a, b, path + (i,))
            if found:
                return found
        return None
    return None if ours == theirs else (path, f"{ours!r} here, {theirs!r} there"[:300])


def at(value, path):
    for key in path:
        value = value[key]
    return value


# Why a difference is no defect. (words of Docker Compose's message, explanation)
EXPLAINED = [
    ("pulling from", "remote resources are not fetched"),
]
BROKEN_YAML = "the YAML of Docker Compose says something else than its JSON; ours says the same in both"


def cases(folders):
    for folder in folders:
        for directory, names, files in sorted(os.walk(folder)):
            names.sort()
            if "args" in files:
                yield directory, [line.rstrip("\n") for line in open(os.path.join(directory, "args"))]
                names.clear()
                continue
            for name in sorted(files):
                if name.endswith((".yml", ".yaml")) and "compose" in name and "override" not in name:
                    yield directory, ["-f", name]


def environment(directory, fill):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent-home", "PWD": directory, "TZ": "UTC"}
    path = os.path.join(directory, "env")
    if os.path.exists(path):
        env.update(line.rstrip("\n").split("=", 1) for line in open(path) if "=" in line)
    for name in fill:
        for variable in re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", open(os.path.join(directory, name)).read()):
            env.setdefault(variable, "1")
    return env


def compare(ours, peer, case, fill):
    directory, args = case
    directory = os.path.abspath(directory)
    env = environment(directory, [a for a in args if a.endswith(("yml", "yaml"))] if fill else [])
    everything = "--all-resources" in args
    our_args = [a if a != "--all-resources" else "--all" for a in args]
    for form in ("json", "yaml"):
        a = run([ours, "compose", "config", "--reveal", "--format", form, *our_args], directory, env)
        b = run([peer, *args, "config", "--format", form], directory, env)
        if (a[0] == 0) != (b[0] == 0):
            for words, why in EXPLAINED:
                if words in b[2]:
                    return "explained", why
            side = "refused here" if a[0] else "refused there"
            said = (a if a[0] else b)[2].strip().splitlines()
            return "different", f"{side}: {said[-1] if said else ''}"
        if a[0] != 0:
            if a[0] not in (1, 2, 4):
                return "different", f"exit status {a[0]}: {a[2]}"
            return "refused", (a[2].strip().splitlines() or [""])[-1] + " | " + (b[2].strip().splitlines() or [""])[-1]
        load = json.loads if form == "json" else lambda text: yaml.load(text, Loader)
        trees = [normal(load(text[1])) for text in (a, b)]
        if form == "json":
            json_there = trees[1]
        found = difference(*trees)
        if not found:
            continue
        path, what = found
        if form == "yaml" and isinstance(at(trees[0], path), str) and at(trees[0], path) == at(
                json_there, path):
            return "explained", BROKEN_YAML
        return "different", f"{form} {'.'.join(map(str, path))}: {what}"
    return "equal", ""


def main():
    arguments = sys.argv[1:]
    verbose = "--verbose" in arguments
    fill = "--fill" in arguments
    arguments = [a for a in arguments if a not in ("--verbose", "--fill")]
    ours, peer, folders = arguments[0], arguments[1], arguments[2:]
    ours, peer = os.path.abspath(ours), os.path.abspath(peer)
    todo = list(cases(folders))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: compare(ours, peer, case, fill), todo))
    counts = {}
    for (directory, args), (verdict, why) in zip(todo, results):
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict in ("different", "explained") or verbose:
            print(f"{verdict}\t{directory} {' '.join(args)}\t{why}")
    print(f"compared {len(todo)}: equal {counts.get('equal', 0)}, refused by both "
          f"{counts.get('refused', 0)}, explained {counts.get('explained', 0)}, "
          f"different {counts.get('different', 0)}")
    return 1 if counts.get("different") or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
