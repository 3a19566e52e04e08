# SPDX-License-Identifier: Apache-2.0
# Stacks as their projects publish them, as far as they once went wrong: images named through variables, one .env that
# is env_file of several services as well.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
rewrite() { "$SECRETSCTL" compose rewrite --shim /usr/local/libexec/secretsctl/secretsctl-shim "$@"; }

# immich: .env gives the database its password by name, and two services all of it
mkdir immich && cd immich
cat >compose.yml <<'END'
name: immich
services:
  immich-server:
    image: ghcr.io/immich-app/immich-server:${IMMICH_VERSION:-release}
    env_file: .env
  immich-machine-learning:
    image: example/machine-learning:${IMMICH_VERSION:-release}
    env_file: .env
  database:
    image: ghcr.io/immich-app/postgres:14
    environment:
      POSTGRES_PASSWORD: ${DB_PASSWORD}
END
printf 'DB_PASSWORD=canary-immich\n' >.env
cp compose.yml before.yml
run 0 rewrite --write
out_lacks canary
out_has "stays .env:1  immich-machine-learning.env_file DB_PASSWORD: nothing is known of how 'example/machine-learning:release' takes DB_PASSWORD from a file"
out_has "stays .env:1  immich-server.env_file DB_PASSWORD: service 'immich-machine-learning' shares this text and cannot follow"
printf 'DB_PASSWORD=canary-immich\n' | cmp - .env
grep -qx '      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password' compose.yml || fail "the database follows"
run 0 rewrite
err_is "secretsctl: nothing to move; 2 stay"
cd ..

# authentik: the name of the image is made of variables, and `environment` sets again what the env file does
mkdir authentik && cd authentik
cat >compose.yml <<'END'
name: authentik
services:
  server:
    image: ${AUTHENTIK_IMAGE:-ghcr.io/goauthentik/server}:${AUTHENTIK_TAG:-2025.4.1}
    env_file:
      - .env
    environment:
      AUTHENTIK_SECRET_KEY: ${AUTHENTIK_SECRET_KEY:?secret key required}
  other:
    image: example/other
    entrypoint: [/other]
    command: [run]
    env_file: .env
    environment:
      - AUTHENTIK_SECRET_KEY=${AUTHENTIK_SECRET_KEY}
END
printf 'AUTHENTIK_SECRET_KEY=canaryAuthentik0123456789\n' >.env
run 0 rewrite --write
out_lacks canary
out_has "move  compose.yml:8  server.AUTHENTIK_SECRET_KEY -> authentik/authentik_secret_key, AUTHENTIK_SECRET_KEY=file:///run/secrets/authentik_secret_key"
grep -qx '      AUTHENTIK_SECRET_KEY: file:///run/secrets/authentik_secret_key' compose.yml || fail "its own form"
grep -qx '      - AUTHENTIK_SECRET_KEY={{secret:authentik_secret_key}}' compose.yml || fail "the shim"
[ ! -s .env ] || fail "the line of .env is gone"
run 0 rewrite
err_is "secretsctl: no credential to move"
cd ..

# gitea: a password in back quotes, as its manual quotes them
mkdir gitea && cd gitea
cat >compose.yml <<'END'
services:
  server:
    image: docker.gitea.com/gitea:1.24.0
    environment:
      - GITEA__mailer__PASSWD=`canary3HVc3pYMXV3cPVhc`
      - GITEA__database__PASSWD=`pass database`
END
run 0 rewrite --write
out_has "move  compose.yml:5  server.GITEA__mailer__PASSWD -> gitea/gitea__mailer__passwd, GITEA__mailer__PASSWD__FILE=/run/secrets/gitea__mailer__passwd"
[ "$("$SECRETSCTL" get gitea/gitea__mailer__passwd)" = '`canary3HVc3pYMXV3cPVhc`' ] || fail "its quotes belong to it"
cd ..

