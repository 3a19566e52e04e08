# SPDX-License-Identifier: Apache-2.0
# Stacks as their projects publish them, as far as they once went wrong: images named through variables, one .env that
# is env_file of several services as well.
. "$SC_SOURCE/tests/support/functions.sh"
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
