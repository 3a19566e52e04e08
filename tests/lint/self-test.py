#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lints must be able to fail: each is run on a tiny tree with one seeded fault."""
import importlib.util
import io
import contextlib
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n"
TABLE = "core:\nvault: core\nfuse: core\n!sqlite3.h: vault/db.c\n"
LAST = '#include "core/banned.h"\n'

CASES = [
    ("layers", "core/a.c", HEAD + '#include "vault/v.h"\n' + LAST, "core may not include vault/v.h"),
    ("layers", "fuse/a.c", HEAD + '#include "vault/v.h"\n' + LAST, "fuse may not include vault/v.h"),
    ("layers", "vault/a.c", HEAD + "#include <sqlite3.h>\n" + LAST, "may be included by vault/db.c only"),
    ("layers", "core/a.c", HEAD + "#include <curl/curl.h>\n" + LAST, "not in the table"),
    ("layers", "core/a.c", HEAD + '#include "util.h"\n' + LAST, "lacks its module"),
    ("layers", "core/a.c", HEAD + "#include <stdio.h>\n", "last include must be"),
    ("layers", "core/a.h", '#include "core/b.h"\n', "header cycle"),
    ("sizes", "core/a.c", "int x;\n" * 601, "601 lines, at most 600"),
    ("sizes", "core/a.c", "int f(void)\n{\n" + "    x();\n" * 80 + "}\n", "a function of 82 lines"),
    ("sizes", "core/a.c", "int f(int a, int b, int c, int d, int e, int g, int h)\n{\n}\n", "7 parameters"),
    ("sizes", "core/a.c", "int f(void)\n{\n" + "{" * 5 + "}" * 5 + "\n}\n", "5 levels of nesting"),
    ("text", "core/a.c", "int x;\n", "no SPDX line"),
    ("text", "core/a.c", HEAD + "int x;", "no newline at the end"),
    ("text", "core/a.c", HEAD + "int x; \n", "blanks at the end"),
    ("text", "core/a.sh", "# SPDX-License-Identifier: Apache-2.0\nls | grep -q a\n", "a pipe into grep -q"),
    ("text", "core/a.c", HEAD + "/* TO" + "DO: later */\n", "unfinished by its own words"),
]


def load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(lint, root):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = lint.main(root if lint.__name__ != "text" else str(root))
    return status, out.getvalue()


def main():
    failures = 0
    for name, file, content, expected in CASES:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for module in ("core", "vault", "fuse", "tests/lint"):
                (root / module).mkdir(parents=True)
            (root / "tests/lint/layers.txt").write_text(TABLE)
            (root / "core/b.h").write_text('#include "core/a.h"\n')
            (root / "vault/db.c").write_text(HEAD)
            (root / file).write_text(content)
            status, text = run(load(name), root)
            if status != 1 or expected not in text:
                failures += 1
                print(f"{name}: expected '{expected}', got {status}: {text}")
    print(f"{len(CASES)} seeded faults, {failures} missed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
