#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `secretsctl audit` with the labels of tests/audit/labels: prints the confusion table.

usage: confusion.py SECRETSCTL LABELS CORPUS [LEAST-RECALL LEAST-PRECISION]
A line counts once, however many findings it has. With thresholds the exit status is 1 below them.
"""
import collections
import json
import pathlib
import subprocess
import sys


def read_labels(path):
    labels = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, numbers = line.rpartition(": ")
            labels[name] = set() if numbers == "-" else {int(n) for n in numbers.split()}
    return labels


def run_audit(program, corpus, names):
    done = subprocess.run([program, "audit", "--json", "--fail-on", "never", *names], cwd=corpus,
                          capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    found, classes = collections.defaultdict(set), {}
    for finding in report["findings"]:
        found[finding["file"]].add(finding["line"])
        classes[finding["file"], finding["line"]] = finding["class"]
    return found, classes, report["skipped"]


def main(program, labels_path, corpus, least_recall="0", least_precision="0"):
    labels = read_labels(pathlib.Path(labels_path))
    found, classes, skipped = run_audit(program, corpus, sorted(labels))
    hits, misses, wrong = [], [], []
    for name, lines in sorted(labels.items()):
        hits += [(name, n) for n in lines & found[name]]
        misses += [(name, n) for n in lines - found[name]]
        wrong += [(name, n) for n in found[name] - lines]
    total = sum(len((pathlib.Path(corpus) / name).read_bytes().splitlines()) for name in labels)
    for title, places in (("missed", misses), ("found and not labelled", wrong)):
        for name, number in places:
            print(f"{title}: {name}:{number}")
    quiet = total - len(hits) - len(misses) - len(wrong)
    print(f"files {len(labels)}, skipped {len(skipped)}")
    print("                 found   not found")
    print(f"credential     {len(hits):7} {len(misses):11}")
    print(f"none           {len(wrong):7} {quiet:11}")
    recall = len(hits) / max(len(hits) + len(misses), 1)
    precision = len(hits) / max(len(hits) + len(wrong), 1)
    print(f"recall {recall:.4f}, precision {precision:.4f}")
    by_class = collections.Counter(classes[place] for place in hits)
    print("by class: " + ", ".join(f"{name} {count}" for name, count in by_class.most_common()))
    return 0 if recall >= float(least_recall) and precision >= float(least_precision) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
