# SPDX-License-Identifier: Apache-2.0
"""Audits a tree under one pattern file after the other, and asks git what it would ignore: the files hidden must be the same.

usage: ignore-patterns.py SECRETSCTL PATTERNS   in a repository whose files all hold a credential
"""
import json
import pathlib
import subprocess
import sys


def hidden_from_git(files):
    done = subprocess.run(["git", "check-ignore", "--no-index", "--stdin", "-z"], input="\0".join(files), capture_output=True, text=True,
                          check=False)
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return {name for name in done.stdout.split("\0") if name}


def shown(program):
    out = subprocess.run([program, "audit", "--json", "--threads", "1", "--fail-on", "never", "."], capture_output=True, text=True,
                         check=False).stdout
    return {finding["file"].removeprefix("./") for finding in json.loads(out)["findings"]}


def main(program, patterns):
    files = [str(path) for path in pathlib.Path(".").rglob("*.env") if path.is_file()]
    bad = 0
    for line in pathlib.Path(patterns).read_text().splitlines():
        text = line.replace(" & ", "\n") + "\n"
        pathlib.Path(".secretsctlignore").write_text(text)
        pathlib.Path(".git/info/exclude").write_text(text)
        wanted, found = hidden_from_git(files), set(files) - shown(program)
        if wanted != found:
            bad += 1
            print(f"{line!r}: git hides {sorted(wanted - found)} besides, we {sorted(found - wanted)}")
    print(f"{len(files)} files, {bad} patterns wrong")
    return bad != 0


sys.exit(main(*sys.argv[1:]))
