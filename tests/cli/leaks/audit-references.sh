# SPDX-License-Identifier: Apache-2.0
# What a Compose file names is looked at, too: env files of any name, other Compose files, and the
# plain files of its secrets, which only the Compose file tells to be credentials.
. "$SC_SOURCE/tests/support/functions.sh"
requires git

mkdir -p stack/secrets stack/env stack/parts
cat >stack/compose.yml <<'YAML'
include:
  - parts/queue.yml
services:
  web:
    image: shop/web
    env_file:
      - env/web.settings
      - path: ./env/missing.settings
        required: false
    extends:
      file: parts/base.yml
      service: base
    secrets: [db, key, cert, own]
secrets:
  db: {file: ./secrets/db.txt}
  key: {file: secrets/api}
  cert: {file: secrets/ca.pem}
  own: {file: secrets/own}
  later: {file: secrets/not-there}
  variable: {file: "${SECRETS}/x"}
YAML
printf 'services: {queue: {image: q, environment: {QUEUE_PASSWORD: qw1-queue}}}\n' >stack/parts/queue.yml
printf 'services: {base: {image: b, environment: {BASE_PASSWORD: bw1-base}, env_file: more}}\n' >stack/parts/base.yml
printf 'MORE_PASSWORD=mw1-more\n' >stack/parts/more
printf '# who\nWEB_PASSWORD=ww1-web\nWEB_PORT=80\n' >stack/env/web.settings
printf 'd8-plain-db\n' >stack/secrets/db.txt
printf 'a8-plain-api' >stack/secrets/api
printf 'o8-plain-own' >stack/secrets/own
printf -- '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' >stack/secrets/ca.pem
chmod 755 . stack stack/secrets
chmod 644 stack/secrets/db.txt stack/secrets/ca.pem
chmod 600 stack/secrets/api stack/secrets/own
git -C stack -c init.defaultBranch=main init -q
git -C stack add secrets/api

# One file is named: what it refers to is looked at with it.
run 3 "$SECRETSCTL" audit stack/compose.yml
cat >want <<'TEXT'
stack/env/web.settings	2	14	high	dotenv-literal	literal		WEB_PASSWORD	w*****
stack/parts/base.yml	1	58	high	compose-env-literal	literal	base	BASE_PASSWORD	b*****
stack/parts/more	1	15	high	dotenv-literal	literal		MORE_PASSWORD	m*****
stack/parts/queue.yml	1	60	high	compose-env-literal	literal	queue	QUEUE_PASSWORD	q*****
stack/secrets/api	1	1	high	compose-secret-file-literal	literal		key	a*****
stack/secrets/db.txt	1	1	medium	compose-secret-file-literal	literal		db	d*****
TEXT
diff -u want "$T/out" || fail "findings differ"
err_has "6 findings (5 high, 1 medium, 0 low)"

# A closed folder further up protects what lies below, as that of provisioned values does.
chmod 700 stack
run 3 "$SECRETSCTL" audit stack/compose.yml
out_lacks "stack/secrets/db.txt"
chmod 755 stack

# The folder: the same, nothing twice.
run 3 "$SECRETSCTL" audit stack
diff -u want "$T/out" || fail "findings of the folder differ"

# The place says why.
run 3 "$SECRETSCTL" audit --format json stack/compose.yml
jq -r '.findings[] | select(.rule == "compose-secret-file-literal") | .where' "$T/out" >got
printf 'secret file tracked by git\nsecret file readable by everybody\n' | diff -u - got || fail "places differ"

# Left out by the usual ways.
printf 'secrets/**\n' >stack/.secretsctlignore
run 3 "$SECRETSCTL" audit stack
out_lacks secret-file

# A folder that nobody else may enter makes its files private.
rm stack/.secretsctlignore
chmod 700 stack/secrets
run 3 "$SECRETSCTL" audit stack/compose.yml
out_lacks 'secrets/db.txt'
out_has 'secrets/api'

run 0 "$SECRETSCTL" explain compose-secret-file-literal
out_has "compose-secret-file-literal (severity high, precision high): plain file with a Compose secret"
