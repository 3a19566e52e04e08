# SPDX-License-Identifier: Apache-2.0
# The failure table of docs/FUSE.md, row by row, under reading: hand-over to another program, one that
# crashes at start, worker and keeper stopped, agent gone and back, engine silent, source gone.
# SC_UPGRADES: hand-overs (5 in CI).
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3
new_vault
printf '7:xxxxxxx:7' | "$SECRETSCTL" add -q shop/storm
printf 'later' | "$SECRETSCTL" add -q shop/later
mounted
readers=()
read_for() { # read_for SECONDS: two readers in the background
    readers=()
    local i
    for i in 1 2; do
        "$SC_BUILD/tests/fuse/storm_reader" "$1" "$M/shop/storm" >"$T/reader.$i" 2>&1 &
        readers+=($!)
    done
}
readers_fine() { # readers_fine ROW [LONGEST-MS]: of a machine that does not stand still itself
    local pid longest machine
    for pid in "${readers[@]}"; do
        wait "$pid" || { cat "$T"/reader.*; fail "$1: reads failed"; }
    done
    longest=$(sed 's/.*longest-ms //; s/ .*//' "$T"/reader.* | sort -n | tail -1)
    machine=$(sed 's/.*machine-ms //' "$T"/reader.* | sort -n | tail -1)
    echo "$1: longest stall $longest ms, of the machine $machine ms"
    [ "$longest" -le $((${2:-1000} + 3 * machine)) ] || fail "$1: a stall of $longest ms, of the machine $machine ms"
}

# Hand-over: to the same program at another path, several times; then one that crashes at start.
cp "$SECRETSCTL" "$T/newer"
read_for 4
for _ in $(seq "${SC_UPGRADES:-5}"); do
    before=$(pid_of worker)
    run 0 "$T/newer" mount --upgrade "$M"
    [ "$(pid_of worker)" != "$before" ] || fail "upgrade: the same worker"
    [ "$(readlink "/proc/$(pid_of worker)/exe")" = "$T/newer" ] || fail "upgrade: the old program"
done
readers_fine upgrade
keeper_is_newer() { [ "$(readlink "/proc/$(pid_of keeper)/exe")" = "$T/newer" ]; }
until_true 5 keeper_is_newer || fail "upgrade: keeper"

read_for 3
printf '#!/bin/sh\nexit 3\n' >"$T/broken" && chmod 755 "$T/broken"
before=$(pid_of worker)
run 1 "$SECRETSCTL" __fuse-upgrade "$M" "$T/broken"
err_is "secretsctl: the new server ended before it was ready"
[ "$(pid_of worker)" = "$before" ] || fail "broken upgrade: the old worker left"
readers_fine "broken upgrade"

# A worker that is stopped is silent: killed and replaced within the heartbeat.
read_for 7
sleep 0.5
kill -STOP "$(pid_of worker)"
readers_fine "worker stopped" 4500

# A stopped keeper: readers notice nothing; in the end the worker replaces it.
read_for 9
keeper=$(pid_of keeper)
kill -STOP "$keeper"
readers_fine "keeper stopped"
until_true 5 test ! -e "/proc/$keeper" || fail "the stopped keeper is still there"

# Both stopped for longer than patience lasts, as on a machine that was paused: neither takes the other for dead.
paused_together() {
    local keeper worker
    keeper=$(pid_of keeper) worker=$(pid_of worker)
    kill -STOP "$keeper" "$worker"
    sleep 2.7
    kill -CONT "$keeper" "$worker"
    sleep 0.7
    reads "$M/shop/storm" "$1" || fail "after a pause"
    [ "$(pid_of keeper) $(pid_of worker)" = "$keeper $worker" ]
}
value=$(cat "$M/shop/storm")
# On a busy machine one may really have been silent.
paused_together "$value" || paused_together "$value" || paused_together "$value" || fail "a pause has cost the worker or the keeper"

