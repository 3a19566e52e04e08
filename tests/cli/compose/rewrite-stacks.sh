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

# gitea: a password in back quotes, as its manual quotes them
mkdir gitea && cd gitea
cat >compose.yml <<'END'
services:
  server:
    image: docker.gitea.com/gitea:1.24.0
    environment:
      - GITEA__mailer__PASSWD=`canary3HVc3pYMXV3cPVhc`
      - GITEA__database__PASSWD=`pass database`
END
run 0 rewrite --write
out_has "move  compose.yml:5  server.GITEA__mailer__PASSWD -> gitea/gitea__mailer__passwd, GITEA__mailer__PASSWD__FILE=/run/secrets/gitea__mailer__passwd"
[ "$("$SECRETSCTL" get gitea/gitea__mailer__passwd)" = '`canary3HVc3pYMXV3cPVhc`' ] || fail "its quotes belong to it"
cd ..

# plausible: a secret that is given under the variable's own name is no reference to the variable
mkdir plausible && cd plausible
cat >compose.yml <<'END'
services:
  plausible:
    image: ghcr.io/plausible/community-edition:v3.0.1
    environment:
      - SECRET_KEY_BASE=${SECRET_KEY_BASE}
      - SMTP_USER_PWD
END
printf 'SECRET_KEY_BASE=canaryKeyBase0123456789\nSMTP_USER_PWD=canarySmtp0123456789\n' >.env
run 0 rewrite --write
out_lacks canary
[ ! -s .env ] || fail "lines of .env that nothing refers to go"
cd ..

# mattermost: the line that goes last is what another one was needed for
mkdir mattermost && cd mattermost
cat >compose.yml <<'END'
services:
  postgres:
    image: postgres:${POSTGRES_IMAGE_TAG}
    environment:
      - POSTGRES_PASSWORD
  mattermost:
    image: mattermost/mattermost
    entrypoint: [/mattermost]
    command: [server]
    environment:
      - MM_SQLSETTINGS_DATASOURCE
END
cat >.env <<'END'
POSTGRES_IMAGE_TAG=13
POSTGRES_PASSWORD=canaryPg0123456789
MM_SQLSETTINGS_DATASOURCE=postgres://mm:${POSTGRES_PASSWORD}@postgres:5432/mm
END
run 0 rewrite --write
out_lacks canary
printf 'POSTGRES_IMAGE_TAG=13\n' | cmp - .env
cd ..

# synapse: an image that is built here is not what the registry has under its name
mkdir synapse && cd synapse
cat >compose.yml <<'END'
services:
  synapse:
    build: {context: ../.., dockerfile: docker/Dockerfile}
    image: matrixdotorg/synapse:latest
    environment:
      - SYNAPSE_REGISTRATION_SHARED_SECRET=canarySynapse0123456789
END
cat >image.py <<'END'
import io, json, tarfile
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/start.py"]}, "rootfs": {"type": "layers", "diff_ids": []}}).encode()
manifest = json.dumps([{"Config": "c.json", "RepoTags": ["matrixdotorg/synapse:latest"], "Layers": []}]).encode()
with tarfile.open("image.tar", "w") as archive:
    for name, data in (("c.json", config), ("manifest.json", manifest)):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
END
python3 image.py
run 0 rewrite --image image.tar
out_has "the shim cannot help: it is built here, and its Dockerfile cannot be read"
cd ..
