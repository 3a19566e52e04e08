# SPDX-License-Identifier: Apache-2.0
# The matrix of leaking images, built by a real engine: each place is found with its layer, the command that
# made it and what became of the file; the clean twin passes.
. "$SC_SOURCE/tests/support/functions.sh"
. "$SC_SOURCE/tests/support/engine.sh"
requires jq python3 zstd git
needs_docker
engine_image

new_vault
value=Zq8-vvT1.pLm~0xY
second=kd7.Rr2_wQx-81Lm
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
printf '%s' "$second" | "$SECRETSCTL" add shop/second 2>/dev/null
export DOCKER_BUILDKIT=0

# build NAME [OPTION...] <Dockerfile: an image $tag-NAME.
build() {
    local name=$1
    shift
    mkdir -p context
    cat >context/Dockerfile
    docker build -q -t "$tag-$name" "$@" context >build.log 2>&1 || { cat build.log; fail "cannot build $name"; }
}

# lines: place, name, layer, fate, path or pointer, form of each finding, sorted.
lines() {
    jq -r '.findings[] | [.place, .name, .layer.index // "-", .layer.fate // "-",
        (if .layer then .path else .where end), .encoding] | map(tostring) | join(" ")' "$T/out" | sort
}
made_by() { jq -r '[.findings[] | .layer.created_by // empty] | unique | join("|")' "$T/out"; }
is() { [ "$1" = "$2" ] || fail "found
$1
instead of
$2"; }
# cell NAME WANTED [COMMAND]: the findings on $tag-NAME, and what made the layer.
cell() {
    run 3 "$SECRETSCTL" verify image "${4:-$tag-$1}" --json
    out_lacks "$value"
    out_lacks "$second"
    is "$(lines)" "$2"
    [ -z "${3:-}" ] || case $(made_by) in
    *"$3"*) ;;
    *) fail "$1: made by '$(made_by)' instead of '$3'" ;;
    esac
    [ "$(jq .summary.complete "$T/out")" = true ] || fail "$1: not complete"
}

# The clean twin of all of them.
build clean --build-arg TOKEN=other <<DOCKERFILE
FROM $tag
ARG TOKEN
ENV TOKEN=other
LABEL note=other
RUN echo other >/conf; gzip -c /conf >/conf.gz
RUN rm /conf
HEALTHCHECK CMD check -p other
DOCKERFILE
run 0 "$SECRETSCTL" verify image "$tag-clean"
out_has "clean: none of 2 values found"

build env <<DOCKERFILE
FROM $tag
ENV TOKEN=$value
DOCKERFILE
run 3 "$SECRETSCTL" verify image "$tag-env" --json
# The classic builder keeps the settings a second time, under container_config.
lines | grep -x "image-config shop/token - - /config/Env/1 plain" >/dev/null || fail "$(lines)"
lines | grep "^history shop/token - - /history/[0-9]*/created_by plain$" >/dev/null || fail "$(lines)"

build arg --build-arg "TOKEN=$value" <<DOCKERFILE
FROM $tag
ARG TOKEN
RUN echo built >/done
DOCKERFILE
run 3 "$SECRETSCTL" verify image "$tag-arg" --json
lines | grep "^history shop/token - - /history/[0-9]*/created_by plain$" >/dev/null || fail "$(lines)"
out_lacks "$value"

build label <<DOCKERFILE
FROM $tag
LABEL note="$value"
DOCKERFILE
run 3 "$SECRETSCTL" verify image "$tag-label" --json
lines | grep -x "label shop/token - - /config/Labels/note plain" >/dev/null || fail "$(lines)"

build healthcheck <<DOCKERFILE
FROM $tag
HEALTHCHECK CMD check -p $value
DOCKERFILE
run 3 "$SECRETSCTL" verify image "$tag-healthcheck" --json
lines | grep -x "image-config shop/token - - /config/Healthcheck/Test/1 plain" >/dev/null || fail "$(lines)"

printf '%s' "$value" >conf
mkdir -p context
cp conf context/conf
build deleted <<DOCKERFILE
FROM $tag
COPY conf /app/conf
RUN rm /app/conf
DOCKERFILE
cell deleted "layer shop/token 2 deleted by layer 3 app/conf plain" "COPY file:"

