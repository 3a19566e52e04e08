# SPDX-License-Identifier: Apache-2.0
# The shim as process 1 on a real engine: an image from scratch, read-only, without capabilities, as an
# ordinary user; bind-mounted into an image that knows nothing of it; a health check; docker exec.
. "$SC_SOURCE/tests/support/functions.sh"

needs_docker
requires busybox
tag=provision-shim-$$
remove_all() { docker rm -f "$tag" >/dev/null 2>&1; docker rmi -f "$tag-scratch" "$tag-busybox" >/dev/null 2>&1; }
on_exit remove_all

mkdir -p "$T/scratch" "$T/root/bin"
cp "$SECRETSCTL_SHIM" "$T/scratch/shim"
cp "$(command -v busybox)" "$T/root/bin/busybox"
for applet in sh env cat sleep stat id wget; do ln -s busybox "$T/root/bin/$applet"; done
cp "$(command -v busybox)" "$T/scratch/busybox"
tar -C "$T/scratch" -c . | docker import -c 'ENTRYPOINT ["/shim","--"]' -c 'CMD ["/busybox","env"]' - "$tag-scratch" >/dev/null
tar -C "$T/root" -c . | docker import -c 'CMD ["/bin/sh"]' - "$tag-busybox" >/dev/null
printf 'pw-%s' 4711 >"$T/db_password"
chmod 444 "$T/db_password"
chmod 755 "$T"
value=(-v "$T/db_password:/run/secrets/db_password:ro" -e 'URL=db://u:{{secret:db_password}}@h')
tight=(--network none --read-only --cap-drop ALL --security-opt no-new-privileges --user 1234)

run 0 docker run --rm --name "$tag" "${tight[@]}" "${value[@]}" "$tag-scratch"
out_has 'URL=db://u:pw-4711@h'
run 0 docker run --rm --name "$tag" "${tight[@]}" "${value[@]}" --entrypoint /shim "$tag-scratch" \
    --init --file 'F={{secret:db_password}}' -- /busybox sh -c '/busybox stat -c "%a %u" $F; /busybox cat $F'
out_is '400 1234
pw-4711'
run 0 docker run --rm --init --name "$tag" "${tight[@]}" "${value[@]}" "$tag-scratch"
out_has 'URL=db://u:pw-4711@h'

# Bind-mounted into an image that knows nothing of it; docker inspect shows the placeholder only.
run 0 docker run -d --name "$tag" --network none --stop-timeout 60 "${value[@]}" \
    -v "$SECRETSCTL_SHIM:/.secretsctl/shim:ro" --entrypoint /.secretsctl/shim \
    --health-cmd '/.secretsctl/shim -- /bin/sh -c "case \$URL in *{*) exit 1 ;; esac"' --health-interval 1s \
    "$tag-busybox" --init -- /bin/sh -c 'echo $URL; exec /bin/sleep 300'
run 0 docker inspect "$tag"
out_has '{{secret:db_password}}'
out_lacks pw-4711
run 0 docker exec "$tag" /bin/env
out_has 'URL=db://u:{{secret:db_password}}@h'
run 0 docker exec "$tag" /.secretsctl/shim -- /bin/env
out_has 'URL=db://u:pw-4711@h'
healthy=
for _ in $(seq 1 600); do
    healthy=$(docker inspect -f '{{.State.Health.Status}}' "$tag")
    [ "$healthy" != healthy ] || break
    sleep 0.1
done
[ "$healthy" = healthy ] || fail "the health check through the shim says $healthy"

# As process 1 with --init TERM ends it at once.
run 0 docker stop -t 60 "$tag"
[ "$(docker inspect -f '{{.State.ExitCode}}' "$tag")" = 143 ] || fail "not ended by TERM"
docker rm -f "$tag" >/dev/null

# Failures reach the engine as its exit status.
run 125 docker run --rm --name "$tag" --network none -e 'V={{secret:nope}}' "$tag-scratch"
err_has "secretsctl-shim: variable 'V': there is no file '/run/secrets/nope'; is it in the service's \`secrets:\` list?"
run 127 docker run --rm --name "$tag" --network none "$tag-scratch" nonexistent
