# SPDX-License-Identifier: Apache-2.0
# Tables that never end: inner pages whose children are all the same page, level upon level. Whoever reads them stops
# after as many rows as are signed, or as there may be.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
requires python3
new_vault
for name in a b c; do
    printf 1 | run 0 "$SECRETSCTL" add "shop/$name"
done

# What was the only page of `rec` becomes the child of all inner pages of five levels.
cat >unfold.py <<'PY'
import sqlite3, struct
PAGE, KEPT, LEVELS = 4096, 8, 5
db = sqlite3.connect("vault.db")
root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='rec'").fetchone()
db.close()
file = bytearray(open("vault.db", "rb").read())
at = (root - 1) * PAGE
leaf = bytes(file[at:at + PAGE])
assert leaf[0] == 10
start, = struct.unpack(">H", leaf[8:10])
cell = leaf[start:start + leaf[start] + 1]
def inner(child):
    page, end, pointers = bytearray(PAGE), PAGE - KEPT, []
    while end - 4 - len(cell) > 12 + 2 * (len(pointers) + 1):
        end -= 4 + len(cell)
        page[end:end + 4 + len(cell)] = struct.pack(">I", child) + cell
        pointers.append(end)
    page[:12] = struct.pack(">BHHHBI", 2, 0, len(pointers), end, 0, child)
    page[12:12 + 2 * len(pointers)] = struct.pack(f">{len(pointers)}H", *pointers)
    return page
child = len(file) // PAGE + 1
file += leaf
for _ in range(LEVELS - 1):
    file += inner(child)
    child += 1
file[at:at + PAGE] = inner(child)
file[28:32] = struct.pack(">I", len(file) // PAGE)
open("vault.db", "wb").write(file)
PY
python3 unfold.py
for command in "get shop/a" "history shop/a" list "list --expired" "export shop --format env" check "rotate shop/a --generate"; do
    # shellcheck disable=SC2086 # words
    run 6 timeout 60 "$SECRETSCTL" $command
    grep -qE "rows of scope 'shop' are not the signed ones|structure is damaged|file is damaged" err || fail "$command: $(cat err)"
done
