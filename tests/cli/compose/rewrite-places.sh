# SPDX-License-Identifier: Apache-2.0
# Credentials outside of the environments: moved where that is safe, else listed with their place and what to do.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault

cat >.env <<'END'
CACHE_PW=canary-cache
DB_PW=canary-db
END
cat >compose.yml <<'END'
name: shop
x-fragment:
  API_TOKEN: canary-fragment-0123456789
services:
  cache:
    image: redis:7
    command: redis-server --requirepass ${CACHE_PW} --appendonly yes # kept
    healthcheck:
      test: ["CMD", "redis-cli", "-a", "${CACHE_PW}", "ping"]
  other:
    image: valkey/valkey:8
    command: ["valkey-server", "--requirepass", "canary-list", "--save", ""]
    healthcheck:
      test: ["CMD-SHELL", "redis-cli -a '${CACHE_PW}' ping | grep PONG"]
  server:
    image: eqalpha/keydb
    command: --requirepass canary-list --port 6380
  db:
    image: mysql:8
    environment:
      MYSQL_ROOT_PASSWORD: ${DB_PW}
    healthcheck:
      test: mysqladmin ping --password=${DB_PW} -u root
    labels:
      traefik.http.middlewares.a.basicauth.users: "admin:$$apr1$$canaryxx$$abc"
      api.password: canary-label
    logging: {driver: splunk, options: {splunk-token: canary-0123-4567-89ab-log}}
  block:
    image: postgres:16
    healthcheck:
      test:
        - CMD-SHELL
        - |
          # a comment
          PGPASSWORD="canary-block" psql -c 'SELECT 1'
  web:
    build: {context: ., args: {NPM_TOKEN: canary_0123456789abcdef0123}}
    command: ["serve", "--api-key", "canary-live-abcdefgh123456"]
    configs: [app]
    post_start:
      - command: ["curl", "-u", "me:canary-hook", "http://x"]
configs:
  app:
    content: |
      # $$5 a month
      host: db
      password: ${DB_PW}
volumes:
  nas: {driver_opts: {type: cifs, o: "username=u,password=canary-nas"}}
END
cp compose.yml before.yml
run 0 "$SECRETSCTL" compose rewrite
out_lacks canary
run 0 "$SECRETSCTL" compose rewrite --json
out_lacks canary
python3 - "$T/out" >got <<'END'
import json, sys
for i in json.load(open(sys.argv[1]))["items"]:
    print(i["action"], f'{i["file"]}:{i["line"]}:{i["column"]}', i["service"] or "-", i["where"], i["key"], i["class"])
END
cat >want <<'END'
report compose.yml:3:14 - extension API_TOKEN literal
move compose.yml:7:41 cache command requirepass interpolated
move compose.yml:9:41 cache healthcheck password interpolated
move compose.yml:12:50 other command requirepass command
move compose.yml:14:42 other healthcheck password interpolated
move compose.yml:17:28 server command requirepass command
move compose.yml:21:28 db environment MYSQL_ROOT_PASSWORD interpolated
move compose.yml:23:40 db healthcheck password interpolated
report compose.yml:25:52 db labels traefik.http.middlewares.a.basicauth.users label
report compose.yml:26:21 db labels api.password label
report compose.yml:27:55 db logging.options splunk-token literal
move compose.yml:35:23 block healthcheck PGPASSWORD command
report compose.yml:37:43 web build.args NPM_TOKEN literal
report compose.yml:38:38 web command api-key command
report compose.yml:41:37 web post_start password command
move compose.yml:47:17 - configs.content password interpolated
report compose.yml:49:59 - volumes.driver_opts o url
adapt .env:1:10 - env_file CACHE_PW literal
adapt .env:2:7 - env_file DB_PW literal
END
diff want got

run 0 "$SECRETSCTL" compose rewrite --write
err_is "secretsctl: 9 moved into 7 entries of scope 'shop', 8 stay"
[ ! -s .env ] || fail "the env file still has values"
has() { grep -qxF -- "$1" compose.yml || { cat compose.yml; fail "not there: $1"; }; }
has '    command: redis-server --include /run/secrets/cache_pw.conf --appendonly yes # kept'
has '      test: ["CMD-SHELL", "redis-cli -a \"$$(cat /run/secrets/cache_pw)\" ping"]'
has '    command: ["valkey-server", "--include", "/run/secrets/other_password.conf", "--save", ""]'
has '      test: ["CMD-SHELL", "redis-cli -a \"$$(cat /run/secrets/cache_pw)\" ping | grep PONG"]'
has "    command: '--include /run/secrets/other_password.conf --port 6380'"
has '      test: mysqladmin ping --password="$$(cat /run/secrets/mysql_root_password)" -u root'
has "          PGPASSWORD=\"\$\$(cat /run/secrets/block_pgpassword)\" psql -c 'SELECT 1'"
has '    file: /run/secretsctl/shop/app'
get() { "$SECRETSCTL" get "shop/$1"; }
[ "$(get cache_pw)" = canary-cache ] || fail "the value of a variable"
[ "$(get other_password)" = canary-list ] || fail "one value in two services is not one secret"
[ "$(get block_pgpassword)" = canary-block ] || fail "the value in a block"
[ "$(get cache_pw.conf)" = 'requirepass "{{secret:cache_pw|json}}"' ] || fail "the template for redis"
printf '# $5 a month\nhost: db\npassword: {{secret:mysql_root_password}}\n' >want
get app | cmp - want
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: nothing to move; 8 stay"
run 0 "$SECRETSCTL" compose restore
cmp compose.yml before.yml

