# SPDX-License-Identifier: Apache-2.0
# The snippets of docs/ci, run by a stand-in of each runner that fails when a value reaches its log.
. "$SC_SOURCE/tests/support/functions.sh"

requires python3 age-keygen
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
	@echo "VERSION=1.2" >made.env
	@test -z "$$LEAK" || echo "DSN=db:$$(base64 -w0 <"$$DB_PASSWORD_FILE")" >>made.env
END
# What docs/ci/README.md says to do once; git brings the bundle with the mode that all files have.
age-keygen -o ci.txt 2>/dev/null
run 0 "$SECRETSCTL" grant add shop "$(age-keygen -y ci.txt)"
run 0 "$SECRETSCTL" bundle --scope shop -o ci/shop.sctl
chmod 644 ci/shop.sctl ci.txt
run 0 "$SECRETSCTL" check
key=$(sed -n 's/^verify key	//p' out)
[ -n "$key" ] || fail "'check' prints no verify key"
mkdir vaults
mv ci/vault.db* vaults/
cat >runner.py <<'END'
import os, subprocess, sys
text, kind = open(sys.argv[1]).read(), sys.argv[2]
lines = text.splitlines()
if kind == "github":
    at = next(i for i, l in enumerate(lines) if l.strip() == "run: |")
    indent = len(lines[at + 1]) - len(lines[at + 1].lstrip())
    script = "\n".join(l[indent:] for l in lines[at + 1:])
    env = dict(os.environ, GITHUB_ACTIONS="true", GITHUB_RUN_ID="1", IDENTITY=open("ci.txt").read())
else:
    at = next(i for i, l in enumerate(lines) if l.strip() == "script:")
    script = "\n".join(l.strip()[2:] for l in lines[at + 1:] if l.strip().startswith("- "))
    report = next(l.split(":")[1].strip() for l in lines if l.strip().startswith("dotenv:"))
    env = dict(os.environ, SECRETSCTL_IDENTITY="ci.txt")
done = subprocess.run(["bash", "-e", "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
masks, log = [], []
def unescape(t): return t.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
for line in done.stdout.decode().splitlines():
    if kind == "github" and line.startswith("::add-mask::"):
        masks.append(unescape(line[len("::add-mask::"):]))
        continue
    for mask in sorted(masks, key=len, reverse=True): line = line.replace(mask, "***")
    log.append(line)
# GitLab takes a report whatever became of the job: lines of NAME=VALUE, and hands them to later jobs.
if kind == "gitlab" and os.path.exists(report):
    for line in open(report).read().splitlines():
        name, equals, value = line.partition("=")
        assert equals and name.replace("_", "").isalnum(), "GitLab refuses the report"
        log.append(f"later job: {name}={value}")
log = "\n".join(log)
sys.stdout.write(log + "\n")
assert (done.returncode != 0) == ("LEAK" in os.environ), done.returncode
for value in ['100% p@ss w"ord', "MIIEvgIBADANBgkq", "TUlJRXZnSUJBREFOQmdrc", "MTAwJSBwQHNzIHcib3Jk"]:
    assert value not in log, "a value reached the log"
if kind == "github":
    assert '100% p@ss w"ord' in masks and "MIIEvgIBADANBgkq" in masks, "the runner was not told"
    assert "ab" not in masks, "a short line would blacken the log"
END
runner() {
    rm -rf "$XDG_STATE_HOME"
    env -u SECRETSCTL_KEY_FILE -u SECRETSCTL_VAULT SECRETSCTL_VAULT_KEY="$key" "$@"
}
for kind in github gitlab; do
    run 0 runner python3 runner.py "$SC_SOURCE/docs/ci/$kind.yml" "$kind"
    out_has 'password ***'
done
out_has 'later job: VERSION=1.2'
# A command that writes a value into its report fails the job, and no later job gets it.
rm -f made.env result.env
run 0 runner env LEAK=1 python3 runner.py "$SC_SOURCE/docs/ci/gitlab.yml" gitlab
out_lacks 'later job'
out_has 'shop/db_password'

export SECRETSCTL_VAULT=$T/vaults/vault.db

# Outside of a runner the values are not printed.
run 125 env -u GITHUB_ACTIONS "$SECRETSCTL" run --scope shop --ci-mask=github -- true
err_is "secretsctl: --ci-mask=github prints values for the runner to mask, and this is not one (GITHUB_ACTIONS, GITHUB_RUN_ID, standard output not a terminal)"
out_is ""
