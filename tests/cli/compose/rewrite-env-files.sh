# SPDX-License-Identifier: Apache-2.0
# Env files of services: both forms and formats, shared ones, the same file as .env; all follow or the line stays.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
get() { "$SECRETSCTL" get "shop/$1"; }

printf '# kept\r\nexport MYSQL_ROOT_PASSWORD="canary $HOME_OF_MINE one"  # note\r\nMYSQL_DATABASE=x\r\nMYSQL_PASSWORD='"'canary#two'" >db.env
printf 'GF_SECURITY_ADMIN_PASSWORD="canary$x"\n' >raw.env
printf 'DB_PASSWORD=canary/url\nDATABASE_URL=postgres://u:${DB_PASSWORD}@db/x\n' >app.env
printf 'POSTGRES_PASSWORD=canary-pg\nAPI_TOKEN=canary-0123456789abcdef\n' >.env
cat >compose.yml <<'END'
name: shop
services:
  pg:
    image: postgres:16
    env_file: .env
  db:
    image: mysql:8
    env_file: [db.env]
  copy:
    image: mysql:8
    env_file: db.env
    environment: [MYSQL_DATABASE=y]
  gf:
    image: grafana/grafana:11.0.0
    env_file:
      - path: raw.env
        format: raw
      - path: absent.env
        required: false
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    env_file: app.env
    environment:
      PG: postgres://u:${POSTGRES_PASSWORD}@pg/x
