# SPDX-License-Identifier: Apache-2.0
# Contents of names stand together in the file, in front of all values, in the order in which they came: upwards from
# -2^31. In a file of the older program, which went downwards from -1, new names go on downwards.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
new_vault

ids() {
    sqlite3 vault.db "SELECT blob_id FROM rec WHERE kind $1 ORDER BY abs(blob_id) $2" | tr '\n' ' '
}
for name in a b c; do
    printf 1 | run 0 "$SECRETSCTL" add "shop/$name"
done
printf 2 | run 0 "$SECRETSCTL" rotate shop/b
[ "$(ids "= 3" DESC)" = '-2147483648 -2147483647 -2147483646 ' ] || fail "names: $(ids "= 3" DESC)"
[ "$(ids "<> 3" ASC)" = '1 2 3 4 ' ] || fail "values: $(ids "<> 3" ASC)"

sqlite3 vault.db "UPDATE blob SET id = -2147483649 - id WHERE id < 0;
    UPDATE rec SET blob_id = -2147483649 - blob_id WHERE blob_id < 0"
printf 1 | run 0 "$SECRETSCTL" add shop/d
printf 1 | run 0 "$SECRETSCTL" add shop/e
[ "$(ids "= 3" ASC)" = '-1 -2 -3 -4 -5 ' ] || fail "names of an older file: $(ids "= 3" ASC)"
run 0 "$SECRETSCTL" list
[ "$(wc -l <out)" -eq 5 ] || fail "not all entries are listed"
run 0 "$SECRETSCTL" compact # sqlite3 puts no sums into pages
run 0 "$SECRETSCTL" check --decrypt
