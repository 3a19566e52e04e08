# SPDX-License-Identifier: Apache-2.0
# What the kernel sees of add, get and rotate: a value comes in by read(2) and, for get, goes out by
# write(2) to descriptor 1. It is in no argument, no environment, no other write, no name of a file.
. "$SC_SOURCE/tests/support/functions.sh"
requires strace

new_vault

# traced NAME COMMAND...: system calls with whole strings and descriptors as paths in $T/NAME.trace.
traced() {
    local name=$1
    shift
    strace -f -v -y -s 1000000 -o "$T/$name.trace" "$@" || fail "'$name' failed"
}
# seen NAME PATTERN: lines with the canary that do not match the allowed pattern.
unexpected() { grep -F canary-value "$T/$1.trace" | grep -vE "$2" || true; }

printf canary-value-1 | traced add "$SECRETSCTL" add shop/db
left=$(unexpected add 'read\(0<pipe')
[ -z "$left" ] || fail "add: $left"
grep -qF 'read(0<pipe' "$T/add.trace" || fail "the trace of add does not show the input"

printf canary-value-2 | traced rotate "$SECRETSCTL" rotate shop/db
left=$(unexpected rotate 'read\(0<pipe')
[ -z "$left" ] || fail "rotate: $left"

traced get "$SECRETSCTL" get shop/db >"$T/value"
[ "$(cat "$T/value")" = canary-value-2 ] || fail "get gave something else"
left=$(unexpected get "write\(1<$T/value>")
[ -z "$left" ] || fail "get: $left"

# What SQLite sorts, vacuums or seals anew makes no temporary file either.
for i in $(seq 200); do echo "N$i=canary-value-$i"; done >in.env
traced import "$SECRETSCTL" -q import in.env --scope many
traced rekey "$SECRETSCTL" -q rekey
traced list "$SECRETSCTL" list >/dev/null
traced check "$SECRETSCTL" check --decrypt >/dev/null
traced compact "$SECRETSCTL" -q compact --keep 1
! grep -hE 'open(at)?\(.*(O_TMPFILE|etilqs|/tmp/[^s]|/var/tmp)' "$T"/*.trace || fail "a temporary file"

# Nothing but the vault, its companions, the pins and the lock was opened for writing.
written=$(cat "$T"/*.trace | grep -E 'open(at)?\(.*O_(WRONLY|RDWR|CREAT)' | grep -v ENOENT |
    grep -vE "\"($SECRETSCTL_VAULT|$T/state/|/dev/(null|tty))" || true)
[ -z "$written" ] || fail "opened for writing: $written"
