# SPDX-License-Identifier: Apache-2.0
# The limits of tmpfs mode and run: 100,000 entries and one more, a name at its limit, 1 MiB values.
. "$SC_SOURCE/tests/support/functions.sh"

M=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
drop() { rm -rf "$M"; }
on_exit drop
new_vault
seq 99998 | sed 's/.*/V&=value-number-&/' >"$T/env"
"$SECRETSCTL" import -q "$T/env" --format env --scope many >/dev/null
head -c 1048576 /dev/urandom >"$T/large"
"$SECRETSCTL" add -q many/large --from-file "$T/large"
part=$(printf 'n%.0s' $(seq 128))
long=many/$part/$part/$part/$part/$part/$part/$part
printf x | "$SECRETSCTL" add -q "$long"

run 0 "$SECRETSCTL" write "$M"
[ "$(wc -l <"$T/out")" = 100000 ] || fail "not all were written"
[ "$(cat "$M/many/v99998")" = value-number-99998 ] || fail "the last value"
[ "$(cat "$M/$long")" = x ] || fail "the longest name"
cmp "$M/many/large" "$T/large"
run 0 "$SECRETSCTL" write "$M"
[ "$(grep -c ^unchanged "$T/out")" = 100000 ] || fail "equal files were written again"

run 0 "$SECRETSCTL" run --no-mask --scope many --only 'v1*' --only large -- sh -c \
    'ls "${V1_FILE%/*}" | wc -l; cmp "$LARGE_FILE" "$0"' "$T/large"
out_is 11112 # v1, v10 to v19, ... and large
run 126 "$SECRETSCTL" run --no-mask --scope many --only 'v*' -- true
err_is "secretsctl: arguments and variables are more than the kernel takes; choose values with --only"

printf x | "$SECRETSCTL" add -q many/onemore
run 1 "$SECRETSCTL" write "$M"
err_is "secretsctl: more than 100000 entries; give scopes"
run 4 "$SECRETSCTL" write "$M" --scope unknown
