# SPDX-License-Identifier: Apache-2.0
# Contents of configs without a sign between name and value: directives of servers, and files of logins.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq
export DOCKER_HOST=unix:///nonexistent
SECRETSCTL_RUN_DIR=$(mktemp -d /dev/shm/secretsctl-test.XXXXXX)
export SECRETSCTL_RUN_DIR
drop() { rm -rf "$SECRETSCTL_RUN_DIR"; }
on_exit drop
new_vault

cat >pgpass <<'END'
# who connects where
db:5432:shop:shop:canary-pgpass
END
cat >redis.conf <<'END'
bind 0.0.0.0
requirepass canary-requirepass
user app on >canary-acl ~* +@all
END
cat >proxy <<'END'
location / { proxy_pass http://app; }
proxy_set_header Authorization "Basic Y2FuYXJ5OmJhc2lj";
END
cat >.netrc <<'END'
machine git.example.com login "" password "two canary words"
default login anonymous password ""
machine b.example.com password canary-netrc
machine c.example.com password 'canary words'
END
{
    printf 'name: shop\nservices:\n  db: {image: postgres:16, configs: [pgpass, redis.conf, proxy, .netrc]}\nconfigs:\n'
    for name in pgpass redis.conf proxy .netrc; do
        printf '  %s:\n    content: |\n' "$name"
        sed 's/^/      /' "$name"
    done
} >compose.yml

run 3 "$SECRETSCTL" audit compose.yml
out_lacks canary
cut -f1,2,5,8 "$T/out" >got
cat >want <<'END'
compose.yml	8	compose-config-literal	password
compose.yml	12	compose-config-literal	requirepass
compose.yml	13	compose-config-literal	password
compose.yml	17	compose-config-literal	Authorization
compose.yml	20	compose-config-literal	password
compose.yml	22	compose-config-literal	password
compose.yml	23	compose-config-literal	password
END
diff want got || fail "the audit's findings"

run 0 "$SECRETSCTL" compose rewrite --write
out_lacks canary
grep -q 'canary\|Y2Fu' compose.yml && fail "a credential stays in compose.yml"
# Without the quotes that they stand in.
[ "$("$SECRETSCTL" get shop/config_password_2)" = 'two canary words' ] || fail "the value in double quotes"
[ "$("$SECRETSCTL" get shop/config_password_4)" = 'canary words' ] || fail "the value in single quotes"
run 0 "$SECRETSCTL" write "$SECRETSCTL_RUN_DIR" --scope shop
for name in pgpass redis.conf proxy; do
    diff "$name" "$SECRETSCTL_RUN_DIR/shop/$name" || fail "$name is rendered differently"
done
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: no credential to move"

# What stays makes no entry.
mkdir templated && cd templated
cat >compose.yml <<'END'
services:
  am: {image: prom/alertmanager, configs: [am]}
configs:
  am:
    content: |
      smtp_auth_password: canary-smtp
      text: '{{secret:other}}'
END
run 0 "$SECRETSCTL" compose rewrite
out_is "stays compose.yml:6  configs.content smtp_auth_password: the content holds placeholders already; put it into the vault by hand"
run 0 "$SECRETSCTL" compose rewrite --json
[ "$(jq -c .secrets "$T/out")" = '[]' ] || fail "an entry is planned for what stays"
