# SPDX-License-Identifier: Apache-2.0
# The matrix of leaking images, as archives: every place is found, with its layer and fate, in the forms
# of docker save and of OCI, and the clean twin passes.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3 zstd xz

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
make() { python3 "$SC_SOURCE/tests/cli/leaks/make-image.py" "$@"; }

# cell KIND WANTED: place, form, layer, fate and path of each finding, one a line.
cell() {
    local out=$T/image
    rm -rf "$out" "$out.tar"
    case $1 in
    oci-*) [ "${3:-}" = tar ] && out=$out.tar ;;
    *) out=$out.tar ;;
    esac
    make "$1" "$value" "$out"
    run 3 "$SECRETSCTL" verify image "$out" --json
    out_lacks "$value"
    local got
    got=$(jq -r '.findings[] | [.place, .encoding, .layer.index // "-", .layer.fate // "-",
        (if .layer then .path else .where end), .where] | map(tostring) | join(" ")
        | gsub("\n"; "|")' "$T/out" | sort)
    [ "$got" = "$2" ] || fail "$1: found
$got
instead of
$2"
    [ "$(jq .summary.complete "$T/out")" = true ] || fail "$1: not complete"
}

for kind in clean oci-clean; do
    make $kind "$value" "$T/$kind.tar"
    run 0 "$SECRETSCTL" verify image "$T/$kind.tar"
    out_has "clean: none of 1 value found"
done
make oci-clean "$value" "$T/layout"
run 0 "$SECRETSCTL" verify image "$T/layout"
gzip -k "$T/clean.tar"
run 0 "$SECRETSCTL" verify image "$T/clean.tar.gz"
printf '%s' "$value" >>"$T/clean.tar.gz"
run 3 "$SECRETSCTL" verify image "$T/clean.tar.gz" --json
[ "$(jq -r '.findings[].where' "$T/out")" = packing ] || fail "behind the packed image"

cell env "image-config plain - - /config/Env/1 /config/Env/1"
cell cmd "image-config plain - - /config/Cmd/2 /config/Cmd/2"
cell label "label plain - - /config/Labels/com.example.note /config/Labels/com.example.note"
cell healthcheck "image-config plain - - /config/Healthcheck/Test/1 /config/Healthcheck/Test/1"
cell onbuild "image-config plain - - /config/OnBuild/0 /config/OnBuild/0"
cell history "history plain - - /history/3/created_by /history/3/created_by"
cell file "layer plain 2 live app/conf content"
[ "$(jq -r '.findings[0].layer.created_by' "$T/out")" = "COPY app /app" ] || fail "created_by"
cell deleted "layer plain 2 deleted by layer 3 app/conf content"
cell opaque "layer plain 2 deleted by layer 3 app/conf content"
cell overwritten "layer plain 2 overwritten by layer 3 app/conf content"
cell duplicate "layer plain 2 live app/conf content"
cell base64-json "layer base64 2 live .docker/config.json content"
cell wrapped "layer base64 2 live app/k.yml content"
cell utf16 "layer utf-16le 2 live app/conf content"
cell gzip-layer "layer plain 2 live app/conf content"
cell gzip-members "layer plain 2 live app/conf content"
cell zstd-layer "layer plain 2 live app/conf content"
cell gzip-name "layer plain 2 - null content"
cell gzip-behind "layer plain 2 - null content"
cell zstd-between "layer plain 2 - null content"
cell gzip-file "layer plain 2 live app/conf.gz content"
cell helm "layer plain 2 live app/secrets.json!base64!base64 content"
cell gzip-base64 "layer plain 2 live app/user-data!base64 content"
cell bracket "layer plain 2 live [id].gz content"
cell oci-brace "layer plain 2 live {id}.gz content"
cell xz-file "layer plain 2 live app/conf.xz content"
cell xz-streams "layer plain 2 live app/conf.xz content"
cell bzip2-file "layer plain 2 live app/conf.bz2 content"
cell git-object "layer plain 2 live app/.git/objects/ab/cd!blob content"
jq -e '.findings[0].fix | startswith("leave .git out (.dockerignore), rebuild")' out >/dev/null || fail "git-object: $(cat out)"
cell zip-file "layer plain 2 live app/lib.jar!BOOT-INF/lib/inner.jar!conf content"
cell nested-tar "layer plain 2 live app/backup.tar.gz!deep/conf content"
cell name "layer plain 2 live app/*****.key name"
cell link "layer plain 2 live app/link link target"
cell slack "layer plain 2 - null slack"
cell concat "layer plain 2 live app/conf.gz content"
cell newline-name "layer plain 2 live app/a|b content"
cell oci-file "layer plain 2 live app/conf content"
cell oci-file "layer plain 2 live app/conf content" tar
cell oci-gzip-layer "layer plain 2 live app/conf content"
cell oci-zstd-layer "layer plain 2 live app/conf content" tar
cell oci-overwritten "layer plain 2 overwritten by layer 3 app/conf content"
cell oci-env "image-config plain - - /config/Env/1 /config/Env/1"
cell oci-annotation "label plain - - /manifests/0/annotations/note /manifests/0/annotations/note"
cell oci-attestation "attestation base64 - - /predicate/metadata/source/infos/0/data /predicate/metadata/source/infos/0/data"

# The extended header itself has no path of its own; what matters is that it is found in layer 2.
for kind in xattr long-name; do
    make $kind "$value" "$T/x.tar"
    run 3 "$SECRETSCTL" verify image "$T/x.tar" --json
    [ "$(jq -r '[.findings[].layer.index] | unique | join(" ")' "$T/out")" = 2 ] || fail $kind
    out_lacks "$value"
done
