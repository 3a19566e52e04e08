#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns images.tsv into a C array: generate.py images.tsv images_table.c (run by the build)."""
import sys

WAYS = ("file", "name", "prefix", "fixed", "cmd", "path", "config", "shim", "none")
FLAGS = {"v": "SC_IMAGE_VERIFIED", "b": "SC_IMAGE_BOTH_IS_ERROR", "n": "SC_IMAGE_KEEPS_NEWLINE",
         "i": "SC_IMAGE_FIRST_START"}


def text(field):
    if field == "-":
        return "NULL"
    return '"' + field.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def main():
    with open(sys.argv[1], encoding="utf-8") as table, open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('#include "compose/images/table.h"\n\nconst struct sc_image_rule sc_image_table[] = {\n')
        for number, line in enumerate(table, 1):
            if line.startswith("#"):
                continue
            row = line.rstrip("\n").split("\t")
            if len(row) != 10 or row[3] not in WAYS or row[7][:1] not in "uv":
                sys.exit(f"{sys.argv[1]} line {number}: not a valid row")
            flags = " | ".join(FLAGS[f] for f in row[7] if f in FLAGS) or "0"
            for image in row[0].split(" "):
                out.write("{%s, %s, %s, SC_IMAGE_WAY_%s, %s, %s, %s, %s, %s, %s},\n" % (
                    text(image), text(row[1]), text(row[2]), row[3].upper(), text(row[4]),
                    text(row[5]), text(row[6]), flags, text(row[8]), text(row[9])))
        out.write("};\n\nconst size_t sc_image_table_count = sizeof(sc_image_table) / sizeof(sc_image_table[0]);\n")


if __name__ == "__main__":
    main()
