#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Derives compose/images/images.tsv from a file of facts on images (JSON, one object per line).

Run by hand when there are new facts: derive.py facts.jsonl FACTS.jsonl > images.tsv. Of two facts on one
image and variable the first holds; facts.jsonl, beside this file, adds and corrects. The build reads only the table. Facts keep their standing: `read` (seen in the image's source or manual) becomes the flag v, all
else is unverified and is never acted on without saying so.
"""
import json
import re
import sys

FLAGS = (("both_set_is_error", True, "b"), ("strips_newline", False, "n"), ("init_only", True, "i"))

# Rules whose place is described in words: the variable pattern and the path it stands for.
FIXED = {
    "BOUNCER_KEY_*": "/run/secrets/bouncer_key_{rest}",
    "FRIGATE_*": "/run/secrets/{VAR}",
    "SECRETS_*": "/run/secrets/zulip__{rest}",
    "ORACLE_PWD": "/run/secrets/oracle_pwd",
}


def fixed_path(rule, text):
    """The path of a fixed-path rule, or None where it does not hold the bare value."""
    if "two lines" in text:
        return None
    if rule["var"] in FIXED:
        return FIXED[rule["var"]]
    if "lower-case variable name" in text:
        return "/run/secrets/{var}"
    if "<VARIABLE NAME>" in text:
        return "/run/secrets/{VAR}"
    found = re.search(r"/run/secrets/[A-Za-z0-9_.-]+$", text)
    return found.group(0) if found else None


def how(rule):
    """(way, argument): how this image takes the value from a file."""
    alternative = rule["alternative"] or ""
    word, _, text = alternative.partition(":")
    text = text.strip()
    if rule["file_value"] == "json-map":
        return "config", "REDIS_PASSWORD_FILE holds a JSON map of address to password"
    if rule["file_var"]:
        way = "name" if rule["file_value"] == "secret-name" else "file"
        return way, rule["file_var"]
    if rule["value_prefix"] and rule["file_value"] == "path":
        return "prefix", rule["value_prefix"]
    if word == "fixed-path":
        path = fixed_path(rule, alternative)
        return ("fixed", path) if path else ("config", text)
    if word == "cmd-var":
        return "cmd", "{VAR}_CMD"
    if word == "value-is-path":
        return "path", "-"
    if word in ("config-file", "flag"):
        return "config", re.sub(r"^; *", "", text) or "a mounted configuration file"
    if word == "leave plain" or rule["kind"] == "none":
        return "none", "-"
    if alternative and not alternative.startswith("shim"):
        return "config", alternative
    return "shim", "-"


def versions(text):
    """(minimum, maximum) of the image's version tag, where the fact states one plainly."""
    text = text or ""
    low = re.match(r"v?(\d+(?:\.\d+)*)(?: \([^)]*\))? and later", text)
    if low:
        return low.group(1), "-"
    only = re.match(r"(\d+)\.x only", text)
    if only:
        return only.group(1), only.group(1)
    return "-", "-"


def clean(text):
    return re.sub(r"\s+", " ", (text or "").strip()) or "-"


def main():
    seen = set()
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# Which image takes which variable from a file; made by derive.py, read by generate.py.")
    print("# images\tvariable\tkind\tway\targument\tmin\tmax\tflags\treads as\tnote")
    rules = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as facts:
            rules += [json.loads(line) for line in facts if line.strip()]
    for rule in rules:
        way, argument = how(rule)
        low, high = versions(rule["versions"])
        flags = "v" if rule["evidence"] == "read" else "u"
        flags += "".join(f for key, value, f in FLAGS if rule[key] is value)
        # the first fact on a pair is the more exact one
        images = [i for i in dict.fromkeys(rule["images"]) if (i, rule["var"]) not in seen]
        seen.update((i, rule["var"]) for i in images)
        if not images:
            continue
        note = clean(rule["note"])
        if rule["versions"] and low == "-" and high == "-":
            note = clean(f"{rule['versions']}; {note}") if note != "-" else clean(rule["versions"])
        row = [" ".join(images), rule["var"], rule["kind"], way, argument, low, high, flags,
               clean(rule["reads_as"]), note]
        print("\t".join(row))


if __name__ == "__main__":
    main()
