#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one call after the other fail in a whole command, and looks at what is left.

    sweep.py names                         the names of the commands in TABLE
    sweep.py alloc|io LIBRARY COMMAND
    sweep.py strace - COMMAND

alloc: each allocation fails, once and for good. io: each call that touches a file fails with EIO, once
and for good, and each that changes something with ENOSPC, once. strace: system calls fail with EIO and ENOSPC, wherever
they come from. After each of these:

  * it ended by itself, with status 0, or with 1 and one line that tells of this failure;
  * the vault verifies, every record opens, and it is in the old state, or the new one. With status 0 it
    is the new one, and what was printed and written is all there;
  * nothing is left allocated, and no file is left over, that is not there without a failure (alloc).

Some places are tried, evenly spread, the same ones each time; another SC_FAULT_SEED tries others, and
SC_FAULT_ALL=1 all.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ["SECRETSCTL"]
SAMPLES = int(os.environ.get("SC_FAULT_SAMPLES", "14"))
RECIPIENT = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"

# name: arguments, and {"stdin", "out": what it writes, "look": how that is verified, "failed": the status
# of a failure, "varies": each time, "statement": which tells of failures, "late": it does more after the vault's change and may fail there, "mend": what its message
# says to run then}
TABLE = {
    "init": (["--vault", "other.db", "--key-file", "other.key", "init"], {"out": ["other.db", "other.key"]}),
    "check": (["check"], {}),
    "check-decrypt": (["check", "--decrypt", "--json"], {}),
    "checkpoint": (["checkpoint"], {}),
    "checkpoint-verify": (["checkpoint", "--verify", "note"], {}),
    "trust": (["trust"], {}),
    "trust-rollback": (["trust", "--accept-rollback", "because"], {"late": True}),
    "backup": (["backup", "out.db"], {"out": ["out.db"], "look": ["--vault", "out.db", "check"]}),
    "restore": (["restore", "backup.db"], {"late": True}),
    "restore-new": (["--vault", "sub/new.db", "restore", "backup.db"],
                    {"out": ["sub/new.db"], "look": ["--vault", "sub/new.db", "check"]}),
    "restore-older": (["restore", "older.db", "--accept-rollback", "because"],
                      {"late": True, "mend": ["restore", "older.db", "--accept-rollback", "because"]}),
    "slot-add": (["slot", "add", "--key-file", "key3"], {"out": ["key3"]}),
    "slot-add-passphrase": (["slot", "add", "--new-passphrase-file", "pass", "--kdf", "light"], {}),
    "slot-add-recipient": (["slot", "add", "--recipient", RECIPIENT], {}),
    "slot-list": (["slot", "list", "--json"], {}),
    "slot-rm": (["slot", "rm", "SLOT"], {}),
    "grant-add": (["grant", "add", "prod/a", RECIPIENT], {}),
    "grant-list": (["grant", "list", "--json"], {}),
    "grant-rm": (["grant", "rm", "shop", RECIPIENT], {"late": True}),
    "rekey": (["rekey"], {}),
    "rekey-scope": (["rekey", "shop", "--reason", "because"], {}),
    "rekey-verify-key": (["rekey", "--new-verify-key"],
                         {"late": True, "mend": ["trust", "--accept-rollback", "because"]}),
    "compact": (["compact", "--keep", "1"], {"late": True}),
    "bundle": (["bundle", "--scope", "shop", "--output", "out.sctl"],
               {"out": ["out.sctl"], "varies": True}),
    "log": (["log", "--json"], {}),
    "lock": (["lock"], {}),
    "add": (["add", "shop/new", "--note", "x", "--label", "k=v"], {"stdin": b"value"}),
    "add-generate": (["add", "shop/new", "--generate"], {}),
    "get": (["get", "shop/db"], {}),
    "list": (["list", "--json"], {}),
    "show": (["show", "shop/db"], {}),
    "rotate": (["rotate", "shop/db"], {"stdin": b"value"}),
    "history": (["history", "shop/db"], {}),
    "rollback": (["rollback", "shop/db", "--to", "1"], {}),
    "mv": (["mv", "shop/db", "prod/moved"], {}),
    "rm": (["rm", "shop/db"], {}),
    "generate": (["generate"], {}),
    "import-json": (["import", "in.json"], {}),
    "import-yaml": (["import", "in.yaml", "--format", "yaml"], {}),
    "import-env": (["import", "in.env", "--scope", "imported"], {}),
    "import-folder": (["import", "folder", "--scope", "imported"], {}),
    "import-compose": (["import", "compose.yml", "--format", "compose", "--scope", "imported"], {}),
    "export-env": (["export", "shop", "--format", "env", "--output", "out.env"], {"out": ["out.env"]}),
    "export-json": (["export", "--format", "json"], {}),
    "export-folder": (["export", "--format", "dir", "--output", "out"], {"out": ["out"]}),
    "export-age": (["export", "--age", RECIPIENT, "--output", "out.age"], {"out": ["out.age"]}),
    "render": (["render", "--scope", "shop", "template", "--output", "rendered"], {"out": ["rendered"]}),
    "write": (["write", "memory"], {"out": ["memory"]}),
    "fingerprint": (["fingerprint", "--key", "gate.key", "out.fp"], {"out": ["gate.key", "out.fp"]}),
    "run": (["run", "--scope", "shop", "--", "true"], {"failed": 125}),
    "run-env": (["run", "--scope", "shop", "--env", "--set", "URL=x:{{secret:db|url}}", "--", "true"], {"failed": 125}),
    "run-private": (["run", "--scope", "shop", "--private", "--", "true"], {"failed": 125}),
    "run-memfd": (["run", "--scope", "shop", "--memfd", "--", "true"], {"failed": 125}),
    "mask": (["mask"], {"stdin": b"before first-value after\n"}),
    "verify": (["verify", "path", "folder", "--accept-unproved"], {"statement": True}),
    "compose-config": (["compose", "config", "-f", "project/compose.yml"], {}),
    "compose-rewrite": (["compose", "rewrite", "-f", "project/compose.yml", "--write"], {"late": True}),
    "compose-rewrite-all": (["compose", "rewrite", "-f", "whole/compose.yml", "--write"],
                            {"late": True, "together": ["whole/compose.yml", "whole/.env", "whole/db.env"]}),
    "compose-restore": (["compose", "restore", "-f", "moved/compose.yml"], {}),
}

