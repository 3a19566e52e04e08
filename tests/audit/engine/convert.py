# SPDX-License-Identifier: Apache-2.0
"""Turns what `docker save` wrote into an OCI layout: convert.py SAVED plain|gzip|zstd FOLDER.

The layout's index lists two platforms: the saved image, and one that shares its first layer only.
"""
import gzip, hashlib, json, os, subprocess, sys, tarfile

saved, packing, folder = sys.argv[1:]
members = {}
with tarfile.open(saved) as archive:
    for member in archive:
        file = archive.extractfile(member)
        if file is not None:
            members[member.name] = file.read()


def pack(data):
    if packing == "gzip":
        return gzip.compress(data, 6)
    if packing == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def blob(data, media):
    digest = hashlib.sha256(data).hexdigest()
    path = os.path.join(folder, "blobs/sha256", digest)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return {"mediaType": "application/vnd.oci.image." + media, "digest": "sha256:" + digest, "size": len(data)}


def document(value, media):
    return blob(json.dumps(value).encode(), media)


entry = json.loads(members["manifest.json"])[0]
config = members[entry["Config"]]
suffix = "" if packing == "plain" else "+" + packing
layers = [blob(pack(members[name]), "layer.v1.tar" + suffix) for name in entry["Layers"]]
first = json.loads(config)
other = {"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": first["rootfs"]["diff_ids"][:1]},
         "history": [{"created_by": "ADD base"}]}
manifests = [
    dict(document({"schemaVersion": 2, "config": document(other, "config.v1+json"), "layers": layers[:1]}, "manifest.v1+json"),
         platform={"architecture": "arm64", "os": "linux"}),
    dict(document({"schemaVersion": 2, "config": blob(config, "config.v1+json"), "layers": layers}, "manifest.v1+json"),
         platform={"architecture": "amd64", "os": "linux"}),
]
index = document({"schemaVersion": 2, "manifests": manifests}, "index.v1+json")
with open(os.path.join(folder, "index.json"), "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [index]}, file)
with open(os.path.join(folder, "oci-layout"), "w") as file:
    file.write('{"imageLayoutVersion":"1.0.0"}')
