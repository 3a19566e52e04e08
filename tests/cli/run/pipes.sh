# SPDX-License-Identifier: Apache-2.0
# run without a terminal: files and variables, statuses, signals, masked output, nothing left behind.
. "$SC_SOURCE/tests/support/functions.sh"

M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() { rm -rf "$M"; }
on_exit drop
export XDG_RUNTIME_DIR=$M
new_vault
printf 'p@ss w"ord' | "$SECRETSCTL" add shop/db_password
printf 'line-one-1\nline-two-2\n' | "$SECRETSCTL" add shop/two_lines
printf other-value | "$SECRETSCTL" add other/token

# Files: private, named by NAME_FILE; ours are stripped; gone afterwards.
run 0 "$SECRETSCTL" run --scope shop -- sh -c \
    'stat -c %a "$DB_PASSWORD_FILE" "${DB_PASSWORD_FILE%/*}"; wc -c <"$DB_PASSWORD_FILE"; env; ls /proc/self/fd'
out_has 400
out_has 700
out_has "DB_PASSWORD_FILE=$M/secretsctl-run."
out_lacks SECRETSCTL_
out_lacks TOKEN
[ -z "$(ls -A "$M")" ] || fail "files are left: $(ls "$M")"

# Variables, --only, --set, --clean-env.
run 0 env LEAK=1 "$SECRETSCTL" run --env --no-mask --scope shop --only 'db*' --set 'U=a:{{secret:db_password|url}}@b' \
    --clean-env -- env
out_has 'DB_PASSWORD=p@ss w"ord'
out_has 'U=a:p%40ss%20w%22ord@b'
out_lacks LEAK
out_lacks TWO_LINES

# Masked on both outputs, raw and encoded, also across writes; order is kept where they are one.
cat >"$T/parts" <<'END'
import array, fcntl, os, termios, time
left = array.array("i", [1])
os.write(1, b"p@ss w")
while left[0]:  # until it was read: what is held back comes after a second, though its rest does not
    time.sleep(0.001)
    fcntl.ioctl(1, termios.FIONREAD, left)
os.write(1, b'"ord x\n')
END
run 0 "$SECRETSCTL" run --env -- sh -c 'python3 "$0"; echo "$TWO_LINES" >&2
    printf %s "$DB_PASSWORD" | base64; echo "p%40ss%20w%22ord"; echo "{\"a\":\"p@ss w\\\"ord\"}"' "$T/parts"
out_is '*** x
***A==
***
{"a":"***"}'
err_is '***
***'
run 0 sh -c '"$0" run -- sh -c "echo 1; echo 2 >&2; echo 3" 2>&1' "$SECRETSCTL"
out_is '1
2
3'
run 0 sh -c 'echo "x other-value y" | "$0" mask' "$SECRETSCTL"
out_is 'x *** y'
run 0 sh -c 'echo "x other-value y" | "$0" mask --name' "$SECRETSCTL"
out_is 'x [token] y'
# What a template makes of a secret is one as well, also of a secret that is too short by itself.
printf ab | "$SECRETSCTL" add -q short/pin
for template in '{{secret:pin}}' '{{ secret:pin }}'; do
    run 0 "$SECRETSCTL" run --env --scope short --set "U=u:$template@host" -- sh -c 'echo "$U"'
    out_is '***'
done
"$SECRETSCTL" rm -q short/pin
# A value that other text has by chance is masked there, too; what is kept as open is not.
printf true | "$SECRETSCTL" add -q words/flag
printf 4711 | "$SECRETSCTL" add -q words/pin
printf release1 | "$SECRETSCTL" add -q words/fine
printf false | "$SECRETSCTL" add -q words/open --kind config
run 0 sh -c 'echo "true false 4711" | "$0" mask --scope words' "$SECRETSCTL"
out_is '*** false ***'
err_is "secretsctl: 'words/flag' is a word or a short number, and masked wherever that stands; what is no secret is better kept as --kind config
secretsctl: 'words/pin' is a word or a short number, and masked wherever that stands; what is no secret is better kept as --kind config"
for name in flag pin fine open; do "$SECRETSCTL" rm -q "words/$name"; done
# A pattern that fits nothing is a slip, and would leave a value readable.
run 0 sh -c 'echo "x other-value y" | "$0" mask --scope other --scope other' "$SECRETSCTL"
out_is 'x *** y'
run 2 sh -c 'echo "x" | "$0" mask --mask-with "$(printf %300s .)"' "$SECRETSCTL"
err_is "secretsctl: the text for a value is over 256 bytes"
run 125 "$SECRETSCTL" run --mask-with "$(printf %300s .)" -- true
err_is "secretsctl: the text for a value is over 256 bytes"
run 1 sh -c '"$0" mask <"$1"' "$SECRETSCTL" "$T"
err_is "secretsctl: cannot read: Is a directory"
run 4 sh -c 'echo "x other-value y" | "$0" mask --only "*" --only "ohter*"' "$SECRETSCTL"
err_is "secretsctl: no entry fits --only 'ohter*'"
run 125 "$SECRETSCTL" run --env --only 'ohter*' -- true
err_is "secretsctl: no entry fits --only 'ohter*'"

