# SPDX-License-Identifier: Apache-2.0
# scripts/demo, as a new user runs it: every step, and a clean verification at the end.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/demo/own.sh"
needs_root
needs_docker
requires debootstrap

run 0 "$SC_SOURCE/scripts/demo"
out_has "compose.yml	47	27	high	compose-env-literal	literal	db	POSTGRES_PASSWORD	w*****"
out_has '      POSTGRES_PASSWORD_FILE: "/run/secrets/db_password"'
out_has 'postgresql://shop:{{secret:db_password|url}}@db:5432/shop'
grep -qE 'the shop answers: \{"orders": [1-9]' "$T/out" || fail "the shop does not work"
out_has "clean: none of 2 values found"
# The canary is in none of what was printed.
out_lacks 'w4rm'
err_lacks 'w4rm'
nothing_left
