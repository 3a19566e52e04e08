# SPDX-License-Identifier: Apache-2.0
# Thousands of credentials: in one service, in one text, in an env file, behind variables, or one in each of many
# services. A step that looks through all of them, or through the text, for each takes minutes of processor time and
# is ended.
. "$SC_SOURCE/tests/support/functions.sh"
requires python3
export SECRETSCTL_RUN_DIR=/run/secretsctl DOCKER_HOST=unix:///nonexistent

python3 - <<'PY'
import os

COUNT = 3000
HEAD = "services:\n  db:\n    image: example/db\n    entrypoint: [/db]\n"

def project(name, text, **files):
    os.makedirs(name)
    for file, content in {"compose.yml": text, **files}.items():
        with open(f"{name}/{file}", "w") as out:
            out.write(content)

def lines(form, count=COUNT):
    return "".join(form.replace("%", str(i)) for i in range(count))

project("variables", HEAD + "    environment:\n" + lines("      DB%_PASSWORD: canary-value-%\n"))
project("content", HEAD + "    configs: [c]\nconfigs:\n  c:\n    content: |\n" + lines("      A%_PASSWORD=canary-value-%\n"))
project("check", HEAD + "    healthcheck:\n      test: |\n" + lines("        mysql --password=canary-value-% -e x\n"))
project("env_file", HEAD + "    env_file: db.env\n", **{"db.env": lines("DB%_PASSWORD=canary-value-%\n")})
project("dotenv", HEAD + "    environment:\n" + lines("      DB%_PASSWORD: ${DB%_PASSWORD}\n"),
        **{".env": lines("DB%_PASSWORD=canary-value-%\n")})
project("services", "services:\n" + lines("  db%:\n    image: postgres\n    environment:\n"
                                          "      POSTGRES_PASSWORD: canary-value-%\n", 2000))
PY
# Of the processor, for each: several times what it takes.
limit=8
[ -z "${SC_SANITIZED:-}" ] || limit=120
check() { # FOLDER SUMMARY
    local status=0
    (ulimit -t $limit && exec "$SECRETSCTL" compose rewrite -f "$1/compose.yml" --shim /opt/secretsctl-shim) >"$T/out" 2>"$T/err" || status=$?
    [ $status = 0 ] || { tail -3 "$T/err"; fail "$1 ended with $status"; }
    err_is "secretsctl: $2"
    out_lacks canary
}
check variables '3000 to move, 0 stay; nothing was changed, use --write'
check content '3000 to move, 0 stay; nothing was changed, use --write'
check check 'nothing to move; 3000 stay'
check env_file '3000 to move, 0 stay; nothing was changed, use --write'
check dotenv '3000 to move, 0 stay; nothing was changed, use --write'
check services '2000 to move, 0 stay; nothing was changed, use --write'
