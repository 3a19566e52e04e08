#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites every Compose file it is given and checks the result from outside.

usage: rewrite_corpus.py SECRETSCTL [--variables MODE] FOLDER...

The folders hold Compose files, or Markdown with them. MODE says what the variables are that a file mentions:
`own` (the default: each has a value of its own), `unset`, `empty`, or `same` (all have the same value).

For each file, in a copy: the rewrite either succeeds or fails with one message and a status of the contract,
as the dry run said, and no sanitizer reports; a second run changes nothing; `restore` brings the bytes back; the
plan's `changes` are exactly the lines that differ; each of them belongs to something that an item of the
plan names, looked up in the file with another YAML library; and where nothing stays, none of the moved
values is in `compose config --reveal`. What `audit` finds in the file is named by the plan, moved or not,
but for names that are no secret by themselves. Prints a table; exit 1 on the first kind of failure there is.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

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
        err = done.stderr.decode(errors="replace").strip()
        assert 0 <= done.returncode <= 10 and "Sanitizer" not in err and "runtime error" not in err, \
            f"{' '.join(words[:2])} ends with status {done.returncode}: {err[:300]}"
        return done.returncode, done.stdout, err


def variables(text, mode):
    names = set(re.findall(rb"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text))
    number = re.compile(r"PORT|REPLICA|CPU|COUNT|CONCURRENCY|SIZE|LIMIT|NUM")
    address = re.compile(r"(URL|URI|DSN|STRING|DATASOURCE)(_\w+)?$")
    values = {}
    for i, name in enumerate(sorted(name.decode() for name in names)):
        word = "canary-same" if mode == "same" else f"canary-{i}-{name.lower()}"
        values[name] = (str(2000 + i) if number.search(name)
                        else f"postgres://app:{word}@db/app" if address.search(name) else word)
    return {} if mode == "unset" else dict.fromkeys(values, "") if mode == "empty" else values


def unnamed(findings, items):
    """What audit found in the file and no item of the plan is about."""
    left = []
    for finding in findings:
        same = [item for item in items if item["line"] == finding["line"] or (
            item["service"] == finding["service"] and
            (item["key"] == finding["key"] if finding["key"] else item["where"] == finding["where"]))]
        hashed = finding["rule"] == "password-hash"  # of no variable: in a comment, say; nothing to move
        if finding["class"] != "half" and not hashed and not same:
            left.append(f"line {finding['line']}: {finding['rule']} {finding['key']}")
    return left


def replayed(before, after, changes):
    """The old lines that go, if `after` is `before` with exactly these changes."""
    old, new = before.split(b"\n"), after.split(b"\n")
    i = j = 0
    gone = set()
    for change in changes:
        first, removed, added = change["line"] - 1, change["removed"], change["added"]
        assert first >= i and removed >= 0 and added >= 0, f"changes out of order: {change}"
        kept = first - i
        assert old[i:first] == new[j:j + kept], f"a line differs that no change names, before {first + 1}"
        for k in range(removed):
            # a last line without a line break gets one
            if k >= added or old[first + k] != new[j + kept + k].removesuffix(
                    b"\r" if first + k + 1 == len(old) else b""):
                gone.add(first + k + 1)
        i, j = first + removed, j + kept + added
    assert old[i:] == new[j:], "a line differs behind the last change"
    return gone


def lines_of(node):
    """From its first line to its last; a block collection's end mark is at the next token."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
        last = node.end_mark.line + (1 if node.end_mark.column > 0 else 0)
        return set(range(node.start_mark.line + 1, max(last, node.start_mark.line + 1) + 1))
    lines = {node.start_mark.line + 1}
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            if part.start_mark.line >= node.start_mark.line:
                lines |= lines_of(part)
    return lines


def get(node, *keys):
    for key in keys:
        found = None
        for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if name.value == key:
                found = value
        if found is None:
            return None
        node = found
    return node


def entry_at(node, line, best=None):
    """The smallest entry of a mapping, or item of a list, that holds the line."""
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        parts = child if isinstance(child, tuple) else (child,)
        lines = set().union(*(lines_of(part) for part in parts))
        if line in lines and parts[-1].start_mark.index >= node.start_mark.index:
            best = entry_at(parts[-1], line, lines) or lines
    return best


def named(text, plan):
    """Lines that something named by the plan stands on."""
    lines = set()
    items = [item for item in plan["items"] if item["action"] != "report" and item["file"] == "compose.yml"]
    for root in yaml.compose_all(text.decode("utf-8-sig"), Loader=yaml.SafeLoader):
        if root is None:
            continue
        if root.flow_style:
            return set(range(1, text.count(b"\n") + 2))
        top = get(root, "secrets")
        if top is not None and top.flow_style and items:
            lines |= lines_of(top)
        for item in items:
            service = get(root, "services", item["service"]) if item["service"] else None
            lines |= entry_at(root, item["line"]) or set()
            for node in ([service] if service is not None and service.flow_style else []):
                lines |= lines_of(node)
            attributes = ["secrets"]
            if "shim" in (item["change"] or ""):
                attributes += ["entrypoint", "command", "volumes", "labels"]
            if item["where"] in ("command", "entrypoint"):
                attributes += [item["where"]]
            for attribute in attributes:
                node = get(service, attribute) if service is not None else None
                if node is not None and (attribute not in ("secrets", "volumes", "labels") or node.flow_style):
                    keys = [key for key, value in service.value if value is node]
                    lines |= lines_of(node).union(*(lines_of(key) for key in keys))
            if item["where"] == "healthcheck" and service is not None and get(service, "healthcheck", "test"):
                lines |= lines_of(get(service, "healthcheck", "test"))
    return lines


def check(run, folder, extra, text, scope):
    """The outcome of one file, or an AssertionError."""
    _, out, _ = run(folder, extra, "audit", "--json", "compose.yml")
    found = [finding for finding in json.loads(out)["findings"] if finding["file"] == "compose.yml"]
    args = ("compose", "rewrite", "-f", "compose.yml", "--scope", scope, "--json")
    shown = run(folder, extra, *args)
    assert (folder / "compose.yml").read_bytes() == text, "the dry run writes"
    status, out, err = run(folder, extra, *args, "--write")
    promised = shown[1].replace(b'"written":false', b'"written":true')
    assert shown[0] == status and (status != 0 or promised == out), f"the dry run says otherwise: {shown[2]}"
    if status != 0:
        assert err.startswith("secretsctl: ") and (folder / "compose.yml").read_bytes() == text, err
        assert not re.search("rewritten|internal|overlap|would (differ|have|change)", err), err
        return "refused", err
    plan = json.loads(out)
    left = unnamed(found, [item for item in plan["items"] if item["file"] == "compose.yml"])
    assert not left, "audit finds what the plan does not name: " + "; ".join(left)
    after = (folder / "compose.yml").read_bytes()
    kinds = collections.Counter(item["action"] for item in plan["items"])
    if not plan["changed"]:
        assert after == text
        return ("reported" if kinds else "nothing"), ""
    status, out, err = run(folder, extra, *args, "--write")
    assert status == 0 and not json.loads(out)["changed"], "a second run changes it: " + err
    gone = replayed(text, after, [c for c in plan["changes"] if c["file"] == "compose.yml"])
    extra_lines = gone - named(text, plan)
    assert not extra_lines, f"lines changed that no item of the plan names: {sorted(extra_lines)}"
    if not kinds["report"]:
        status, out, err = run(folder, extra, "compose", "config", "-f", "compose.yml", "--reveal")
        for name in plan["secrets"] if status == 0 else ():
            _, value, _ = run(folder, extra, "get", f"{scope}/{name}")
            # a literal may also be a user's or a database's name: only values of our own are told apart
            assert not value.startswith(b"canary-") or value == b"canary-same" or value not in out, f"'{name}' is in the config"
    status, _, err = run(folder, extra, "compose", "restore", "-f", "compose.yml", "--scope", scope)
    assert status == 0 and (folder / "compose.yml").read_bytes() == text, "restore: " + err
    return ("changed, all" if not kinds["report"] else "changed, some stay"), ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--variables", choices=("own", "unset", "empty", "same"), default="own")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    table, reasons, faults = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as root:
        run = Run(program, root)
        for number, (name, source, text) in enumerate(
                item for folder in args.folders for item in blocks(folder)):
            folder = pathlib.Path(root, f"p{number}")
            folder.mkdir()
            for near in source.iterdir() if source else ():
                if near.is_file() and near.stat().st_size < 1 << 20 and near.suffix not in (".yml", ".yaml"):
                    (folder / near.name).write_bytes(near.read_bytes())
            (folder / "compose.yml").write_bytes(text)
            try:
                outcome, why = check(run, folder, variables(text, args.variables), text, f"p{number}")
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