# What strace(1) makes fail, and the errors.
SYSTEM_CALLS = ["fdatasync", "fsync", "write", "pwrite64", "rename,renameat,renameat2", "openat"]
ERRORS = ["EIO", "ENOSPC"]

COMPOSE = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2-plain
"""


# every kind of place at once
WHOLE = {
    "compose.yml": """\
name: whole
services:
  cache:
    image: redis:7
    command: redis-server --requirepass ${CACHE}
    healthcheck: {test: ["CMD", "redis-cli", "-a", "${CACHE}", "ping"]}
  db:
    image: mysql:8
    env_file: db.env
    healthcheck: {test: "mysqladmin ping -phunter2-db"}
  app:
    build: .
    environment: {URL: "postgres://app:${CACHE}@db/app", PGPASSWORD: hunter2-pg}
    configs: [settings]
    labels: {api.password: hunter2-label}
configs:
  settings: {content: "password: hunter2-db"}
secrets:
  token: {file: ./token}
""",
    ".env": "CACHE=hunter2-cache\n",
    "db.env": "MYSQL_ROOT_PASSWORD=hunter2-db\n",
    "token": "hunter2-token",
    "Dockerfile": "FROM scratch\nENTRYPOINT [\"/app\"]\nCMD serve\n",
}


class Failed(Exception):
    pass


def fail(what):
    raise Failed(what)


class Sweep:
    def __init__(self, kind, library, name):
        self.random = random.Random(os.environ.get("SC_FAULT_SEED", "1"))
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="secretsctl-sweep.", dir=memory))
        self.kind, self.library, self.name = kind, os.path.abspath(library), name
        self.arguments, self.options = TABLE[name]
        self.good, self.work = self.top / "good", self.top / "work"
        self.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "HOME": str(self.work), "XDG_RUNTIME_DIR": str(self.work), "XDG_STATE_HOME": str(self.work / "state"),
            "XDG_DATA_HOME": str(self.work / "data"), "DOCKER_HOST": f"unix://{self.top}/none",
            "SECRETSCTL_VAULT": "vault.db", "SECRETSCTL_KEY_FILE": "key",
        }
        self.told = {}
        self.fresh = self.old = None  # signature of the files, and state, before the command

    def run(self, *arguments, stdin=b"", before=(), **more):
        return subprocess.run([*before, PROGRAM, "--quiet", *arguments], input=stdin, cwd=self.work, check=False,
                              capture_output=True, env=self.environment | more, timeout=120)

    def must(self, *arguments, stdin=b""):
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            fail(f"{arguments}: {done.stderr.decode()}")
        return done.stdout

    def signature(self):
        """Changes with every file that is written, made or removed."""
        found = []
        for path in sorted(self.work.rglob("*")):
            seen = path.lstat()
            stamp = () if path.is_dir() else (seen.st_ino, seen.st_size, seen.st_mtime_ns)
            found.append((str(path), seen.st_mode, *stamp))
        return found

    def is_untouched(self):
        return self.fresh is not None and self.signature() == self.fresh

    def reset(self):
        if self.is_untouched():
            return
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.good, self.work, symlinks=True)
        self.fresh = self.signature()

    def prepare(self):
        self.work.mkdir(mode=0o700)
        for folder in ("folder", "project", "moved", "memory"):
            (self.work / folder).mkdir(mode=0o700)
        self.must("init", "--key-file", "key")
        self.must("add", "shop/db", "--note", "n", "--label", "a=b", stdin=b"first-value")
        self.must("rotate", "shop/db", stdin=b"second-value")
        self.must("backup", "older.db")
        self.must("add", "shop/api", "--kind", "config", stdin=b"third-value")
        self.must("add", "prod/a/big", stdin=b"x" * 9000)
        self.must("slot", "add", "--key-file", "key2", "--label", "second")
        self.must("grant", "add", "shop", RECIPIENT)
        for folder in ("project", "moved"):
            (self.work / folder / "compose.yml").write_text(COMPOSE)
        if self.name == "compose-rewrite-all":
            (self.work / "whole").mkdir(mode=0o700)
            for name, text in WHOLE.items():
                (self.work / "whole" / name).write_text(text)
        if self.name == "compose-restore":
            self.must("compose", "rewrite", "-f", "moved/compose.yml", "--write")
        self.must("backup", "backup.db")
        (self.work / "note").write_bytes(self.must("checkpoint"))
        slots = json.loads(self.must("slot", "list", "--json"))
        slots = slots["slots"] if isinstance(slots, dict) else slots
        second = next(slot["id"] for slot in slots if slot["label"] == "second")
        self.arguments = [second if word == "SLOT" else word for word in self.arguments]
        (self.work / "pass").write_text("a passphrase of mine")
        (self.work / "pass").chmod(0o600)
        (self.work / "in.json").write_text('{"x": {"one": "1", "two": "2"}}')
        (self.work / "in.yaml").write_text("x:\n  one: '1'\n  two: '2'\n")
        (self.work / "in.env").write_text("ONE=1\nTWO=2\n")
        (self.work / "template").write_text("a {{secret:db}} b\n")
        (self.work / "folder" / "one").write_text("1")
        (self.work / "compose.yml").write_text("secrets:\n  one:\n    file: folder/one\n")
        self.work.rename(self.good)

    def listing(self):
        """All names but those of pins, which are a vault's number."""
        names = {str(p.relative_to(self.work)) for p in self.work.rglob("*")}
        return {name for name in names if "/pins/" not in name}

    def written(self):
        """What the command writes besides the vault, as far as it is the same each time."""
        found = {}
        for name in self.options.get("out", []):
            path = self.work / name
            for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
                found[str(file.relative_to(self.work))] = file.read_bytes()
        return found

    def once(self, **more):
        self.reset()
        if self.kind == "strace":
            before = ["strace", "-f", "-qq", "-o", str(self.top / "trace"), *more.pop("inject", ())]
            more.pop("SC_FAIL_AT", None)
            return self.run(*self.arguments, stdin=self.options.get("stdin", b""), before=before, **more)
        preload = {"LD_PRELOAD": self.library, "SC_FAIL_COUNT": str(self.top / "count")}
        return self.run(*self.arguments, stdin=self.options.get("stdin", b""), **preload, **more)

    def count(self):
        numbers = (self.top / "count").read_text().split()
        (self.top / "count").unlink()
        return int(numbers[0]), int(numbers[1])

    def state(self, told=""):
        """Verifies the vault, every record; returns the number of its state."""
        if self.old is not None and self.is_untouched():
            return self.old
        done = self.run("check", "--decrypt", "--json")
        if done.returncode == 10 or "verify key is not the one" in done.stderr.decode():
            if "mend" not in self.options or not any(word in told for word in ("run", "not known")):
                fail(f"it is refused afterwards: {done.stderr.decode()}")
            self.must(*self.options["mend"])
            self.must("check", "--decrypt")
            return self.new
        if done.returncode != 0:
            fail(f"the vault is damaged: {done.stderr.decode()}")
        return json.loads(done.stdout)["state"]

    def learn(self):
        self.reset()
        self.old = self.state()
        done = self.once()
        if done.returncode != 0:
            fail(f"it fails by itself: {done.stderr.decode()}")
        self.calls, self.live = self.count() if self.kind != "strace" else (0, 0)
        self.out, self.files, self.names = done.stdout, self.written(), self.listing()
        self.after = [(self.work / name).read_bytes() for name in self.options.get("together", [])]
        self.new = self.state()
        again = self.once()
        if again.stdout != self.out:
            self.out = None
        files = self.written()
        self.files = {name: data if files.get(name) == data else None for name, data in self.files.items()}

    def judge_failed(self, done, state):
        lines = [line for line in done.stderr.decode().splitlines() if line.startswith("secretsctl: ")]
        if done.returncode != self.options.get("failed", 1):
            fail(f"status {done.returncode}")
        if "statement" in self.options and b"not searched: " in done.stdout:
            return
        if self.kind == "strace" and not lines:
            return  # the write that failed was the one of the message
        lines = [line for line in lines if not line.startswith("secretsctl: warning: ")]
        if len(lines) != 1:
            fail(f"{len(lines)} messages")
        memory = "out of memory" in lines[0] or "not enough memory" in lines[0]
        if memory != (self.kind == "alloc"):
            fail("the message tells of another failure")
        late = "late" in self.options or "it is not known" in lines[0]
        if state == self.new != self.old and not late:
            fail("it failed, but was stored")

    def judge_passed(self, done, state):
        if state != self.new:
            fail(f"status 0, but the vault is in state {state}, not {self.new}")
        # a file of the project that cannot be read makes another plan, which says so
        if self.out is not None and done.stdout != self.out and "together" not in self.options:
            fail("status 0, but not all of the output")
        if "look" in self.options and self.run(*self.options["look"]).returncode != 0:
            fail("status 0, but what was written does not verify")
        for name, data in self.files.items() if "look" not in self.options else ():
            path = self.work / name
            same = "varies" in self.options or data is None
            if not path.is_file() or not (same or path.read_bytes() == data):
                fail(f"status 0, but '{name}' is not complete")

    def judge_rest(self, done):
        """What a failed allocation leaves: nothing in memory, no temporary file, no half of a file."""
        _, live = self.count()
        if live > self.live:
            fail(f"{live} blocks are still allocated at the end, without a failure {self.live}")
        for name in self.listing() - self.names:
            # without any memory the next generation stays, as after kill -9: the next run removes it
            if not name.endswith(("-wal", "-shm", "/.~next")) and "/.~next/" not in name:
                fail(f"'{name}' is left over")
        if done.returncode != 0:
            for name, data in self.written().items():
                whole = self.files.get(name)
                if whole is not None and "varies" in self.options:
                    data, whole = len(data), len(whole)
                if whole not in (None, data):
                    fail(f"'{name}' is not complete")

    def judge_together(self, state):
        """Files that change together are all old or all new, once the next run has finished it. Where
        another plan was made, for a file that could not be read, it can be undone as a whole."""
        if "together" not in self.options:
            return
        self.run("compose", "rewrite", "-f", self.options["together"][0])
        now = [(self.work / name).read_bytes() for name in self.options["together"]]
        old = [(self.good / name).read_bytes() for name in self.options["together"]]
        if now == self.after and state != self.new:
            fail("the files are new and the vault is not")
        if now in (old, self.after):
            return
        self.must("compose", "restore", "-f", self.options["together"][0])
        if [(self.work / name).read_bytes() for name in self.options["together"]] != old:
            fail("some of the files are old and some new")

    def try_one(self, plan, **more):
        done = self.once(SC_FAIL_AT=plan, **more)
        try:
            if done.returncode < 0:
                fail(f"signal {-done.returncode}")
            if self.kind == "alloc":
                self.judge_rest(done)
            state = self.state(done.stderr.decode())
            if state not in (self.old, self.new):
                fail(f"neither the old state {self.old} nor the new one {self.new}, but {state}")
            self.judge_together(state)
            if done.returncode == 0:
                self.judge_passed(done, state)
            else:
                self.judge_failed(done, state)
        except Failed as what:
            text = done.stderr.decode()
            fail(f"{self.kind} {plan} {more or ''}: {what}\n{text}")
        key = "done all the same" if done.returncode == 0 else \
            "failed" if state == self.old else "stored, then failed"
        self.told[key] = self.told.get(key, 0) + 1
        if key == "stored, then failed" and os.environ.get("SC_FAULT_KEEP_GOING"):
            print(f"{plan} {more or ''}: {done.stderr.decode().strip()}")

    def places(self, count):
        samples = SAMPLES if self.kind != "strace" else 3
        step = 1 if os.environ.get("SC_FAULT_ALL") else count // samples + 1
        return range(self.random.randint(1, step), count + 1, step)

    def system_calls(self):
        """(place, options of strace) for each call of each kind, those of the loader left out."""
        plans = []
        for calls in SYSTEM_CALLS:
            self.once(inject=["-e", f"trace={calls}"])
            lines = (self.top / "trace").read_text().splitlines()
            loader = max((n for n, line in enumerate(lines) if ".so" in line), default=-1) + 1
            self.calls += len(lines) - loader
            for name in ERRORS:
                for n in self.places(len(lines) - loader):
                    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error={name}:when={loader + n}"]
                    plans.append((f"{calls} {loader + n} {name}", {"inject": inject}))
        return plans

    def sweep(self):
        self.prepare()
        self.learn()
        errors, tried = [], 0
        plans = [(str(n) + more, {}) for n in self.places(self.calls) for more in ("", "+")]
        if self.kind == "strace":
            plans = self.system_calls()
        if self.kind == "io":
            self.once(SC_FAIL_CHANGES="1")
            full = {"SC_FAIL_CHANGES": "1", "SC_FAIL_ERRNO": "28"}
            plans += [(str(n), full) for n in self.places(self.count()[0])]
        for plan, more in plans:
            tried += 1
            try:
                self.try_one(plan, **more)
            except Failed as what:
                errors.append(what)
                if not os.environ.get("SC_FAULT_KEEP_GOING"):
                    raise
        told = ", ".join(f"{count} {what}" for what, count in sorted(self.told.items()))
        print(f"{self.name}: {self.calls} calls, {tried} failures of {self.kind}: {told}")
        for what in errors:
            print(f"FAIL: {what}")
        return 1 if errors else 0


def main():
    if sys.argv[1:] == ["names"]:
        print(*TABLE)
        return 0
    if len(sys.argv) != 4 or sys.argv[1] not in ("alloc", "io", "strace") or sys.argv[3] not in TABLE:
        raise SystemExit(__doc__)
    sweep = Sweep(*sys.argv[1:])
    try:
        return sweep.sweep()
    except Failed as what:
        print(f"FAIL: {sweep.name}: {what}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(sweep.top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
