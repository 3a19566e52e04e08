# SPDX-License-Identifier: Apache-2.0
# Every shell script passes shellcheck. Usage: shell.sh SOURCE-ROOT SHELLCHECK
set -euo pipefail
cd "$1"
# SC1091: sourced files are found through a variable. SC2154, SC2164: functions.sh sets variables, and
# -e, so that a failed cd ends the test.
{
    grep -rlE --exclude='*.txt' --exclude-dir=corpus '^#!/bin/(ba)?sh|^#!/usr/bin/env (ba)?sh' scripts .ci tests examples 2>/dev/null || true
    find tests -name '*.sh'
} | sort -u | xargs -P 2 -n 12 "$2" --severity=warning --shell=bash --exclude=SC1091,SC2154,SC2034,SC2164
echo "no warning"
