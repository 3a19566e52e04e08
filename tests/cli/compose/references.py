#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every form of a variable at every place where a credential may stand, rewritten.

usage: references.py SECRETSCTL SHIM [--peer COMPOSE] [--some]      (--some: a part of the forms)

For each: the dry run is what --write does; no value is shown; where the plan reports nothing, no old value
is in `compose config` afterwards (of Docker Compose itself with --peer); a value that moved is in the vault as
the container got it; a variable of .env goes when what moved was its value. Prints what is wrong.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

VALUE, SECOND = "canary-val-0123456789", "canary-second-98765"
# name: (the text, the variables, what it is today; None: nothing)
FORMS = {
    "literal": (VALUE, {}, VALUE),
    "braces": ("${X_SECRET}", {"X_SECRET": VALUE}, VALUE),
    "no braces": ("$X_SECRET", {"X_SECRET": VALUE}, VALUE),
    ":- default": ("${X_SECRET:-" + VALUE + "}", {}, VALUE),
    "- default": ("${X_SECRET-" + VALUE + "}", {}, VALUE),
    "- set": ("${X_SECRET-other}", {"X_SECRET": VALUE}, VALUE),
    "- empty": ("${X_SECRET-" + VALUE + "}", {"X_SECRET": ""}, None),
    ":- empty": ("${X_SECRET:-" + VALUE + "}", {"X_SECRET": ""}, VALUE),
    ":? set": ("${X_SECRET:?must be}", {"X_SECRET": VALUE}, VALUE),
    "? unset": ("${X_SECRET?must be}", {}, None),
    ":+ set": ("${X_SECRET:+" + VALUE + "}", {"X_SECRET": "1"}, VALUE),
    "+ unset": ("${X_SECRET+" + VALUE + "}", {}, None),
    "nested": ("${X_SECRET:-${Y_SECRET:-" + VALUE + "}}", {}, VALUE),
    "nested, set": ("${X_SECRET:-${Y_SECRET}}", {"Y_SECRET": VALUE}, VALUE),
    "dollars": ("canary$$val-0123456789", {}, "canary$val-0123456789"),
    "unset": ("${X_SECRET}", {}, None),
    "empty": ("${X_SECRET}", {"X_SECRET": ""}, None),
    "two": ("${X_SECRET}${Y_SECRET}", {"X_SECRET": VALUE, "Y_SECRET": SECOND}, VALUE + SECOND),
    "behind text": ("pre-${X_SECRET}", {"X_SECRET": VALUE}, "pre-" + VALUE),
    "plain name": ("${X}", {"X": VALUE}, VALUE),
}
SOME = ("literal", "- default", "- empty", ":+ set", "nested", "unset", "two")
APP = "services:\n  app:\n    image: example/app\n    entrypoint: [/app]\n"
REDIS = "services:\n  app:\n    image: redis:7\n"
# name: the file, with @ for the text
PLACES = {
    "map": APP + '    environment:\n      A_PASSWORD: "@"\n',
    "list": APP + "    environment:\n      - A_PASSWORD=@\n",
    "url": APP + '    environment:\n      DATABASE_URL: "postgres://app:@%40db/app"\n',
    "query": APP + '    environment:\n      DATABASE_URL: "postgres://db/app?user=x&password=@&ssl=1"\n',
    "json": APP + "    environment:\n      CONFIG: '{\"password\": \"@\"}'\n",
    "dsn": APP + '    environment:\n      DSN: "host=db user=app password=@"\n',
    "file form": 'services:\n  app:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: "@"}\n',
    "build.args": APP.replace("image: example/app", 'build: {context: ., args: {NPM_TOKEN: "@"}}'),
    "labels": APP + '    labels: {app.password: "@"}\n',
    "command": REDIS + "    command: redis-server --requirepass @\n",
    "command list": REDIS + '    command: [redis-server, --requirepass, "@"]\n',
    "shell": REDIS + '    command: sh -c "start --password @"\n',
    "check": REDIS + '    healthcheck: {test: "redis-cli -a @ ping"}\n',
    "check list": REDIS + '    healthcheck: {test: [CMD, redis-cli, -a, "@", ping]}\n',
    "content": REDIS + '    configs: [c]\nconfigs:\n  c:\n    content: |\n      password = "@"\n      url = redis://:@%40h\n',
    "merge": 'x-e: &e {A_PASSWORD: "@"}\n' + APP + "    environment:\n      <<: *e\n",
    "alias": 'x-p: &p "@"\n' + APP + "    environment: {A_PASSWORD: *p}\n",
    "pgpass": 'services:\n  app: {image: example/tool, user: "1000", environment: {PGPASSWORD: "@"}}\n',
    "conf.d": 'services:\n  app: {image: "rabbitmq:3", environment: {RABBITMQ_DEFAULT_PASS: "@"}}\n',
    "set": "services:\n  app:\n    image: amazon/aws-cli\n    environment:\n      - AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPL2\n"
           "      - AWS_SECRET_ACCESS_KEY=@\n",
    "no shim": 'services:\n  app: {image: example/unknown, environment: {DATABASE_URL: "postgres://app:@%40db/app"}}\n',
    "shell default": REDIS + "    command: sh -c 'start --password \"@\"'\n",
    "exec list": APP + '    command: [--password, "@"]\n',
    "hook": APP + '    post_start: [{command: "a --password @"}]\n',
    "volume": APP + 'volumes:\n  v: {driver_opts: {o: "username=u,password=@"}}\n',
    "folded": APP + "    environment:\n      A_PASSWORD: >-\n        @\n",
    "env_file": APP + "    env_file: x.env\n",
}
ARGS = ("compose", "rewrite", "--scope", "x")


