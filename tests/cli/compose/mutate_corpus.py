#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages Compose files line by line and gives them to the commands that read them.

usage: mutate_corpus.py SECRETSCTL [--files N] [--times N] [--seed N] FOLDER...

Each of N files (evenly spread) is damaged a number of times: lines dropped, doubled, moved, indented, cut;
characters and texts put in that mean something to YAML or to variables. `compose config`, `audit`, and
`compose rewrite` as a dry run and with --write each end with a status of the contract, and a failure is one
line that is no fault of ours; --write does what the dry run said. Prints a table of the messages.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import sys
import tempfile

from rewrite_corpus import Run, blocks, variables

TEXTS = (b"${X", b"${X:-a}b}", b"${NOT_SET}", b"$$", b"$", b"${EMPTY:?x}", b"*a", b"&a ", b"<<: *a", b"!reset ", b"!override null",
         b"null", b"~", b"[]", b"{}", b"{a: b}", b"[a, b]", b"- a", b"? ", b": ", b":", b"#", b" #", b"'", b'"', b"|", b">-", b"|2+",
         b"---", b"...", b"%YAML 1.1", b"\t", b"\r", b"\x00", b"\xff", b"\xc2\x85", b"\xef\xbb\xbf", b"\\x41", b"0123", b"1e400",
         b"2024-01-31", b"A_PASSWORD: canary", b"- A_PASSWORD=canary", b"postgres://a:canary@b/c", b"{{secret:x}}",
         b"/run/secrets/x", b"x" * 5000, b"command: sh -c 'a --password canary'", b"extends: {service: x}", b"env_file: x.env",
         b"secrets: [x]", b"entrypoint: []", b"environment:", b"services:", b"name: a-b_c")
OURS = re.compile("rewritten|internal|overlap|would (differ|have|change)|out of memory")


def damage(text, random):
    lines = text.split(b"\n")
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(lines))
        line, other, column = lines[at], random.randrange(len(lines)), random.randint(0, len(lines[at]))
        kind = random.randrange(10)
        if kind == 0:
            del lines[at]
            lines = lines or [b""]
        elif kind == 1:
            lines.insert(other, line)
        elif kind == 2:
            lines[at], lines[other] = lines[other], line
        elif kind == 3:
            lines[at] = b"  " + line if random.random() < 0.5 else line[2:]
        elif kind == 4:
            lines[at] = line[:column]
        elif kind == 5:
            lines[at] = line[:column] + line[column + 1:]
        elif kind == 6:
            lines[at] = line[:column] + random.choice(TEXTS) + line[column:]
        elif kind == 7:
            lines[at] = re.sub(rb"([:=] *).*", lambda m: m.group(1) + random.choice(TEXTS), line, count=1)
        elif kind == 8:
            lines.insert(at, re.match(rb" *", line).group() + random.choice(TEXTS))
        else:
            lines[at:at + 2] = [b" ".join(lines[at:at + 2])]
    return b"\n".join(lines)


def check(run, folder, extra, name):
    """(command, status, message) of each command, or an AssertionError."""
    args = ("compose", "rewrite", "-f", "compose.yml", "--scope", name, "--json")
    text = (folder / "compose.yml").read_bytes()
    done = []
    for words in (("compose", "config", "-f", "compose.yml", "--all"), ("audit", "--json", "compose.yml"), args,
                  (*args, "--write")):
        status, out, err = run(folder, extra, *words)
        failed = status not in (0, 3)
        errors = [line for line in err.split("\n") if not line.startswith("secretsctl: warning: ")]
        assert not failed or words[0] == "audit" or len(errors) == 1, f"{words[1]}: not one error: {err}"
        assert not failed or err.startswith("secretsctl: "), f"{words[1]}: {status}, {err}"
        assert not OURS.search(err), f"{words[1]}: {err}"
        done.append((status, out, err))
        if words == args:
            assert (folder / "compose.yml").read_bytes() == text, "the dry run writes"
    assert done[2][0] == done[3][0], f"the dry run says otherwise: {done[2][2]} / {done[3][2]}"
    assert done[2][0] != 0 or done[2][1].replace(b'"written":false', b'"written":true') == done[3][1], "another plan"
    if done[3][0] == 0:
        status, out, err = run(folder, extra, *args, "--write")
        assert status == 0 and b'"changed":[]' in out, f"a second run: {status}, {err}"
    return zip(("config", "audit", "rewrite", "rewrite --write"), done)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    files = [item for folder in args.folders for item in blocks(folder)]
    files = files[::max(1, len(files) // args.files)][:args.files]
    table, reasons, faults = collections.Counter(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as root:
        run = Run(os.path.abspath(args.program), root)
        for number, (name, source, text) in enumerate(files * args.times):
            chance = random.Random(f"{args.seed} {name} {number}")
            folder = pathlib.Path(root, f"p{number}")
            folder.mkdir()
            for near in source.iterdir() if source else ():
                if near.is_file() and near.stat().st_size < 1 << 20 and near.suffix not in (".yml", ".yaml"):
                    (folder / near.name).write_bytes(near.read_bytes())
            (folder / "x.env").write_bytes(b"E_PASSWORD=canary-env\n")
            damaged = damage(text, chance)
            (folder / "compose.yml").write_bytes(damaged)
            try:
                mode = chance.choice(("own", "unset", "empty", "same"))
                for command, (status, _, err) in check(run, folder, variables(damaged, mode), f"p{number}"):
                    table[f"{command}: {status}"] += 1
                    if status not in (0, 3) and command == "rewrite":
                        reasons[re.sub(r"^.*column \d+: (\S+: )?|'[^']*'|\(while.*", "..", err)[:110]] += 1
            except AssertionError as error:
                kept = pathlib.Path(os.environ.get("SC_MUTATE_KEEP", root), f"fault-{args.seed}-{number}.yml")
                kept.write_bytes(damaged)
                faults.append(f"{name}, number {number}, variables {mode}: {error}")
    print("\n".join(f"{count:5} {what}" for what, count in sorted(table.items())))
    print("\n".join(f"      {count:3} x {why}" for why, count in reasons.most_common()))
    print("\n".join(faults))
    print(f"{len(files) * args.times} damaged files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
