# SPDX-License-Identifier: Apache-2.0
"""Makes image archives with a value in one place each: make-image.py KIND VALUE OUTPUT.

KIND names the place; "clean" has the value nowhere. Layers: 1 base, 2 the one with the value, 3 what
comes after. Kinds beginning with "oci-" make an OCI layout, as a folder unless OUTPUT ends in .tar.
"""
import base64, bz2, gzip, hashlib, io, json, os, random, struct, subprocess, sys, tarfile, zipfile, zlib

kind, value, output = sys.argv[1:]
oci = kind.startswith("oci-")
cell = kind[4:] if oci else kind


def tar(files, pax=None, fmt=tarfile.PAX_FORMAT, tail=b""):
    """files: (name, content or None for a directory, link target)"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as archive:
        for name, content, link in files:
            info = tarfile.TarInfo(name)
            if link is not None:
                info.type, info.linkname = tarfile.SYMTYPE, link
            elif content is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(content)
            if pax and content is not None:
                info.pax_headers = pax
            archive.addfile(info, io.BytesIO(content or b""))
    return out.getvalue() + tail


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def xz(data):
    return subprocess.run(["xz", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


v = value.encode()
config = {"Env": ["PATH=/bin"], "Cmd": ["/bin/app"], "Labels": {"a": "b"}}
history = [{"created_by": "ADD base"}, {"created_by": "COPY app /app"},
           {"created_by": "CMD app", "empty_layer": True}, {"created_by": "RUN later"}]
base = [("etc/", None, None), ("etc/os", b"base", None)]
middle = [("app/", None, None), ("app/run", b"\x7fELF" + b"x" * 3000, None)]
top = [("app/last", b"end", None)]
pax, tail, pack = None, b"", lambda data: data
index_extra = []

if cell == "env":
    config["Env"].append("PW=" + value)
elif cell == "cmd":
    config["Cmd"] = ["sh", "-c", "run --password " + value + " && true"]
elif cell == "label":
    config["Labels"]["com.example.note"] = "pw " + value
elif cell == "healthcheck":
    config["Healthcheck"] = {"Test": ["CMD-SHELL", "check -p " + value]}
elif cell == "onbuild":
    config["OnBuild"] = ["RUN login " + value]
elif cell == "history":
    history[3]["created_by"] = "|1 TOKEN=" + value + " /bin/sh -c make"
elif cell == "file":
    middle.append(("app/conf", b"password: " + v + b"\n", None))
elif cell == "deleted":
    middle.append(("app/conf", v, None))
    top.append(("app/.wh.conf", b"", None))
elif cell == "opaque":
    middle.append(("app/conf", v, None))
    top.append(("app/.wh..wh..opq", b"", None))
elif cell == "overwritten":
    middle.append(("app/conf", v, None))
    top.append(("app/conf", b"other", None))
elif cell == "duplicate":
    middle += [("app/conf", v, None), ("app/conf", b"other", None)]
elif cell == "base64-json":
    inner = base64.b64encode(("shop:" + value).encode()).decode()
    middle.append((".docker/config.json", json.dumps({"auths": {"r": {"auth": inner}}}).encode(), None))
elif cell == "wrapped":
    middle.append(("app/k.yml", b"data: |\n  " + base64.encodebytes(b"x" * 50 + v + b"y" * 50).replace(b"\n", b"\n  "), None))
elif cell == "utf16":
    middle.append(("app/conf", value.encode("utf-16-le"), None))
elif cell == "gzip-layer":
    middle.append(("app/conf", v, None))
    pack = gzip.compress
elif cell == "gzip-members":
    middle.append(("app/conf", v, None))
    pack = lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:])
elif cell == "zstd-layer":
    middle.append(("app/conf", v, None))
    pack = zstd
elif cell in ("gzip-name", "gzip-behind", "zstd-between"):
    # Around content that comes in several pieces: in the header, between frames, behind the end.
    middle.append(("app/large", random.Random(1).randbytes(1 << 20), None))
    if cell == "gzip-name":
        pack = lambda data: b"\x1f\x8b\x08\x08" + b"\0" * 6 + v + b"\0" + gzip.compress(data)[10:]
    elif cell == "gzip-behind":
        pack = lambda data: gzip.compress(data) + v
    else:
        frame = struct.pack("<II", 0x184D2A50, len(v)) + v
        pack = lambda data: zstd(data[:600000]) + frame + zstd(data[600000:])
elif cell == "gzip-file":
    middle.append(("app/conf.gz", gzip.compress(v), None))
elif cell == "helm":
    release = base64.b64encode(gzip.compress(json.dumps({"config": {"token": value}}).encode()))
    middle.append(("app/secrets.json", b'{"data":{"release":"' + base64.b64encode(release) + b'"}}', None))
elif cell == "gzip-base64":
    packed = base64.encodebytes(gzip.compress(v)).replace(b"\n", b"\n      ")
    middle.append(("app/user-data", b"write_files:\n  - encoding: gz+b64\n    content: |\n      " + packed, None))
elif cell in ("bracket", "brace"):
    # The layer begins like a document of the image.
    middle.insert(0, ("[id].gz" if cell == "bracket" else "{id}.gz", gzip.compress(v), None))
elif cell == "xz-file":
    middle.append(("app/conf.xz", xz(v), None))
elif cell == "xz-streams":
    middle.append(("app/conf.xz", xz(v[:4]) + b"\0" * 8 + xz(v[4:]), None))
elif cell == "bzip2-file":
    middle.append(("app/conf.bz2", bz2.compress(v) + bz2.compress(v[:4]), None))
elif cell == "git-object":
    middle.append(("app/.git/objects/ab/cd", zlib.compress(b"blob %d\0" % len(v) + v), None))
elif cell == "zip-file":
    middle.append(("app/lib.jar", zipped([("BOOT-INF/lib/inner.jar", zipped([("conf", v)]))]), None))
elif cell == "nested-tar":
    middle.append(("app/backup.tar.gz", gzip.compress(tar([("deep/conf", v, None)])), None))
elif cell == "name":
    middle.append(("app/" + value + ".key", b"", None))
elif cell == "long-name":
    middle.append(("app/" + "d" * 120 + "/" + value, b"", None))
elif cell == "link":
    middle.append(("app/link", None, "/run/" + value))
elif cell == "xattr":
    middle.append(("app/conf", b"x", None))
    pax = {"SCHILY.xattr.user.note": value}
elif cell == "slack":
    tail = b"\0" * 512 + v + b"\0" * 500
elif cell == "concat":
    tail = tar([("app/conf.gz", gzip.compress(v), None)])
elif cell == "newline-name":
    middle.append(("app/a\nb", v, None))
elif cell == "annotation":
    index_extra.append({"note": value})
elif cell != "clean" and cell != "attestation":
    sys.exit("unknown kind " + kind)

layers = [tar(base), tar(middle, pax, tail=tail), tar(top)]
config_json = json.dumps({
    "architecture": "amd64", "os": "linux", "config": config, "history": history,
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]},
}).encode()
stored = [layers[0], pack(layers[1]), layers[2]]
members = {}


def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    members["blobs/sha256/" + digest] = data
    return {"digest": "sha256:" + digest, "size": len(data)}


if oci:
    def manifest(conf, parts, media, **more):
        return dict(blob(json.dumps({
            "schemaVersion": 2, "config": blob(conf), "layers": [dict(blob(p), mediaType=media) for p in parts],
        }).encode()), mediaType="application/vnd.oci.image.manifest.v1+json", **more)
    image = manifest(config_json, stored, "application/vnd.oci.image.layer.v1.tar",
                     platform={"architecture": "amd64", "os": "linux"})
    clean_config = json.dumps({"architecture": "arm64", "rootfs": {"diff_ids": ["sha256:" + hashlib.sha256(layers[0]).hexdigest()]}}).encode()
    entries = [manifest(clean_config, [layers[0]], "x", platform={"architecture": "arm64"}), image]
    if cell == "attestation":
        dockerfile = base64.b64encode(("FROM x\nARG T=" + value + "\n").encode()).decode()
        statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
                     "predicate": {"metadata": {"source": {"infos": [{"data": dockerfile}]}}}}
        entries.append(manifest(b"{}", [json.dumps(statement).encode()], "application/vnd.in-toto+json",
                                annotations={"vnd.docker.reference.type": "attestation-manifest"}))
    inner_index = dict(blob(json.dumps({"schemaVersion": 2, "manifests": entries}).encode()),
                       mediaType="application/vnd.oci.image.index.v1+json")
    if index_extra:
        inner_index["annotations"] = index_extra[0]
    members["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [inner_index]}).encode()
    members["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
else:
    names = []
    for number, data in enumerate(stored):
        name = "%064x/layer.tar" % (number + 1)
        members[name] = data
        names.append(name)
    name = hashlib.sha256(config_json).hexdigest() + ".json"
    members[name] = config_json
    members["manifest.json"] = json.dumps([{"Config": name, "RepoTags": ["shop/api:1"], "Layers": names}]).encode()

if oci and not output.endswith(".tar"):
    for name, data in members.items():
        path = os.path.join(output, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
else:
    with open(output, "wb") as f:
        f.write(tar([(n, d, None) for n, d in members.items()]))
