# SPDX-License-Identifier: Apache-2.0
# Values behind aliases: each use is written out, and the text at the anchor goes when nothing needs it.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
cat >compose.yml <<'END'
name: shop
x-password: &pw canary-one
x-all:
  # note
  root: &root canary-two
  other: &other canary-three
  keep: 1
services:
  db:
    image: mysql:8
    environment:
      MYSQL_PASSWORD: *pw
      MYSQL_ROOT_PASSWORD: *root
  two:
    image: mysql:8
    environment: {MYSQL_PASSWORD: *pw, MYSQL_ROOT_PASSWORD: *other}
  three:
    image: mysql:8
    environment:
      MYSQL_PASSWORD: &own canary-four
      MYSQL_ROOT_PASSWORD: &needed canary-five
  four:
    image: mysql:8
    environment:
      MYSQL_PASSWORD: *own
      NOTE: *other
      NEEDED: *needed
END
cp compose.yml before.yml
run 0 "$SECRETSCTL" compose rewrite --write
out_lacks canary
out_has "adapt compose.yml:2  extension x-password: removed; nothing refers to it any more"
out_has "adapt compose.yml:5  extension root: removed; nothing refers to it any more"
out_has "stays compose.yml:6  extension other: something that stays refers to this anchor; change it by hand"
out_has "stays compose.yml:21  three.MYSQL_ROOT_PASSWORD: something else refers to this text by its anchor and cannot follow; write it out there"
err_is "secretsctl: 6 moved into 4 entries of scope 'shop', 2 stay"
cat >want <<'END'
name: shop
x-all:
  # note
  other: &other canary-three
  keep: 1
services:
  db:
    image: mysql:8
    environment:
      MYSQL_PASSWORD_FILE: /run/secrets/mysql_password
      MYSQL_ROOT_PASSWORD_FILE: /run/secrets/mysql_root_password
    secrets:
      - mysql_password
      - mysql_root_password
  two:
    image: mysql:8
    environment: {MYSQL_PASSWORD_FILE: /run/secrets/mysql_password, MYSQL_ROOT_PASSWORD_FILE: /run/secrets/two_mysql_root_password}
END
head -n 17 compose.yml | diff want -
grep -qxF '      MYSQL_PASSWORD_FILE: &own /run/secrets/three_mysql_password' compose.yml || fail "the anchor"
[ "$("$SECRETSCTL" get shop/three_mysql_password)" = canary-four ] || fail "the value"
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: nothing to move; 1 stay"
run 0 "$SECRETSCTL" compose restore
cmp compose.yml before.yml

# What would come through `<<` in the place of a variable that goes: it stays, and the rest moves;
# where both move, both do.
cat >compose.yml <<'END'
name: behind
x-env: &env
  POSTGRES_PASSWORD: canary-old-one
services:
  db:
    image: postgres:16
    environment:
      <<: *env
      POSTGRES_PASSWORD: canary-new-one
  other:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: canary-its-own
END
run 0 "$SECRETSCTL" compose rewrite
out_has "stays compose.yml:9  db.POSTGRES_PASSWORD: '<<' brings another value of this variable, which would come in its place; take it out there"
out_has "move  compose.yml:13  other.POSTGRES_PASSWORD"
err_is "secretsctl: 1 to move, 2 stay; nothing was changed, use --write"
sed -i 's/^      POSTGRES_PASSWORD: canary-its-own/      <<: [*env]/' compose.yml
run 0 "$SECRETSCTL" compose rewrite
out_has "move  compose.yml:3  other.POSTGRES_PASSWORD"
out_has "move  compose.yml:9  db.POSTGRES_PASSWORD"
err_is "secretsctl: 2 to move, 0 stay; nothing was changed, use --write"

# A value that is merged and then written anew is not the service's.
cat >compose.yml <<'END'
name: merged
x-env: &env {API_PASSWORD: canary-old, A: b}
services:
  api:
    image: example/api
    environment:
      <<: *env
      API_PASSWORD: canary-new
END
run 0 "$SECRETSCTL" compose rewrite --diff
out_is "stays compose.yml:2  extension API_PASSWORD: no service that can be rewritten uses this text; remove it, or write it where it is used
stays compose.yml:8  api.API_PASSWORD: nothing is known of how 'example/api' takes API_PASSWORD from a file; the shim cannot help: what the image starts is not known: pull it, or use --image"
err_is "secretsctl: nothing to move; 2 stay"
