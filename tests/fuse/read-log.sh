# SPDX-License-Identifier: Apache-2.0
# Readers that open as fast as they can: every open is in the log, as one of a count, and none is lost.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires jq python3
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

# A loss is told once, also by an agent that comes after the one that told it.
agent=$(pid_of agent)
printf other | "$SECRETSCTL" add -q shop/other
until_true 10 reads "$M/shop/other" other || fail "not served"
kill -STOP "$agent"
python3 - "$M/shop/storm" "$M/shop/other" <<'END'
import sys
for _ in range(2500):
    for path in sys.argv[1:]:
        open(path).close()
END
kill -CONT "$agent"
lost() { "$SECRETSCTL" __fuse-status "$M" | sed -n 's/^lost	//p'; }
told() { awk -F'\t' '$5 == "lost" { sum += $4 } END { print sum + 0 }' "$SECRETSCTL_VAULT.access"/*.log; }
all_told() { [ "$(told)" = "$(lost)" ]; }
[ "$(lost)" -gt 0 ] || fail "nothing was lost"
until_true 10 all_told || fail "$(told) of $(lost) losses are told"
kill -9 "$agent"
back() { local now; now=$(pid_of agent) && [ "$now" != 0 ] && [ "$now" != "$agent" ]; }
until_true 10 back || fail "the agent was not started again"
printf changed | "$SECRETSCTL" rotate -q shop/other
until_true 10 reads "$M/shop/other" changed || fail "the new agent does not feed"
sleep 0.5
all_told || fail "$(told) losses are told of $(lost)"
