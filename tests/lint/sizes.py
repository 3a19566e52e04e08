#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the size budget of CONTRIBUTING.md. There is no allow-list.

A .c file has at most 600 lines, a header 300; a function at most 80 lines, 6 parameters and 4 levels
of nesting; a folder at most 20 nouns (a .c and its .h count once).
"""
import pathlib
import re
import sys

C_LINES, H_LINES, FUNCTION_LINES, PARAMETERS, NESTING, NOUNS = 600, 300, 80, 6, 4, 20
FOLDERS = ["core", "vault", "compose", "provision", "fuse", "audit", "cli", "shim"]
TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S
)


def strip(text):
    """Blanks comments, strings and preprocessor lines, keeping every line end."""
    text = TOKEN.sub(lambda m: "\n" * m.group().count("\n") or " ", text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), text, flags=re.M)


def parameters_of(head):
    """Number of parameters of the function whose text up to '{' is `head`."""
    close = head.rfind(")")
    depth, commas, start = 0, 0, close
    for start in range(close, -1, -1):
        c = head[start]
        depth += (c == ")") - (c == "(")
        if depth == 0:
            break
        if c == "," and depth == 1:
            commas += 1
    inside = head[start + 1:close].strip()
    return 0 if inside in ("", "void") else commas + 1


def check_functions(name, text, report):
    depth, start, head_start, deepest = 0, 0, 0, 0
    is_function = False
    line = 1
    for i, c in enumerate(text):
        if c == "\n":
            line += 1
        elif c == "{":
            if depth == 0:
                head = text[head_start:i]
                is_function = head.rstrip().endswith(")") and "=" not in head.split("(", 1)[0]
                start, deepest = line, 0
                if is_function and parameters_of(head) > PARAMETERS:
                    report(name, line, f"{parameters_of(head)} parameters, at most {PARAMETERS}")
            depth += 1
            deepest = max(deepest, depth - 1)
        elif c == "}":
            depth -= 1
            if depth == 0:
                head_start = i + 1
                lines = line - start + 1
                if is_function and lines > FUNCTION_LINES:
                    report(name, start, f"a function of {lines} lines, at most {FUNCTION_LINES}")
                if is_function and deepest > NESTING:
                    report(name, start, f"{deepest} levels of nesting, at most {NESTING}")
        elif c == ";" and depth == 0:
            head_start = i + 1


def main(root):
    faults = []

    def report(name, number, text):
        faults.append(f"{name}:{number}: {text}")

    files = 0
    nouns = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.[ch]")):
            files += 1
            name = path.relative_to(root).as_posix()
            text = path.read_text()
            limit = C_LINES if path.suffix == ".c" else H_LINES
            count = text.count("\n")
            if count > limit:
                report(name, count, f"{count} lines, at most {limit}")
            check_functions(name, strip(text), report)
            nouns.setdefault(path.parent.relative_to(root).as_posix(), set()).add(path.stem)
    for folder, names in nouns.items():
        if len(names) > NOUNS:
            report(folder, 1, f"{len(names)} nouns, at most {NOUNS}: make sub-folders")
    print("\n".join(faults) or f"{files} files, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
