# SPDX-License-Identifier: Apache-2.0
# provision --fuse in a project's folder: each service reads what the Compose file grants it, nobody
# else does, not even the host; a scope the project does not speak about stays open.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox
new_vault
image=fuse-compose-$$:latest
end_containers() {
    docker rm -f "fuse-compose-$$-db" "fuse-compose-$$-web" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
}
on_exit end_containers
mkdir -p "$T/root/bin" "$T/shop"
cp "$(command -v busybox)" "$T/root/bin/busybox"
tar -C "$T/root" -c . | docker import - "$image" >/dev/null
for name in shop/db_password shop/web_token blog/key; do
    printf 'value of %s' "$name" | "$SECRETSCTL" add -q "$name"
done
M=$T/mnt
on_exit end_mount
cat >"$T/shop/compose.yml" <<YAML
name: shop
services:
  db: {image: "$image", secrets: [db_password]}
  web: {image: "$image", secrets: [web_token]}
secrets:
  db_password: {file: $M/shop/db_password}
  web_token: {file: $M/shop/web_token}
YAML
(cd "$T/shop" && run 0 "$SECRETSCTL" provision --fuse "$M")

for service in db web; do
    docker run -d --name "fuse-compose-$$-$service" --network none \
        -l com.docker.compose.project=shop -l "com.docker.compose.service=$service" \
        -v "$M/shop:/secrets:ro" "$image" /bin/busybox sleep 1000 >/dev/null || fail "cannot start $service"
done
inside() { timeout 20 docker exec "fuse-compose-$$-$1" /bin/busybox "${@:2}"; }
[ "$(inside db cat /secrets/db_password)" = "value of shop/db_password" ] || fail "db"
[ "$(inside web cat /secrets/web_token)" = "value of shop/web_token" ] || fail "web"
run 1 inside web cat /secrets/db_password
run 1 inside db cat /secrets/web_token
[ "$(inside db ls /secrets)" = db_password ] || fail "db sees: $(inside db ls /secrets)"
! cat "$M/shop/db_password" 2>/dev/null || fail "the host reads"
reads "$M/blog/key" "value of blog/key" || fail "another scope"
