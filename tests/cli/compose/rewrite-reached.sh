# SPDX-License-Identifier: Apache-2.0
# Files that are included are rewritten too; files that are reached by extends are looked at.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
mkdir -p part common
cat >compose.yml <<'END'
name: shop
include:
  - part/compose.yml
services:
  app:
    extends: {file: common/base.yml, service: base}
    environment:
      GF_SMTP_PASSWORD: canary-shared
END
cat >part/compose.yml <<'END'
# kept
services:
  db:
    image: postgres:16
    env_file: db.env
    environment:
      POSTGRES_PASSWORD: canary-shared
volumes: {data: {}}
END
printf 'POSTGRES_DB=x\n' >part/db.env
cat >common/base.yml <<'END'
services:
  base:
    image: grafana/grafana:11.0.0
    environment:
      GF_SECURITY_ADMIN_PASSWORD: canary-base
    labels: {api.password: canary-label}
END
mkdir before && cp -r compose.yml part common before/
run 0 "$SECRETSCTL" compose rewrite --write
out_lacks canary
out_has "stays common/base.yml:5  base.GF_SECURITY_ADMIN_PASSWORD: it stands in a file that is reached by extends only; rewrite that file by itself"
out_has "stays common/base.yml:6  base.labels api.password"
out_has "move  part/compose.yml:7  db.POSTGRES_PASSWORD"
err_is "secretsctl: 2 moved into 1 entries of scope 'shop', 2 stay"
cmp common/base.yml before/common/base.yml
! grep -q canary compose.yml part/compose.yml || fail "a value is left"
grep -qxF '      POSTGRES_PASSWORD_FILE: /run/secrets/gf_smtp_password' part/compose.yml || fail "the included file"
run 0 "$SECRETSCTL" compose config
out_has "file: /run/secretsctl/shop/gf_smtp_password"
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: nothing to move; 2 stay"
run 0 "$SECRETSCTL" compose restore
for file in compose.yml part/compose.yml common/base.yml; do cmp $file before/$file; done
