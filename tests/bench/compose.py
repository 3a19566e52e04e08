#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`compose config`: a project of 20 services beside Docker Compose, and how time grows with the file."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import bench

SERVICES = 20


def project(services, variables):
    lines = ["name: bench", "x-env: &env", "  LOG: info", "services:"]
    for i in range(services):
        lines += [
            f"  svc{i}:", f"    image: registry/img{i}:${{TAG:-1.{i}}}", "    environment:", "      <<: *env",
            f"      DB_PASSWORD: ${{PW:-secret{i}}}", f"      URL: postgres://u:p{i}@db/app",
        ]
        lines += [f"      VAR_{j}: some value number {j} of service {i}" for j in range(variables)]
        lines += [
            f'    ports: ["{10000 + i % 50000}:80"]', "    volumes: [data:/data, ./conf:/conf:ro]",
            "    healthcheck: {test: [CMD, x], interval: 10s, timeout: 5s, retries: 3}",
            "    restart: unless-stopped", "    labels: [a=1, b=2]", "    command: run --port 80 'x y'",
        ]
    return "\n".join(lines + ["volumes: {data: }", ""])


def capabilities(prefix, count):
    return "services: {a: {image: x, cap_add: [" + ", ".join(f"{prefix}{i}" for i in range(count)) + "]}}\n"


def timed(argv):
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    ours = str(build / "cli" / "secretsctl")
    peer = build / "peer-compose"
    here = pathlib.Path(__file__).resolve().parent
    has_peer = subprocess.run([here.parent / "peer" / "build", peer], stdout=subprocess.DEVNULL).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "compose.yml")
        pathlib.Path(path).write_text(project(SERVICES, 10))
        commands = {"ours": [ours, "compose", "config", "-f", path]}
        if has_peer:
            commands["peer"] = [str(peer), "-f", path, "config"]
        times = bench.interleaved(commands, rounds=30)
        if has_peer:
            bench.row(f"compose config, {SERVICES} services", bench.ms(times["ours"]),
                      f"docker compose {bench.ms(times['peer'])}", f"{times['peer'] / times['ours']:.0f} x faster",
                      "5 ms, 20 x faster")
        else:
            bench.row(f"compose config, {SERVICES} services", bench.ms(times["ours"]), "docker compose: not built",
                      "", "5 ms, 20 x faster")
        for megabytes in (1, 5, 10):
            services = megabytes * 820
            pathlib.Path(path).write_text(project(services, 20))
            size = os.path.getsize(path) / 1e6
            best = min(timed([ours, "compose", "config", "-f", path]) for _ in range(3))
            bench.row(f"compose config, {size:.1f} MB", f"{best:.2f} s", "", f"{best / size * 1000:.0f} ms/MB", "linear")
        over = os.path.join(folder, "over.yml")
        pathlib.Path(path).write_text(capabilities("A", 30000))
        pathlib.Path(over).write_text(capabilities("B", 30000))
        best = min(timed([ours, "compose", "config", "-f", path, "-f", over]) for _ in range(3))
        bench.row("compose config, two lists of 30,000 merged", f"{best:.2f} s", "", "", "linear")


if __name__ == "__main__":
    main()
