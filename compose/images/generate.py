#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns images.tsv into C arrays: generate.py images.tsv images_table.c (run by the build).

The strings stand in one array and the rules hold offsets into it: thousands of pointers would be
relocated at each start of the program, also for commands that never look at the table.
"""
import sys

WAYS = ("file", "name", "prefix", "fixed", "cmd", "path", "config", "shim", "none")
FLAGS = {"v": "SC_IMAGE_VERIFIED", "b": "SC_IMAGE_BOTH_IS_ERROR", "n": "SC_IMAGE_KEEPS_NEWLINE",
         "i": "SC_IMAGE_FIRST_START"}


class Texts:
    """All strings, each once; offset 0 is the empty one."""

    def __init__(self):
        self.bytes = bytearray(1)
        self.offsets = {"-": 0}

    def offset(self, field):
        if field not in self.offsets:
            self.offsets[field] = len(self.bytes)
            self.bytes += field.encode() + b"\0"
        return self.offsets[field]


def main():
    texts = Texts()
    with open(sys.argv[1], encoding="utf-8") as table, open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('#include "compose/images/table.h"\n\nconst struct sc_image_rule sc_image_table[] = {\n')
        for number, line in enumerate(table, 1):
            if line.startswith("#"):
                continue
            row = line.rstrip("\n").split("\t")
            if len(row) != 10 or row[3] not in WAYS or row[7][:1] not in "uv":
                sys.exit(f"{sys.argv[1]} line {number}: not a valid row")
            variable, kind, argument, oldest, newest, reads_as = (
                f"{{{texts.offset(row[i])}}}" for i in (1, 2, 4, 5, 6, 8))
            flags = " | ".join(FLAGS[f] for f in row[7] if f in FLAGS) or "0"
            for image in row[0].split(" "):
                out.write(f"{{{{{texts.offset(image)}}}, {variable}, {kind}, {argument}, {oldest}, {newest}, "
                          f"{reads_as}, SC_IMAGE_WAY_{row[3].upper()}, {flags}}},\n")
        out.write("};\n\nconst size_t sc_image_table_count = sizeof(sc_image_table) / sizeof(sc_image_table[0]);\n")
        out.write("\nconst char sc_image_texts[] = {\n")
        for at in range(0, len(texts.bytes), 32):
            out.write("".join(f"{byte}," for byte in texts.bytes[at:at + 32]) + "\n")
        out.write("};\n")


if __name__ == "__main__":
    main()
