# SPDX-License-Identifier: Apache-2.0
# doctor tells what holds, and status 1 when something does not: each fault by itself.
. "$SC_SOURCE/tests/support/functions.sh"
not_sanitized "it takes mlock(2) over"
requires jq
export XDG_RUNTIME_DIR=$T/run SECRETSCTL_RUN_DIR=$T/values
mkdir -m 700 run
unset DOCKER_HOST
status_of() { jq -r --arg check "$1" '.checks[] | select(.check == $check) | .status' "$T/out"; }
expect() { [ "$(status_of "$1")" = "$2" ] || { cat "$T/out"; fail "$1 is not $2"; }; }

run 0 "$SECRETSCTL" doctor --json
expect memory-lock ok
expect core-dumps ok
expect memory-advice ok
expect vault note
expect agent note
expect values note

new_vault
run 0 "$SECRETSCTL" doctor --json
expect vault ok
expect key-file ok
chmod 644 vault.db
run 1 "$SECRETSCTL" doctor --json
expect vault fail
chmod 600 vault.db
chmod 640 key
run 1 "$SECRETSCTL" doctor --json
expect key-file fail
chmod 600 key
: >blank && chmod 600 blank
run 1 env SECRETSCTL_KEY_FILE=blank "$SECRETSCTL" doctor
out_has "'blank' is empty"
chmod 777 .
run 1 "$SECRETSCTL" doctor --json
expect vault-folder fail
chmod 700 .

export DOCKER_HOST=tcp://127.0.0.1:1
run 0 "$SECRETSCTL" doctor --json
expect engine warn
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("engine.sock")'
chmod 666 engine.sock
export DOCKER_HOST=unix://$T/engine.sock
run 1 "$SECRETSCTL" doctor --json
expect engine fail
unset DOCKER_HOST

run 0 "$SECRETSCTL" doctor
out_has "vault           '$T/vault.db' is yours alone"
grep -Eqx 'ok [0-9]+, note [0-9]+, warn 0, fail 0' out || fail "the last line: $(tail -n 1 out)"
mkdir -m 700 values # empty: wherever it lies, nothing is in it
run 0 "$SECRETSCTL" doctor --json
expect values note

# Without the right to lock memory.
if [ "$(id -u)" = 0 ]; then
    install -m 755 "$SECRETSCTL" program
    chmod 755 .
    unset SECRETSCTL_KEY_FILE
    run 1 setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all \
        prlimit --memlock=0 "$T/program" --vault none.db doctor --json
    expect memory-lock fail
    expect memfd-secret note
fi
