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
    docker rmi -f "$image" "$image-forged" >/dev/null 2>&1 || true
}
on_exit end_containers
mkdir -p "$T/root/bin" "$T/shop"
cp "$(command -v busybox)" "$T/root/bin/busybox"
tar -C "$T/root" -cf "$T/root.tar" .
docker import "$T/root.tar" "$image" >/dev/null
for name in shop/db_password shop/web_token shop/tls_key shop/both shop/plain blog/key; do
    printf 'value of %s' "$name" | "$SECRETSCTL" add -q "$name"
done
M=$T/mnt
on_exit end_mount
cat >"$T/shop/compose.yml" <<YAML
name: shop
services:
  db:
    image: "$image"
    user: "70:70"
    secrets: [db_password, {source: tls_key, uid: "70", gid: "71", mode: 0440}, {source: both, uid: "70"}]
  web:
    image: "$image"
    secrets: [web_token, {source: both, mode: 0400}]
secrets:
  db_password: {file: $M/shop/db_password}
  web_token: {file: $M/shop/web_token}
  tls_key: {file: $M/shop/tls_key}
  both: {file: $M/shop/both}
YAML
(cd "$T/shop" && run 0 "$SECRETSCTL" provision --fuse "$M")

# Owner and mode as the grants say; where they differ, or say nothing, all services can read: the policy
# decides at the open. What is not granted is as the entry says.
owner() { stat -c '%a %u:%g' "$M/$1"; }
[ "$(owner shop/tls_key)" = "440 70:71" ] || fail "tls_key: $(owner shop/tls_key)"
[ "$(owner shop/both)" = "444 0:0" ] || fail "both: $(owner shop/both)"
[ "$(owner shop/db_password)" = "444 0:0" ] || fail "db_password: $(owner shop/db_password)"
[ "$(owner shop/plain)" = "400 0:0" ] || fail "plain: $(owner shop/plain)"
[ "$(owner blog/key)" = "400 0:0" ] || fail "blog: $(owner blog/key)"

for service in db web; do
    user=0:0
    [ "$service" = web ] || user=70:70
    docker run -d --name "fuse-compose-$$-$service" --network none \
        -l com.docker.compose.project=shop -l "com.docker.compose.service=$service" \
        --user "$user" -v "$M/shop:/secrets:ro" "$image" /bin/busybox sleep 1000 >/dev/null || fail "cannot start $service"
done
inside() { timeout 60 docker exec "fuse-compose-$$-$1" /bin/busybox "${@:2}"; }
[ "$(inside db cat /secrets/db_password)" = "value of shop/db_password" ] || fail "db"
[ "$(inside web cat /secrets/web_token)" = "value of shop/web_token" ] || fail "web"
run 1 inside web cat /secrets/db_password
run 1 inside db cat /secrets/web_token
[ "$(inside db ls /secrets | tr '\n' ' ')" = "both db_password tls_key " ] || fail "db sees: $(inside db ls /secrets)"
[ "$(inside db cat /secrets/tls_key)" = "value of shop/tls_key" ] || fail "db, tls_key"
[ "$(inside db cat /secrets/both)" = "value of shop/both" ] || fail "db, both"
[ "$(inside web cat /secrets/both)" = "value of shop/both" ] || fail "web, both"
! cat "$M/shop/db_password" 2>/dev/null || fail "the host reads"
reads "$M/blog/key" "value of blog/key" || fail "another scope"

# Labels that an image brings along are its maker's word, unless Compose itself made the container of it.
docker import -c 'LABEL com.docker.compose.project=shop' -c 'LABEL com.docker.compose.service=db' \
    "$T/root.tar" "$image-forged" >/dev/null
once() { timeout 60 docker run --rm --network none -v "$M:/m:ro" "$@"; }
run 1 once "$image-forged" /bin/busybox cat /m/shop/db_password
[ "$(once -l com.docker.compose.config-hash=12 "$image-forged" /bin/busybox cat /m/shop/db_password)" = "value of shop/db_password" ] ||
    fail "an image that Compose has labelled"
[ "$(once -l com.docker.compose.service=web "$image-forged" /bin/busybox cat /m/shop/db_password 2>&1)" = "cat: can't open '/m/shop/db_password': Permission denied" ] ||
    fail "web with an image that says db"

# A container whose cgroup lies elsewhere is not the host.
end_mount
echo 'allow blog/key to host' >"$T/policy"
mounted --policy "$T/policy"
reads "$M/blog/key" "value of blog/key" || fail "the host"
parent=/sc-test-$$
remove_parent() { find /sys/fs/cgroup -depth -type d -name "sc-test-$$" -exec rmdir {} + 2>/dev/null || true; }
on_exit remove_parent
[ "$(docker info -f '{{.CgroupDriver}}')" != systemd ] || parent=sctest.slice
run 1 once "$image" /bin/busybox cat /m/blog/key
run 1 once --cgroup-parent "$parent" "$image" /bin/busybox cat /m/blog/key
run 1 once --cgroup-parent "$parent" --pid host "$image" /bin/busybox cat /m/blog/key