# what cannot be repaired says why, and nothing of it changes
cat >compose.yml <<'END'
services:
  a:
    image: example/own
    healthcheck:
      test: ["CMD", "mytool", "--password", "canary-1"]
  b:
    image: mysql:8
    healthcheck: &check
      test: ["CMD", "mysqladmin", "ping", "-pcanary-2", "-u", "$$USER"]
  c:
    image: redis
    healthcheck: *check
    command: sh -c 'redis-server --requirepass "${NOT_SET}"'
  d:
    image: mysql:8
    healthcheck:
      test: ["CMD", "mysqladmin", "ping", "-pcanary-3", "-u", "${DB_USER}"]
configs:
  app:
    content: |
      user: {{secret:other}}
      password: canary-4
END
echo DB_USER=app >>.env
run 0 "$SECRETSCTL" compose rewrite
out_lacks canary
out_has "stays compose.yml:5  a.healthcheck password: it is not known whether the image has a shell; if so, write it as CMD-SHELL first"
out_has "stays compose.yml:9  b.healthcheck password: a variable in it holds characters that a shell would read"
out_has "stays compose.yml:13  c.command requirepass: its value comes from a variable that is not set here; set it and run again"
out_has '+      test: ["CMD-SHELL", "mysqladmin ping -p\"$$(cat /run/secrets/d_password)\" -u ${DB_USER}"]'
out_has "stays compose.yml:22  configs.content password: the content holds placeholders already; put it into the vault by hand"
err_is "secretsctl: 1 to move, 6 stay; nothing was changed, use --write"

# inside double quotes a value that comes later may need escapes: the template has the filter
cat >compose.yml <<'END'
name: shop
services:
  web: {image: nginx, configs: [app, odd]}
configs:
  app:
    content: |
      {"host": "db", "password": "canary-json",
       "url": "postgres://u:canary-url@db/x"}
  odd:
    content: |
      {"password": "canary\u0031"}
END
run 0 "$SECRETSCTL" compose rewrite --write --scope filters
out_lacks canary
out_has "stays compose.yml:11  configs.content password: a value in it is written with escapes; put the file into the vault by hand"
"$SECRETSCTL" get filters/app >got
grep -qF '"password": "{{secret:password|json}}"' got || { cat got; fail "the filter"; }
grep -qF 'postgres://u:{{secret:url|url}}@db/x' got || { cat got; fail "the filter of a URL"; }
! grep -q canary got || fail "a value is left in the template"

# a script inside of a command line: Compose splits the line first, by quotes of its own
mkdir lines
cd lines
cat >lines.yml <<'END'
name: lines
services:
  double:
    image: redis:7
    command: sh -c "redis-cli -a canary1 ping"
  single:
    image: redis:7
    command: sh -c 'redis-cli -a canary1 ping'
  inner:
    image: redis:7
    command: sh -c "redis-cli -a 'canary1' ping"
  folded:
    image: redis:7
    command: >
      sh -c "
        redis-cli -a canary1 ping
      "
END
run 0 "$SECRETSCTL" compose rewrite -f lines.yml --write
err_is "secretsctl: 4 moved into 1 entry of scope 'lines', 0 stay"
run 0 "$SECRETSCTL" compose config -f lines.yml --format json --reveal
for name in double single inner folded; do
    got=$(jq -c --arg name $name '.services[$name].command | map(gsub("\\s+"; " ") | ltrimstr(" ") | rtrimstr(" "))' "$T/out")
    [ "$got" = '["sh","-c","redis-cli -a \"$$(cat /run/secrets/double_password)\" ping"]' ] || fail "the words of $name: $got"
done

# several credentials in one word, or one line
cat >two.yml <<'END'
name: two
services:
  a:
    image: redis:7
    command: sh -c "run --brokers=amqp://a:canary1@x,amqp://b:canary2@y"
    healthcheck:
      test: ["CMD-SHELL", "check amqp://a:canary1@x,amqp://b:canary2@y"]
configs:
  c:
    content: |
      brokers: amqp://a:canary1@x,amqp://b:canary2@y
END
run 0 "$SECRETSCTL" compose rewrite -f two.yml --write
err_is "secretsctl: 6 moved into 3 entries of scope 'two', 0 stay"
! grep -q canary two.yml || fail "a second one"
[ "$("$SECRETSCTL" get two/c)" = 'brokers: amqp://a:{{secret:a_brokers|url}}@x,amqp://b:{{secret:a_brokers_2|url}}@y' ] || fail "the template"
