# SPDX-License-Identifier: Apache-2.0
# Pages of SQLite are not signed, only what they say. A page made by somebody without a key says the signed rows, but
# calls the bytes of one of them free, so that the next row is written over it. A writer must not sign what is left.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
requires python3
new_vault
printf 1 | run 0 "$SECRETSCTL" add shop/a
printf 1 | run 0 "$SECRETSCTL" add shop/b
printf 2 | run 0 "$SECRETSCTL" rotate shop/b

# Lays the page of `rec` out anew: in front of the name row of shop/b, the one with two values, are a few bytes that
# really are free, and the free block that begins there reaches over that row.
cat >lay_out.py <<'PY'
import sqlite3, struct, sys
PAGE, KEPT, NEW_ROW, GAP = 4096, 8, 75, 4
db = sqlite3.connect("vault.db")
root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='rec'").fetchone()
rows = list(db.execute("SELECT idx, ver FROM rec ORDER BY scope_id, idx, ver, kind"))
victim = rows.index((next(idx for idx, ver in rows if ver == 2), 0))
db.close()
file = bytearray(open("vault.db", "rb").read())
at = (root - 1) * PAGE
old = bytes(file[at:at + PAGE])
kind, _, count, _, _ = struct.unpack(">BHHHB", old[:8])
assert kind == 10 and count == len(rows) == 5
page, end, pointers = bytearray(PAGE), PAGE - KEPT, []
for i in range(count):
    start, = struct.unpack(">H", old[8 + 2 * i:10 + 2 * i])
    cell = old[start:start + 1 + old[start]]
    end -= len(cell)
    page[end:end + len(cell)] = cell
    pointers.append(end)
    if i == victim:
        end -= GAP
        free = end
        page[end:end + GAP] = struct.pack(">HH", 0, GAP + NEW_ROW)
page[:8] = struct.pack(">BHHHB", kind, free, count, end, 0)
page[8:8 + 2 * count] = struct.pack(f">{count}H", *pointers)
file[at:at + PAGE] = page
open("vault.db", "wb").write(file)
PY
cp vault.db honest.db
python3 lay_out.py
cmp -s vault.db honest.db && fail "nothing was changed"
cp vault.db made.db

# Who only reads loses nothing by it, and check names it.
run 0 "$SECRETSCTL" get shop/b
out_is 2
run 0 "$SECRETSCTL" list
[ "$(wc -l <out)" -eq 2 ] || fail "not all entries are listed"
run 6 "$SECRETSCTL" check
err_has "the file's structure is damaged"

told="what was written is not what stands in the vault's file now: its pages were made by somebody else, or are damaged; nothing was changed"
run 6 "$SECRETSCTL" rotate shop/a <<<2
err_is "secretsctl: $told"
run 0 "$SECRETSCTL" get shop/a
out_is 1
run 0 "$SECRETSCTL" get shop/b
out_is 2
printf 'A=2\n' >x.env
run 6 "$SECRETSCTL" import x.env --scope shop --on-conflict replace
err_is "secretsctl: $told"

alice=age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
# What writes everything anew, or gives somebody keys, looks at all pages first.
for command in "slot add --recipient $alice" "rekey shop" "compact --keep 1" \
    "grant add shop $alice"; do
    # shellcheck disable=SC2086 # words
    run 6 "$SECRETSCTL" $command
    err_has "the file's structure is damaged"
done
run 0 "$SECRETSCTL" list
[ "$(wc -l <out)" -eq 2 ] || fail "an entry is gone"
