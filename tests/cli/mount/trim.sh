# SPDX-License-Identifier: Apache-2.0
# who --trim: a read log that grew is ended, with and without an agent that writes it. No open is lost, --check goes on
# from there, and what was cut or rewritten before is not forgotten by it.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
new_vault
printf one | "$SECRETSCTL" add -q shop/key
run 4 "$SECRETSCTL" who --trim
err_is "secretsctl: no read log yet: nothing was mounted"
run 2 "$SECRETSCTL" who --trim --check
err_is "secretsctl: --anchor, --check and --trim stand alone"
run 2 "$SECRETSCTL" who --trim shop/key
mounted
folder=$SECRETSCTL_VAULT.access
opens() { # of all logs there are, ended ones too
    find "$folder" -name '*.log' -exec cat {} + -o -name '*.old' -exec cat {} + | awk -F'\t' '$5 == "ok" { sum += $16 } END { print sum + 0 }'
}
reads "$M/shop/key" one || fail "read"
run 0 "$SECRETSCTL" who --mount "$M" shop/key # waits for the line
log=$(echo "$folder"/*.log)
printf two | "$SECRETSCTL" rotate -q shop/key
until_true 5 reads "$M/shop/key" two || fail "rotation"
run 0 "$SECRETSCTL" who --mount "$M"
before=$(opens)

# An agent that is stopped lets nothing go: nothing is changed.
agent=$(pid_of agent)
kill -STOP "$agent"
run 7 "$SECRETSCTL" who --trim
err_is "secretsctl: whoever writes '$log' does not let go of it; it was not ended"
[ "$(ls "$folder")" = "${log##*/}" ] || fail "left by what was refused: $(ls "$folder")"
kill -CONT "$agent"

run 0 "$SECRETSCTL" who --trim
old=$(echo "$folder"/*.old)
err_is "secretsctl: ended a read log of $(wc -l <"$old") lines: '$old'"
[ "$(opens)" = "$before" ] || fail "$(opens) opens, there were $before"
run 0 "$SECRETSCTL" who --check
err_is "secretsctl: the read logs are whole, and as 0 notes in the vault say"
"$SECRETSCTL" log >"$T/out"
out_has "ended $(wc -l <"$old") $(tail -1 "$old" | sed 's/.*\t//')"

# While four readers open it all the time. Opens that are counted on one line are counted, too. They pause (nothing comes
# from the FIFO): readers that never do can keep the agent from running for 10 s, on kernels that weigh sessions.
mkfifo "$T/pause"
exec 9<>"$T/pause"
touch "$T/go"
for i in 1 2 3 4; do
    (n=0; while [ -e "$T/go" ]; do read -r _ <"$M/shop/key" || true; n=$((n + 1)); read -rt 0.002 -u 9 || true; done; echo $n >"$T/n.$i") 2>/dev/null &
done
for i in 1 2 3 4 5; do
    sleep 0.3
    until_true 5 test -s "$log" || fail "no line before trim $i"
    run 0 "$SECRETSCTL" who --trim
    [ "$(wc -l <"$T/err")" = 1 ] || fail "trim $i: $(cat "$T/err")"
done
rm "$T/go"
wait
run 0 "$SECRETSCTL" who --mount "$M"
[ "$(opens)" = $((before + $(cat "$T"/n.* | paste -sd+))) ] || fail "$(opens) opens are logged, of $before and $(cat "$T"/n.* | paste -sd+)"
! grep -h lost "$folder"/*.log "$folder"/*.old || fail "lost"
printf six | "$SECRETSCTL" rotate -q shop/key
until_true 5 reads "$M/shop/key" six || fail "rotation"
run 0 "$SECRETSCTL" who --mount "$M" shop/key
run 0 "$SECRETSCTL" who --anchor
run 0 "$SECRETSCTL" who --check

# Interrupted behind the rename; the agent goes on with a new one, of which a line is noted. All of both is asked for,
# and the next time goes on with both, though an agent that is stopped keeps its own.
mv "$log" "${log%.log}.ending"
until_true 5 test -e "$log" || fail "no new log"
reads "$M/shop/key" six || fail "read"
run 0 "$SECRETSCTL" who --mount "$M" shop/key
run 0 "$SECRETSCTL" who --anchor
run 0 "$SECRETSCTL" who --check
reads "$M/shop/key" six || fail "read"
run 0 "$SECRETSCTL" who --mount "$M" shop/key
kill -STOP "$agent"
run 7 "$SECRETSCTL" who --trim
err_has "secretsctl: ended a read log of "
err_has "secretsctl: whoever writes '$log' does not let go of it; it was not ended"
run 0 "$SECRETSCTL" who --check
err_is "secretsctl: the read logs are whole, and as 1 note in the vault says"
cp "$log" "$T/right"
sed '$d' "$T/right" >"$log" # the same file, which the agent has open
run 6 "$SECRETSCTL" who --check
err_is "secretsctl: read log '${log##*/}' has lost line 2, which the vault has noted"
cat "$T/right" >"$log"
kill -CONT "$agent"

# What is found by --check while it is written is told before anything is renamed, and is found afterwards.
flip "$log" 30
for option in --trim --check; do
    run 6 "$SECRETSCTL" who "$option"
    err_is "secretsctl: '$log' line 1: the chain of hashes is broken"
done
flip "$log" 30
"$SECRETSCTL" umount --force "$M"

# What is found by --check is not made good by --trim.
cp "$log" "$T/right"
sed -i '$d' "$log"
run 6 "$SECRETSCTL" who --trim
err_has "secretsctl: read log '${log##*/}' has lost line"
[ -e "$log" ] || fail "renamed"
run 6 "$SECRETSCTL" who --check
cp "$T/right" "$log"
# Interrupted behind the first of its steps, and not by an agent's hand.
mv "$log" "${log%.log}.ending"
run 0 "$SECRETSCTL" who --check
run 0 "$SECRETSCTL" who --trim
err_has "secretsctl: ended a read log of $(wc -l <"$T/right") line"
run 0 "$SECRETSCTL" who --check
rm "$folder"/*.old
run 0 "$SECRETSCTL" who --check
# And while an agent wrote it, which has begun a new one: lines of both are noted by then, with the same numbers.
mounted
reads "$M/shop/key" six || fail "read"
run 0 "$SECRETSCTL" who --mount "$M" shop/key
run 0 "$SECRETSCTL" who --anchor
err_is "secretsctl: noted the head of 1 read log in the vault"
mv "$log" "${log%.log}.ending"
printf seven | run 0 "$SECRETSCTL" rotate shop/key
until_true 5 reads "$M/shop/key" seven || fail "rotation"
until_true 5 test -s "$log" || fail "no new log"
run 0 "$SECRETSCTL" who --anchor
err_is "secretsctl: noted the head of 1 read log in the vault"
run 0 "$SECRETSCTL" who --check
run 0 "$SECRETSCTL" who --trim
[ "$(wc -l <"$T/err")" = 2 ] || fail "$(cat "$T/err")"
run 0 "$SECRETSCTL" who --check
"$SECRETSCTL" umount --force "$M"
# The next log is asked for as the first one was.
mounted
reads "$M/shop/key" seven || fail "read"
run 0 "$SECRETSCTL" who --mount "$M" shop/key
run 0 "$SECRETSCTL" who --anchor
"$SECRETSCTL" umount --force "$M"
rm "$log"
run 6 "$SECRETSCTL" who --check
err_is "secretsctl: read log '${log##*/}' has lost line 1, which the vault has noted"