printf '%s' "$second" >context/conf2
build overwritten <<DOCKERFILE
FROM $tag
COPY conf /app/conf
COPY conf2 /app/conf
DOCKERFILE
cell overwritten "layer shop/second 3 live app/conf plain
layer shop/token 2 overwritten by layer 3 app/conf plain" "COPY file:"

printf '{"auths":{"registry.example":{"auth":"%s"}}}' "$(printf 'shop:%s' "$value" | base64)" >context/config.json
build base64 <<DOCKERFILE
FROM $tag
COPY config.json /root/.docker/config.json
DOCKERFILE
cell base64 "layer shop/token 2 live root/.docker/config.json base64" "COPY file:"

gzip -c conf >context/dump.gz
build gzip <<DOCKERFILE
FROM $tag
COPY dump.gz /backup/dump.gz
DOCKERFILE
cell gzip "layer shop/token 2 live backup/dump.gz plain" "COPY file:"

printf '{"config":{"token":"%s"}}' "$value" | gzip | base64 -w 0 | base64 -w 0 >context/release
build helm <<DOCKERFILE
FROM $tag
COPY release /backup/release
DOCKERFILE
cell helm "layer shop/token 2 live backup/release!base64!base64 plain" "COPY file:"

# What was taken out of a file is in the history that came along, as a delta to the file of today.
git() { GIT_CONFIG_GLOBAL=/dev/null command git -C context/repo -c user.name=a -c user.email=a@b "$@"; }
mkdir context/repo
git init -q
for line in "pw=$value" "pw is in the vault, ask there for it"; do
    { seq 99; echo "$line"; seq 99; } >context/repo/conf
    git add conf
    git commit -qm version
done
id=$(git rev-parse HEAD~1:conf)
git gc -q
pack=$(cd context && echo repo/.git/objects/pack/*.pack)
at=$(git verify-pack -v "${pack#repo/}" | sed -n "s/^$id blob *[0-9]* [0-9]* \([0-9]*\) 1 .*/\1/p")
build git <<DOCKERFILE
FROM $tag
COPY repo /app
DOCKERFILE
cell git "layer shop/token 2 live app/${pack#repo/}!blob at $at plain" "COPY dir:"

: >"context/$value.key"
build name <<DOCKERFILE
FROM $tag
COPY *.key /keys/
DOCKERFILE
cell name "layer shop/token 2 live keys/*****.key plain" "COPY file:"
[ "$(jq -r '.findings[0].where' "$T/out")" = name ] || fail "not in the name"
rm "context/$value.key"

# An extended attribute: the engine keeps the headers of what is imported.
python3 - "$value" >xattr.tar <<'PY'
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
    info = tarfile.TarInfo("app/conf")
    info.size, info.pax_headers = 5, {"SCHILY.xattr.user.note": sys.argv[1]}
    archive.addfile(info, io.BytesIO(b"other"))
PY
docker import - "$tag-xattr" <xattr.tar >/dev/null
cell xattr "layer shop/token 1 - null plain"
[ "$(jq -r '.findings[0].where' "$T/out")" = pax ] || fail "not in the extended header"

# What the engine exports, as other tools store it: an OCI layout, zstd layers, an index of two platforms.
docker save "$tag-deleted" -o saved.tar
convert() { python3 "$SC_SOURCE/tests/audit/engine/convert.py" saved.tar "$@"; }
wanted="layer shop/token 2 deleted by layer 3 app/conf plain"
cell "docker save" "$wanted" "COPY file:" ./saved.tar
for packing in plain gzip zstd; do
    convert "$packing" layout-$packing
    cell "OCI layout, $packing" "$wanted" "COPY file:" ./layout-$packing
    tar -C layout-$packing -cf layout-$packing.tar .
    cell "OCI archive, $packing" "$wanted" "COPY file:" ./layout-$packing.tar
done
docker save "$tag-clean" -o saved.tar
for packing in plain gzip zstd; do
    convert "$packing" clean-$packing
    run 0 "$SECRETSCTL" verify image ./clean-$packing
done
