#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what every text file of the project must and must not hold.

Must: an SPDX line near the top of each source file; a final newline. Must not: trailing blanks, tabs
in C, debris of merges, unfinished work by its own words, paths of one machine.
"""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = {".c", ".h", ".def", ".py", ".sh", ".go"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
LOCAL = re.compile(r"(?<![\w.])/(?:home|Users)/\w+|(?<![\w./])/root/(?!\.)\w")
# With pipefail the writer of such a pipe may die of SIGPIPE, and the test with it: grep ends when it has seen
# enough, and a command that is to fail may do so before it reads.
EARLY = re.compile(r"[^|]\| *(grep (?:-\w+ )*-\w*q|run [1-9])")
MERGE = re.compile(r"^(<{7}|>{7}|={7})( |$)", re.M)
FIXTURES = ("tests/compose/cases/", "tests/compose/golden/", "tests/fuzz/corpus/", "tests/audit/labels/")


def tracked(root):
    # The tree may be somebody else's, and a hook of git names another one.
    command = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    names = subprocess.run(command, env=env, capture_output=True, check=False)
    if names.returncode == 0 and names.stdout:
        return [n for n in names.stdout.decode().split("\0") if n]
    paths = (p.relative_to(root) for p in pathlib.Path(root).rglob("*") if p.is_file())
    return [p.as_posix() for p in paths if not p.parts[0].startswith(("build", ".git"))]


def check(name, text, report):
    path = pathlib.PurePath(name)
    if path.suffix in SOURCE and "SPDX-License-Identifier: Apache-2.0" not in text[:400]:
        report(name, "no SPDX line at the top")
    if text and not text.endswith("\n"):
        report(name, "no newline at the end")
    if path.suffix in (".c", ".h") and "\t" in text:
        report(name, "a tab")
    if path.suffix in (".c", ".h", ".py", ".sh", ".build") and re.search(r"[ \t]+$", text, re.M):
        report(name, "blanks at the end of a line")
    if MERGE.search(text):
        report(name, "debris of a merge")
    if path.suffix == ".sh" and EARLY.search(text):
        report(name, "a pipe into grep -q (write: >/dev/null), or into a run that fails (write: <<<text)")
    if name != "tests/lint/text.py" and UNFINISHED.search(text) and path.suffix in SOURCE:
        report(name, "unfinished by its own words: " + UNFINISHED.search(text).group())
    if path.suffix in SOURCE | {".md", ".build", ".json", ".yml", ".yaml", ".txt", ".tsv"} and name != "tests/lint/text.py" and LOCAL.search(text):
        report(name, "a path of one machine: " + LOCAL.search(text).group())


def main(root):
    faults = []
    count = 0
    for name in tracked(root):
        if name.startswith(FIXTURES):
            continue
        path = pathlib.Path(root, name)
        try:
            text = path.read_bytes().decode()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        if "\0" in text:
            continue
        count += 1
        check(name, text, lambda where, what: faults.append(f"{where}: {what}"))
    print("\n".join(faults) or f"{count} files, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
