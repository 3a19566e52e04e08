# SPDX-License-Identifier: Apache-2.0
# Bad input: one clear message with its place, nothing written, no value shown.
. "$SC_SOURCE/tests/support/functions.sh"

run 4 "$SECRETSCTL" compose rewrite
err_is "secretsctl: there is no Compose file here or above; name one with -f"
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

# what does not load is not planned for either; an empty attribute is no reason for that
cat >broken.yml <<'END'
name: broken
services:
  db: {image: postgres:16, environment: {POSTGRES_PASSWORD: hunter2}, ports: {}}
END
for mode in --diff --write; do
    run 1 "$SECRETSCTL" compose rewrite -f broken.yml $mode
    err_is "secretsctl: 'broken.yml' line 3, column 78: services.db.ports: must be a list"
done
new_vault
cat >empty.yml <<'END'
name: empty
services:
  a:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2
    secrets: # none yet
  b: {image: postgres:16, environment: {POSTGRES_PASSWORD: hunter2}, secrets: , labels: ~}
  c:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: hunter2}
    secrets: ~ # none here
secrets:
END
export SECRETSCTL_RUN_DIR=/run/secretsctl
run 0 "$SECRETSCTL" compose rewrite -f empty.yml
err_is "secretsctl: 3 to move, 0 stay; nothing was changed, use --write"
run 0 "$SECRETSCTL" compose rewrite -f empty.yml --write
cat >want.yml <<'END'
name: empty
services:
  a:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password
    secrets: # none yet
      - postgres_password
  b: {image: postgres:16, environment: {POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password}, secrets: [postgres_password], labels: ~}
  c:
    image: postgres:16
    environment: {POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password}
    secrets: # none here
      - postgres_password
secrets:
  postgres_password:
    file: /run/secretsctl/empty/postgres_password
END
diff want.yml empty.yml || fail "empty attributes"

cat >shared.yml <<'END'
x-env: &env
  POSTGRES_PASSWORD: hunter2
services:
  db: {image: postgres, environment: *env}
  app: {image: example/app, environment: *env}
END
run 0 "$SECRETSCTL" compose rewrite -f shared.yml
out_has "stays shared.yml:2  db.POSTGRES_PASSWORD: service 'app' shares this text and cannot follow; give that service a text of its own"
err_is "secretsctl: nothing to move; 2 stay"

# what would keep --write from replacing the files is said before
{
    sed 's/, ports: {}//' broken.yml
    head -c 1100000 /dev/zero | tr '\0' '#'
} >large.yml
run 1 "$SECRETSCTL" compose rewrite -f large.yml
out_has "move  large.yml:3  db.POSTGRES_PASSWORD"
err_is "secretsctl: 1 to move, 0 stay; nothing was changed
secretsctl: '$T/large.yml' is too large to keep a copy of in the vault"
if [ "$(id -u)" = 0 ]; then
    mkdir fixed theirs
    install -m 755 "$SECRETSCTL" program # the build tree may be closed to ordinary users
    sed 's/, ports: {}//' broken.yml | tee fixed/compose.yml >theirs/compose.yml
    chown 65534 theirs
    chmod 755 "$T" fixed theirs
    for mode in --diff --write; do
        run 8 setpriv --reuid 65534 --regid 65534 --clear-groups -- "$T/program" compose rewrite -f "$T/fixed/compose.yml" $mode
        err_has "secretsctl: cannot put a new file into '$T/fixed': Permission denied"
        run 8 setpriv --reuid 65534 --regid 65534 --clear-groups -- "$T/program" compose rewrite -f "$T/theirs/compose.yml" $mode
        err_has "secretsctl: '$T/theirs/compose.yml' belongs to another user, and would not any more; run this as that user"
    done
fi
