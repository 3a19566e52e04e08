# SPDX-License-Identifier: Apache-2.0
# get through the agent: the agent reads the value, and what a command would have noticed is noticed all the same.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace ss
export XDG_RUNTIME_DIR=$T/run
mkdir -m 700 run
stop_agent() { local pid; pid=$(ss -xlpH 2>/dev/null | grep -F "$T/run/secretsctl-agent" | sed -n 's/.*pid=\([0-9]*\).*/\1/p'); [ -z "$pid" ] || kill "$pid"; }
on_exit stop_agent
new_vault
key=$SECRETSCTL_KEY_FILE
unset SECRETSCTL_KEY_FILE
by_key() { "$SECRETSCTL" --key-file "$key" "$@"; }
printf first | run 0 by_key add shop/db
printf open | run 0 by_key add shop/port --kind config
head -c 20000 /dev/zero | run 0 by_key add shop/long
run 0 by_key unlock

# The command does not open the vault, but for a look at its owner and mode: the agent does.
# (The leak sanitizer does not work in a traced process.)
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run 0 strace -f -e trace=openat -o trace "$SECRETSCTL" --no-input get shop/db
out_is first
if grep -q 'vault.db.*O_RDWR' trace; then fail "get read the vault itself: $(cat trace)"; fi
cp vault.db old.db

# What others write is seen, old versions are there, and what the agent leaves alone the command does.
printf second | run 0 by_key rotate shop/db
run 0 "$SECRETSCTL" --no-input get shop/db
out_is second
run 0 "$SECRETSCTL" --no-input get shop/db --revision 1
out_is first
run 0 "$SECRETSCTL" --no-input get shop/port
out_is open
run 0 "$SECRETSCTL" --no-input get shop/long
[ "$(stat -c %s out)" = 20000 ] || fail "a long value"
run 4 "$SECRETSCTL" --no-input get shop/none
err_is "secretsctl: there is no entry 'shop/none'"
run 4 "$SECRETSCTL" --no-input get shop/db --revision 9

# Its own demands and its own pin are the command's.
run 10 "$SECRETSCTL" --no-input --min-seq 999 get shop/db
run 10 env SECRETSCTL_MIN_SEQ=999 "$SECRETSCTL" --no-input get shop/db
run 6 env SECRETSCTL_VAULT_KEY=00 "$SECRETSCTL" --no-input get shop/db
run 6 env SECRETSCTL_VAULT_KEY= "$SECRETSCTL" --no-input get shop/db
run 2 env SECRETSCTL_MIN_SEQ= "$SECRETSCTL" --no-input get shop/db
mkdir elsewhere
run 0 env XDG_STATE_HOME="$T/elsewhere" "$SECRETSCTL" --no-input get shop/db
out_is second
[ -n "$(ls elsewhere/secretsctl/pins)" ] || fail "what is seen for the first time is not pinned"

# An older copy in its place, while the agent has it open.
cp vault.db new.db
run 0 "$SECRETSCTL" --no-input get shop/db
mv old.db vault.db
run 10 "$SECRETSCTL" --no-input get shop/db
mv new.db vault.db
run 0 "$SECRETSCTL" --no-input get shop/db
out_is second

# A file that others may write is refused, also while the agent has it open.
chmod 0666 vault.db
run 8 "$SECRETSCTL" --no-input get shop/db
chmod 0600 vault.db
run 0 "$SECRETSCTL" --no-input get shop/db

# Locked is locked, at once.
run 0 "$SECRETSCTL" lock
run 5 "$SECRETSCTL" --no-input get shop/db
run 0 by_key unlock
run 0 "$SECRETSCTL" --no-input get shop/db
