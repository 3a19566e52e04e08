# SPDX-License-Identifier: Apache-2.0
# Credentials inside of values: JSON and other documents, several URLs, connection strings; each is a secret of its own, in the syntax around it.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
shim=/usr/local/libexec/secretsctl/secretsctl-shim
has() { grep -qxF -- "$1" compose.yml || { cat compose.yml; fail "not there: $1"; }; }

cat >.env <<'END'
DATABASE_URL=mysql://app:canary-seven@db/app
APP_JSON={"db":{"password":"canary-ten"}}
REST_JSON={"db":{"password":"rest-of-it"}}
UNUSED_HOST=db
END
printf 'SPRING={"spring":{"password":"canary-nine","port":1}}\n' >app.env
cat >compose.yml <<'END'
name: in
services:
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    env_file: app.env
    environment:
      SPRING_APPLICATION_JSON: '{"spring":{"datasource":{"password":"canary-one","port":5432}}}'
      ESCAPED: "{\"debug\":true,\"token\":\"canary-two-0123456789\"}"
      SERVICES: |
        {"db": {"password": "canary-three", "url": "postgres://a:canary%2Ffour@db/x"}}
      CONFIG: |
        # kept
        user: app

        password: canary-five  # and this
      TWICE: |
        user: six-and-six
        password: six-and-six
      BROKERS: amqp://a:canary-one@one,amqp://b:canary%20b@two
      DSN: host=db password=canary-dsn user=x
      DATABASE_URL: ${DATABASE_URL}
      APP_JSON: ${APP_JSON}
      NOT_SET_URL: ${NOT_SET_URL:-}
      PLAIN: '{"level":"debug"}'
  list:
    image: example/app
    entrypoint: /app
    command: [serve]
    environment:
      - 'SPRING={"password":"canary-one"}'
  quoted:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    environment:
      JSON: '{"password":"canary\"escaped"}'
  grafana:
    image: grafana/grafana:11.0.0
    environment:
      GF_DATABASE_URL: '{"one":"mysql://a:canary-x@one/x","two":"mysql://a:canary-y@two/y"}'
  unset:
    image: postgres:16
    environment:
      - POSTGRES_PASSWORD
      - DATABASE_URL=${NOBODY_SETS_IT}
END
cp compose.yml old.yml
cp app.env old.env
cp .env old.dotenv
run 0 "$SECRETSCTL" compose rewrite --shim $shim
out_lacks canary
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks canary
out_has "stays compose.yml:38  quoted.JSON: it is written with escapes; write it plainly first"
out_has "stays compose.yml:46  unset.POSTGRES_PASSWORD: its value comes from a variable that is not set here; set it and run again"
out_has "stays compose.yml:47  unset.DATABASE_URL: "
has '      SPRING_APPLICATION_JSON: '\''{"spring":{"datasource":{"password":"{{secret:spring_application_json_password|json}}","port":5432}}}'\'
has '      ESCAPED: "{\"debug\":true,\"token\":\"{{secret:escaped_token|json}}\"}"'
has '        {"db": {"password": "{{secret:services_password|json}}", "url": "postgres://a:{{secret:services_url|url}}@db/x"}}'
has '        # kept'
has '        password: {{secret:config_password}}  # and this'
has '        user: six-and-six'
has '        password: {{secret:twice_password}}'
has '      BROKERS: amqp://a:{{secret:spring_application_json_password|url}}@one,amqp://b:{{secret:brokers_password|url}}@two'
has '      DSN: host=db password={{secret:dsn_password}} user=x'
has "      DATABASE_URL: '{{secret:database_url}}'"
has "      APP_JSON: '{{secret:app_json}}'"
out_has "stays .env:3  env_file REST_JSON: nothing in these files refers to it; remove it, or put it into the vault"
has '      NOT_SET_URL: ${NOT_SET_URL:-}'
has "      PLAIN: '{\"level\":\"debug\"}'"
has '      - '\''SPRING={"password":"{{secret:spring_application_json_password|json}}"}'\'
has "      JSON: '{\"password\":\"canary\\\"escaped\"}'"
grep -qxF 'SPRING={"spring":{"password":"{{secret:spring_password|json}}","port":1}}' app.env || { cat app.env; fail "the env file"; }
grep -q DATABASE_URL .env && fail "a line of .env that nobody needs"
! grep -q "canary-" compose.yml app.env .env || fail "a value is left"
get() { "$SECRETSCTL" get "in/$1"; }
[ "$(get services_url)" = canary/four ] || fail "the secret of a URL"
[ "$(get config_password)" = canary-five ] || fail "the secret of a document"
[ "$(get brokers_password)" = "canary b" ] || fail "the second URL's"
[ "$(get database_url)" = mysql://app:canary-seven@db/app ] || fail "the address behind a variable"

cp compose.yml once.yml
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks "move  "
cmp compose.yml once.yml || fail "a second run changes it"
run 0 "$SECRETSCTL" compose restore
cmp compose.yml old.yml && cmp app.env old.env && cmp .env old.dotenv || fail "restore"

# audit finds the same ones, under the variable's name
run 3 "$SECRETSCTL" audit compose.yml
out_has "compose.yml	9	70	high	compose-env-literal	literal	app	SPRING_APPLICATION_JSON"
out_has "compose.yml	12	30	high	compose-env-literal	literal	app	SERVICES"
out_has "compose.yml	12	66	high	compose-env-url	url	app	SERVICES"
out_has "compose.yml	17	19	high	compose-env-literal	literal	app	CONFIG"
