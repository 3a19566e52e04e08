# SPDX-License-Identifier: Apache-2.0
# Images that are cut off, damaged, hostile or no images: named as not searched, status 1, no crash.
. "$SC_SOURCE/tests/support/functions.sh"
not_sanitized "it limits the address space"
requires jq python3

new_vault
value=Zq8-vvT1.pLm~0xY
printf '%s' "$value" | "$SECRETSCTL" add shop/token 2>/dev/null
make() { python3 "$SC_SOURCE/tests/cli/leaks/make-image.py" "$@"; }

run 1 "$SECRETSCTL" verify image ./absent.tar
out_has "not searched: image: ./absent.tar: no such file"

: >empty.tar
run 1 "$SECRETSCTL" verify image ./empty.tar
out_has "not searched: image: ./empty.tar: it is empty"

head -c 100000 /dev/zero | tr '\0' 'x' >noise.tar
run 1 "$SECRETSCTL" verify image ./noise.tar
out_has "not searched: image: ./noise.tar: no tar header at byte 0"

make clean "$value" whole.tar
for size in 100 512 1000 5000 9000; do
    head -c $size whole.tar >cut.tar
    run 1 "$SECRETSCTL" verify image ./cut.tar
    out_has "not searched: image: ./cut.tar: "
done

# What was found before the archive broke off counts.
make file "$value" leak.tar
size=$(stat -c %s leak.tar)
head -c $((size - 11000)) leak.tar >cut.tar
run 3 "$SECRETSCTL" verify image ./cut.tar
out_has "incomplete:"

# A layer that is damaged inside.
make gzip-layer "$value" gz.tar
python3 - <<'PY'
data = bytearray(open("gz.tar", "rb").read())
at = data.index(b"\x1f\x8b")
for i in range(at + 60, at + 90): data[i] ^= 0xff
open("bad.tar", "wb").write(data)
PY
run 1 "$SECRETSCTL" verify image ./bad.tar
out_has "data is damaged"

# A layer, and settings, that are not what the image names: searched, and no pass.
make clean "$value" true.tar
python3 - <<'PY'
data = open("true.tar", "rb").read()
at = data.index(b"end")
open("false-layer.tar", "wb").write(data[:at] + b"and" + data[at + 3:])
at = data.index(b"ADD base")
open("false-config.tar", "wb").write(data[:at] + b"ADD BASE" + data[at + 8:])
PY
run 0 "$SECRETSCTL" verify image ./true.tar
out_has "note: ./true.tar: 3 layers proved by digest"
run 1 "$SECRETSCTL" verify image ./false-layer.tar
out_has "not searched: image: ./false-layer.tar: 0000000000000000000000000000000000000000000000000000000000000003/layer.tar: searched, but its bytes are not the ones that the image names"
out_has "note: ./false-layer.tar: 2 layers proved by digest"
run 1 "$SECRETSCTL" verify image ./false-config.tar
out_has ".json: searched, but its bytes are not the ones that the image names"
make oci-clean "$value" false-blob
blob=$(find false-blob/blobs -type f -size +1k -print -quit)
flip "$blob" 600
run 1 "$SECRETSCTL" verify image ./false-blob
out_has "blobs/sha256/$(basename "$blob"): searched, but its bytes are not the ones"

