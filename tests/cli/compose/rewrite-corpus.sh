# SPDX-License-Identifier: Apache-2.0
# Every Compose file of the shared references: rewritten and proved, or refused with a reason.
. "$SC_SOURCE/tests/support/functions.sh"
needs_shared
run 0 python3 "$SC_SOURCE/tests/cli/compose/rewrite_corpus.py" "$SECRETSCTL" "$SHARED/seeds" "$SHARED/corpus"
cat "$T/out"
