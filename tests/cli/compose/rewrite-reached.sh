# SPDX-License-Identifier: Apache-2.0
# Files that are included or extended are rewritten with the project, when they lie inside of it.
. "$SC_SOURCE/tests/support/functions.sh"
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
mkdir -p shop/part shop/common outside
cd shop
cat >compose.yml <<'END'
name: shop
include:
  - part/compose.yml
  - ../outside/compose.yml
services:
  app:
    extends: {file: common/base.yml, service: base}
    environment:
      GF_SMTP_PASSWORD: canary-shared
  second:
    extends: {file: common/base.yml, service: base}
  db:
    extends: {file: common/base.yml, service: database}
    environment: {POSTGRES_PASSWORD: canary-own}
  old:
    extends: {file: common/base.yml, service: mixed}
    image: mysql:8
  new:
    extends: {file: common/base.yml, service: mixed}
    image: example/other
  far:
    extends: {file: ../outside/base.yml, service: far}
END
cat >part/compose.yml <<'END'
# kept
services:
  included:
    image: postgres:16
    env_file: db.env
    environment:
      POSTGRES_PASSWORD: canary-shared
volumes: {data: {}}
END
printf 'POSTGRES_DB=x\n' >part/db.env
cat >common/base.yml <<'END'
# of all
services:
  base:
    image: grafana/grafana:11.0.0
    environment:
      GF_SECURITY_ADMIN_PASSWORD: ${GRAFANA_PASSWORD} # from .env
    healthcheck:
      test: curl -u "admin:$$GF_SECURITY_ADMIN_PASSWORD" http://localhost:3000
    labels: {api.password: canary-label}
  database:
    extends: {service: db}
  db: # no service of the project, whatever its name
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: canary-shadowed
  mixed:
    environment:
      MYSQL_ROOT_PASSWORD: canary-mixed
  unused:
    image: postgres:16
    environment: [POSTGRES_PASSWORD=canary-unused]
END
echo 'GRAFANA_PASSWORD=canary-grafana' >.env
cat >../outside/compose.yml <<'END'
services:
  outer:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary-outer}
END
cat >../outside/base.yml <<'END'
services:
  far:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: canary-far}
END
cp -r "$T/shop" "$T/outside" "$HOME/"
same_as_before() { for file in "$@"; do cmp "$T/$file" "$HOME/$file"; done; }
run 0 "$SECRETSCTL" compose rewrite --write
out_lacks canary
out_has "move  common/base.yml:6  base.GF_SECURITY_ADMIN_PASSWORD -> shop/gf_security_admin_password, GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/gf_security_admin_password
      a project that extends this file too has to declare the secret as well"
out_has "adapt common/base.yml:8  base.healthcheck GF_SECURITY_ADMIN_PASSWORD"
out_has "stays common/base.yml:9  base.labels api.password"
out_has "move  common/base.yml:15  db.POSTGRES_PASSWORD -> shop/db_postgres_password"
out_has "stays common/base.yml:18  mixed.MYSQL_ROOT_PASSWORD: nothing is known of how 'example/other' takes MYSQL_ROOT_PASSWORD from a file; the shim cannot help: it is a base; set the variable in the services that extend it"
out_has "stays common/base.yml:21  unused.POSTGRES_PASSWORD: no service of this project gets it from that file; rewrite the file by itself"
out_has "move  part/compose.yml:7  included.POSTGRES_PASSWORD"
out_has "stays $T/outside/compose.yml:4  outer.POSTGRES_PASSWORD: the file lies outside of the project's folder; change it there by hand"
out_has "stays $T/outside/base.yml:4  far.POSTGRES_PASSWORD: the file lies outside of the project's folder; change it there by hand"
same_as_before outside/compose.yml outside/base.yml
! grep -qE "canary-(shared|own|shadowed|grafana)" compose.yml part/compose.yml common/base.yml .env || fail "a value is left"
grep -qxF '      POSTGRES_PASSWORD_FILE: /run/secrets/gf_smtp_password' part/compose.yml || fail "the included file"
grep -qxF '      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/gf_security_admin_password # from .env' common/base.yml || fail "the base"
grep -qF '$$(cat /run/secrets/gf_security_admin_password)' common/base.yml || fail "the health check"
run 0 "$SECRETSCTL" compose config --format json
python3 - "$T/out" <<'END' || fail "the loaded project"
import json, sys
project = json.load(open(sys.argv[1]))
services, declared = project["services"], project["secrets"]
for name in ("app", "second", "db", "included"):
    granted = {g["source"] for g in services[name]["secrets"]}
    assert granted <= set(declared), (name, granted)
    for key, value in services[name]["environment"].items():
        if value and value.startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in granted, (name, key)
assert "GF_SECURITY_ADMIN_PASSWORD__FILE" in services["second"]["environment"]
assert "POSTGRES_PASSWORD" not in services["db"]["environment"]
END
run 0 "$SECRETSCTL" compose rewrite
err_is "secretsctl: nothing to move; 5 stay"
run 0 "$SECRETSCTL" compose restore
same_as_before shop/compose.yml shop/part/compose.yml shop/common/base.yml shop/.env
