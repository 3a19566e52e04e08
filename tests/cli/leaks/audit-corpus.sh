# SPDX-License-Identifier: Apache-2.0
# Recall and precision on the labelled sample, and the counts on the seeds.
. "$SC_SOURCE/tests/support/functions.sh"
needs_shared
requires python3

python3 "$SC_SOURCE/tests/audit/confusion.py" "$SECRETSCTL" "$SC_SOURCE/tests/audit/labels/corpus.txt" \
    "$SHARED/corpus" 0.98 0.95
python3 "$SC_SOURCE/tests/audit/confusion.py" "$SECRETSCTL" "$SC_SOURCE/tests/audit/labels/unseen.txt" \
    "$SHARED/corpus" 0.98 0.95

# Every credential of every block of the seeds, by reading; the line of each.
for seed in "$SHARED"/seeds/*.txt; do
    "$SECRETSCTL" audit --json --fail-on never "$seed" 2>/dev/null |
        jq -r '.findings[] | "\(.line)"' | sort -n | paste -sd ' ' || true
done >got
cat >want <<'EOT'
166 217 257 502 669
57 93 200 365 759 761 806 808 809

183 268 331 451 459 548 840 865 868 887 978 1065 1098 1193
96 180 281 314 358 422 641 644 654 771 853
EOT
diff want got || fail "the findings in the seeds differ"
# the blocks that are not YAML, by line: three keys twice, a list inside a mapping
"$SECRETSCTL" audit --json --fail-on never "$SHARED"/seeds/003*.txt 2>/dev/null | jq -c '[.skipped[].line]' >got || true
[ "$(cat got)" = "[54,517]" ] || fail "skipped lines: $(cat got)"
