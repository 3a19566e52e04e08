# SPDX-License-Identifier: Apache-2.0
# The whole comparison with the real Docker Compose: our cases, the corpus and the seeds.
. "$SC_SOURCE/tests/support/functions.sh"
HOME=$(getent passwd "$(id -u)" | cut -d: -f6) # where Go keeps its modules
export HOME

peer=$SC_BUILD/peer-compose
status=0
"$SC_SOURCE/tests/peer/build" "$peer" || status=$?
[ "$status" != 77 ] || exit 77
[ "$status" = 0 ] || fail "the peer cannot be built"

compare() { python3 "$SC_SOURCE/tests/peer/compare.py" "$SECRETSCTL" "$peer" "$@"; }
compare "$SC_SOURCE/tests/compose/cases"
needs_shared
compare "$SHARED/corpus"
compare --fill "$SHARED/corpus"
for seed in "$SHARED"/seeds/*.txt; do
    python3 "$SC_SOURCE/tests/support/fence.py" "$seed" --all "$T/seeds/$(basename "$seed" .txt)"
done
compare "$T/seeds"
