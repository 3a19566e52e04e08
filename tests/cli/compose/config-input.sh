# SPDX-License-Identifier: Apache-2.0
# Where files come from: the usual names, an override, standard input, links, CR LF, a byte order mark.
. "$SC_SOURCE/tests/support/functions.sh"

mkdir -p project/sub
printf 'services: {a: {image: x, labels: {from: base}}}\n' >project/compose.yaml
printf 'services: {a: {labels: {over: ride}}}\n' >project/compose.override.yml
cd project/sub
run 0 "$SECRETSCTL" compose config
out_has 'name: project'
out_has 'from: base'
out_has 'over: ride'
cd "$T"

run 0 "$SECRETSCTL" compose config -p stdin -f - <project/compose.yaml
out_has 'from: base'

ln -s "$T/project/compose.yaml" link.yml
run 0 "$SECRETSCTL" compose config -f link.yml
out_has 'from: base'

printf '\xef\xbb\xbfservices:\r\n  a:\r\n    image: x\r\n    environment:\r\n      K: v\r\n' >dos.yml
run 0 "$SECRETSCTL" compose config -f dos.yml --format json
out_has '"K": "v"'

COMPOSE_FILE=dos.yml:project/compose.yaml run 0 "$SECRETSCTL" compose config
out_has 'K: v'
out_has 'from: base'

printf 'services: {a: {image: x, environment: {V: "${V}"}}}\n' >unset.yml
run 0 "$SECRETSCTL" compose config -f unset.yml
err_is "secretsctl: variable 'V' is not set; nothing is put in its place"
run 0 "$SECRETSCTL" compose config -q -f unset.yml
err_is ""
V='$HOME' run 0 "$SECRETSCTL" compose config -f unset.yml
out_has 'V: $$HOME'

# A folder reached through a link keeps the name of the link, for Docker Compose as well.
ln -s project "$T/linked"
cd "$T/linked"
run 0 "$SECRETSCTL" compose config
out_has 'name: linked'
PWD=/nonexistent run 0 "$SECRETSCTL" compose config
out_has 'name: project'
