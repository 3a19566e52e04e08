# SPDX-License-Identifier: Apache-2.0
"""Every rule that `explain` lists and that judges key and value tells an example: audits them, and each rule must be found in its own.

usage: explain-examples.py SECRETSCTL
"""
import json
import pathlib
import subprocess
import sys


def ask(*argv):
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=False).stdout)


def main(program):
    rules = [rule["rule"] for rule in ask(program, "explain", "--json")]
    bad = told = 0
    for rule in rules:
        text = ask(program, "explain", rule, "--json") if rule.rsplit("-", 1)[-1] in CLASSES else {}
        missing = [part for part in ("means", "why", "fix", "example") if text and not text.get(part)]
        if missing:
            bad += 1
            print(f"{rule}: no {missing}")
        if not text or missing or text["example"]["file"] == "any file":
            continue
        folder = pathlib.Path("rules", rule)
        folder.mkdir(parents=True)
        (folder / text["example"]["file"]).write_text(text["example"]["text"])
        (folder / "db.txt").write_text("hunter2\n")
        (folder / "db.txt").chmod(0o644)
        (folder / "id_rsa").write_text("")
        told += 1
    found = {(pathlib.Path(finding["file"]).parent.name, finding["rule"])
             for finding in ask(program, "audit", "--json", "--fail-on", "never", "rules")["findings"]}
    for folder in sorted(path.name for path in pathlib.Path("rules").iterdir()):
        if (folder, folder) not in found:
            bad += 1
            print(f"{folder}: in its example stands {sorted(rule for where, rule in found if where == folder)}")
    print(f"{len(rules)} rules, {told} examples, {bad} wrong")
    return bad != 0 or told < 100


CLASSES = ("literal", "placeholder", "interpolated", "default", "url", "command", "label", "half", "material")
sys.exit(main(*sys.argv[1:]))