# plausible: a secret that is given under the variable's own name is no reference to the variable
mkdir plausible && cd plausible
cat >compose.yml <<'END'
services:
  plausible:
    image: ghcr.io/plausible/community-edition:v3.0.1
    environment:
      - SECRET_KEY_BASE=${SECRET_KEY_BASE}
      - SMTP_USER_PWD
END
printf 'SECRET_KEY_BASE=canaryKeyBase0123456789\nSMTP_USER_PWD=canarySmtp0123456789\n' >.env
run 0 rewrite --write
out_lacks canary
[ ! -s .env ] || fail "lines of .env that nothing refers to go"
cd ..

# mattermost: the line that goes last is what another one was needed for
mkdir mattermost && cd mattermost
cat >compose.yml <<'END'
services:
  postgres:
    image: postgres:${POSTGRES_IMAGE_TAG}
    environment:
      - POSTGRES_PASSWORD
  mattermost:
    image: mattermost/mattermost
    entrypoint: [/mattermost]
    command: [server]
    environment:
      - MM_SQLSETTINGS_DATASOURCE
END
cat >.env <<'END'
POSTGRES_IMAGE_TAG=13
POSTGRES_PASSWORD=canaryPg0123456789
MM_SQLSETTINGS_DATASOURCE=postgres://mm:${POSTGRES_PASSWORD}@postgres:5432/mm
END
run 0 rewrite --write
out_lacks canary
printf 'POSTGRES_IMAGE_TAG=13\n' | cmp - .env
cd ..

# synapse: an image that is built here is not what the registry has under its name
mkdir synapse && cd synapse
cat >compose.yml <<'END'
services:
  synapse:
    build: {context: ../.., dockerfile: docker/Dockerfile}
    image: matrixdotorg/synapse:latest
    environment:
      - SYNAPSE_REGISTRATION_SHARED_SECRET=canarySynapse0123456789
END
cat >image.py <<'END'
import io, json, tarfile
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/start.py"]}, "rootfs": {"type": "layers", "diff_ids": []}}).encode()
manifest = json.dumps([{"Config": "c.json", "RepoTags": ["matrixdotorg/synapse:latest"], "Layers": []}]).encode()
with tarfile.open("image.tar", "w") as archive:
    for name, data in (("c.json", config), ("manifest.json", manifest)):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
END
python3 image.py
run 0 rewrite --image image.tar
out_has "the shim cannot help: it is built here, and its Dockerfile cannot be read"
cd ..

# laravel: what is mounted into a container may be read there, whatever Compose makes of it
mkdir laravel && cd laravel
cat >compose.yml <<'END'
services:
  app:
    image: example/sail
    volumes: ['.:/var/www/html']
  mysql:
    image: mysql:8.0
    environment:
      MYSQL_PASSWORD: '${DB_PASSWORD}'
END
printf 'APP_KEY=base64:canaryLaravel0123456789abcdef\nDB_PASSWORD=canaryDb0123456789\n' >.env
cp .env before.env
run 0 rewrite --write
out_lacks canary
out_has "stays .env:1  env_file APP_KEY: service 'app' mounts this file, and its program may read it there; take the line out if it does not"
out_has "stays .env:2  env_file DB_PASSWORD: service 'app' mounts this file, and its program may read it there; take the line out if it does not"
cmp before.env .env
run 0 rewrite
err_is "secretsctl: nothing to move; 2 stay"
cd ..

# elasticsearch: the path of a key is no key. kafka, java, wordpress: passwords inside of settings
mkdir settings && cd settings
cat >compose.yml <<'END'
services:
  es01:
    image: docker.elastic.co/elasticsearch/elasticsearch:8.17.0
    environment:
      - xpack.security.http.ssl.key=certs/es01/es01.key
      - ELASTIC_PASSWORD=canaryElastic
  kafka:
    image: example/kafka
    entrypoint: [/run]
    command: [kafka]
    environment:
      SASL_JAAS_CONFIG: org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="canaryAdmin" user_admin="canaryAdmin" user_web="canaryWeb";
      JAVA_OPTS: -Xmx512m -Djavax.net.ssl.trustStorePassword=canaryTrust -Dport=1
  wordpress:
    image: wordpress:6
    environment:
      WORDPRESS_CONFIG_EXTRA: |
        define('WP_REDIS_HOST', 'redis');
        define( "WP_REDIS_PASSWORD", 'canaryRedis' );
