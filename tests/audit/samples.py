#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Audits small files as people write them: every line that holds the mark L3ak must have a finding, no other line may.

usage: samples.py SECRETSCTL SAMPLES.txt...
A line `==== PATH` begins a file. The files are written below the working directory; the exit status is 1 when a
line is missed or found without a mark.
"""
import collections
import json
import pathlib
import subprocess
import sys

MARK = "L3ak"


def split(text):
    files, name = {}, None
    for line in text.splitlines(keepends=True):
        if line.startswith("==== "):
            name = line[5:].strip()
            files[name] = []
        else:
            files[name].append(line)
    return {name: "".join(lines) for name, lines in files.items()}


def audit(program, folder):
    done = subprocess.run([program, "audit", "--json", "--fail-on", "never", "."], cwd=folder, capture_output=True,
                          text=True, check=False)
    report = json.loads(done.stdout)
    found = collections.defaultdict(dict)
    for finding in report["findings"]:
        name = finding["file"].removeprefix("./")
        found[name].setdefault(finding["line"], []).append(f"{finding['rule']} {finding['key']}")
    return found, report["skipped"]


def main(program, *samples):
    bad = total = count = 0
    for path in map(pathlib.Path, samples):
        folder = pathlib.Path("samples", path.stem)
        files = split(path.read_text())
        for name, text in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        found, skipped = audit(program, folder)
        for skip in skipped:
            bad += 1
            print(f"skipped: {skip}")
        for name, text in files.items():
            marked = {n for n, line in enumerate(text.split("\n"), 1) if MARK in line}
            for line in sorted(marked - found[name].keys()):
                print(f"missed: {path.stem}/{name}:{line}")
            for line in sorted(found[name].keys() - marked):
                print(f"found without a mark: {path.stem}/{name}:{line}: {found[name][line]}")
            bad += len(marked ^ found[name].keys())
            total += len(marked)
        count += len(files)
    print(f"{count} files, {total} lines with a credential, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
