# SPDX-License-Identifier: Apache-2.0
"""The search for known values: bytes in memory, by values and by fingerprints, and layers of images,
beside what the machine can do at best with the same bytes in the same run."""
import hashlib
import io
import json
import os
import pathlib
import resource
import subprocess
import sys
import tarfile
import tempfile

from bench import have, row

BUILD = pathlib.Path(sys.argv[1])
PROGRAM = str(BUILD / "cli/secretsctl")
BENCH = str(BUILD / "tests/bench/bench_verify")
STAGES = str(BUILD / "tests/bench/bench_stages")
SIZE = int(os.environ.get("SC_BENCH_MB", "128")) << 20
ROUNDS = 3


def corpus(path, folders, least):
    """Files of the machine one after the other: text and programs, as layers hold them."""
    with open(path, "wb") as out:
        for folder in folders:
            for name in sorted(pathlib.Path(folder).rglob("*")):
                if out.tell() >= SIZE:
                    return
                if name.is_file() and not name.is_symlink() and least <= name.stat().st_size < 8 << 20:
                    out.write(name.read_bytes()[:SIZE - out.tell()])


def in_memory(path, what):
    """One process measures all of it by turns; the medians of its runs."""
    out = subprocess.run([BENCH, "2000", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    speed = dict(line.split("\t") for line in out.splitlines())
    floor = float(speed["read"])
    for name, goal in (("values", "3000 MB/s"), ("fingerprints", "1200 MB/s")):
        row(f"{name}, 2,000 in all forms, {what}", f"{speed[name]} MB/s", f"reading the bytes once {floor:.0f} MB/s",
            f"{float(speed[name]) / floor:.2f}", goal)
    row(f"values, without wide vectors, {what}", f"{speed['plain']} MB/s")
    return speed


def cpu_seconds(argv, env=None, data=None):
    """CPU time of one process, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, env=env, stdin=data or subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"bench: {argv[0]} ended with status {done.returncode}: {done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(argv, rounds, **more):
    return min(cpu_seconds(argv, **more) for _ in range(rounds))


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add_bytes(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def save_image(path, layer, config):
    """As old engines save it: the layer is proved by the digest of what it unpacks to."""
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["bench:1"], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as archive:
        archive.add(layer, "layer.tar")
        add_bytes(archive, "c.json", config)
        add_bytes(archive, "manifest.json", manifest)


def save_layout(path, layer, config):
    """As registries and newer engines hold it: the layer is proved by the digest of its blob."""
    def blob(data, kind):
        return {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "size": len(data),
                "digest": "sha256:" + hashlib.sha256(data).hexdigest()}

    packing = {".gz": "+gzip", ".zst": "+zstd"}.get(os.path.splitext(layer)[1], "")
    manifest = json.dumps({"schemaVersion": 2, "config": blob(config, "config"), "layers": [
        {"mediaType": "application/vnd.oci.image.layer.v1.tar" + packing, "size": os.path.getsize(layer),
         "digest": "sha256:" + digest_of(layer)}]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [blob(manifest, "manifest")]}).encode()
    with tarfile.open(path, "w") as archive:
        add_bytes(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add_bytes(archive, "index.json", index)
        for data in (manifest, config):
            add_bytes(archive, "blobs/sha256/" + hashlib.sha256(data).hexdigest(), data)
        archive.add(layer, "blobs/sha256/" + digest_of(layer))


def make_layer(path, content):
    with tarfile.open(path, "w") as archive, open(content, "rb") as file:
        for part in range(0, os.path.getsize(content), 1 << 16):
            add_bytes(archive, f"usr/f{part}", file.read(1 << 16))


def measured(argv):
    """Lines "what value" of a program that measures."""
    out = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {what: float(value) for what, value in (line.split("\t") for line in out.splitlines())}


def floor(packed, hashed, searching):
    """Seconds that a layer takes at least: read, unpacked, hashed and searched, each alone, the latter from memory."""
    layer, hashing = measured([STAGES, packed]), measured([STAGES, hashed])["hash"]
    return {"reading": layer["read"], "unpacking": layer["unpack"], "SHA-256": hashing, "search": searching}


def empty_image(work, config):
    """What a run costs without a layer: starting, opening the vault, making its tables."""
    layer, image = work + "/empty.tar", work + "/empty"
    with tarfile.open(layer, "w"):
        pass
    save_image(image, layer, config)
    return image


def layers(work, env, content):
    """Images of one layer, against the unpackers alone on the same layer, and against the parts of the work."""
    size = os.path.getsize(content)
    searching = size / measured([BENCH, "200", content])["values"] / 1e6
    layer = work + "/layer.tar"
    make_layer(layer, content)
    subprocess.run(["gzip", "-6", "-k", layer], check=True)
    subprocess.run(["zstd", "-q", "-k", layer], check=True)
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest_of(layer)]},
                         "history": [{"created_by": "COPY"}]}).encode()
    gunzip = ["igzip", "-d", "-c"] if have("igzip") else ["gzip", "-t"]
    base = best([PROGRAM, "verify", "image", empty_image(work, config)], 2 * ROUNDS, env=env)
    row("verify of an empty image, CPU time, vault of 200 values: not counted below", f"{base * 1000:.0f} ms")
    for what, suffix, save, peer_argv, goal in (
            ("plain", "", save_image, ["cat"], ""),
            ("gzip", ".gz", save_layout, gunzip, "500 MB/s"),
            ("gzip, proved by what it unpacks to", ".gz", save_image, gunzip, ""),
            ("zstd", ".zst", save_layout, ["zstd", "-q", "-t"], "1000 MB/s")):
        image = work + "/image"
        save(image, layer + suffix, config)
        ours, peers = [], []
        for _ in range(ROUNDS):
            ours.append(cpu_seconds([PROGRAM, "verify", "image", image], env=env) - base)
            peers.append(cpu_seconds([*peer_argv, layer + suffix]))
        speed, peer = size / min(ours) / 1e6, size / max(min(peers), 1e-3) / 1e6
        row(f"image layer, {what}, CPU time, vault of 200 values", f"{speed:.0f} MB/s of content",
            f"{' '.join(peer_argv)} {peer:.0f} MB/s", f"{speed / peer:.2f}", goal)
        parts = floor(layer + suffix, layer + suffix if save is save_layout else layer, searching)
        rates = ", ".join(f"{part} {size / took / 1e6:.0f}" for part, took in parts.items() if took > 0)
        least = size / sum(parts.values()) / 1e6
        row(f"the parts of this work alone: {what}", f"{least:.0f} MB/s of content", f"MB/s: {rates}",
            f"{speed / least:.2f}")
        os.unlink(image)


def vault(work, values):
    env = dict(os.environ, XDG_STATE_HOME=work + "/state", SECRETSCTL_VAULT=work + "/vault.db", SECRETSCTL_KEY_FILE=work + "/key")
    subprocess.run([PROGRAM, "-q", "init", "--key-file", work + "/key"], env=env, check=True, stdout=subprocess.DEVNULL)
    for i in range(values):
        subprocess.run([PROGRAM, "-q", "add", f"bench/v{i}", "--generate"], env=env, check=True, stdout=subprocess.DEVNULL)
    return env


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("SC_BENCH_DIR")) as work:
        text, programs = work + "/text", work + "/programs"
        corpus(text, ["/usr/include", "/usr/lib/python3", "/usr/lib/python3.11", "/usr/share"], 1)
        corpus(programs, ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib"], 1 << 16)
        in_memory(text, f"{os.path.getsize(text) >> 20} MiB of text")
        in_memory(programs, f"{os.path.getsize(programs) >> 20} MiB of programs")
        env = vault(work, 200)
        with open(programs, "rb") as one, open(text, "rb") as two, open(work + "/content", "wb") as out:
            out.write(one.read(SIZE // 2) + two.read(SIZE // 2))
        layers(work, env, work + "/content")


main()