END
run 0 rewrite --write
out_lacks canary
grep -q 'ssl.key=certs/es01/es01.key' compose.yml || fail "the path of a key stays"
owner=$("$SECRETSCTL" list settings/elastic_password --json | jq -r '.[0] | "\(.uid) \(.mode)"')
[ "$owner" = "1000 null" ] || fail "elasticsearch starts only if nobody else may read its password: $owner"
grep -qF 'username="admin" password="{{secret:sasl_jaas_config_password|json}}" user_admin="{{secret:sasl_jaas_config_password|json}}" user_web="{{secret:kafka_sasl_jaas_config_password|json}}";' compose.yml || fail "JAAS"
grep -qF -- '-Xmx512m -Djavax.net.ssl.trustStorePassword={{secret:java_opts_javax.net.ssl.truststorepassword}} -Dport=1' compose.yml || fail "an option of Java"
grep -qx '      WORDPRESS_CONFIG_EXTRA_FILE: /run/secrets/wordpress_config_extra' compose.yml || fail "PHP"
"$SECRETSCTL" get settings/wordpress_config_extra | grep -F "canaryRedis" >/dev/null || fail "all of the text moves"
cd ..

# health checks run beside the service, and would see the shim's templates
mkdir checks && cd checks
cat >compose.yml <<'END'
x-check: &outside {test: celery status}
services:
  text: &text
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck:
      test: celery -A app inspect ping  # as its manual says
      interval: 30s
  list:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck:
      test: ["CMD", "rabbitmq-diagnostics", "-q", "ping"]
  lines:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck:
      test:
        - CMD-SHELL
        - if [ "$$(celery inspect ping | grep -c 'OK; x')" = 1 ]; then X=1 ./check && curl -f "http://x;y"; else exit 1; fi
  folded:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck:
      test: >-
        curl localhost ||
        ./check one
  twice:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck:
      test: |
        ./check
        ./check
  indifferent:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck: {test: ["CMD-SHELL", "wget -q -O /dev/null http://localhost/health || exit 1"]}
  none:
    image: example/app
    healthcheck: {test: ["CMD", "/app/check"]}
  merged:
    <<: *text
    entrypoint: [/worker]
    command: [app]
  half:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck: &half {test: celery status}
  other-half:
    image: example/app
    healthcheck: *half
  outside:
    image: example/app
    entrypoint: [/run]
    command: [app]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck: *outside
  client:
    image: example/cache
    entrypoint: [/run]
    command: [cache]
    environment: {REDISCLI_AUTH: canaryBroker01}
    healthcheck: {test: redis-cli ping}
  no-client:
    image: example/cache
    entrypoint: [/run]
    command: [cache]
    environment: {BROKER_URL: 'amqp://app:canaryBroker@mq/'}
    healthcheck: {test: redis-cli ping}
