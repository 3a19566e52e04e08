# SPDX-License-Identifier: Apache-2.0
# A recipient of a scope has its key, so it can seal any value for the others; without the signing key
# nobody takes it.
. "$SC_SOURCE/tests/support/functions.sh"
needs_reader
requires age-keygen
new_vault
printf genuine | run 0 "$SECRETSCTL" add shop/a
cat >forge.py <<'PY'
import hashlib, os, sqlite3, sys
sys.path.insert(0, sys.argv[1])
import reader
from nacl import bindings
vault = reader.Vault("vault.db").unlock(key_file=open("key", "rb").read())
scope_id, uid, epoch, name, key = next(vault.scopes())  # what a grant gives
k_val = reader.kdf(key, b"value", uid + reader.u32(epoch))
idx, ver, blob_id = vault.all("SELECT idx, ver, blob_id FROM rec WHERE kind=1")[0]
aad = b"SCTLv1" + vault.id + uid + reader.u32(epoch) + b"\x01" + idx + reader.u64(ver) + b"\x01\0\0"
content = b"\x01" + reader.u32(0) + b"forged!"
padded = content + b"\x80" + bytes(256 - len(content) - 1)
salt = os.urandom(32)
kk = hashlib.blake2b(b"secretsctl/v1/rec\0" + salt + reader.sized(aad), key=k_val, digest_size=64).digest()
blob = b"\x01" + salt + kk[32:] + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, aad, bytes(24), kk[:32])
assert reader.unseal(k_val, b"rec", aad, blob) == content
rh = reader.H(b"row", uid, idx, reader.u64(ver), reader.u32(1), reader.u32(epoch), reader.sized(blob))
vault.db.close()
db = sqlite3.connect("vault.db")
db.execute("UPDATE blob SET ct=? WHERE id=?", (blob, blob_id))
db.execute("UPDATE rec SET rh=? WHERE kind=1", (rh,))
rows = b"".join(i + reader.u64(v) + reader.u32(k) + h for i, v, k, h in
                db.execute("SELECT idx, ver, kind, rh FROM rec ORDER BY idx, ver, kind"))
db.execute("UPDATE scope SET root=?", (reader.H(b"bucket", rows),))
db.commit()
db.close()
PY
PYTHONDONTWRITEBYTECODE=1 run 0 "$python" forge.py "$SC_SOURCE/tests/vault"
run 6 "$SECRETSCTL" get shop/a
err_is "secretsctl: the scopes in the vault's file are not the signed ones"
out_is ""
run 6 "$SECRETSCTL" check

# Somebody without any key can put in a verify key of his own and sign all that stands there with it: where nothing is
# pinned, the key slots and the grants tell, in which the one that belongs to them is sealed.
rm -f vault.db key forge.py
export XDG_STATE_HOME=$T/elsewhere
new_vault
printf genuine | run 0 "$SECRETSCTL" add shop/a
age-keygen -o reader.key 2>/dev/null
run 0 "$SECRETSCTL" grant add shop "$(age-keygen -y reader.key)"
cat >sign.py <<'PY'
import sqlite3, sys
sys.path.insert(0, sys.argv[1])
import reader
from nacl import bindings
public, secret = bindings.crypto_sign_keypair()
db = sqlite3.connect("vault.db")
db.execute("UPDATE vault SET sign_pk=?", (public,))
row = db.execute("SELECT vault_id, format, min_reader, min_writer, sign_pk FROM vault").fetchone()
texts = [x if isinstance(x, bytes) else str(x).encode() for x in row]
body = db.execute("SELECT body FROM state").fetchone()[0]
body = body[:104] + reader.H(b"vault", b"".join(map(reader.sized, texts))) + body[136:]
signed = bindings.crypto_sign(b"secretsctl/v1/state\0" + body, secret)
db.execute("UPDATE state SET body=?, sig=?", (body, signed[:64]))
db.commit()
PY
PYTHONDONTWRITEBYTECODE=1 run 0 "$python" sign.py "$SC_SOURCE/tests/vault"
export XDG_STATE_HOME=$T/new
run 6 "$SECRETSCTL" get shop/a
err_is "secretsctl: the vault's verify key is not the one of its key slots"
out_is ""
run 6 env -u SECRETSCTL_KEY_FILE "$SECRETSCTL" --identity reader.key get shop/a
err_is "secretsctl: a grant belongs to another vault, or another verify key"
out_is ""
[ ! -e "$XDG_STATE_HOME" ] || fail "a verify key was pinned that no key stands for: $(find "$XDG_STATE_HOME")"
