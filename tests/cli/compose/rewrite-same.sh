# SPDX-License-Identifier: Apache-2.0
# One value in several places is one secret, on all sides at once; checks that use a variable which moves are repaired or keep it.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
shim=/usr/local/libexec/secretsctl/secretsctl-shim

printf 'POSTGRES_PASSWORD=canary%%2Fone\n' >db.env
cat >compose.yml <<'END'
name: shop
services:
  db:
    image: postgres:16
    env_file: db.env
    healthcheck:
      test: ["CMD-SHELL", "PGPASSWORD=$$POSTGRES_PASSWORD psql -U app && echo $${POSTGRES_PASSWORD}"]
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    environment:
      DATABASE_URL: postgres://app:canary%252Fone@db/app
      PLAIN_PASSWORD: canary%2Fone
  job:
    image: mysql:8
    environment:
      - MYSQL_PASSWORD=canary%2Fone
    healthcheck: {test: "mysqladmin ping -pcanary%2Fone"}
END
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks canary
err_is "secretsctl: 5 moved into 1 entry of scope 'shop', 0 stay"
! grep -q canary compose.yml db.env || fail "a value is left"
[ "$("$SECRETSCTL" get shop/plain_password)" = canary%2Fone ] || fail "the value"
has() { grep -qxF -- "$1" compose.yml || { cat compose.yml; fail "not there: $1"; }; }
has '      test: ["CMD-SHELL", "PGPASSWORD=$$(cat /run/secrets/plain_password) psql -U app && echo $$(cat /run/secrets/plain_password)"]'
has '      DATABASE_URL: postgres://app:{{secret:plain_password|url}}@db/app'
has "      PLAIN_PASSWORD: '{{secret:plain_password}}'"
has '      - MYSQL_PASSWORD_FILE=/run/secrets/plain_password'
has '    healthcheck: {test: "mysqladmin ping -p\"$$(cat /run/secrets/plain_password)\""}'

# what stays is told to have the value of what moves
cat >compose.yml <<'END'
name: half
services:
  redis:
    image: redis:7
    command: redis-server --requirepass canary-half
  app:
    image: example/app
    environment:
      REDIS_URL: redis://:canary-half@redis/0
      OTHER_PASSWORD: canary-else
    labels: {auth.password: canary-half}
END
run 0 "$SECRETSCTL" compose rewrite --json
out_lacks canary
note="the same value moves as 'redis_password': rotate both together"
[ "$(jq -r '.items[] | select(.action == "report") | "\(.where) \(.key) \(.note)"' out)" = "environment REDIS_URL $note
environment OTHER_PASSWORD null
labels auth.password $note" ] || { jq .items out; fail "notes of what stays"; }

# nor does a variable that is not set, or one of several pieces, stop that
cat >compose.yml <<'END'
name: unset
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary-set}
  app:
    image: example/app
    environment:
      DATABASE_URL: postgres://app:${NOT_SET}@db/app
      QUEUE_URL: amqp://app:${NOT_SET}${NOR_THIS}@queue
      CACHE_URL: redis://:${NOT_SET-canary-set}@cache
END
run 0 "$SECRETSCTL" compose rewrite --json
[ "$(jq -r '.items[] | select(.action == "report") | "\(.key) \(.note)"' out)" = "DATABASE_URL null
QUEUE_URL null
CACHE_URL the same value moves as 'postgres_password': rotate both together" ] || { jq .items out; fail "notes beside what is not set"; }

# what cannot be repaired keeps its variable, and says why
cat >compose.yml <<'END'
name: two
x-check: &check
  test: "mysqladmin ping -p$$MYSQL_ROOT_PASSWORD"
services:
  operator:
    image: mysql:8
    environment: {MYSQL_ROOT_PASSWORD: canary-1}
    healthcheck: {test: "mysqladmin ping -p$${MYSQL_ROOT_PASSWORD:-none}"}
  anchor:
    image: mysql:8
    environment: {MYSQL_ROOT_PASSWORD: canary-2}
    healthcheck: *check
  url:
    image: example/app
    entrypoint: [/app]
    environment: {DATABASE_URL: "postgres://app:canary-3@db/app"}
    command: [serve]
    healthcheck: {test: "psql $$DATABASE_URL"}
  exec:
    image: mysql:8
    environment: {MYSQL_ROOT_PASSWORD: canary-4}
    healthcheck: {test: ["CMD", "mysqladmin", "ping", "-p$$MYSQL_ROOT_PASSWORD"]}
END
run 0 "$SECRETSCTL" compose rewrite --shim $shim
out_lacks canary
out_has "stays compose.yml:7  operator.MYSQL_ROOT_PASSWORD: a command or health check uses the variable with an operator; change it by hand first"
out_has "stays compose.yml:11  anchor.MYSQL_ROOT_PASSWORD: a command or health check behind an anchor uses the variable; write it out first"
out_has "stays compose.yml:16  url.DATABASE_URL: a health check or command uses the variable, which would hold a placeholder there"
# no shell runs it, so nothing was ever filled in there
out_has "move  compose.yml:21  exec.MYSQL_ROOT_PASSWORD"
