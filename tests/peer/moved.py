#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""After a rewrite, the real Docker Compose shows none of the old values, or the plan says why.

usage: moved.py SECRETSCTL PEER SHIM FOLDER...   (Markdown files with Compose blocks, or folders of projects)

Each block, and each project, is copied, rewritten with a vault of its own, and rendered by Docker Compose
before and after (all profiles, JSON and YAML). Old values are what the vault has then, what the plan reports,
and, whatever the plan thought of them, the variables whose name says that they are credentials. One that is
still in the output after the rewrite must be explained: a report of the plan for that place (the reason is
printed), or a place that never was a credential and only has the same text (a user's name, a database's).

Prints a table; exits 1 if something is not explained.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

BLOCK = re.compile(r"^(services|secrets|configs|networks|volumes|x-[\w-]+):", re.M)
FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")
NAMED = re.compile(r"(?i)((password|passwd|passphrase|secret|token|api_?key)s?|(^|_)pass)$")
TEMPLATE = re.compile(r"\{\{secret:[^}]*\}\}")
USERINFO = re.compile(r"://[^/?#\s]*:([^@/?#\s]+)@")
SHORT = 3
# What a fragment lacks to be a project: Docker Compose's words, and what is put beside the fragment.
LACKS = [
    (r'service "([^"]+)" has neither an image nor a build', "services"),
    (r'depends on undefined service "([^"]+)"', "services"),
    (r'refers to undefined (network|volume|secret|config) ([^:\s]+)', None),
]


def blocks(text):
    """(line, content) of each fenced block that is a Compose file or a part of one."""
    inside, lines = None, text.split("\n")
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if inside is None and fence:
            inside = (fence.group(2), number)
        elif fence and inside and fence.group(2).startswith(inside[0]) and not fence.group(3).strip():
            content = "\n".join(lines[inside[1]:number - 1]) + "\n"
            if BLOCK.search(content) and not content.lstrip().startswith(("#!", "$ ")):
                yield inside[1] + 1, content
            inside = None


def projects(paths):
    """(name, {file: text}, files for -f) of everything below the paths."""
    for path in map(pathlib.Path, paths):
        if path.is_file():
            for line, content in blocks(path.read_text(encoding="utf-8")):
                yield f"{path.name.split('_')[0]}:{line}", {"compose.yml": content}, ["compose.yml"]
            continue
        texts = {f.name: f.read_text(encoding="utf-8") for f in sorted(path.iterdir()) if f.is_file()}
        main = [name for name in ("compose.yml", "compose.prod.yml") if name in texts]
        name = path.parent.name if path.name == "before" else path.name
        yield name, texts, main


def variables(texts):
    """A value of its own for each variable that a file names and .env does not set."""
    names, given = set(), set(re.findall(r"^(\w+)=", texts.get(".env", ""), re.M))
    for text in texts.values():
        names |= set(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text))
    number = re.compile(r"PORT|REPLICA|CPU|COUNT|CONCURRENCY|SIZE|LIMIT|NUM|WORKERS")
    return {n: str(2000 + i) if number.search(n) else f"canary-{i}-{n.lower()}"
            for i, n in enumerate(sorted(names - given))}


