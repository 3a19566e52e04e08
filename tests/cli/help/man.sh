# SPDX-License-Identifier: Apache-2.0
# Every man page renders without a warning, and names its exit statuses; the first one the environment, too.
. "$SC_SOURCE/tests/support/functions.sh"
requires man groff

pages=0
while read -r name; do
    read -ra words <<<"$name"
    "$SECRETSCTL" __man "${words[@]}" >"$T/page.1"
    warnings=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$T/page.1" 2>&1 >"$T/text" </dev/null)
    [ -z "$warnings" ] || fail "man page of '$name': $warnings"
    grep -q "EXIT STATUS" "$T/text" || fail "man page of '$name' lacks its exit statuses"
    pages=$((pages + 1))
done < <("$SECRETSCTL" __dump-cli | python3 -c 'import json,sys
print("")
for c in json.load(sys.stdin)["commands"]: print(c["name"])')
[ "$pages" -gt 2 ] || fail "only $pages pages"
# The first one names every variable of the environment.
"$SECRETSCTL" __man >"$T/page.1"
sed -n '/^\.SH ENVIRONMENT$/,/^\.SH EXIT STATUS$/s/^\.B //p' "$T/page.1" >"$T/named"
"$SECRETSCTL" __dump-cli | jq -r '.variables[].name' >"$T/all"
[ -s "$T/all" ] && cmp "$T/all" "$T/named" || fail "the variables are not those of the table: $(cat "$T/named")"
