# SPDX-License-Identifier: Apache-2.0
# On a real engine: services that the shim starts, as read off a Dockerfile and off an image archive, run the same words
# as before with the value in their environment; redis takes its password from the file it includes.
. "$SC_SOURCE/tests/support/functions.sh"
needs_root
needs_docker
requires busybox docker-compose redis-check-rdb redis-cli
tag=compose-engine-$$
export SECRETSCTL_RUN_DIR=$T/run COMPOSE_PROJECT_NAME=$tag
remove_all() {
    docker-compose down --volumes --timeout 1 >/dev/null 2>&1
    docker rmi -f "$tag-base" "$tag-saved:1" "$tag-redis" "${tag}_built" >/dev/null 2>&1
    umount "$SECRETSCTL_RUN_DIR" 2>/dev/null
}
on_exit remove_all
new_vault

# images: a shell and a program that shows what it was started with; the same with a redis server
mkdir -p root/bin root/tmp root/data app
cp "$(command -v busybox)" root/bin/busybox
for applet in sh sleep; do ln -s busybox "root/bin/$applet"; done
cat >root/bin/show <<'END'
#!/bin/sh
echo "words: $0 $*"
echo "environment: $API_TOKEN $DATABASE_URL"
exec sleep 300
END
chmod 755 root/bin/show
tar -C root -c . | docker import - "$tag-base" >/dev/null
tar -C root -c . | docker import -c 'ENTRYPOINT ["/bin/show", "it'\''s"]' -c 'CMD ["saved", "$HOME", "a b"]' -c 'ENV PATH=/bin' - "$tag-saved:1" >/dev/null
for file in $(ldd "$(command -v redis-check-rdb)" "$(command -v redis-cli)" | grep -oE '/[^ :)]+' | sort -u) \
    "$(command -v redis-cli)"; do
    mkdir -p "root$(dirname "$file")"
    cp -nL "$file" "root$file"
done
# The server is the same program by another name; its own package would start one on this machine.
cp -L "$(command -v redis-check-rdb)" root/bin/redis-server
tar -C root -c . | docker import -c 'ENV PATH=/bin:/usr/bin' - "$tag-redis" >/dev/null
docker save -o saved.tar "$tag-saved:1"
cat >app/Dockerfile <<END
FROM $tag-base AS build
ENTRYPOINT ["/not", "this"]
FROM $tag-base
ENV PATH=/bin
USER 1000:1000
ENTRYPOINT ["/bin/show", "--price=\$5"]
CMD ["serve", "two words"]
END
cat >compose.yml <<END
services:
  built:
    build: ./app
    environment:
      API_TOKEN: canary-built-0123456789
      DATABASE_URL: postgres://u:canary%40url@db/app
  saved:
    image: $tag-saved:1
    environment: [API_TOKEN=canary-saved-0123456789]
  cache:
    image: $tag-redis
    command: redis-server --requirepass canary-redis --port 0 --unixsocket /tmp/s
  listed:
    image: $tag-redis
    command: ["redis-server", "--port", "0", "--requirepass", "canary \"two\" words", "--unixsocket", "/tmp/s"]
END
DOCKER_HOST=unix:///nonexistent run 0 "$SECRETSCTL" compose rewrite --write --image saved.tar --shim "$SC_BUILD/shim/secretsctl-shim"
err_has "5 moved into 7 entries"
! grep -q canary compose.yml || fail "a value is left"
run 0 "$SECRETSCTL" provision
docker-compose up -d --build >"$T/up" 2>&1 || { tail -5 "$T/up"; fail "the containers do not start"; }

declare -A id
for service in built saved cache listed; do id[$service]=${tag}_${service}_1; done
# says SERVICE LINE: the whole line, in its log
says() {
    until_true 20 logged "$@" || { cat "$T/log"; fail "$1 does not say: $2"; }
}
logged() {
    docker logs "${id[$1]}" >"$T/log" 2>&1
    grep -qxF -- "$2" "$T/log"
}
says built 'words: /bin/show --price=$5 serve two words'
says built 'environment: canary-built-0123456789 postgres://u:canary%40url@db/app'
says saved 'words: /bin/show it'\''s saved $HOME a b'
says saved 'environment: canary-saved-0123456789 '
# password SERVICE VALUE: the server asks for one, and takes this one
password() {
    until_true 20 asks "$1" || { docker logs "${id[$1]}"; fail "$1 says: $(cat "$T/said")"; }
    [ "$(docker exec -e REDISCLI_AUTH="$2" "${id[$1]}" redis-cli -s /tmp/s ping)" = PONG ] || fail "$1 has another password"
}
asks() {
    docker exec "${id[$1]}" redis-cli -s /tmp/s ping >"$T/said" 2>&1 || true
    [ "$(cat "$T/said")" = "NOAUTH Authentication required." ]
}
password cache canary-redis
password listed 'canary "two" words'
for service in built saved cache listed; do
    run 0 docker inspect "${id[$service]}"
    out_lacks canary
done