def lay_out(folder, texts):
    """The project with the files that it names: a value of its own in each."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, text in texts.items():
        try:
            documents = list(yaml.safe_load_all(text)) if name.endswith(".yml") else []
        except (yaml.YAMLError, ValueError):
            documents = []
        for document in (d for d in documents if isinstance(d, dict)):
            named = [v.get("file") for section in ("secrets", "configs")
                     for v in (document.get(section) or {}).values() if isinstance(v, dict)]
            for service in (document.get("services") or {}).values():
                files = service.get("env_file") if isinstance(service, dict) else None
                for entry in [files] if isinstance(files, (str, dict)) else files or []:
                    named.append(entry.get("path") if isinstance(entry, dict) else entry)
            for number, path in enumerate(n for n in named if isinstance(n, str) and n[0] != "/" and "$" not in n):
                target = (folder / path).resolve()
                if folder in target.parents and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(f"NEAR_{number}=canary-file-{number}\n" if "env" in path
                                      else f"canary-file-{number}", encoding="utf-8")


class Runner:
    def __init__(self, ours, peer, shim, folder):
        self.ours, self.peer, self.shim, self.folder = ours, peer, shim, folder
        self.beside = {}
        home = str(folder.parent)
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_STATE_HOME": home + "/state", "TZ": "UTC",
                    "SECRETSCTL_VAULT": home + "/vault.db", "SECRETSCTL_KEY_FILE": home + "/key",
                    "SECRETSCTL_RUN_DIR": "/run/secretsctl", "DOCKER_HOST": "unix:///nonexistent",
                    "PWD": str(folder)}

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, check=False, timeout=120)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace").strip()

    def secretsctl(self, *words):
        return self.run(self.ours, *words)

    def complete(self, refusal):
        """Puts what a fragment lacks into a file beside it; False if that is not what is wrong."""
        for words, section in LACKS:
            found = re.search(words, refusal)
            if found:
                self.beside.setdefault(section or found.group(1) + "s", {})[found.groups()[-1].strip('"')] = (
                    {"image": "example.org/fragment"} if section else {})
                return True
        return False

    def render(self, files):
        """What Docker Compose shows, from its JSON and its YAML: (trees, ""), or (None, its refusal)."""
        while True:
            tree, text = self.render_once(files)
            if tree is not None or not self.complete(text):
                return tree, text

    def render_once(self, files):
        if self.beside:
            (self.folder / "beside.json").write_text(json.dumps(self.beside), encoding="utf-8")
            files = ["beside.json"] + files
        args = [word for name in files for word in ("-f", name)] + ["--profile", "*", "config"]
        status, text, refusal = self.run(self.peer, *args, "--format", "json")
        if status != 0:
            return None, refusal
        tree = json.loads(text)
        status, text, refusal = self.run(self.peer, *args)
        return ({"json": tree, "yaml": yaml.load(text, yaml.BaseLoader)}, "") if status == 0 else (None, refusal)


def same_text(value, shown):
    """Whether a text that never changed only happens to hold the value: it is no credential there."""
    return value not in USERINFO.findall(shown)


def scalars(tree, path=()):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from scalars(value, path + (str(key),))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from scalars(value, path + (str(index),))
    elif tree is not None and not isinstance(tree, bool):
        yield path, str(tree)


def spans(value):
    """The value as it stands in a text, not as a part of a longer word."""
    return re.compile(r"(?<![A-Za-z0-9_])" + re.escape(value) + r"(?![A-Za-z0-9_])")


def reported(plan, path):
    """The plan's reason for a place in the rendered project."""
    for item in plan["items"]:
        if item["action"] != "report":
            continue
        named = item["service"] is None or item["service"] in path
        if named and (item["key"] in path or item["where"] in path or item["where"] == "variable"):
            return item["reason"]
    return None


def old_values(runner, scope, plan, before):
    """{value: where from}."""
    values = {}
    for name in plan["secrets"]:
        status, value, error = runner.secretsctl("get", f"{scope}/{name}")
        if status != 0:
            raise AssertionError(f"'{name}' is not in the vault: {error}")
        values[value] = name
    for path, value in scalars(before):
        named = [key for key in path if NAMED.search(key)]
        if named and "environment" in path and not value.startswith("/") and len(value) > SHORT:
            values.setdefault(value, ".".join(path))
    return values


def examine(runner, name, files, scope):
    """(outcome, details) of one project; AssertionError for what is not explained."""
    before, why = runner.render(files)
    args = [word for file in files for word in ("-f", file)] + ["--scope", scope, "--shim", runner.shim, "--json"]
    status, out, err = runner.secretsctl("compose", "rewrite", *args, "--write")
    if before is None:
        assert status != 0, f"Docker Compose refuses it ({why}), the rewrite does not"
        return "refused by both", [err]
    assert status == 0, f"the rewrite refuses it: {err}"
    plan = json.loads(out)
    after, text = runner.render(files)
    assert after is not None, f"Docker Compose refuses the result: {text}"
    details, bare = set(), dict(scalars(before))
    for value, origin in old_values(runner, scope, plan, before).items():
        pattern = spans(value)
        places = [(path, shown) for path, shown in scalars(after) if pattern.search(TEMPLATE.sub("", shown))]
        for path, shown in places:
            reason = reported(plan, path)
            same = bare.get(path) == shown and not NAMED.search(path[-1]) and same_text(value, shown)
            assert reason or same, f"'{origin}' is still at {'.'.join(path)}, and the plan does not say why"
            details.add(f"{'.'.join(path[1:])}: {reason or 'the same text, no credential'}")
    left = [d for d in details if not d.endswith("no credential")]
    moved = len(plan["secrets"])
    if left:
        return "some stay, with a reason", sorted(details)
    return "none left" if moved else "nothing to move", sorted(details)


def main():
    ours, peer, shim = map(os.path.abspath, sys.argv[1:4])
    table, faults = collections.Counter(), 0
    for number, (name, texts, files) in enumerate(projects(sys.argv[4:])):
        with tempfile.TemporaryDirectory() as root:
            folder = pathlib.Path(root, f"block{number}").resolve()
            folder.mkdir()
            lay_out(folder, texts)
            runner = Runner(ours, peer, shim, folder)
            runner.env.update(variables(texts))
            status, _, err = runner.secretsctl("init", "--key-file", root + "/key")
            assert status == 0, err
            try:
                outcome, details = examine(runner, name, files, f"block{number}")
            except AssertionError as error:
                outcome, details, faults = "NOT EXPLAINED", [str(error)], faults + 1
            table[outcome] += 1
            print(f"{name}\t{outcome}" + "".join(f"\n\t\t{d}" for d in details), flush=True)
    print("\n".join(f"{count:5} {what}" for what, count in sorted(table.items())))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
