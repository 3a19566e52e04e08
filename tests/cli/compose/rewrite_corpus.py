#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites every Compose file it is given and checks the result from outside.

usage: rewrite_corpus.py SECRETSCTL FOLDER...      (folders of Compose files, or of Markdown with them)

For each file, in a copy, with every variable it mentions set to a value of its own: the rewrite either
succeeds or fails with a message; a second run changes nothing; `restore` brings the bytes back; no line
changes that is not named in the plan or an addition; and where nothing stays, none of the moved values
is in `compose config --reveal`. Prints a table; exit 1 on the first kind of failure there is.
"""
import collections
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```ya?ml\s*\n(.*?)^```", re.M | re.S)


def blocks(folder):
    """(name, folder to copy or None, text) of every Compose file below a folder."""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix in (".yml", ".yaml"):
            yield str(path), path.parent, path.read_bytes()
        elif path.suffix in (".md", ".txt"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for number, match in enumerate(FENCE.finditer(text)):
                if re.search(r"^(services|secrets|configs|x-[\w-]+):", match.group(1), re.M):
                    yield f"{path}#{number}", None, match.group(1).encode()


class Run:
    def __init__(self, program, root):
        self.program = program
        self.root = root
        self.env = {"PATH": os.environ["PATH"], "HOME": root, "XDG_STATE_HOME": root + "/state",
                    "SECRETSCTL_VAULT": root + "/vault.db", "SECRETSCTL_KEY_FILE": root + "/key",
                    "SECRETSCTL_RUN_DIR": "/run/secretsctl", "DOCKER_HOST": "unix:///nonexistent"}
        subprocess.run([program, "init", "--key-file", root + "/key"], env=self.env, check=True,
                       capture_output=True)

    def __call__(self, folder, extra, *words):
        done = subprocess.run([self.program, *words], cwd=folder, env={**extra, **self.env},
                              capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace").strip()


def variables(text):
    names = set(re.findall(rb"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text))
    number = re.compile(r"PORT|REPLICA|CPU|COUNT|CONCURRENCY|SIZE|LIMIT|NUM")
    return {n: str(2000 + i) if number.search(n) else f"canary-{i}-{n.lower()}"
            for i, n in enumerate(sorted(name.decode() for name in names))}


def changed_lines(before, after):
    """Old lines that are gone, by number."""
    old, new = before.splitlines(), after.splitlines()
    gone = set()
    for tag, a, b, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("replace", "delete"):
            gone.update(range(a + 1, b + 1))
    return gone


def check(run, folder, extra, text, scope):
    """The outcome of one file, or an AssertionError."""
    args = ("compose", "rewrite", "-f", "compose.yml", "--scope", scope, "--json")
    status, out, err = run(folder, extra, *args, "--write")
    if status != 0:
        assert err.startswith("secretsctl: ") and (folder / "compose.yml").read_bytes() == text, err
        assert "rewritten" not in err and "internal" not in err and "differ" not in err, err
        return "refused", err
    plan = json.loads(out)
    after = (folder / "compose.yml").read_bytes()
    kinds = collections.Counter(item["action"] for item in plan["items"])
    if not plan["changed"]:
        assert after == text
        return ("reported" if kinds else "nothing"), ""
    status, out, err = run(folder, extra, *args, "--write")
    assert status == 0 and not json.loads(out)["changed"], "a second run changes it: " + err
    planned = {item["line"] for item in plan["items"] if item["action"] != "report"}
    gone = changed_lines(text, after)
    extra_lines = {n for n in gone - planned
                   if not re.search(rb"secrets:|\$\$|^\s*-|[\]}]$|entrypoint|command|volumes|labels",
                                    text.splitlines()[n - 1])}
    assert not extra_lines, f"lines changed that the plan does not name: {sorted(extra_lines)}"
    if not kinds["report"]:
        status, out, err = run(folder, extra, "compose", "config", "-f", "compose.yml", "--reveal")
        for name in plan["secrets"] if status == 0 else ():
            _, value, _ = run(folder, extra, "get", f"{scope}/{name}")
            # a literal may also be a user's or a database's name: only values of our own are told apart
            assert not value.startswith(b"canary-") or value not in out, f"'{name}' is in the config"
    status, _, err = run(folder, extra, "compose", "restore", "-f", "compose.yml", "--scope", scope)
    assert status == 0 and (folder / "compose.yml").read_bytes() == text, "restore: " + err
    return ("changed, all" if not kinds["report"] else "changed, some stay"), ""


def main():
    program, folders = os.path.abspath(sys.argv[1]), sys.argv[2:]
    table, reasons, faults = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as root:
        run = Run(program, root)
        for number, (name, source, text) in enumerate(
                item for folder in folders for item in blocks(folder)):
            folder = pathlib.Path(root, f"p{number}")
            folder.mkdir()
            for near in source.iterdir() if source else ():
                if near.is_file() and near.stat().st_size < 1 << 20 and near.suffix not in (".yml", ".yaml"):
                    (folder / near.name).write_bytes(near.read_bytes())
            (folder / "compose.yml").write_bytes(text)
            try:
                outcome, why = check(run, folder, variables(text), text, f"p{number}")
                table[outcome] += 1
                if "second run" in why:
                    faults.append(f"{name}: {why}")
                if why:
                    reasons[re.sub(r"line \d+, column \d+|'[^']*'", "..", why)[:110]] += 1
            except AssertionError as error:
                faults.append(f"{name}: {error}")
    print("\n".join(f"{count:5} {what}" for what, count in sorted(table.items())))
    print("\n".join(f"      {count:3} x {why}" for why, count in reasons.most_common()))
    print("\n".join(faults[:40]))
    print(f"{sum(table.values()) + len(faults)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
