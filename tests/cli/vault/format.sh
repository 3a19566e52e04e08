# SPDX-License-Identifier: Apache-2.0
# What a program does with a vault of a newer format: read it or leave it, as the vault says; a format that was
# only written into the file is seen through. The way up is tested in tests/vault/upgrade.
. "$SC_SOURCE/tests/support/functions.sh"
requires sqlite3
needs_reader
new_vault
printf v | run 0 "$SECRETSCTL" add shop/pw
run 0 "$SECRETSCTL" upgrade
err_is "secretsctl: the vault has format 1, the newest this program knows"
cp vault.db good.db

# Sets format, min_reader and min_writer as a program of the future would, and signs the state again.
cat >future.py <<'PY'
import sqlite3, sys
sys.path.insert(0, sys.argv[1])
import reader
from nacl import bindings

number, min_reader, min_writer = map(int, sys.argv[2:5])
vault = reader.Vault("good.db").unlock(key_file=open("key", "rb").read())
db = sqlite3.connect("vault.db")
db.text_factory = bytes
body, = db.execute("SELECT body FROM state").fetchone()
db.execute("UPDATE vault SET format=?, min_reader=?, min_writer=?", (number, min_reader, min_writer))
columns = db.execute("SELECT vault_id, format, min_reader, min_writer, sign_pk FROM vault").fetchone()
body = reader.u32(number) + body[4:104] + reader.H(b"vault", *[vault.column(c) for c in columns]) + body[136:]
signed = bindings.crypto_sign(b"secretsctl/v1/state\0" + body, vault.sign_sk)
db.execute("UPDATE state SET body=?, sig=?", (body, signed[:64]))
db.execute(f"PRAGMA user_version={number}")
db.commit()
PY
future() {
    rm -rf state vault.db vault.db-*
    cp good.db vault.db
    "$python" future.py "$SC_SOURCE/tests/vault" "$@"
}

future 2 2 2
for command in "get shop/pw" list check "rm shop/pw" "backup copy.db" "slot list" upgrade compact; do
    # shellcheck disable=SC2086
    run 9 "$SECRETSCTL" $command
    err_is "secretsctl: this vault has format 2 and needs a newer version of this program, which knows format 1"
done
[ ! -e copy.db ] || fail "a vault of an unknown format was copied"

future 2 1 2
run 0 "$SECRETSCTL" get shop/pw
out_is v
run 0 "$SECRETSCTL" list
run 9 "$SECRETSCTL" rotate shop/pw <<<w
err_is "secretsctl: this version of the program can read this vault, of format 2, but not change it; update it"
run 9 "$SECRETSCTL" rekey
run 0 "$SECRETSCTL" get shop/pw
out_is v

# A newer format that this program may write stays the newer format
future 3 1 1
printf w | run 0 "$SECRETSCTL" rotate shop/pw
run 0 "$SECRETSCTL" compact # gives the pages that were written from outside their sums again
run 0 "$SECRETSCTL" check --decrypt
[ "$(sqlite3 vault.db 'PRAGMA user_version')" = 3 ] || fail "the format was set back"
[ "$(sqlite3 vault.db 'SELECT hex(substr(body, 1, 4)) FROM state')" = 03000000 ] || fail "the signed format was set back"

# With other tables it is a newer format, not a damaged file; the same tables changed by hand are damage
future 2 1 1
sqlite3 vault.db "CREATE TABLE extra(a)"
run 9 "$SECRETSCTL" get shop/pw
err_is "secretsctl: this vault has format 2, newer than this program (format 1); update it"
cp good.db vault.db
sqlite3 vault.db "CREATE TABLE extra(a)"
run 6 "$SECRETSCTL" get shop/pw

# Written into the file without the signature
for sql in "PRAGMA user_version=2" "UPDATE vault SET format=2" "PRAGMA user_version=2; UPDATE vault SET format=2" \
    "UPDATE vault SET min_writer=0" "PRAGMA user_version=0"; do
    cp good.db vault.db
    sqlite3 vault.db "$sql"
    run 6 "$SECRETSCTL" get shop/pw
done
