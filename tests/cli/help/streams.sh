# SPDX-License-Identifier: Apache-2.0
# Standard streams that are closed or full: what is lost is an error, and a value that cannot be read is none.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
printf first | run 0 "$SECRETSCTL" add shop/a

for command in "get shop/a" list "list --json" "show shop/a" "export --format env" generate log help "completion bash"; do
    # shellcheck disable=SC2086 # words on purpose
    {
        status=0
        "$SECRETSCTL" $command 2>"$T/err" >&- || status=$?
        [ $status = 1 ] || fail "$command, closed output: status $status"
        err_has "Bad file descriptor"
        run 1 sh -c '"$@" >/dev/full' _ "$SECRETSCTL" $command
        err_has "No space left on device"
    }
done
# a reader that has gone is told by the signal, as of any filter
status=0
"$SECRETSCTL" completion bash 2>"$T/err" | true || status=${PIPESTATUS[0]}
[ "$status" = 0 ] || [ "$status" = 141 ] || fail "reader gone: status $status"
[ ! -s "$T/err" ] || fail "reader gone: a message"

for command in "rotate shop/a" "add shop/b"; do
    # shellcheck disable=SC2086 # words on purpose
    run 1 sh -c '"$@" <&-' _ "$SECRETSCTL" $command
    err_is "secretsctl: cannot take the value from standard input: cannot read: Bad file descriptor"
done
run 0 "$SECRETSCTL" get shop/a
out_is first
run 0 "$SECRETSCTL" list
[ "$(wc -l <"$T/out")" = 1 ] || fail "something was added"

# without a standard error the status says it
run 4 sh -c '"$@" 2>&-' _ "$SECRETSCTL" get shop/none
# an empty value is what a pipe brings whose command failed: the present one stays, unless that is meant
: >nothing
for command in "rotate shop/a" "add shop/empty" "rotate shop/a --from-file nothing" "rotate shop/a --strip-newline"; do
    # shellcheck disable=SC2086 # words on purpose
    run 1 "$SECRETSCTL" $command </dev/null
    err_is "secretsctl: the value is empty, so nothing was stored; if that is meant: --allow-empty"
done
run 1 "$SECRETSCTL" rotate shop/a --strip-newline <<<''
run 0 "$SECRETSCTL" get shop/a
out_is first
run 0 "$SECRETSCTL" list
[ "$(wc -l <"$T/out")" = 1 ] || fail "something was added"
run 0 "$SECRETSCTL" rotate shop/a --allow-empty </dev/null
run 0 "$SECRETSCTL" add shop/empty --allow-empty </dev/null
err_is "secretsctl: added 'shop/empty'"
run 0 "$SECRETSCTL" get shop/a
[ ! -s "$T/out" ] || fail "not empty"
run 0 "$SECRETSCTL" rotate shop/a --keep-value --note x </dev/null
