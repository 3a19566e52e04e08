# SPDX-License-Identifier: Apache-2.0
# who without a name: every entry that was read, and its readers; those refused with --all.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
requires python3
new_vault
for i in $(seq 150); do echo "KEY$i=value-$i"; done >"$T/many.env"
"$SECRETSCTL" import -q "$T/many.env" --scope many >/dev/null
printf no | "$SECRETSCTL" add -q shut/key
echo 'allow shut/* to uid=4711' >"$T/policy"
mounted --policy "$T/policy" --engine none
run 0 "$SECRETSCTL" who --mount "$M"
err_is "secretsctl: the read log has no granted open"
run 2 "$SECRETSCTL" who --check shut/key
cat "$M"/many/* >"$T/all"
cat "$M/many/key7" >"$T/one"
cat "$M/shut/key" 2>/dev/null || true

# listed COUNT [OPTION...]: so many entries, each once, key7 opened twice
cat >"$T/listed.py" <<'PY'
import json, sys
readers = json.load(sys.stdin)["readers"]
names = [reader["name"] for reader in readers]
assert len(set(names)) == len(names) == int(sys.argv[1]), len(names)
assert sum(reader["opens"] for reader in readers if reader["name"] == "many/key7") == 2
PY
listed() { "$SECRETSCTL" who --mount "$M" --json "${@:2}" | python3 "$T/listed.py" "$1" 2>"$T/err"; }
until_true 5 listed 150 || fail "$(cat "$T/err")"
until_true 5 listed 151 --all || fail "$(cat "$T/err")"
run 0 "$SECRETSCTL" who --mount "$M" --all
[ "$(awk -F'\t' '$1 == "shut/key" { print $2, $4, $5, $6 }' "$T/out")" = "1 0 EACCES 1" ] || fail "$(tail -3 "$T/out")"
run 0 "$SECRETSCTL" who many/key7 --mount "$M"
[ "$(awk -F'\t' '{ print $1, $4, $5 }' "$T/out")" = "1 ok 2" ] || fail "$(cat "$T/out")"
