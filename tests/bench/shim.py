#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shim adds to the start of a program, beside inits and the shell idioms it replaces."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import bench

ROUNDS = 500
# The function of the official images' entrypoints, and its short form.
FILE_ENV = r'''#!/bin/%s
set -e
file_env() {
    var="$1"
    fileVar="${var}_FILE"
    eval "val=\${$var:-}; file=\${$fileVar:-}"
    if [ -n "$val" ] && [ -n "$file" ]; then
        echo >&2 "error: both $var and $fileVar are set"; exit 1
    fi
    if [ -n "$file" ]; then val="$(%s "$file")"; fi
    export "$var"="$val"
    unset "$fileVar"
}
file_env DB_PASSWORD
exec "$@"
'''


def main():
    shim = str(bench.BUILD / "shim/secretsctl-shim")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="secretsctl-bench."))
    try:
        measure(shim, folder)
    finally:
        shutil.rmtree(folder)


def nothing(folder):
    """A static program that ends at once: what is left is the cost of the exec."""
    source, target = folder / "nothing.c", folder / "nothing"
    source.write_text("int main(void) { return 0; }\n")
    compiler = "musl-gcc" if bench.have("musl-gcc") else "cc"
    subprocess.run([compiler, "-Os", "-static", "-o", target, source], check=True)
    return str(target)


def shell_entrypoint(folder, shell, read):
    path = folder / f"entrypoint-{shell}"
    path.write_text(FILE_ENV % (shell, read))
    path.chmod(0o755)
    return str(path)


def measure(shim, folder):
    target = nothing(folder)
    (folder / "db_password").write_text("pg-4711-secret")
    env = {"PATH": os.environ["PATH"], "DB_PASSWORD_FILE": str(folder / "db_password"),
           "URL": "postgres://app:{{secret:db_password|url}}@db/app"}
    commands = {
        "bare exec": [target],
        "shim": [shim, "--dir", str(folder), "--", target],
        "shim --from-file": [shim, "--dir", str(folder), "--from-file", "DB_PASSWORD", "--", target],
    }
    for peer in ("tini-static", "tini", "dumb-init"):
        if path := shutil.which(peer):
            # -s: else it writes a warning each time, as it is not process 1 here.
            commands[peer] = [path, *(["-s"] if "tini" in peer else []), "--", target]
    for shell, read in (("sh", "cat"), ("bash", "cat")):
        if pathlib.Path("/bin", shell).exists():
            commands[f"file_env in {shell}"] = [shell_entrypoint(folder, shell, read), target]
    fast = {name: figures[0] * 1000 for name, figures in bench.timed(commands, ROUNDS, env).items()}
    report(fast, os.stat(shim).st_size)


def report(fast, size):
    bare = fast.pop("bare exec")
    added = fast["shim"] - bare
    bench.row("shim: start of a program, with a placeholder filled", f"{fast['shim']:.0f} us",
              f"bare exec {bare:.0f} us", f"+{added:.0f} us", "<= 100 us more")
    for name, time in fast.items():
        if name == "shim":
            continue
        bench.row(f"added to a bare exec by {name}", f"shim +{added:.0f} us", f"+{time - bare:.0f} us",
                  f"{(time - bare) / added:.1f} times the shim's", "" if name.startswith("shim") else ">= 4 times")
    bench.row("size of the shim", f"{size} bytes", "", f"{size / 65536:.2f} of 64 KB", "<= 65,536 bytes")


if __name__ == "__main__":
    main()
