# SPDX-License-Identifier: Apache-2.0
# The whole comparison with the real Docker Compose: our cases, the corpus and the seeds.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/peer.sh"

compare() { python3 "$SC_SOURCE/tests/peer/compare.py" "$SECRETSCTL" "$peer" "$@"; }
compare "$SC_SOURCE/tests/compose/cases"
needs_shared
compare "$SHARED/corpus"
compare --fill "$SHARED/corpus"
for seed in "$SHARED"/seeds/*.txt; do
    python3 "$SC_SOURCE/tests/support/fence.py" "$seed" --all "$T/seeds/$(basename "$seed" .txt)"
done
compare "$T/seeds"