END
run 0 rewrite --write
out_lacks canary
out_has "adapt compose.yml:9  text.healthcheck: starts through the shim, since it may look into the environment"
out_has "stays compose.yml:42  twice.healthcheck: its programs may look into the environment, where templates stand now; put '/.secretsctl/shim --' in front of them by hand"
grep -qxF '      test: /.secretsctl/shim -- celery -A app inspect ping  # as its manual says' compose.yml || fail "a text"
grep -qxF '      test: ["CMD", "/.secretsctl/shim", "--", "rabbitmq-diagnostics", "-q", "ping"]' compose.yml || fail "a list"
grep -qF -- "if [ \"\$\$(/.secretsctl/shim -- celery inspect ping | grep -c 'OK; x')\" = 1 ]; then X=1 /.secretsctl/shim -- ./check && curl -f \"http://x;y\"; else exit 1; fi" compose.yml || fail "a script"
grep -qxF '        /.secretsctl/shim -- ./check one' compose.yml || fail "a folded text"
grep -qxF '    healthcheck: {test: ["CMD-SHELL", "wget -q -O /dev/null http://localhost/health || exit 1"]}' compose.yml || fail "what needs no environment stays"
grep -qxF '    healthcheck: {test: ["CMD", "/app/check"]}' compose.yml || fail "a service without the shim stays"
out_has "adapt compose.yml:9  merged.healthcheck"
out_has "  half.healthcheck: its programs may look into the environment"
out_has "  outside.healthcheck: its programs may look into the environment"
grep -qxF '    healthcheck: &half {test: celery status}' compose.yml || fail "a check of others too stays"
grep -qF '/.secretsctl/shim -- redis-cli ping' compose.yml || fail "REDISCLI_AUTH"
grep -qxF '    healthcheck: {test: redis-cli ping}' compose.yml || fail "redis-cli knows no other variable"
run 0 rewrite
err_is "secretsctl: no credential to move"
cd ..

# netbox: a health check of two services through an anchor reads a variable that has another value in each
mkdir netbox && cd netbox
cat >compose.yml <<'END'
services:
  redis:
    image: example/valkey
    entrypoint: [/run]
    command: [valkey]
    healthcheck: &check
      test: '[ $$(valkey-cli --pass "$${REDIS_PASSWORD}" ping) = PONG ]'
    env_file: redis.env
  redis-cache:
    image: example/valkey
    entrypoint: [/run]
    command: [valkey]
    healthcheck: *check
    env_file: cache.env
  postgres:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canaryPg0123456789}
END
printf 'REDIS_PASSWORD=canaryRedis0123456789\n' >redis.env
printf 'REDIS_PASSWORD=canaryCache0123456789\n' >cache.env
run 0 rewrite --write
out_lacks canary
out_has "stays redis.env:1  redis.env_file REDIS_PASSWORD: a command or health check that is shared through an anchor uses the variable; write it out first"
err_is "secretsctl: 1 moved into 1 entry of scope 'netbox', 2 stay"
cd ..

