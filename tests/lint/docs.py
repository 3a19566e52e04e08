#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents that must agree with the program and the tree.

docs/CLI.md is what the program prints; every link in a Markdown file leads somewhere; help goes to
standard output in at most 80 columns; every third-party header's library stands in
docs/DEPENDENCIES.md; docs/ARCHITECTURE.md quotes the layer table; exit statuses agree with error.def;
every page is in an index, and every test that docs/THREAT-MODEL.md names is there.
"""
import json
import pathlib
import re
import subprocess
import sys


def output(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def check_reference(root, program, report):
    _, text, _ = output(program, "__markdown")
    path = root / "docs/CLI.md"
    if not path.exists() or path.read_text() != text:
        report("docs/CLI.md is not what the program prints; run: scripts/docs")


def check_help(program, report):
    table = json.loads(output(program, "__dump-cli")[1])
    pages = [["help"]] + [["help", *c["name"].split()] for c in table["commands"]]
    for words in pages:
        status, text, errors = output(program, *words)
        name = " ".join(words)
        if status != 0 or errors or not text.startswith("usage: "):
            report(f"'{name}': status {status}, or something on standard error")
        for line in text.splitlines():
            if len(line) > 80:
                report(f"'{name}': a line of {len(line)} columns: {line[:60]}...")
    for command in table["commands"]:
        if len(command["summary"]) > 60 or command["summary"].endswith("."):
            report(f"'{command['name']}': the summary is too long or ends with a full stop")
        status, text, _ = output(program, "__man", *command["name"].split())
        for option in command["options"]:
            if ("--" + option["name"]).replace("-", "\\-") not in text:
                report(f"man page of '{command['name']}' lacks --{option['name']}")


def check_exit_statuses(root, program, report):
    table = json.loads(output(program, "__dump-cli")[1])
    known = {row["status"] for row in table["exit_statuses"]}
    for match in re.finditer(r"SC_ERROR\(\w+, (\d+),", (root / "core/error.def").read_text()):
        if int(match.group(1)) not in known:
            report(f"core/error.def uses exit status {match.group(1)}, which no document names")


def check_variables(root, program, report):
    known = {row["name"] for row in json.loads(output(program, "__dump-cli")[1])["variables"]}
    man = output(program, "__man")[1]
    used = set()
    for folder in ("cli", "core", "vault", "provision", "fuse"):
        for source in (root / folder).rglob("*.c"):
            used |= set(re.findall(r'"(SECRETSCTL_[A-Z_]*[A-Z])"', source.read_text()))
    for name in sorted(used | known):
        if name not in known or name not in man:
            report(f"the variable {name} is in no document")


def check_links(root, report):
    pages = [p for p in root.rglob("*.md") if "/build" not in p.as_posix()]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if re.match(r"^[a-z]+:", target):
                continue
            if not (page.parent / target).exists():
                report(f"{page.relative_to(root)}: the link to {target} leads nowhere")


def check_dependencies(root, report):
    text = (root / "docs/DEPENDENCIES.md").read_text()
    for line in (root / "tests/lint/layers.txt").read_text().splitlines():
        if line.startswith("!"):
            header = line[1:].split(":", 1)[0]
            if f"`{header}`" not in text:
                report(f"docs/DEPENDENCIES.md does not name `{header}`")


def check_architecture(root, report):
    text = (root / "docs/ARCHITECTURE.md").read_text()
    for line in (root / "tests/lint/layers.txt").read_text().splitlines():
        if line and not line.startswith(("#", "!")) and line not in text:
            report(f"docs/ARCHITECTURE.md does not quote the layer '{line}'")


def check_indexes(root, report):
    """A page that no index names is not found; an index says what the page is called."""
    index = (root / "docs/README.md").read_text()
    for page in sorted((root / "docs").glob("*.md")):
        if page.name != "README.md" and f"({page.name})" not in index:
            report(f"docs/README.md does not name {page.name}")
    index = (root / "docs/adr/README.md").read_text()
    for page in sorted((root / "docs/adr").glob("[0-9]*.md")):
        number, _, title = page.read_text().split("\n", 1)[0].removeprefix("# ").partition(": ")
        if number != page.name[:3] or f"| [{number}]({page.name}) | {title} |" not in index:
            report(f"docs/adr/README.md lacks the row: | [{number}]({page.name}) | {title} | in force |")


def check_threats(root, report):
    text = (root / "docs/THREAT-MODEL.md").read_text()
    for name in re.findall(r"`([\w/-]+\.(?:sh|c|py))`", text):
        if not (root / "tests" / name).exists():
            report(f"docs/THREAT-MODEL.md names tests/{name}, which is not there")


def main(root, program):
    faults = []
    check_reference(root, program, faults.append)
    check_help(program, faults.append)
    check_exit_statuses(root, program, faults.append)
    check_variables(root, program, faults.append)
    check_links(root, faults.append)
    check_dependencies(root, faults.append)
    check_architecture(root, faults.append)
    check_indexes(root, faults.append)
    check_threats(root, faults.append)
    print("\n".join(faults) or "documents and program agree")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
