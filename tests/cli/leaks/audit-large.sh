# SPDX-License-Identifier: Apache-2.0
# Large sources are looked at piece by piece: a token is found wherever it stands, and told as in a small file.
. "$SC_SOURCE/tests/support/functions.sh"

python3 - <<'PY'
import os
LINE, SIZE, WINDOW, SHARED = b"int lines = 1;\n", 1400000, 512 * 1024, 24 * 1024
TOKEN = b'char *x = "glpat-' + b'Ab3dE6gH9jK2mN5pQ8sT";\n'
KEY = b"-----BEGIN RSA PRIVATE" + b" KEY-----" + b" " * 16000 + b"\n" + b"MIIEpAIBAAKCAQEA" * 5 + b"\n-----END\n"
edges = [0, WINDOW - SHARED, WINDOW - 20 * 1024, WINDOW, 2 * WINDOW - SHARED, 2 * WINDOW - 2 * SHARED, SIZE]
os.mkdir("tokens"), os.mkdir("keys"), os.mkdir("none")
wanted = []
def write(folder, number, at, token):
    before = LINE * (at // len(LINE))
    with open(f"{folder}/{number:02}.c", "wb") as file:
        file.write(before + b" " * (at - len(before)) + token + LINE * ((SIZE - at) // len(LINE)))
    wanted.append(f"{folder}/{number:02}.c\t{before.count(10) + 1}")
for number, at in enumerate(max(edge + by, 0) for edge in edges for by in (-30, -14, -3, 0, 1)):
    write("tokens", number, at, TOKEN)
for number, at in enumerate(edges):
    write("keys", number, at, KEY)
with open("want", "w") as file:
    file.write("\n".join(sorted(wanted)) + "\n")
with open("none/a.c", "wb") as file:
    file.write(LINE * (WINDOW // len(LINE) * 3))
with open("none/b.c", "wb") as file: # as long as one piece
    file.write((LINE * SIZE)[:WINDOW])
PY
run 3 "$SECRETSCTL" audit tokens keys
cut -f 1,2 out | sort >got
diff want got || fail "findings differ"

run 0 "$SECRETSCTL" audit none
out_is ""
err_is "secretsctl: 0 findings (0 high, 0 medium, 0 low) in 2 files, 0 suppressed, 0 skipped"

# A file for its own is told as through a pipe, which is read as a whole.
run 3 "$SECRETSCTL" audit --json tokens/12.c
jq -c '.findings[] | [.line, .rule, .excerpt]' out >file
run 3 "$SECRETSCTL" audit --json - <tokens/12.c
jq -c '.findings[] | [.line, .rule, .excerpt]' out >pipe
diff pipe file || fail "a file is told otherwise than a pipe"
[ -s file ] || fail "nothing to compare"
