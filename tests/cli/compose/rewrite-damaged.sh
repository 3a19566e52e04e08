# SPDX-License-Identifier: Apache-2.0
# Some damaged Compose files, and some forms of variables at all places: tests/cli/compose/mutate_corpus.py
# and references.py do more of both.
. "$SC_SOURCE/tests/support/functions.sh"
run 0 python3 "$SC_SOURCE/tests/cli/compose/references.py" "$SECRETSCTL" "$SC_BUILD/shim/secretsctl-shim" --some
needs_shared
run 0 python3 "$SC_SOURCE/tests/cli/compose/mutate_corpus.py" "$SECRETSCTL" --files 40 --times 2 "$SHARED/seeds" "$SHARED/corpus"
cat "$T/out"
