# SPDX-License-Identifier: Apache-2.0
# Credentials are masked in both formats, wherever they stand, unless --reveal is given.
. "$SC_SOURCE/tests/support/functions.sh"

cat >compose.yml <<'EOF'
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-literal
      POSTGRES_USER: app
      DATABASE_URL: postgres://app:hunter2-url@db/app
      API_TOKEN: ${TOKEN}
      FALLBACK_PASSWORD: ${NOPE:-hunter2-default}
      APP_JSON: '{"db":{"password":"hunter2-json"}}'
      REDIS_ARGS: --requirepass hunter2-option
      PAIRS: DB_HOST=db;DB_PASSWORD=hunter2-pair
      LINES: |
        user: app
        password: hunter2-line
    env_file: db.env
    labels:
      com.example.password: hunter2-label
    build:
      context: .
      args:
        NPM_TOKEN: hunter2-arg
    secrets: [db_password]
  cache:
    image: redis
    configs: [filled]
    command: redis-server --requirepass hunter2-command --port 6379
    entrypoint: [sh, -c, "exec run --token=hunter2-script --json '{\"password\":\"hunter2-inner\"}'"]
    healthcheck: {test: redis-cli -a hunter2-check ping}
secrets:
  db_password: {file: ./pw.txt}
configs:
  unused: {content: "x"}
  filled: {content: "password: hunter2-content\nuser: app\n"}
EOF
echo 'TOKEN=hunter2-dotenv' >.env
echo 'REDIS_PASSWORD=hunter2-file' >db.env

run 0 "$SECRETSCTL" compose config
out_lacks hunter2
out_has 'POSTGRES_PASSWORD: "*****"'
out_has 'POSTGRES_USER: app'
out_has 'source: db_password'
out_lacks 'unused'
out_has '--requirepass'
out_has '"6379"'

run 0 "$SECRETSCTL" compose config --format json
out_lacks hunter2
run 0 "$SECRETSCTL" compose config --json
python3 -c 'import json, sys; json.load(sys.stdin)' <"$T/out"

run 0 "$SECRETSCTL" compose config --reveal
for value in literal url dotenv default json option pair line file label arg command script inner check content; do out_has "hunter2-$value"; done

run 0 "$SECRETSCTL" compose config --all
out_has 'unused'