# Agent gone: reads go on, also after the worker died; another one goes on where it was, without asking
# for the passphrase.
back() { local now; now=$(pid_of agent) && [ "$now" != 0 ] && [ "$now" != "$1" ] && [ -d "/proc/$now" ]; }
agent=$(pid_of agent)
read_for 3
kill -9 "$agent"
kill -9 "$(pid_of worker)"
readers_fine "agent dead"
until_true 10 back "$agent" || fail "the agent was not started again"
printf '8:xxxxxxxx:8' | "$SECRETSCTL" rotate -q shop/storm
until_true 5 reads "$M/shop/storm" 8:xxxxxxxx:8 || fail "the new agent does not feed"
reads "$M/shop/later" later || fail "the new agent does not answer"
run 7 "$SECRETSCTL" mount "$M"
end_mount
unset SECRETSCTL_KEY_FILE
echo 'the passphrase' >"$T/pass"
chmod 600 "$T/pass"
"$SECRETSCTL" --key-file "$T/key" slot add -q --kdf light --new-passphrase-file "$T/pass"
M=$T/mnt
(cd "$T" && timeout 60 "$SECRETSCTL" --passphrase-file pass --vault vault.db mount -q "$M") || fail "cannot mount with a passphrase"
rm "$T/pass"
agent=$(pid_of agent)
kill -9 "$agent"
until_true 10 back "$agent" || fail "the agent was not started again without its passphrase"
export SECRETSCTL_KEY_FILE=$T/key
printf '7:xxxxxxx:7' | "$SECRETSCTL" rotate -q shop/storm
until_true 5 reads "$M/shop/storm" 7:xxxxxxx:7 || fail "passphrase: the new agent does not feed"
printf '8:xxxxxxxx:8' | "$SECRETSCTL" rotate -q shop/storm
until_true 5 reads "$M/shop/storm" 8:xxxxxxxx:8 || fail "passphrase: the new agent does not watch"

# The source away: reads go on.
mv "$SECRETSCTL_VAULT" "$T/away"
sleep 1.5
reads "$M/shop/storm" 8:xxxxxxxx:8 || fail "source away"
mv "$T/away" "$SECRETSCTL_VAULT"

# The vault's root key is changed: the mount goes on. Its own key is taken back: every open is refused
# with ENOKEY, until a key that fits is given.
"$SECRETSCTL" slot add -q --key-file "$T/key2"
end_mount
export SECRETSCTL_KEY_FILE=$T/key2
mounted
first=$("$SECRETSCTL" slot list --json | python3 -c 'import json,sys; print(next(s["id"] for s in json.load(sys.stdin) if s["current"]))')
export SECRETSCTL_KEY_FILE=$T/key
"$SECRETSCTL" rekey -q 2>/dev/null
printf '9:xxxxxxxxx:9' | "$SECRETSCTL" rotate -q shop/storm
until_true 5 reads "$M/shop/storm" 9:xxxxxxxxx:9 || fail "the mount does not follow a new root key"
exec 5<"$M/shop/storm" # a reader: for it the mount stays when its agent is told to end
"$SECRETSCTL" slot rm -q "$first" 2>/dev/null
locked() { ! timeout 20 cat "$M/shop/storm" 2>"$T/err" >/dev/null && grep -q 'Required key not available' "$T/err"; }
until_true 5 locked || fail "vault locked: $(cat "$T/err")"
kill -9 "$(pid_of worker)"
until_true 5 locked || fail "vault locked, next worker: $(cat "$T/err")"
agent=$(pid_of agent)
kill "$agent" # by SIGTERM, so that none comes after it
until_true 5 test ! -e "/proc/$agent" || fail "the agent does not end"
run 0 "$SECRETSCTL" umount --force "$M"
exec 5<&-
mounted
until_true 5 reads "$M/shop/storm" 9:xxxxxxxxx:9 || fail "unlocked, but not served"
end_mount

# An engine that never answers: unknown containers would wait 500 ms, the host does not.
python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + ".new"); s.listen(8)
os.rename(sys.argv[1] + ".new", sys.argv[1]); time.sleep(600)' "$T/silent" &
silent=$!
until_true 5 test -S "$T/silent" || fail "no engine"
echo 'allow shop/* to service=db' >"$T/policy"
echo 'allow shop/* to host' >>"$T/policy"
mounted --engine "$T/silent" --policy "$T/policy"
read_for 1
readers_fine "engine silent"
kill "$silent"
end_mount
none_stuck
