#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fenced blocks of a Markdown file.

    fence.py FILE                 lists the Compose blocks: number, line of the first content line
    fence.py FILE NUMBER          prints the content of that one (counted from 1)
    fence.py FILE --all FOLDER    writes each to FOLDER/NUMBER/compose.yml
"""
import pathlib
import re
import sys


def compose_blocks(text):
    """(line, content) of each fenced block with a top-level `services:`."""
    lines, inside, start = text.split("\n"), None, 0
    for number, line in enumerate(lines, 1):
        fence = re.match(r"^(\s*)(`{3,}|~{3,})(.*)$", line)
        if inside is None and fence:
            inside, start = fence.group(2), number
        elif fence and inside is not None and fence.group(2).startswith(inside) and not fence.group(3).strip():
            content = "\n".join(lines[start:number - 1]) + "\n"
            if re.search(r"^services:", content, re.M):
                yield start + 1, content
            inside = None


def main():
    blocks = list(compose_blocks(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    if len(sys.argv) == 2:
        for number, (line, _) in enumerate(blocks, 1):
            print(number, line)
    elif sys.argv[2] == "--all":
        for number, (_, content) in enumerate(blocks, 1):
            folder = pathlib.Path(sys.argv[3], str(number))
            folder.mkdir(parents=True)
            (folder / "compose.yml").write_text(content, encoding="utf-8")
    else:
        sys.stdout.write(blocks[int(sys.argv[2]) - 1][1])


if __name__ == "__main__":
    main()
