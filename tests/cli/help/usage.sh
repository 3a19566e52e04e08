# SPDX-License-Identifier: Apache-2.0
# Options that are unknown, incomplete or in excess: status 2, one line, and never the text after '='.
. "$SC_SOURCE/tests/support/functions.sh"

run 2 "$SECRETSCTL" help --frob=hunter2
err_is "secretsctl: unknown option '--frob'; see: secretsctl help help"
run 2 "$SECRETSCTL" --frob=hunter2 list
err_is "secretsctl: unknown option '--frob'; see: secretsctl help"
run 2 "$SECRETSCTL" list --keyfile=hunter2
err_is "secretsctl: unknown option '--keyfile'; did you mean '--key-file'?"
run 2 "$SECRETSCTL" list --expirign 30d
err_is "secretsctl: unknown option '--expirign'; did you mean '--expiring'?"
run 2 "$SECRETSCTL" list -qX
err_is "secretsctl: unknown option '-X'; see: secretsctl help list"

run 2 "$SECRETSCTL" help --json=hunter2
err_is "secretsctl: option '--json' takes no value"

run 2 "$SECRETSCTL" list --exp
err_is "secretsctl: option '--exp' is short for several; write more of it"

run 2 "$SECRETSCTL" list --kind hunter2
err_is "secretsctl: --kind must be one of: secret, config, template"

run 2 "$SECRETSCTL" audit --baseline a --write-baseline b
err_is "secretsctl: --baseline and --write-baseline exclude each other"

run 2 "$SECRETSCTL" --vault
err_is "secretsctl: option '--vault' needs a value"

run 2 "$SECRETSCTL" help -x
err_is "secretsctl: unknown option '-x'; see: secretsctl help help"

# 90 days or 90 seconds? A number without a unit is not guessed at
run 2 "$SECRETSCTL" add shop/pw --generate --expires 90
err_is "secretsctl: --expires needs a unit, as in 90s, 15m, 8h or 30d"

run 2 "$SECRETSCTL" completion
err_is "secretsctl: 'completion' needs SHELL; see: secretsctl help completion"

run 2 "$SECRETSCTL" doctor extra
err_is "secretsctl: 'doctor' takes no words"

run 2 "$SECRETSCTL" completion bash fish
err_is "secretsctl: 'completion' takes SHELL and no more words"

# what prints a value or a stream does not pretend to print JSON; lists and reports do
for command in 'get shop/pw' 'generate' 'render pgpass.in' 'mask' 'completion bash'; do
    # shellcheck disable=SC2086 # words
    run 2 "$SECRETSCTL" --json $command </dev/null
    err_is "secretsctl: --json does not go with '${command%% *}', which prints bytes, no list"
done
run 125 "$SECRETSCTL" run --json -- true
err_is "secretsctl: --json goes with --dry-run: without it the output is the command's own"
run 0 "$SECRETSCTL" get --json --help

# an example without a comment has none
run 0 "$SECRETSCTL" help mask
out_lacks '  # '

run 0 "$SECRETSCTL" --version
out_is "secretsctl 0.1.0"
