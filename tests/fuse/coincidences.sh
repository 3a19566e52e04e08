# SPDX-License-Identifier: Apache-2.0
# Failures that fall together: the keeper dies while the next worker starts, and each worker starts a keeper; no
# worker can start when the store moves to new memory; the keeper dies behind such a move. In the end one keeper
# and one worker serve what the agent says, and the agent is the one it was.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires prlimit pgrep
new_vault
printf first | "$SECRETSCTL" add -q shop/db
mounted --memory 2M

journal_of() { # the journal's inode, of a process
    local fd
    for fd in "/proc/$1"/fd/*; do
        case $(readlink "$fd") in */memfd:secretsctl-journal*) stat -Lc %i "$fd" ;; esac
    done 2>/dev/null
}
processes() { # processes WORD: how many of this mount
    local pid mine count=0
    mine=$(journal_of "$(pid_of keeper)")
    for pid in $(pgrep -f "^[^ ]*secretsctl __fuse-$1 "); do
        [ "$(journal_of "$pid")" != "$mine" ] || count=$((count + 1))
    done
    echo "$count"
}
one_of_each() { [ -n "$(journal_of "$(pid_of keeper)")" ] && [ "$(processes keeper) $(processes worker)" = "1 1" ]; }
steady() { # and the same a moment later: a keeper that gives way answers until it has ended
    local keeper
    keeper=$(pid_of keeper)
    sleep 0.3
    one_of_each && [ -n "$keeper" ] && [ "$(pid_of keeper)" = "$keeper" ]
}
until_true 5 one_of_each || fail "at first: $(processes keeper) keepers, $(processes worker) workers"
agent=$(pid_of agent)

printf '#!/bin/sh\nwhile [ ! -e "%s" ]; do sleep 0.1; done\nexec "%s" "$@"\n' "$T/go" "$SECRETSCTL" >"$T/slow"
chmod 755 "$T/slow"
keeper=$(pid_of keeper)
"$SECRETSCTL" __fuse-upgrade "$M" "$T/slow" >/dev/null 2>&1 &
upgrade=$!
starts() { pgrep -f "^/bin/sh $T/slow __fuse-worker" >/dev/null; }
until_true 5 starts || fail "no next worker"
kill -9 "$keeper"
replaced() { local now; now=$(pid_of keeper) && [ -n "$now" ] && [ "$now" != "$keeper" ]; }
until_true 10 replaced || fail "no next keeper"
touch "$T/go"
wait "$upgrade" || true
until_true 20 steady || fail "after an upgrade without a keeper: $(processes keeper) keepers, $(processes worker) workers"
printf second | "$SECRETSCTL" rotate -q shop/db
until_true 10 reads "$M/shop/db" second || fail "a rotation does not show"

# More than the store holds, and no worker can start on the next one.
head -c 700000 /dev/zero >"$T/large"
prlimit --pid "$(pid_of keeper)" --as=8000000:
for n in 1 2 3 4; do
    "$SECRETSCTL" add -q --from-file "$T/large" "big/$n"
done
listed() { [ "$(ls "$M/big" 2>/dev/null | wc -l)" = 4 ]; }
until_true 10 listed || fail "not listed"
refused=0
for n in 1 2 3 4; do timeout 20 cmp -s "$T/large" "$M/big/$n" || refused=$((refused + 1)); done
[ "$refused" -gt 0 ] || fail "the store did not move"
reads "$M/shop/db" second || fail "what was there is not read"
[ "$(pid_of agent)" = "$agent" ] || fail "the agent has ended: no worker could start"
prlimit --pid "$(pid_of keeper)" --as=unlimited:
all_read() { local n; for n in 1 2 3 4; do timeout 20 cmp -s "$T/large" "$M/big/$n" || return 1; done; }
until_true 20 all_read || fail "the new memory is not served"
[ "$(pid_of agent)" = "$agent" ] || fail "the agent was replaced"
until_true 10 steady || fail "after a move: $(processes keeper) keepers, $(processes worker) workers"
printf third | "$SECRETSCTL" rotate -q shop/db
until_true 10 reads "$M/shop/db" third || fail "a rotation does not show after a move"
none_stuck
