# SPDX-License-Identifier: Apache-2.0
# Readers that open as fast as they can: every open is in the log, as one of a count, and none is lost.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires jq
new_vault
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm
mounted

pids=()
for i in 1 2 3 4; do
    "$SC_BUILD/tests/fuse/storm_reader" 1 "$M/shop/storm" >"$T/reader$i" 2>&1 &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || fail "reads failed: $(cat "$T"/reader*)"; done
opened=$(cat "$T"/reader* | awk '/^reads/ { sum += $2 } END { print sum }')

logged() { "$SECRETSCTL" who shop/storm --mount "$M" --json | jq '[.readers[].opens] | add'; }
all_logged() { [ "$(logged)" = "$opened" ]; }
until_true 10 all_logged || fail "$(logged) of $opened opens are in the log"
[ "$("$SECRETSCTL" __fuse-status "$M" | sed -n 's/^lost	//p')" = 0 ] || fail "opens were lost"
lines=$(cat "$SECRETSCTL_VAULT.access"/*.log | wc -l)
[ "$lines" -lt "$opened" ] || fail "each of $opened opens has a line of its own"
run 0 "$SECRETSCTL" who --check
echo "$opened opens in $lines lines"
