#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a SARIF file against what the 2.1.0 schema and code scanning services ask for.

Own check, by the rules of the published schema for the parts that we write: required members, types,
no unknown members, indices that agree, no empty strings, limits of the service.
"""
import json
import sys

STRING, INTEGER, BOOLEAN, OBJECT, ARRAY = str, int, bool, dict, list

# object: {member: (type or nested description, required)}
MESSAGE = {"text": (STRING, True)}
REGION = {k: (INTEGER, True) for k in ("startLine", "startColumn", "endLine", "endColumn")}
LOCATION = {"physicalLocation": ({
    "artifactLocation": ({"uri": (STRING, True)}, True), "region": (REGION, True)}, True)}
RULE = {
    "id": (STRING, True), "shortDescription": (MESSAGE, True), "fullDescription": (MESSAGE, True),
    "help": (MESSAGE, True), "defaultConfiguration": ({"level": (STRING, True)}, True),
    "properties": ({"tags": ([STRING], True), "precision": (STRING, True),
                    "security-severity": (STRING, True)}, True)}
RESULT = {
    "ruleId": (STRING, True), "ruleIndex": (INTEGER, True), "level": (STRING, True),
    "message": (MESSAGE, True), "locations": ([LOCATION], True),
    "partialFingerprints": ({"secretsctl/v1": (STRING, True)}, True)}
RUN = {
    "tool": ({"driver": ({"name": (STRING, True), "rules": ([RULE], True)}, True)}, True),
    "columnKind": (STRING, True),
    "invocations": ([{"executionSuccessful": (BOOLEAN, True), "toolExecutionNotifications": (
        [{"level": (STRING, True), "message": (MESSAGE, True)}], True)}], True),
    "results": ([RESULT], True)}
FILE = {"$schema": (STRING, True), "version": (STRING, True), "runs": ([RUN], True)}


def check(value, shape, path):
    if isinstance(shape, list):
        assert isinstance(value, list), f"{path}: no array"
        for index, item in enumerate(value):
            check(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), f"{path}: no object"
        for name in value:
            assert name in shape, f"{path}.{name}: unknown member"
        for name, (inner, required) in shape.items():
            assert name in value or not required, f"{path}.{name}: missing"
            if name in value:
                check(value[name], inner, f"{path}.{name}")
    else:
        assert type(value) is shape, f"{path}: {type(value).__name__}"
        assert value != "", f"{path}: empty"
        assert shape is not INTEGER or value >= 0, f"{path}: negative"


def main(path):
    with open(path, encoding="utf-8") as file:
        sarif = json.load(file)
    check(sarif, FILE, "sarif")
    assert sarif["version"] == "2.1.0" and len(sarif["runs"]) <= 20
    for run in sarif["runs"]:
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules)) <= 25000 and len(run["results"]) <= 25000
        for rule in run["tool"]["driver"]["rules"]:
            assert 0 < float(rule["properties"]["security-severity"]) <= 10
            assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            assert result["level"] in ("none", "note", "warning", "error")
            region = result["locations"][0]["physicalLocation"]["region"]
            assert region["startLine"] >= 1 and region["startColumn"] >= 1
            assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])


if __name__ == "__main__":
    main(sys.argv[1])
