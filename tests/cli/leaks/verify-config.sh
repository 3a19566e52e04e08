# SPDX-License-Identifier: Apache-2.0
# verify over the rendered Compose project: literal and interpolated values with file and line, short ones
# as tokens; no project, and one that cannot be loaded.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq

new_vault
printf 'Zq8-vv$1.pLm~0xY' | "$SECRETSCTL" add shop/token 2>/dev/null
printf 'pin42' | "$SECRETSCTL" add shop/pin 2>/dev/null

run 1 "$SECRETSCTL" verify config
out_has "not searched: config: $T: "

mkdir shop && cd shop
cat >compose.yml <<'YAML'
services:
  web:
    image: x
    environment:
      - A=1
      - TOKEN=${TOK}
    command: ["run", "--pw=Zq8-vv$$1.pLm~0xY"]
    labels: {pin: pin42}
YAML
got() { jq -r '.findings[] | select(.file == "compose.yml") |
    [.line, .service, .key, .where, .name, .place] | map(tostring) | join(" ")' "$T/out"; }

TOK='Zq8-vv$1.pLm~0xY' run 3 "$SECRETSCTL" verify config --json
[ "$(got | sort)" = "6 web TOKEN environment shop/token config
7 web null command shop/token config
8 web pin labels shop/pin config" ] || fail "$(got)"
out_lacks pLm

cat >clean.yml <<'YAML'
services:
  web:
    image: x
    environment:
      TOKEN_FILE: /run/secrets/token
YAML
run 0 "$SECRETSCTL" verify config -f clean.yml
out_has "clean: none of 2 values found"

printf 'services:\n  web:\n    image: x\n   bad: 1\n' >broken.yml
run 1 "$SECRETSCTL" verify config -f broken.yml
out_has "not searched: config: compose project: 'broken.yml' line "
