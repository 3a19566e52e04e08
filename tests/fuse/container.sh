# SPDX-License-Identifier: Apache-2.0
# Real containers: bind-mounted files, rotation without re-creation, kills under reading containers,
# a service that reads another's secret is refused and logged with container and service, docker cp is
# refused, and what the engine keeps of the container holds no value.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/mount.sh"
needs_fuse
needs_docker
requires busybox jq
new_vault
image=fuse-test-$$:latest
containers=()
end_containers() {
    docker rm -f "${containers[@]}" >/dev/null 2>&1 || true
    docker rmi -f "$image" >/dev/null 2>&1 || true
}
on_exit end_containers
mkdir -p "$T/root/bin" "$T/root/tmp"
cp "$(command -v busybox)" "$T/root/bin/busybox"
for applet in sh cat sleep stat head wc ls id; do ln -s busybox "$T/root/bin/$applet"; done
tar -C "$T/root" -c . | docker import - "$image" >/dev/null

canary=CANARY-5f1c9a7be3
printf '%s-1' "$canary" | "$SECRETSCTL" add -q shop/db_password
printf 'web-token' | "$SECRETSCTL" add -q shop/web_token
cat >"$T/policy" <<POLICY
allow shop/db_password to project=shop service=db
allow shop/web_token   to project=shop service=web
allow other/*          to host
POLICY
printf 'on the host' | "$SECRETSCTL" add -q other/plain
mounted --policy "$T/policy" --engine "${DOCKER_HOST#unix://}"

start() { # start SERVICE [OPTION...]
    local service=$1 name=fuse-$$-$1
    shift
    containers+=("$name")
    timeout 60 docker run -d --name "$name" --network none \
        -l com.docker.compose.project=shop -l com.docker.compose.service="$service" \
        -v "$M/shop/db_password:/run/secrets/db_password:ro" "$@" "$image" /bin/sleep 1000 >/dev/null ||
        fail "cannot start $service"
}
inside() { timeout 60 docker exec "fuse-$$-$1" /bin/busybox "${@:2}"; }
start db
start web -v "$M/shop/web_token:/run/secrets/web_token:ro"

[ "$(inside db cat /run/secrets/db_password)" = "$canary-1" ] || fail "db cannot read its secret"
[ "$(inside web cat /run/secrets/web_token)" = web-token ] || fail "web cannot read its secret"
run 1 inside web cat /run/secrets/db_password
err_has "Permission denied"
! cat "$M/shop/db_password" 2>/dev/null || fail "the host may read"
reads "$M/other/plain" 'on the host' || fail "the host may not read its own"
! docker cp "fuse-$$-db:/run/secrets/db_password" "$T/stolen" >/dev/null 2>&1 || fail "docker cp read it"

# Rotation reaches the running container, also programs that trust st_size.
printf '%s-2-longer' "$canary" | "$SECRETSCTL" rotate -q shop/db_password
rotated() { [ "$(inside db cat /run/secrets/db_password)" = "$canary-2-longer" ]; }
until_true 5 rotated || fail "the container does not see the rotation"

# The servers die; the container notices nothing.
kill -9 "$(pid_of worker)"
rotated || fail "after the worker was killed"
kill -9 "$(pid_of keeper)"
rotated || fail "after the keeper was killed"

# Removed and added again, through the live bind.
"$SECRETSCTL" rm -q shop/db_password
gone() { ! inside db cat /run/secrets/db_password >/dev/null 2>&1; }
until_true 5 gone || fail "removed, but still there"
printf '%s-3' "$canary" | "$SECRETSCTL" add -q shop/db_password
back() { [ "$(inside db cat /run/secrets/db_password 2>/dev/null)" = "$canary-3" ]; }
until_true 5 back || fail "added again, but not there"

# The log names who was refused.
refused() {
    "$SECRETSCTL" who shop/db_password --all --mount "$M" --json >"$T/who"
    jq -e '.readers[] | select(.result == "EACCES" and (.reader | startswith("shop/web ")))' \
        "$T/who" >/dev/null
}
until_true 5 refused || { cat "$T/who"; fail "the refusal is not in the log"; }
jq -e '.readers[] | select(.result == "ok" and (.reader | startswith("shop/db ")) and .version >= 2)' \
    "$T/who" >/dev/null || { cat "$T/who"; fail "the reads are not in the log"; }

# In use: umount refuses.
run 7 "$SECRETSCTL" umount "$M"
err_has "in use by 2 containers"

# What the engine can give away.
docker export "fuse-$$-db" >"$T/export.tar"
docker inspect "fuse-$$-db" >"$T/inspect.json"
docker commit "fuse-$$-db" "$image" >/dev/null && docker save "$image" >"$T/save.tar"
docker logs "fuse-$$-db" >"$T/logs" 2>&1
! grep -la "$canary" "$T"/export.tar "$T"/inspect.json "$T"/save.tar "$T"/logs "$T/vault.db" \
    "$T"/vault.db.access/* || fail "a value leaked"

# Keeper, worker and agent die together: the containers' files are dead until the mount is repaired in
# place, without restarting anything.
kill_all
dead() { ! inside db cat /run/secrets/db_password >/dev/null 2>&1; }
until_true 5 dead || fail "all are dead, and the file is read"
run 0 "$SECRETSCTL" mount --repair --policy "$T/policy" --engine "${DOCKER_HOST#unix://}" "$M"
err_has "replaced 3 dead mounts in containers"
back || fail "the container was not healed"
[ "$(inside web cat /run/secrets/web_token)" = web-token ] || fail "web was not healed"
! inside db sh -c ': >/run/secrets/db_password' 2>/dev/null || fail "the healed mount can be written"
one_mount() { [ "$(inside db cat /proc/mounts | grep -c /run/secrets)" = 1 ]; }
until_true 5 one_mount || fail "the dead mount is still there"
none_stuck