# The status is the command's.
run 0 "$SECRETSCTL" run -- true
run 7 "$SECRETSCTL" run -- sh -c 'exit 7'
run 137 "$SECRETSCTL" run -- sh -c 'kill -KILL $$'
run 139 "$SECRETSCTL" run -- sh -c 'ulimit -c 0; kill -SEGV $$'
run 125 sh -c '"$0" run --scope shop -- echo text >/dev/full' "$SECRETSCTL"
err_is "secretsctl: cannot write: No space left on device"
run 0 "$SECRETSCTL" run --scope shop --scope shop -- true
run 4 timeout -s KILL 60 env --ignore-signal=CHLD "$SECRETSCTL" run --scope shop -- sh -c 'exit 4'
run 127 "$SECRETSCTL" run -- /nonexistent/command
err_is "secretsctl: cannot run '/nonexistent/command': No such file or directory"
run 126 "$SECRETSCTL" run -- /
run 125 "$SECRETSCTL" run
err_is "secretsctl: 'run' needs a command; see: secretsctl help run"
run 125 "$SECRETSCTL" run --nope -- true
err_is "secretsctl: unknown option '--nope'; see: secretsctl help run"
run 125 "$SECRETSCTL" run --set '{{secret:x}}' -- true
printf x2345678 | "$SECRETSCTL" add other/db_password
run 125 "$SECRETSCTL" run -- true
err_is "secretsctl: 'other/db_password' and 'shop/db_password' would both be the variable DB_PASSWORD; choose with --only or --scope"

# --dry-run names, and shows no value.
run 0 "$SECRETSCTL" run --scope shop --dry-run
out_is 'DB_PASSWORD_FILE	shop/db_password
TWO_LINES_FILE	shop/two_lines'
run 0 "$SECRETSCTL" run --scope shop --env --dry-run --json
out_has '{"variable":"DB_PASSWORD","entry":"shop/db_password","masked":true}'

# A signal for run is one for the command.
"$SECRETSCTL" run --scope shop -- sh -c 'trap "exit 9" TERM; touch "$0"; while :; do sleep 0.05; done' "$T/up" &
pid=$!
until_true 10 test -e "$T/up" || fail "the command does not start"
kill "$pid"
status=0
wait "$pid" || status=$?
[ "$status" = 9 ] || fail "status $status after TERM"

# One that comes when the command has ended, and something it left running still prints, is sent to nobody: the
# command's number may be another's by then.
if [ -z "${SC_SANITIZED:-}" ] && command -v strace >/dev/null; then
    run 7 strace -qq -e trace=kill -o "$T/kills" "$SECRETSCTL" -q run --scope shop -- sh -c '
        (while kill -0 $$ 2>/dev/null; do echo on; done; kill -TERM $PPID; echo on) & exit 7'
    [ ! -s "$T/kills" ] || fail "$(cat "$T/kills")"
fi

# After kill -9 the guard removes the files.
"$SECRETSCTL" run --scope shop -- sh -c 'echo $$ >"$0"; exec sleep 300' "$T/sleeper" &
pid=$!
empty() { [ -z "$(ls -A "$M")" ]; }
until_true 10 test -s "$T/sleeper" || fail "the command does not start"
! empty || fail "no files while it runs"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
until_true 10 empty || fail "the guard left files"
kill "$(cat "$T/sleeper")"

# A background process that keeps the output open holds nobody up, neither silent nor talking.
run 0 "$SECRETSCTL" run --scope shop -- sh -c 'sleep 60 & echo $! >"$0"; echo done' "$T/left"
kill "$(cat "$T/left")"
out_is 'done'
err_is "secretsctl: what 'sh' left running still had its output; what it prints from now on is lost"
run 7 "$SECRETSCTL" -q run --scope shop -- sh -c 'while echo on; do sleep 0.05; done & exit 7'
err_is ""

# A prompt that looks like the beginning of a value comes out of the filter, too, and is masked in the end.
mkfifo "$T/typed"
"$SECRETSCTL" mask --scope other <"$T/typed" >"$T/shown" &
pid=$!
exec 9>"$T/typed"
printf 'who: oth' >&9
shown() { [ "$(cat "$T/shown")" = 'who: oth' ]; }
until_true 10 shown || fail "held back: $(cat "$T/shown")"
echo er-value >&9
exec 9>&-
wait "$pid"
[ "$(cat "$T/shown")" = 'who: oth***' ] || fail "shown: $(cat "$T/shown")"