# vaultwarden, mattermost, langfuse: an address that moves as a whole is a template over the password of its other side
mkdir vaultwarden && cd vaultwarden
cat >compose.yml <<'END'
services:
  vaultwarden:
    image: vaultwarden/server:latest
    environment:
      DATABASE_URL: postgresql://vaultwarden:canary%2Fdb%400@postgres:5432/vaultwarden
  web:
    image: example/web
    entrypoint: [/web]
    command: [run]
    environment:
      DATABASE_URL: ${DATABASE_URL:-postgresql://web:canary%2Fdb%400@postgres:5432/web}
      OTHER_URL: ${OTHER_URL:-postgresql://web:canary-other@elsewhere/web}
  worker:
    image: example/web
    entrypoint: [/web]
    command: [run]
    environment:
      - DATABASE_URL
  postgres:
    image: postgres:16-alpine
    environment: {POSTGRES_PASSWORD: 'canary/db@0'}
END
cat >.env <<'END'
PG=canary%2Fdb%400
DATABASE_URL=postgresql://worker:${PG}@postgres:5432/worker
END
sed -i 's/\${DATABASE_URL:-/${WEB_URL:-/' compose.yml
run 0 rewrite --write
out_lacks canary
out_has "vaultwarden.DATABASE_URL -> vaultwarden/postgres_password, DATABASE_URL_FILE=/run/secrets/database_url"
out_has "web.DATABASE_URL -> vaultwarden/postgres_password, DATABASE_URL filled in by the shim from {{secret:web_database_url}}"
out_has "web.OTHER_URL -> vaultwarden/other_url, OTHER_URL filled in by the shim from {{secret:other_url}}"
grep -qxF "      DATABASE_URL: '{{secret:web_database_url}}'" compose.yml || fail "the whole value"
grep -qxF "      - DATABASE_URL={{secret:worker_database_url}}" compose.yml || fail "the whole value of a passed variable"
grep -qxF "      OTHER_URL: '{{secret:other_url}}'" compose.yml || fail "an address without another side"
kinds=$("$SECRETSCTL" list --json | jq -r '.[] | select(.name | startswith("vaultwarden/")) | "\(.name) \(.kind)"' | tr '\n' ' ')
[ "$kinds" = "vaultwarden/database_url template vaultwarden/other_url secret vaultwarden/postgres_password secret vaultwarden/web_database_url template vaultwarden/worker_database_url template " ] || fail "$kinds"
[ "$("$SECRETSCTL" get vaultwarden/database_url)" = 'postgresql://vaultwarden:{{secret:postgres_password|url}}@postgres:5432/vaultwarden' ] || fail "the template"
printf 'n/w@1' | "$SECRETSCTL" rotate vaultwarden/postgres_password >/dev/null
[ "$("$SECRETSCTL" get vaultwarden/worker_database_url >t; "$SECRETSCTL" render t --scope vaultwarden)" = 'postgresql://worker:n%2Fw%401@postgres:5432/worker' ] || fail "both sides are rotated at once"
run 0 rewrite
cd ..

# outline: one env file for the program and its databases, which have no use for it
mkdir outline && cd outline
cat >compose.yml <<'END'
services:
  outline: {image: outlinewiki/outline, env_file: docker.env}
  redis: {image: redis, entrypoint: [/run], command: [redis-server], env_file: docker.env}
  mine: {image: example/mine, entrypoint: [/run], command: [mine], env_file: docker.env}
END
printf 'SECRET_KEY=canaryOutline0123456789abcdef\nMY_PASSWORD=canaryMine\n' >docker.env
cat >compose.override.yml <<'END'
services:
  mine: {env_file: mine.env}
END
printf 'OTHER_PASSWORD=canaryOther\n' >mine.env
run 0 rewrite
out_lacks canary
[ "$(grep -c "nothing is known of its image reading it; if it does not, give the service an env file without it" "$T/out")" = 2 ] || fail "redis and mine"
out_has "outline.env_file SECRET_KEY -> outline/secret_key, SECRET_KEY_FILE=/run/secrets/secret_key"
cat >override.yml <<'END'
services:
  redis: {environment: {DATABASE_URL: 'redis://:canary-pw@redis'}}
END
run 0 "$SECRETSCTL" compose rewrite -f compose.yml -f override.yml --no-shim
out_has "redis.DATABASE_URL: nothing is known of how 'redis' takes DATABASE_URL from a file"
cd ..

# the shell that runs a command may be the entrypoint
mkdir entrypoint && cd entrypoint
cat >compose.yml <<'END'
services:
  list:
    image: mariadb:11
    entrypoint: ["sh", "-ec"]
    command: ['mysql -h db -p"$$MYSQL_PASSWORD" -e "select 1"']
    environment: {MYSQL_PASSWORD: canaryMysql0123456789}
  text:
    image: mariadb:11
    entrypoint: bash
    command: -c 'mysql -h db -p"$$MYSQL_PASSWORD"'
    environment: {MYSQL_PASSWORD: canaryMysql0123456789}
  none:
    image: mariadb:11
    entrypoint: [/check-c]
    command: ['$$MYSQL_PASSWORD']
    environment: {MYSQL_PASSWORD: canaryMysql0123456789}
END
run 0 "$SECRETSCTL" compose rewrite --no-shim --write
out_lacks canary
grep -qF "command: ['mysql -h db -p\"\$\$(cat /run/secrets/mysql_password)\" -e \"select 1\"']" compose.yml || fail "a list"
grep -F "command: '-c ''mysql" compose.yml | grep -F "(cat /run/secrets/mysql_password)" >/dev/null || fail "a text"
grep -qF "command: ['\$\$MYSQL_PASSWORD']" compose.yml || fail "no shell"
cd ..