class Case:
    def __init__(self, program, root, folder, variables):
        self.program, self.folder = program, folder
        self.env = {"PATH": os.environ["PATH"], "HOME": root, "XDG_STATE_HOME": f"{folder}/state", **variables,
                    "SECRETSCTL_VAULT": f"{folder}/vault.db", "SECRETSCTL_KEY_FILE": root + "/key",
                    "SECRETSCTL_RUN_DIR": "/run/secretsctl", "DOCKER_HOST": "unix:///nonexistent"}

    def __call__(self, *words, program=None):
        done = subprocess.run([program or self.program, *words], cwd=self.folder, env=self.env, capture_output=True,
                              check=False)
        err = done.stderr.decode().strip()
        assert 0 <= done.returncode <= 10 and "Sanitizer" not in err, f"{words}: status {done.returncode}: {err[:300]}"
        return done.returncode, done.stdout.decode(), err

    def config(self, peer):
        status, out, err = self("-f", "compose.yml", "--all-resources", "config", program=peer) if peer else \
            self("compose", "config", "-f", "compose.yml", "--reveal", "--all")
        return status, out.replace("$$", "$"), err


def check(case, shim, peer, form):
    _, variables, today = form
    status, before, _ = case.config(peer)
    old = [value for value in (VALUE, SECOND, "canary$val-0123456789") if value in before]
    dry = case(*ARGS, "--shim", shim, "--json")
    shown = case(*ARGS, "--shim", shim)
    assert not [v for v in (VALUE, SECOND, "canary$$val", "canary$val") if v in shown[1] + shown[2] + dry[1]], "a value is shown"
    dotenv = (case.folder / ".env").read_text()
    written = case(*ARGS, "--shim", shim, "--json", "--write")
    assert dry[0] == written[0], f"the dry run says otherwise: {dry[2]} / {written[2]}"
    if status != 0:
        return
    assert dry[0] == 0, dry[2]
    assert dry[1].replace('"written":false', '"written":true') == written[1], "another plan"
    plan = json.loads(written[1])
    status, after, err = case.config(peer)
    assert status == 0, err
    moved = [item for item in plan["items"] if item["action"] == "move"]
    reports = [item for item in plan["items"] if item["action"] == "report"]
    assert reports or not [value for value in old if value in after], "a value is there still, and nothing says so"
    assert today is not None or not moved, "moved without a value"
    for name in {item["secret"] for item in moved if item["key"] != "AWS_ACCESS_KEY_ID"}:
        _, value, _ = case("get", "x/" + name)
        assert value == today, f"the vault has another value of '{name}'"
    gone = dotenv != (case.folder / ".env").read_text()
    assert not gone or list(variables.values()) == [today], "a line of .env went whose value did not move"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--peer")
    parser.add_argument("--some", action="store_true")
    args = parser.parse_args()
    os.umask(0o077)
    count, faults = 0, []
    with tempfile.TemporaryDirectory() as root:
        key = None
        for place, text in PLACES.items():
            for name, form in FORMS.items():
                if args.some and name not in SOME:
                    continue
                count += 1
                folder = pathlib.Path(root, f"p{count}")
                folder.mkdir()
                in_file = count % 2 == 0  # the variables are in .env, or the caller's
                case = Case(os.path.abspath(args.program), root, folder, {} if in_file else form[1])
                if key is None:
                    case("init", "--key-file", root + "/key")
                    key = (folder / "vault.db").read_bytes()
                (folder / "vault.db").write_bytes(key)
                (folder / "compose.yml").write_text(text.replace("@", form[0]).replace("%40", "@"))
                (folder / "x.env").write_text(f"A_PASSWORD={form[0]}\n")
                (folder / ".env").write_text("".join(f"{k}={v}\n" for k, v in form[1].items()) if in_file else "")
                try:
                    check(case, args.shim, args.peer, form)
                except AssertionError as error:
                    faults.append(f"{place}, {name}{', .env' if in_file else ''}: {error}")
    print("\n".join(faults))
    print(f"{count} cases, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
