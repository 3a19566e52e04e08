# SPDX-License-Identifier: Apache-2.0
# Every Compose file of the shared references: rewritten and proved, or refused with a reason; with
# its variables set, not set, and empty. All of them the same is done for some of the files.
. "$SC_SOURCE/tests/support/functions.sh"
needs_shared
corpus() { run 0 python3 "$SC_SOURCE/tests/cli/compose/rewrite_corpus.py" "$SECRETSCTL" "$@"; cat "$T/out"; }
for mode in own unset empty; do
    corpus --variables "$mode" "$SHARED/seeds" "$SHARED/corpus"
done
corpus --variables same "$SHARED/corpus/awesome-compose"
