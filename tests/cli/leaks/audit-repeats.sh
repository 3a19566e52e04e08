# SPDX-License-Identifier: Apache-2.0
# Texts that say the same a hundred thousand times are read like others: a reader that goes back for each would take
# minutes of processor time and is ended.
. "$SC_SOURCE/tests/support/functions.sh"

python3 - <<'PY'
import os
SIZE = 300000
WORDS = ["@tcp(", "a:b@tcp(", "password=", "password=x,", 'password="x" ', "--password ", "--password=x ",
         "a://b:c@d ", "://", "a=", "${", "${a:-", "{{", "$(", "`", "'", '"', "\\", "{", '{"', "[", "(", "<a>", '<a b="',
         "<<E\n", "<<E ", "#", "- ", "a:\n ", "a: ", "export A=", "ENV A=", "RUN a \\\n", "```sh\n", "~~~\n", "|\n",
         "eyJ", "AKIA", "-----BEGIN ", "-----BEGIN PRIVATE " + "KEY-----\n", "AAAA", "define(", 'password("',
         '"password":"x",', "IDENTIFIED BY ", "curl -u a:b ", "-p", "/*", "*/", "%a%", "\t", "\r\n", " ", "é",
         "-Da=b ", "machine a login b password c\n", "a:b:c:d:e\n", "@", '@Value("', 'f"', '"""', '"+"', "\\u0041",
         "&quot;", "%41", "=3D", "Authorization: Basic ", "Bearer "]
NAMES = [".env", "Dockerfile", "a.sh", "a.md", "a.json", "a.xml", "a.py", "a.js", "a.php", "a.sql", "a.service",
         "Makefile", "a.bat", "a.ini", ".netrc"]
COMPOSE = "services:\n  a:\n    image: x\n    command: '%s'\n    environment:\n      DATA: '%s'\n"
for number, word in enumerate(WORDS):
    folder = f"texts/{number:02}"
    os.makedirs(folder)
    text = word * (SIZE // len(word.encode()))
    for name in NAMES[number % 5 :: 5]:
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    quoted = text.replace("'", "''").replace("\n", "\n        ")
    with open(f"{folder}/compose.yml", "w") as file:
        file.write(COMPOSE % (quoted, quoted))
PY
# Of the processor, whatever else the machine does: many times what it takes.
limit=50
[ -z "${SC_SANITIZED:-}" ] || limit=300
status=0
(ulimit -t $limit && exec "$SECRETSCTL" audit texts) >out 2>err || status=$?
[ $status = 3 ] || [ $status = 1 ] || fail "audit ended with $status"
grep -q "findings (.*) in [0-9]* files" err || fail "no summary"
