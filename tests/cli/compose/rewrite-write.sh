# SPDX-License-Identifier: Apache-2.0
# --write: values into the vault, files replaced, a second run empty, restore brings the originals back.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl
new_vault

printf 'services:\r\n  db:\r\n    image: mysql:8\r\n    environment: [MYSQL_ROOT_PASSWORD=hunter2-a, "MYSQL_PASSWORD=hunter2-b"]' >compose.yaml
cat >compose.override.yaml <<'END'
services:
  db:
    environment:
      MYSQL_ROOT_PASSWORD: hunter2-c
END
chmod 640 compose.yaml
mkdir before && cp -p compose* before/

run 0 "$SECRETSCTL" compose rewrite --write --scope prod/shop
out_lacks hunter2
err_is "secretsctl: 3 moved into 3 entries of scope 'prod/shop', 0 stay"
[ "$(stat -c %a compose.yaml)" = 640 ] || fail "the mode changed"
printf 'services:\r\n  db:\r\n    image: mysql:8\r\n    environment: [MYSQL_ROOT_PASSWORD_FILE=/run/secrets/mysql_root_password, "MYSQL_PASSWORD_FILE=/run/secrets/mysql_password"]\r\n    secrets:\r\n      - mysql_root_password\r\n      - mysql_password\r\nsecrets:\r\n  mysql_root_password:\r\n    file: /run/secretsctl/prod/shop/mysql_root_password\r\n  mysql_password:\r\n    file: /run/secretsctl/prod/shop/mysql_password' >want
cmp compose.yaml want
[ "$("$SECRETSCTL" get prod/shop/mysql_root_password)" = hunter2-a ] || fail "the value"
[ "$("$SECRETSCTL" get prod/shop/db_mysql_root_password)" = hunter2-c ] || fail "the override's value"
# the originals are kept, out of everybody's way
run 0 "$SECRETSCTL" list
out_lacks .originals
run 0 "$SECRETSCTL" list .originals
[ "$(wc -l <"$T/out")" = 2 ] || fail "not both originals are kept"
! grep -r hunter2 compose*.yaml || fail "a value is left"
[ -z "$(find . -name '*.secretsctl*')" ] || fail "debris"

run 0 "$SECRETSCTL" compose rewrite --write --scope prod/shop
err_is "secretsctl: no credential to move"
cmp compose.yaml want

run 0 "$SECRETSCTL" compose restore --scope prod/shop
cmp compose.yaml before/compose.yaml
cmp compose.override.yaml before/compose.override.yaml
run 0 "$SECRETSCTL" compose restore --scope prod/shop
err_is "secretsctl: nothing to restore"

# a file that was changed since is not touched
run 0 "$SECRETSCTL" compose rewrite --write --scope prod/shop
echo '# mine' >>compose.yaml
run 1 "$SECRETSCTL" compose restore --scope prod/shop
err_is "secretsctl: '$T/compose.yaml' was changed since the rewrite; use --force to lose these changes"
run 0 "$SECRETSCTL" compose restore --scope prod/shop --force
cmp compose.yaml before/compose.yaml

# the originals have the value that was moved; that it is another one by now is told
run 0 "$SECRETSCTL" compose rewrite --write --scope prod/shop
sleep 1.1
printf newer | "$SECRETSCTL" rotate -q prod/shop/mysql_password
run 0 "$SECRETSCTL" compose restore --scope prod/shop
err_has "secretsctl: 'prod/shop/mysql_password' was changed after the rewrite: the files have its value of before"
[ "$(grep -c 'was changed after' err)" = 1 ] || fail "told of others: $(cat err)"
cmp compose.yaml before/compose.yaml
run 0 "$SECRETSCTL" rollback prod/shop/mysql_password

# another value under the same name is somebody's: it stays
printf other | "$SECRETSCTL" rotate prod/shop/mysql_password
run 1 "$SECRETSCTL" compose rewrite --write --scope prod/shop
err_is "secretsctl: 'prod/shop/mysql_password' has another value in the vault than in the files: bring the old one of the two up to date ('secretsctl rotate', or the file), or give another --scope"
cmp compose.yaml before/compose.yaml
[ -z "$(find . -name '*.secretsctl*')" ] || fail "debris"

# A person is told how it goes on.
mkdir person && cd person
printf 'name: person\nservices:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: hunter2-db\n' >compose.yml
python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$SECRETSCTL" compose rewrite --write --no-color </dev/null >../shown
grep -q "1 moved into 1 entry of scope 'person', 0 stay; next: secretsctl provision, docker compose up -d" ../shown || fail "$(cat ../shown)"
