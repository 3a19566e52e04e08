# SPDX-License-Identifier: Apache-2.0
# The snippets of docs/ci, run by a stand-in of each runner that fails when a value reaches its log.
. "$SC_SOURCE/tests/support/functions.sh"

requires python3
[ -d /dev/shm ] || skip "there is no /dev/shm"
mkdir ci bin
export SECRETSCTL_VAULT=$T/ci/vault.db
new_vault
printf '100%% p@ss w"ord' | "$SECRETSCTL" add shop/db_password
printf -- '-----BEGIN KEY-----\nMIIEvgIBADANBgkq\nab\n-----END KEY-----\n' | "$SECRETSCTL" add shop/key
ln -s "$SECRETSCTL" bin/secretsctl
export PATH=$T/bin:$PATH
cat >Makefile <<'END'
integration:
	@test -n "$$(cat "$$DB_PASSWORD_FILE")" && echo "password $$(cat "$$DB_PASSWORD_FILE")"
	@cat "$$KEY_FILE"; base64 <"$$KEY_FILE"; env | grep -c SECRETSCTL_ || true
	@echo '::add-mask::child'
END
# The vault here opens with a key file: the snippets' identity is exchanged for it.
cat >runner.py <<'END'
import os, subprocess, sys
text, kind = open(sys.argv[1]).read(), sys.argv[2]
lines = text.splitlines()
if kind == "github":
    at = next(i for i, l in enumerate(lines) if l.strip() == "run: |")
    indent = len(lines[at + 1]) - len(lines[at + 1].lstrip())
    script = "\n".join(l[indent:] for l in lines[at + 1:])
    env = dict(os.environ, GITHUB_ACTIONS="true", GITHUB_RUN_ID="1", IDENTITY="unused")
else:
    at = next(i for i, l in enumerate(lines) if l.strip() == "script:")
    script = "\n".join(l.strip()[2:] for l in lines[at + 1:] if l.strip().startswith("- "))
    env = dict(os.environ)
script = script.replace("export SECRETSCTL_IDENTITY=$identity ", "export ")
done = subprocess.run(["bash", "-e", "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
masks, log = [], []
def unescape(t): return t.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
for line in done.stdout.decode().splitlines():
    if kind == "github" and line.startswith("::add-mask::"):
        masks.append(unescape(line[len("::add-mask::"):]))
        continue
    for mask in sorted(masks, key=len, reverse=True): line = line.replace(mask, "***")
    log.append(line)
log = "\n".join(log)
sys.stdout.write(log + "\n")
assert done.returncode == 0, done.returncode
for value in ['100% p@ss w"ord', "MIIEvgIBADANBgkq", "TUlJRXZnSUJBREFOQmdrc"]:
    assert value not in log, "a value reached the log"
if kind == "github":
    assert '100% p@ss w"ord' in masks and "MIIEvgIBADANBgkq" in masks, "the runner was not told"
    assert "ab" not in masks, "a short line would blacken the log"
END
for kind in github gitlab; do
    run 0 python3 runner.py "$SC_SOURCE/docs/ci/$kind.yml" "$kind"
    out_has 'password ***'
done

# Outside of a runner the values are not printed.
run 125 env -u GITHUB_ACTIONS "$SECRETSCTL" run --scope shop --ci-mask=github -- true
err_is "secretsctl: --ci-mask=github prints values for the runner to mask, and this is not one (GITHUB_ACTIONS, GITHUB_RUN_ID, standard output not a terminal)"
out_is ""
