# SPDX-License-Identifier: Apache-2.0
# Values behind variables: ${NAME}, defaults, names handed on; the lines of .env that nothing needs go.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault

cat >.env <<'END'
# kept
DB_PASSWORD="s3 cret"  # note
OTHER=x
export ROOT_PW=root-pw
USED_TWICE=tw1ce
NAME_ONLY=n4me
END
cat >compose.yml <<'END'
name: shop
services:
  db:
    image: mysql:8
    environment:
      MYSQL_PASSWORD: ${DB_PASSWORD}
      MYSQL_ROOT_PASSWORD: ${ROOT_PW:?set it}
      MYSQL_DATABASE: ${OTHER}
  graf:
    image: grafana/grafana:11.0.0
    environment:
      - GF_SECURITY_ADMIN_PASSWORD=${ADMIN:-letmein}
      - GF_SMTP_PASSWORD=${NOT_SET}
      - GF_DATABASE_PASSWORD=${USED_TWICE}
    command: ["${USED_TWICE}"]
  pg:
    image: postgres:16
    environment: [POSTGRES_PASSWORD]
END
run 0 env POSTGRES_PASSWORD=from-caller "$SECRETSCTL" compose rewrite --write
for value in "s3 cret" root-pw letmein tw1ce from-caller; do out_lacks "$value"; done
out_has "stays compose.yml:13  graf.GF_SMTP_PASSWORD: its value comes from a variable that is not set here; set it and run again"
cat >want <<'END'
# kept
OTHER=x
USED_TWICE=tw1ce
NAME_ONLY=n4me
END
cmp .env want
for pair in "mysql_password=s3 cret" mysql_root_password=root-pw gf_security_admin_password=letmein \
    gf_database_password=tw1ce postgres_password=from-caller; do
    [ "$("$SECRETSCTL" get "shop/${pair%%=*}")" = "${pair#*=}" ] || fail "${pair%%=*}"
done
grep -q 'environment: \[POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password\]' compose.yml
grep -q 'GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/gf_security_admin_password' compose.yml
run 0 "$SECRETSCTL" compose rewrite
err_has "nothing to move; 1 stay"
run 0 "$SECRETSCTL" compose restore
grep -q '^DB_PASSWORD="s3 cret"  # note$' .env || fail "the env file was not restored"