# A hundred layers, the value in the first, deleted by the last.
python3 - "$value" <<'PY'
import hashlib, io, json, sys, tarfile
def layer(name, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name); info.size = len(content); archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
layers = [layer("app/conf", sys.argv[1].encode())] + [layer(f"f{i}", b"x") for i in range(98)] + [layer("app/.wh.conf", b"")]
config = json.dumps({"rootfs": {"diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]},
                     "history": [{"created_by": f"RUN step {i}"} for i in range(100)]}).encode()
with tarfile.open("hundred.tar", "w") as archive:
    def add(name, content):
        info = tarfile.TarInfo(name); info.size = len(content); archive.addfile(info, io.BytesIO(content))
    for i, data in enumerate(layers): add(f"{i}/layer.tar", data)
    add("c.json", config)
    add("manifest.json", json.dumps([{"Config": "c.json", "Layers": [f"{i}/layer.tar" for i in range(100)]}]).encode())
PY
run 3 "$SECRETSCTL" verify image ./hundred.tar --json
[ "$(jq -r '.findings[] | [.layer.index, .layer.created_by, .layer.fate, .path] | join(" ")' out)" = \
    "1 RUN step 0 deleted by layer 100 app/conf" ] || fail "a hundred layers"

# Devices, pipes and sparse files (GNU and PAX) in a layer.
python3 - "$value" <<'PY'
import hashlib, io, json, subprocess, sys, tarfile, os
v = sys.argv[1].encode()
with open("sparse", "wb") as f:
    f.seek(1 << 20); f.write(v); f.seek(9 << 20); f.write(b"x"); f.truncate(16 << 20)
def layers():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("dev/sda", tarfile.BLKTYPE), ("dev/null", tarfile.CHRTYPE), ("run/pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name); info.type = kind; info.devmajor = 1; info.size = 4096; archive.addfile(info)
    yield out.getvalue()
    for form in ("gnu", "pax"):
        yield subprocess.run(["tar", "-S", "-c", "--format=" + form, "sparse"], stdout=subprocess.PIPE, check=True).stdout
layers = list(layers())
config = json.dumps({"rootfs": {"diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]}}).encode()
with tarfile.open("kinds.tar", "w") as archive:
    def add(name, content):
        info = tarfile.TarInfo(name); info.size = len(content); archive.addfile(info, io.BytesIO(content))
    for i, data in enumerate(layers): add(f"{i}/layer.tar", data)
    add("c.json", config)
    add("manifest.json", json.dumps([{"Config": "c.json", "Layers": [f"{i}/layer.tar" for i in range(3)]}]).encode())
PY
run 3 "$SECRETSCTL" verify image ./kinds.tar --json
[ "$(jq -r '[.findings[] | .layer.index] | join(" ")' out)" = "2 3" ] || fail "sparse files: $(cat out)"
[ "$(jq -r .summary.complete out)" = true ] || fail "devices are no hole"

# A bomb: 8 GiB of zeroes in a layer of 8 MB, behind a limit of 2,000 times its size: not reached by gzip
# (1,030 times), so it is read to its end, in constant memory.
python3 - <<'PY'
import gzip, hashlib, io, json, tarfile, zlib
def layer(size):
    out = io.BytesIO()
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    info = tarfile.TarInfo("zeroes")
    info.size = size
    out.write(pack.compress(info.tobuf()))
    block = b"\0" * (1 << 20)
    for _ in range(size >> 20): out.write(pack.compress(block))
    out.write(pack.compress(b"\0" * 1024)); out.write(pack.flush())
    return out.getvalue()
data = layer(1 << 30)
with tarfile.open("bomb.tar", "w") as archive:
    def add(name, content):
        info = tarfile.TarInfo(name); info.size = len(content); archive.addfile(info, io.BytesIO(content))
    add("l/layer.tar", data)
    add("c.json", json.dumps({"rootfs": {"diff_ids": ["sha256:0"]}}).encode())
    add("manifest.json", json.dumps([{"Config": "c.json", "Layers": ["l/layer.tar", "gone/layer.tar"]}]).encode())
PY
run 1 prlimit --as=400000000 "$SECRETSCTL" verify image ./bomb.tar
out_has "not searched: image: ./bomb.tar layer gone/layer.tar: its bytes are not in the archive"

# Archives in archives in archives: to a limit, and said so.
python3 - <<'PY'
import gzip, io, tarfile, json
data = b"core"
for i in range(12): data = gzip.compress(data)
with tarfile.open("deep.tar", "w") as archive:
    def add(name, content):
        info = tarfile.TarInfo(name); info.size = len(content); archive.addfile(info, io.BytesIO(content))
    add("l/layer.tar", data)
    add("c.json", b'{"rootfs":{"diff_ids":["sha256:0"]}}')
    add("manifest.json", json.dumps([{"Config": "c.json", "Layers": ["l/layer.tar"]}]).encode())
PY
run 1 "$SECRETSCTL" verify image ./deep.tar
out_has "nested too deep to be unpacked"

# A layout with a link out of it, a device and a loop.
make oci-clean "$value" layout
ln -s /etc/passwd layout/blobs/sha256/link
ln -s . layout/loop
run 1 "$SECRETSCTL" verify image ./layout
out_has "not searched: image: ./layout: blobs/sha256/link: not a file that can be read"
out_has "not searched: image: ./layout: loop: not a file that can be read"
rm layout/loop layout/blobs/sha256/link
rm "$(find layout/blobs -type f -size +1k -print -quit)"
run 1 "$SECRETSCTL" verify image ./layout
