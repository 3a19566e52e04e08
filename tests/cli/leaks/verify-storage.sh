# SPDX-License-Identifier: Apache-2.0
# verify over the storage of Podman, Buildah and CRI-O on disk: every layer of images and containers, with
# whiteouts as the overlay file system has them; settings, names, attributes; what is missing is named.
. "$SC_SOURCE/tests/support/functions.sh"
requires jq python3

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null

# make KIND: ./storage with an image of three layers and a container's layer on top.
make() {
    rm -rf storage
    python3 - "$1" "$value" <<'PY'
import base64, hashlib, json, os, sys
kind, value = sys.argv[1:]
ids = ["%064x" % (n + 1) for n in range(4)]
def put(path, content, mode="w"):
    path = os.path.join("storage", path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode) as file:
        file.write(content)
for layer in ids:
    os.makedirs(f"storage/overlay/{layer}/diff")
put(f"overlay/{ids[0]}/diff/etc/os", "base")
put(f"overlay/{ids[1]}/diff/app/run", "x" * 3000)
put(f"overlay/{ids[2]}/diff/app/last", "end")
conf = f"overlay/{ids[1]}/diff/app/conf"
env = ["PATH=/bin"]
if kind in ("file", "deleted", "opaque", "overwritten"):
    put(conf, "pw " + value)
if kind == "deleted":
    os.mknod(f"storage/overlay/{ids[2]}/diff/app/conf", 0o20000, os.makedev(0, 0))
if kind == "opaque":
    for name in ("trusted.overlay.opaque", "user.overlay.opaque"):
        try:
            os.setxattr(f"storage/overlay/{ids[2]}/diff/app", name, b"y")
            break
        except OSError:
            pass
if kind == "overwritten":
    put(f"overlay/{ids[2]}/diff/app/conf", "other")
if kind == "name":
    put(f"overlay/{ids[1]}/diff/app/{'d' * 120}/{value}", "")
if kind == "link":
    os.symlink("/run/" + value, f"storage/overlay/{ids[1]}/diff/app/link")
if kind == "env":
    env.append("PW=" + value)
if kind == "container":
    put(f"overlay/{ids[3]}/diff/tmp/dump", value)
config = json.dumps({"config": {"Env": env}, "rootfs": {"diff_ids": ["sha256:" + layer for layer in ids[:3]]},
                     "history": [{"created_by": "ADD base"}, {"created_by": "COPY app /app"}, {"created_by": "RUN later"}]})
image = hashlib.sha256(config.encode()).hexdigest()
put("overlay-images/images.json", json.dumps([{"id": image, "names": ["localhost/shop:1"], "layer": ids[2]}]))
name = "=" + base64.b64encode(("sha256:" + image).encode()).decode()
put(f"overlay-images/{image}/{name}", config)
put(f"overlay-images/{image}/manifest", json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + image},
                                                   "layers": [{"digest": "sha256:" + "9" * 64}]}))
put("overlay-layers/layers.json", json.dumps([dict({"id": layer}, **({"parent": ids[n - 1]} if n else {}))
                                              for n, layer in enumerate(ids)]))
PY
}
cell() { # KIND WANTED
    make "$1"
    run 3 "$SECRETSCTL" verify image ./storage --json
    out_lacks "$value"
    local got
    got=$(jq -r '.findings[] | [.place, .layer.index // "-", .layer.fate // "-",
        (if .layer then .path else .where end), .layer.created_by] | map(tostring) | join(" ")' "$T/out")
    [ "$got" = "$2" ] || fail "$1: found
$got
instead of
$2"
    [ "$(jq .summary.complete "$T/out")" = true ] || fail "$1: not complete"
}

make clean
run 0 "$SECRETSCTL" verify image ./storage
out_has "clean: none of 1 value found"
cell file "layer 2 live app/conf COPY app /app"
cell overwritten "layer 2 overwritten by layer 3 app/conf COPY app /app"
cell name "layer 2 live app/$(printf 'd%.0s' $(seq 120))/***** COPY app /app"
cell link "layer 2 live app/link COPY app /app"
cell env "image-config - - /config/Env/1 null"
cell container "layer - - tmp/dump null"
if [ "$(id -u)" = 0 ]; then
    cell deleted "layer 2 deleted by layer 3 app/conf COPY app /app"
    cell opaque "layer 2 deleted by layer 3 app/conf COPY app /app"
fi

make clean
rm -r storage/overlay/0*1/diff
run 1 "$SECRETSCTL" verify image ./storage
out_has "the layer cannot be read"
make clean
echo '[{"id":' >storage/overlay-layers/layers.json
run 1 "$SECRETSCTL" verify image ./storage
out_has "not searched: image: ./storage: its lists of images and layers: not JSON"
make clean
for file in storage/overlay-images/*/=*; do sed -i 's/ADD base/ADD BASE/' "$file"; done
run 1 "$SECRETSCTL" verify image ./storage
out_has "searched, but its bytes are not the ones"
