# SPDX-License-Identifier: Apache-2.0
# unlock once, then commands need no key; lock, time and the end of the agent take that away.
. "$SC_SOURCE/tests/support/functions.sh"
export XDG_RUNTIME_DIR=$T/run
mkdir -m 700 run
agent_pid() { pidof_socket=$(ss -xlpH 2>/dev/null | grep -F "$T/run/secretsctl-agent" || true); echo "$pidof_socket" | sed -n 's/.*pid=\([0-9]*\).*/\1/p'; }
stop_agent() { local pid; pid=$(agent_pid); [ -z "$pid" ] || kill "$pid"; }
on_exit stop_agent
requires ss

(umask 077; printf 'correct horse\n' >pass)
run 0 "$SECRETSCTL" init --passphrase-file pass --kdf light
printf value | run 0 "$SECRETSCTL" --passphrase-file pass add shop/db
run 5 "$SECRETSCTL" --no-input get shop/db

# unlock starts an agent, and the passphrase is no longer needed.
run 0 "$SECRETSCTL" --passphrase-file pass unlock --time 1h
err_is "secretsctl: unlocked for 1 hour; lock it again with: secretsctl lock"
run 2 "$SECRETSCTL" --passphrase-file pass unlock --time 0
err_is "secretsctl: --time must be 1s or more; see: secretsctl lock"
run 0 "$SECRETSCTL" --no-input get shop/db
out_is value
printf other | run 0 "$SECRETSCTL" --no-input rotate shop/db
[ "$(stat -c %a run/secretsctl-agent)" = 700 ] || fail "the directory is open to others"
[ "$(stat -c %a run/secretsctl-agent/agent.sock)" = 600 ] || fail "the socket is open to others"

# Another vault is not opened by it; unlock itself wants the key again.
run 0 "$SECRETSCTL" --vault other.db init --passphrase-file pass --kdf light
run 5 "$SECRETSCTL" --vault other.db --no-input list
run 5 "$SECRETSCTL" --no-input unlock

run 0 "$SECRETSCTL" lock
err_is "secretsctl: locked"
run 5 "$SECRETSCTL" --no-input get shop/db
run 0 "$SECRETSCTL" --passphrase-file pass unlock --time 1s
sleep 2.2
run 5 "$SECRETSCTL" --no-input get shop/db

# What is wrong offered explicitly is not mended by the agent.
run 0 "$SECRETSCTL" --passphrase-file pass unlock
(umask 077; echo wrong >wrong)
run 5 "$SECRETSCTL" --passphrase-file wrong --no-input get shop/db

run 7 "$SECRETSCTL" agent
err_is "secretsctl: an agent is running already at '$T/run/secretsctl-agent/agent.sock'"
run 2 "$SECRETSCTL" agent --time 0
err_is "secretsctl: --time must be between 1s and 30d"

# An agent whose socket is gone cannot be locked: it ends by itself, and leaves alone who took its place.
lone=$T/lone
mkdir -m 700 "$lone"
XDG_RUNTIME_DIR=$lone "$SECRETSCTL" -q agent &
first=$!
until_true 10 test -S "$lone/secretsctl-agent/agent.sock" || fail "no agent"
rm -r "$lone/secretsctl-agent"
XDG_RUNTIME_DIR=$lone "$SECRETSCTL" -q agent &
second=$!
end_second() { kill "$second" 2>/dev/null || true; }
on_exit end_second
wait "$first" || fail "an agent without a socket ends with $?"
[ -S "$lone/secretsctl-agent/agent.sock" ] || fail "the socket of the next agent was removed"
kill "$second"
wait "$second" || fail "the next agent ends with $?"
[ ! -e "$lone/secretsctl-agent/agent.sock" ] || fail "the next agent leaves its socket"

stop_agent
gone() { [ -z "$(agent_pid)" ]; }
until_true 10 gone || fail "the agent does not end"
run 5 "$SECRETSCTL" --no-input get shop/db
run 0 "$SECRETSCTL" lock --all
err_is "secretsctl: no agent is running"
