# SPDX-License-Identifier: Apache-2.0
# A file gets the owner and mode with which the services that are granted it can read it.
. "$SC_SOURCE/tests/support/functions.sh"
new_vault
export DOCKER_HOST=unix://$T/none.sock

cat >compose.yaml <<'END'
services:
  root:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: one-reader-root}
  user:
    image: postgres:16
    user: "1234:99"
    environment: {POSTGRES_PASSWORD: one-reader-1234}
  both-a:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: root-and-55}
  both-b:
    image: postgres:16
    user: "55"
    environment: {POSTGRES_PASSWORD: root-and-55}
  many-a:
    image: postgres:16
    user: "55"
    environment: {POSTGRES_PASSWORD: users-55-and-56}
  many-b:
    image: postgres:16
    user: "56"
    environment: {POSTGRES_PASSWORD: users-55-and-56}
  named:
    image: postgres:16
    user: postgres
    environment: {POSTGRES_PASSWORD: reader-postgres}
  steps-down:
    image: wordpress:6
    user: root
    environment: {WORDPRESS_DB_PASSWORD: opened-by-www-data}
END
run 0 "$SECRETSCTL" compose rewrite --write --scope s
"$SECRETSCTL" list --json | jq -r '.[].name' | while read -r name; do
    printf '%s %s\n' "$("$SECRETSCTL" get "$name")" \
        "$("$SECRETSCTL" list "$name" --json | jq -r '.[0] | "\(.uid):\(.gid) \(.mode)"')"
done | sort >got
cat >want <<'END'
one-reader-1234 1234:99 null
one-reader-root 0:0 null
opened-by-www-data 0:0 0444
reader-postgres 0:0 0444
root-and-55 55:0 null
users-55-and-56 0:0 0444
END
diff want got || fail "owners or modes"
