# SPDX-License-Identifier: Apache-2.0
# What the shim has to start: from a Dockerfile, from image archives; and where it fits.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3 jq
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent
new_vault
shim=$SC_BUILD/shim/secretsctl-shim

mkdir app tool
cat >app/Dockerfile <<'END'
FROM golang:1.22 AS build
ENTRYPOINT ["/not", "this"]
FROM scratch
COPY --from=build /app /app
USER 1000:1000
ENTRYPOINT ["/app", "--price=$5"]
CMD ["serve"]
END
printf 'ARG NPM_TOKEN\n' >tool/Build.file
printf 'FROM node:20 AS base\nARG NPM_TOKEN\nRUN npm install --token=${NPM_TOKEN}\nFROM base AS prod\nCMD ["node", "x.js"]\n' >tool/Build.file
cat >compose.yml <<'END'
name: shop
services:
  app:
    build: ./app
    environment:
      DB_PASSWORD: canary-app
  tool:
    build:
      context: ./tool
      dockerfile: Build.file
      target: prod
      args:
        NPM_TOKEN: canary-0123456789abcdef
    environment:
      - API_TOKEN=canary-tool-0123456789
  inline:
    build:
      dockerfile_inline: |
        FROM alpine
        ENTRYPOINT exec run
    environment: {API_TOKEN: canary-inline-0123456789}
END
cp compose.yml before.yml
run 0 "$SECRETSCTL" compose rewrite
out_lacks canary
out_has "move  compose.yml:6  app.DB_PASSWORD -> shop/db_password, DB_PASSWORD filled in by the shim"
out_has "stays compose.yml:13  tool.build.args NPM_TOKEN: a build argument stays in the image's history: in 'tool/Build.file' line 2 replace ARG by RUN --mount=type=secret,id=NPM_TOKEN,env=NPM_TOKEN where it is used, first on line 3, and give the secret under build.secrets"
out_has "stays compose.yml:15  tool.API_TOKEN: built here, so what it reads is not known; make the program read a file, or start it through secretsctl-shim; the shim cannot help: its Dockerfile leaves ENTRYPOINT to 'node:20', and what that starts is not known: pull it, or use --image"
out_has "move  compose.yml:21  inline.API_TOKEN"
run 0 "$SECRETSCTL" compose rewrite --no-shim
out_has "the shim cannot help: it was ruled out with --no-shim"
# files are named as they are opened from where the person stands
mkdir -p elsewhere
(cd elsewhere && run 0 "$SECRETSCTL" compose rewrite -f ../compose.yml)
out_has "in '$T/tool/Build.file' line 2 replace ARG"
sed 's,dockerfile: Build.file,dockerfile: ../app/../tool/Build.file,' compose.yml >elsewhere/compose.yml
mkdir -p elsewhere/tool elsewhere/app
cp tool/Build.file elsewhere/tool
run 0 "$SECRETSCTL" compose rewrite -f elsewhere/compose.yml
out_has "in 'elsewhere/tool/Build.file' line 2 replace ARG"
rm -r elsewhere

# the base from an archive: docker save, an OCI layout, with its own name and with another
cat >make.py <<'END'
import hashlib, io, json, os, sys, tarfile
def tar(path, files):
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
def config(arch, **more):
    return json.dumps({"architecture": arch, "config": more, "history": [{"created_by": "x"}]}).encode()
node = config(sys.argv[1], Entrypoint=["docker-entrypoint.sh"], Cmd=["node"], User="node")
other = config("other", Entrypoint=["/other"])
tar("save.tar", {"layer.tar": b"\0" * 512, "a.json": other, "b.json": node,
    "manifest.json": json.dumps([{"Config": "a.json", "RepoTags": ["x/other:1"]},
                                 {"Config": "b.json", "RepoTags": ["node:20"], "Layers": ["layer.tar"]}]).encode()})
os.makedirs("oci/blobs/sha256", exist_ok=True)
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("oci/blobs/sha256/" + digest, "wb").write(data)
    return {"mediaType": "x", "digest": "sha256:" + digest, "size": len(data)}
