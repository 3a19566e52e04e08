# SPDX-License-Identifier: Apache-2.0
# No name, value, note or label is readable in the vault's files, at rest or while it is in use, and
# none is left after an entry was replaced or removed.
. "$SC_SOURCE/tests/support/functions.sh"
requires strings

new_vault
for i in 1 2 3; do
    printf 'canaryvalue%s' "$i" | "$SECRETSCTL" add "canaryscope/canaryname$i" --note "canarynote$i"
done
printf 'canaryvalue4' | "$SECRETSCTL" rotate canaryscope/canaryname1 --reason canaryreason
"$SECRETSCTL" rm canaryscope/canaryname2

files=("$SECRETSCTL_VAULT"*)
[ ${#files[@]} -ge 1 ] || fail "there is no vault"
strings -n 6 "${files[@]}" >"$T/strings"
strings -n 6 -e l "${files[@]}" >>"$T/strings"
! grep -qi canary "$T/strings" || fail "readable in the vault: $(grep -i canary "$T/strings" | head -3)"

# The pins and whatever else lies around must not name anything either.
! grep -rqiI canary "$T/state" "$T/data" 2>/dev/null || fail "readable beside the vault"
