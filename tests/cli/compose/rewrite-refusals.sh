# SPDX-License-Identifier: Apache-2.0
# Bad input: one clear message with its place, nothing written, no value shown.
. "$SC_SOURCE/tests/support/functions.sh"

run 4 "$SECRETSCTL" compose rewrite
err_is "secretsctl: there is no compose.yaml or docker-compose.yml here; name one with -f"
run 4 "$SECRETSCTL" compose rewrite -f absent.yml
err_is "secretsctl: cannot open 'absent.yml': No such file or directory"

cat >mixed.yml <<'END'
services:
  app:
    environment:
      NODE_ENV: production
      DB_PASSWORD: hunter2

      # array format
      - TOKEN=hunter2
END
run 1 "$SECRETSCTL" compose rewrite -f mixed.yml --write
err_is "secretsctl: 'mixed.yml' line 8, column 7: services.app.environment: a list item ('- ...') inside a mapping; use either 'KEY: value' lines or list items (while parsing a block mapping that begins on line 4)"

printf 'services:\n\tapp: {}\n' >tab.yml
run 1 "$SECRETSCTL" compose rewrite -f tab.yml
err_is "secretsctl: 'tab.yml' line 2, column 1: a tab where indentation or a value is expected; use spaces"

printf 'services: {}\nservices: {}\n' >twice.yml
run 1 "$SECRETSCTL" compose rewrite -f twice.yml
err_is "secretsctl: 'twice.yml' line 2, column 1: services: the same key stands on line 1 already"

mkdir inside
echo 'services: {}' >outside.yml
ln -s ../outside.yml inside/compose.yml
run 9 "$SECRETSCTL" compose rewrite -f inside/compose.yml
err_is "secretsctl: 'inside/compose.yml' is a symbolic link out of its folder; name the file itself"

head -c 50000 /dev/zero | tr '\0' '[' >deep.yml
run 1 "$SECRETSCTL" compose rewrite -f deep.yml
err_is "secretsctl: 'deep.yml' line 1, column 129: nested too deeply"

truncate -s 100M huge.yml
run 1 "$SECRETSCTL" compose rewrite -f huge.yml
err_lacks hunter2

cat >shared.yml <<'END'
x-env: &env
  POSTGRES_PASSWORD: hunter2
services:
  db: {image: postgres, environment: *env}
  app: {image: example/app, environment: *env}
END
run 0 "$SECRETSCTL" compose rewrite -f shared.yml
out_has "stays shared.yml:2  db.POSTGRES_PASSWORD: service 'app' gets this text too and cannot take it from a file"
err_is "secretsctl: nothing to move; 2 stay"