manifest = blob(json.dumps({"schemaVersion": 2, "config": blob(node), "layers": []}).encode())
index = blob(json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
index["annotations"] = {"io.containerd.image.name": "docker.io/library/node:20"}
open("oci/index.json", "w").write(json.dumps({"schemaVersion": 2, "manifests": [index]}))
tar("wrong.tar", {"b.json": config("sparc", Entrypoint=["x"]),
    "manifest.json": json.dumps([{"Config": "b.json", "RepoTags": ["node:20"]}]).encode()})
END
arch=$(python3 -c "import platform; print({'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), ''))")
[ -n "$arch" ] || skip "an architecture the test does not know"
python3 make.py "$arch"
gzip -k save.tar
for image in save.tar save.tar.gz oci node:20=oci; do
    run 0 "$SECRETSCTL" compose rewrite --image "$image"
    out_has "move  compose.yml:15  tool.API_TOKEN -> shop/api_token, API_TOKEN filled in by the shim"
done
run 0 "$SECRETSCTL" compose rewrite --image wrong.tar
out_has "the shim cannot help: it is made for $arch and the image for sparc"
run 4 "$SECRETSCTL" compose rewrite --image absent.tar
err_is "secretsctl: cannot open 'absent.tar': No such file or directory"

run 0 "$SECRETSCTL" compose rewrite --image save.tar --write
has() { grep -qxF -- "$1" compose.yml || { cat compose.yml; fail "not there: $1"; }; }
has '      - /app'
has "      - '--price=\$\$5'"
has '      - docker-entrypoint.sh'
has '      - x.js'
has "      - 'exec run'"
has "        source: $(realpath "$shim")"
[ "$(grep -c 'secretsctl.entrypoint:' compose.yml)" = 3 ] || fail "the labels"
# the user of the Dockerfile reads the file
run 0 "$SECRETSCTL" show shop/db_password --json
out_has '"uid":1000'
run 0 "$SECRETSCTL" compose rewrite --image save.tar
err_is "secretsctl: nothing to move; 1 stay"
run 0 "$SECRETSCTL" compose restore
cmp compose.yml before.yml

# an entrypoint behind the shim has its variables filled in; a health check beside it has not
cat >compose.yml <<'END'
name: entry
services:
  app:
    image: example/app
    entrypoint: ["/bin/sh", "-c", "start --password \"$$APP_PASSWORD\""]
    environment: {APP_PASSWORD: canary-entry}
    healthcheck: {test: "check \"$$APP_PASSWORD\""}
  db:
    image: postgres:16
    entrypoint: ["/bin/sh", "-c", "echo \"$$POSTGRES_PASSWORD\"; exec start"]
    environment: {POSTGRES_PASSWORD: canary-db, OTHER_PASSWORD: canary-other}
END
run 0 "$SECRETSCTL" compose rewrite --shim /bin/shim
out_has '+    entrypoint: ["/.secretsctl/shim", "--", "/bin/sh", "-c", "start --password \"$$APP_PASSWORD\""]'
out_has '+    healthcheck: {test: "/.secretsctl/shim -- check \"$$(cat /run/secrets/app_password)\""}'
out_has '+    entrypoint: ["/.secretsctl/shim", "--", "/bin/sh", "-c", "echo \"$$(cat /run/secrets/postgres_password)\"; exec start"]'
out_has "move  compose.yml:11  db.OTHER_PASSWORD -> entry/other_password, OTHER_PASSWORD filled in by the shim"

# what stands in the entrypoint itself moves with it
cat >compose.yml <<'END'
name: words
services:
  app:
    image: example/app
    entrypoint:
      - sh
      - -c
      - 'start --token "canary-word-0123456789"'
    environment: {APP_PASSWORD: canary-word-app}
  cache:
    image: redis:7
    entrypoint: [redis-server, --requirepass, canary-word-redis]
    environment: {OTHER_PASSWORD: canary-word-other}
END
run 0 "$SECRETSCTL" compose rewrite --shim /bin/shim
out_has "+      - 'start --token \"\$\$(cat /run/secrets/app_token)\"'"
out_has '+    entrypoint: [/.secretsctl/shim, --, redis-server, --include, /run/secrets/cache_password.conf]'
out_lacks "stays"

# what starts through the shim already gets no second one, and what it fills in is not moved again
cat >compose.yml <<'END'
name: again
services:
  app:
    image: example/app
    entrypoint: [/.secretsctl/shim, --, app]
    environment:
      OLD_PASSWORD: '{{secret:old_password}}'
      CONFIG: '{"token": serve --requirepass redis://:{{secret:old_password|url}}@cache"x"}'
      NEW_PASSWORD: canary-again
    secrets: [old_password]
    volumes: [{type: bind, source: /bin/shim, target: /.secretsctl/shim, read_only: true}]
secrets:
  old_password: {file: /run/secretsctl/again/old_password}
END
run 0 "$SECRETSCTL" compose rewrite --shim /bin/shim
[ "$(grep -c '^[-+] ' out)" = 6 ] || { cat out; fail "only the new variable was to change"; }
out_has "+      NEW_PASSWORD: '{{secret:new_password}}'"
out_has '+    secrets: [old_password, new_password]'

# a service that extends another one starts what its image does, unless the other one says more
mkdir common && cd common
cat >compose.yml <<'END'
name: common
services:
  plain:
    extends: {service: base}
    environment: {DB_PASSWORD: canary-plain}
  commanded:
    extends: {service: base}
    command: [run]
    environment: {API_TOKEN: canary-commanded-0123456789}
  given:
    extends: {service: command}
    environment: {API_TOKEN: canary-given-0123456789}
  base:
    build: {dockerfile_inline: "FROM scratch\nENTRYPOINT [\"/app\"]\nCMD [\"serve\"]\n"}
    logging: {driver: local}
  command:
    extends: {service: base}
    command: [other]
END
run 0 "$SECRETSCTL" compose rewrite --write --shim $shim
out_lacks canary
out_has "move  compose.yml:5  plain.DB_PASSWORD -> common/db_password"
out_has "move  compose.yml:9  commanded.API_TOKEN -> common/api_token"
out_has "the shim cannot help: the service extends another one, which may say what it starts; set its entrypoint"
err_is "secretsctl: 2 moved into 2 entries of scope 'common', 1 stay"
[ "$("$SECRETSCTL" compose config --json | jq -c '.services.plain | [.entrypoint, .command]')" = '[["/.secretsctl/shim","--","/app"],["serve"]]' ] || fail "what plain starts"
[ "$("$SECRETSCTL" compose config --json | jq -c '.services.commanded | [.entrypoint, .command]')" = '[["/.secretsctl/shim","--","/app"],["run"]]' ] || fail "what commanded starts"
run 0 "$SECRETSCTL" compose rewrite --shim $shim
err_is "secretsctl: nothing to move; 1 stay"
cd ..

# A shim that a container's own user could not execute, as a build under a tight umask leaves it, starts nothing.
mkdir tight
cd tight
cp "$shim" shim
cat >compose.yml <<'END'
name: tight
services:
  app:
    entrypoint: [/app]
    environment: {DB_PASSWORD: canary-tight-0123}
END
cp compose.yml before
for mode in 700 750 644; do
    chmod $mode shim
    run 0 "$SECRETSCTL" compose rewrite --write --shim "$PWD/shim"
    out_has "the shim cannot help: not everybody may execute it, as the user of a container must; chmod 755 it"
    cmp compose.yml before || fail "mode $mode"
done
run 0 "$SECRETSCTL" compose rewrite --shim "$PWD"
out_has "the shim cannot help: it is no file"
chmod 711 shim
run 0 "$SECRETSCTL" compose rewrite --write --shim "$PWD/shim"
err_is "secretsctl: 1 moved into 1 entry of scope 'tight', 0 stay"
cd ..