END
mkdir before && cp .env ./*.env compose.yml before/
shim=/usr/local/libexec/secretsctl/secretsctl-shim
run 0 "$SECRETSCTL" compose rewrite --shim $shim
out_lacks canary
run 0 env HOME_OF_MINE=at "$SECRETSCTL" compose rewrite --shim $shim --write
out_lacks canary
out_has "move  db.env:2  copy.env_file MYSQL_ROOT_PASSWORD -> shop/mysql_root_password, MYSQL_ROOT_PASSWORD_FILE=/run/secrets/mysql_root_password"
out_has "stays .env:2  pg.env_file API_TOKEN: nothing is known of how 'postgres:16' takes API_TOKEN from a file; the shim cannot help: what the image starts is not known: pull it, or use --image"
err_is "secretsctl: 9 moved into 5 entries of scope 'shop', 1 stay"
printf '# kept\r\nexport MYSQL_ROOT_PASSWORD_FILE="/run/secrets/mysql_root_password"  # note\r\nMYSQL_DATABASE=x\r\nMYSQL_PASSWORD_FILE='"'/run/secrets/mysql_password'" | cmp - db.env
printf 'GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/gf_security_admin_password\n' | cmp - raw.env
printf 'DB_PASSWORD={{secret:db_password}}\nDATABASE_URL=postgres://u:{{secret:db_password}}@db/x\n' | cmp - app.env
printf 'POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password\nAPI_TOKEN=canary-0123456789abcdef\n' | cmp - .env
grep -qF 'PG: postgres://u:{{secret:postgres_password|url}}@pg/x' compose.yml || fail "the same value elsewhere"
[ "$(get mysql_root_password)" = "canary at one" ] || fail "a variable in double quotes"
[ "$(get mysql_password)" = "canary#two" ] || fail "single quotes"
[ "$(get gf_security_admin_password)" = '"canary$x"' ] || fail "the raw format"
[ "$(get postgres_password)" = canary-pg ] || fail "plain"
run 0 "$SECRETSCTL" compose rewrite --shim $shim
err_is "secretsctl: nothing to move; 1 stay"
run 0 "$SECRETSCTL" compose restore
for file in .env db.env raw.env app.env compose.yml; do cmp "$file" "before/$file"; done

# one line, services that take it in different ways: each gets a variable of its own
cat >compose.yml <<'END'
name: two
services:
  pg:
    image: postgres:16
    env_file: .env
  app:
    image: example/app
    entrypoint: [/app]
    command: [serve]
    env_file: .env
    environment: [A=b]
END
printf 'POSTGRES_PASSWORD=canary-pg\nA=b\n' >.env
run 0 "$SECRETSCTL" compose rewrite --shim $shim --write
[ "$(cat .env)" = A=b ] || fail "the line did not go"
grep -qF "environment: [A=b, 'POSTGRES_PASSWORD={{secret:postgres_password}}']" compose.yml || fail "the shim's service"
grep -qxF '      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password' compose.yml || fail "the database"
run 0 "$SECRETSCTL" compose restore

# what cannot follow keeps the line, and says why
cat >compose.yml <<'END'
name: three
services:
  pg:
    image: postgres:16
    env_file: [.env, twice.env]
  app:
    image: example/app
    env_file: .env
  my:
    image: mysql:8
    env_file: my.env
    environment:
      NOTE: "${MYSQL_PASSWORD}"
    command: ["--init=${MYSQL_PASSWORD}"]
END
printf 'PGADMIN_PW=canary-1\nPOSTGRES_INITDB_WALDIR=/x\nPOSTGRES_PASSWORD=canary-2\n' >.env
printf 'POSTGRES_PASSWORD=canary-3\nPOSTGRES_PASSWORD=canary-4\n' >twice.env
printf 'MYSQL_ROOT_PASSWORD=canary-5\nMYSQL_PASSWORD=canary-6\nMYSQL_CHECK=$MYSQL_ROOT_PASSWORD/x\n' >my.env
run 0 "$SECRETSCTL" compose rewrite --no-shim
out_lacks canary
out_has "stays .env:3  pg.env_file POSTGRES_PASSWORD: service 'app' shares this text and cannot follow; give that service a text of its own"
out_has "stays twice.env:2  pg.env_file POSTGRES_PASSWORD: the file sets it more than once; remove what is not used"
out_has "stays my.env:1  my.env_file MYSQL_ROOT_PASSWORD: something that stays refers to it by name; change that first"
out_has "move  my.env:2  my.env_file MYSQL_PASSWORD -> three/mysql_password, MYSQL_PASSWORD_FILE=/run/secrets/mysql_password"

# .env: what stays there is listed
cat >compose.yml <<'END'
name: four
services:
  app:
    image: example/app
    command: ["run", "--password", "${USED_PASSWORD}"]
END
printf 'USED_PASSWORD=canary-7\nUNUSED_PASSWORD=canary-8\n' >.env
run 0 "$SECRETSCTL" compose rewrite
out_lacks canary
out_has "stays .env:1  env_file USED_PASSWORD: something that stays refers to it; it can go with that"
out_has "stays .env:2  env_file UNUSED_PASSWORD: nothing in these files refers to it; remove it, or put it into the vault"
err_is "secretsctl: nothing to move; 3 stay"

# a link is not replaced by a file, which would leave the values where they are
mkdir sub && mv .env shared && ln -s ../shared sub/.env
printf 'name: five\nservices:\n  pg:\n    image: postgres:16\n    env_file: .env\n' >sub/compose.yml
printf 'POSTGRES_PASSWORD=canary-9\n' >shared
run 0 "$SECRETSCTL" compose rewrite -f sub/compose.yml
out_lacks canary
out_has "stays sub/.env:1  pg.env_file POSTGRES_PASSWORD: the file is a symbolic link; put the file itself there, or change it by hand"

# a text of several credentials: one stands there, others are variables of the same file, of which one is no credential by its name
rm -rf sub shared && cat >compose.yml <<'END'
name: six
services:
  app:
    image: example/app
    entrypoint: ["/app"]
    env_file: app.env
END
cat >app.env <<'END'
DB_PASSWORD=canary-10
PIECE=canary11
HOOK=https://u:$PIECE@h/?x=$DB_PASSWORD&token=canary-12
SETTINGS={"pw":"canary-13","other":{"password":"$DB_PASSWORD"}}
END
touch shim
chmod 755 shim
run 0 "$SECRETSCTL" compose rewrite --shim shim --write
out_has "stays app.env:2  env_file PIECE: services are given it from this file by its own name too; take it out of the file if none needs it"
err_is "secretsctl: 6 moved into 4 entries of scope 'six', 1 stay"
diff app.env - <<'END'
DB_PASSWORD={{secret:db_password}}
PIECE=canary11
HOOK=https://u:{{secret:piece|url}}@h/?x={{secret:db_password|url}}&token={{secret:hook_password|url}}
SETTINGS={"pw":"{{secret:settings_pw|json}}","other":{"password":"{{secret:db_password|json}}"}}
END

# a line that another one wins over is hidden too where it stands beside a change; a name alone is no value
cat >compose.yml <<'END'
name: seven
services:
  app:
    image: example/app
    entrypoint: ["/app"]
    env_file: app.env
END
cat >app.env <<'END'
DB_PASSWORD=canary-14
export OLD_URL="https://u:canary-15@$DB_PASSWORD/"
HOOK=https://u:$DB_PASSWORD@h/
DB_PASSWORD
OLD_URL=
END
DB_PASSWORD=canary-caller run 0 "$SECRETSCTL" compose rewrite --shim shim
out_lacks canary
out_has "stays app.env:4  app.env_file DB_PASSWORD: the line hands on a variable of whoever starts Compose; name it under environment instead"
grep -A9 -xF -e '+++ b/app.env' "$T/out" | diff - <(
    cat <<'END'
+++ b/app.env
@@ -1,5 +1,5 @@
 DB_PASSWORD=*****
 export OLD_URL="https://u:*****@$DB_PASSWORD/"
-HOOK=https://u:$DB_PASSWORD@h/
+HOOK=https://u:{{secret:db_password|url}}@h/
 DB_PASSWORD
 OLD_URL=
END
) || fail "the diff of the env file"

# a line beside those that change: what only its name announces, and nothing refers to, is not shown either
cat >compose.yml <<'END'
name: beside
services:
  app:
    image: example/app
    entrypoint: ["/app"]
    environment:
      DB_PASSWORD: ${DB_PASSWORD}
END
cat >.env <<'END'
APP_DB_PASS_VECTORS=canaryletters
DB_PASSWORD=canary-16
SMTP_AUTH=canary
LOG_LEVEL=info
LICENSE_FILE=/etc/license
END
run 0 "$SECRETSCTL" compose rewrite --shim shim
out_lacks canary
out_has ' APP_DB_PASS_VECTORS=*****'
out_has ' SMTP_AUTH=*****'
out_has ' LOG_LEVEL=info'
out_has ' LICENSE_FILE=/etc/license'
rm .env

# what a service sets and its env file looks up stays, and the others move all the same
cat >compose.yml <<'END'
name: eight
services:
  app:
    image: example/app
    entrypoint: ["/app"]
    env_file: app.env
    environment:
      DB_PASSWORD: canary-16-canary
      API_TOKEN: canary-17-${REST_TOKEN}
END
echo 'NOTE=for $DB_PASSWORD' >app.env
echo 'REST_TOKEN=canary-rest' >.env
run 0 "$SECRETSCTL" compose rewrite --shim shim
out_has "stays compose.yml:8  app.DB_PASSWORD: an env file of the service refers to it by name; change that first"
out_has "move  compose.yml:9  app.API_TOKEN -> eight/api_token"
# what is written between the variables of a value is a part of it
out_has '-      API_TOKEN: *****${REST_TOKEN}'
out_lacks canary
rm .env

# a file that the list names twice, in two spellings, is one file
cat >compose.yml <<'END'
name: nine
services:
  app:
    image: example/app
    entrypoint: ["/app"]
    env_file: [app.env, ./app.env]
END
echo 'API_TOKEN=canary-18-canary' >app.env
run 0 "$SECRETSCTL" compose rewrite --shim shim
[ "$(grep -c '^move' "$T/out")" = 1 ] || { cat "$T/out"; fail "not one move"; }
out_has "move  app.env:1  app.env_file API_TOKEN -> nine/api_token"
