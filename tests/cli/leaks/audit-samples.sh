# SPDX-License-Identifier: Apache-2.0
# Small files as people write them, each line with a credential marked: all of those are found, and no other line is.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3

python3 "$SC_SOURCE/tests/audit/samples.py" "$SECRETSCTL" "$SC_SOURCE"/tests/audit/samples/*.txt
