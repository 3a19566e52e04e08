# SPDX-License-Identifier: Apache-2.0
"""An independent reader of vaults, written from docs/FORMAT.md: Python, its own sqlite3 and hashlib, and
PyNaCl for XChaCha20-Poly1305, X25519, Ed25519 and Argon2id. age files are opened here too.

    reader.py VAULT KEY-FILE           prints every entry as  name TAB version TAB hex of the value
    reader.py --passphrase VAULT FILE  the same, unlocked by the passphrase in FILE
    reader.py --bundle BUNDLE IDENTITY the same of a bundle, opened by an age identity
"""
import base64
import hashlib
import hmac
import os
import re
import sqlite3
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import bindings, exceptions, pwhash


class Damaged(Exception):
    """Something in the file is not what was signed or sealed."""


def need(condition, what):
    if not condition:
        raise Damaged(what)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def sized(data):
    return u64(len(data)) + data


def H(label, *parts):
    return hashlib.blake2b(b"secretsctl/v1/" + label + b"\0" + b"".join(parts), digest_size=32).digest()


def kdf(key, label, data):
    return hashlib.blake2b(b"secretsctl/v1/" + label + b"\0" + sized(data), key=key, digest_size=32).digest()


def padded_length(n):
    n += 1
    if n <= 256:
        return 256
    e = n.bit_length() - 1
    s = e.bit_length() - 1 + 1
    mask = (1 << (e - s)) - 1
    return (n + mask) & ~mask


def unseal(key, label, aad, sealed):
    need(sealed[0] == 1, "seal version")
    salt, commit, ct = sealed[1:33], sealed[33:65], sealed[65:]
    kk = hashlib.blake2b(b"secretsctl/v1/" + label + b"\0" + salt + sized(aad), key=key, digest_size=64).digest()
    need(hmac.compare_digest(kk[32:], commit), "commitment")
    try:
        padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ct, aad, bytes(24), kk[:32])
    except exceptions.CryptoError as error:
        raise Damaged("seal") from error
    content = padded.rstrip(b"\0")
    need(content[-1:] == b"\x80" and padded_length(len(content) - 1) == len(padded), "padding")
    return content[:-1]


def fields(data):
    while data:
        tag, length = data[0], struct.unpack("<I", data[1:5])[0]
        need(5 + length <= len(data), "field")
        yield tag, data[5:5 + length]
        data = data[5 + length:]


def record(content):
    need(content[0] == 1, "record version")
    length = struct.unpack("<I", content[1:5])[0]
    header = {}
    for tag, data in fields(content[5:5 + length]):
        need(tag < 0x80, "critical field")
        header[tag] = data
    return header, content[5 + length:]


def number(header, tag):
    return int.from_bytes(header.get(tag, b""), "little")


def bech32_bytes(text):
    """The payload of an AGE-SECRET-KEY-1 line, whose checksum is left to others."""
    digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = "".join(f"{digits.index(c):05b}" for c in text.lower().rpartition("1")[2][:-6])
    return bytes(int(bits[i:i + 8], 2) for i in range(0, 256, 8))


def unb64(text):
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def hkdf(secret, salt, info):
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()


def check_pages(path):
    """The sums in the last eight bytes of each page, when no log stands beside the file."""
    with open(path, "rb") as file:
        data = file.read()
    if data[20] != 8 or (os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0):
        return
    need(len(data) == 4096 * int.from_bytes(data[28:32], "big"), "length of the file")
    for at in range(0, len(data), 4096):
        a, b = at // 4096 + 1, 0x5343544C
        words = struct.unpack_from("<1024I", data, at)
        for i in range(0, 1022, 2):
            a = a + words[i] + b & 0xFFFFFFFF
            b = b + words[i + 1] + a & 0xFFFFFFFF
        need((a, b) == words[1022:], "sum of a page")


def age_open(secret, data):
    """An age v1 file with X25519 stanzas, one chunk."""
    head, _, rest = data.partition(b"\n---")
    mac, _, payload = rest.partition(b"\n")
    lines = head.split(b"\n")
    need(lines[0] == b"age-encryption.org/v1", "age version")
    public = bindings.crypto_scalarmult_base(secret)
    file_key = None
    for i, line in enumerate(lines):
        if line.startswith(b"-> X25519 "):
            share = unb64(line.split()[2])
            wrap = hkdf(bindings.crypto_scalarmult(secret, share), share + public, b"age-encryption.org/v1/X25519")
            try:
                file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), unb64(lines[i + 1]), b"")
            except Exception:  # for somebody else
                continue
    need(file_key is not None, "no age stanza fits")
    want = hmac.new(hkdf(file_key, b"", b"header"), head + b"\n---", hashlib.sha256).digest()
    need(hmac.compare_digest(want, unb64(mac.strip())), "age header")
    stream = hkdf(file_key, payload[:16], b"payload")
    return ChaCha20Poly1305(stream).decrypt(bytes(11) + b"\x01", payload[16:], b"")


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        need(self.at + size <= len(self.data), "length")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")


def tree_root(depth, rows):
    """The root of the hash tree over rows of (idx, ver, kind, rh) in order, and its inner nodes."""
    buckets = {}
    for idx, ver, kind, rh in rows:
        prefix = int(idx.hex()[:depth] or "0", 16)
        buckets[prefix] = buckets.get(prefix, b"") + idx + u64(ver) + u32(kind) + rh
    level = {prefix: H(b"bucket", data) for prefix, data in buckets.items()}
    nodes = {}
    for lvl in range(depth - 1, -1, -1):
        parents = {}
        for prefix, value in level.items():
            kids = parents.setdefault(prefix >> 4, [bytes(32)] * 16)
            kids[prefix & 15] = value
        nodes.update({(lvl, pre): b"".join(kids) for pre, kids in parents.items()})
        level = {pre: H(b"node", b"".join(kids)) for pre, kids in parents.items()}
    return level.get(0, bytes(32)), nodes


class Bundle:
    """Some scopes in a file; see "Bundles" in docs/FORMAT.md."""

    def __init__(self, data, identity):
        self.cursor = cursor = Cursor(data)
        need(cursor.take(8) == b"SCTLBNDL" and cursor.number(4) == 1, "bundle head")
        self.sign_pk = cursor.take(32)
        self.made, self.until = cursor.number(8), cursor.number(8)
        state, state_sig = cursor.take(304), cursor.take(64)
        self.check(state_sig, b"secretsctl/v1/state\0" + state)
        self.check(data[-64:], b"secretsctl/v1/bundle\0" + H(b"bundle", data[:-64]))
        self.id = state[4:20]
        scopes = cursor.take(96 * cursor.number(4))
        need(state[200:232] == H(b"scopes", scopes), "scopes of the bundle")
        self.scopes = {scopes[i:i + 16]: scopes[i + 16:i + 96] for i in range(0, len(scopes), 96)}
        self.secret, self.public = identity, bindings.crypto_scalarmult_base(identity)
        self.now = {}
        for _ in range(cursor.number(4)):
            self.read_part(cursor.take(16))
        need(cursor.at == len(data) - 64, "end of the bundle")

    def check(self, sig, message):
        try:
            bindings.crypto_sign_open(sig + message, self.sign_pk)
        except exceptions.BadSignatureError as error:
            raise Damaged("signature") from error

    def open_grant(self, uid, epoch, hint, sealed):
        """(name, key) of the scope, where the grant is for this identity."""
        if hint != H(b"grant-hint", self.id, self.public)[:8]:
            return None
        grant = age_open(self.secret, sealed)
        need(grant[:12] == b"SCTLGRNT" + u32(1) and grant[12:48] == u32(epoch) + self.id + uid, "grant")
        need(grant[80:112] == self.sign_pk, "verify key of the grant")
        return grant[120:].decode(), grant[48:80]

    def read_part(self, uid):
        cursor, about = self.cursor, self.scopes[uid]
        epoch, depth, count = struct.unpack_from("<IIQ", about)
        grants = [self.open_grant(uid, epoch, cursor.take(8), cursor.take(cursor.number(4)))
                  for _ in range(cursor.number(4))]
        rows, sealed = [], []
        for _ in range(count):
            idx, ver, kind = cursor.take(32), cursor.number(8), cursor.number(1)
            if cursor.number(1) == 0:
                rows.append((idx, ver, kind, cursor.take(32)))
                continue
            blob = cursor.take(cursor.number(4))
            rows.append((idx, ver, kind, H(b"row", uid, idx, u64(ver), u32(kind), u32(epoch), sized(blob))))
            sealed.append((idx, ver, kind, blob))
        need(tree_root(depth, rows)[0] == about[16:48], "tree of the bundle")
        for name, key in filter(None, grants):
            self.open_rows(uid, epoch, name, key, sealed)

    def open_rows(self, uid, epoch, name, key, sealed):
        bound = uid + u32(epoch)
        k_name, k_val = (kdf(key, label, bound) for label in (b"name", b"value"))
        names, values = {}, {}
        for idx, ver, kind, blob in sealed:
            aad = (b"SCTLv1" + self.id + uid + u32(epoch) + bytes([kind]) + idx + u64(ver) + b"\x01" + b"\0\0")
            header, value = record(unseal(k_name if kind == 3 else k_val, b"rec", aad, blob))
            if kind == 3 and not number(header, 10):
                names[idx] = (f"{name}/{header[1].decode()}", number(header, 3))
            elif kind == 1:
                values[idx, ver] = value
        self.now.update({full: (ver, values[idx, ver]) for idx, (full, ver) in names.items()})


class Vault:
    def __init__(self, path):
        check_pages(path)
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.db.text_factory = bytes
        self.id, self.sign_pk = self.db.execute("SELECT vault_id, sign_pk FROM vault").fetchone()
        self.verify()

    def all(self, sql, *args):
        return self.db.execute(sql, args).fetchall()

    @staticmethod
    def column(value):
        if value is None:
            return sized(b"")
        return sized(value if isinstance(value, bytes) else str(value).encode())

    def table_hash(self, label, sql):
        return H(label, *[self.column(v) for row in self.all(sql) for v in row])

    # ---- without any key ----

    def verify(self):
        seq, body, sig = self.db.execute("SELECT seq, body, sig FROM state").fetchone()
        need(len(body) == 304, "state size")
        try:
            bindings.crypto_sign_open(sig + b"secretsctl/v1/state\0" + body, self.sign_pk)
        except exceptions.BadSignatureError as error:
            raise Damaged("state signature") from error
        need(struct.unpack_from("<I", body)[0] == 1 and body[4:20] == self.id, "state head")
        need(struct.unpack_from("<Q", body, 20)[0] == seq, "state number")
        need(body[104:136] == self.table_hash(
            b"vault", "SELECT vault_id, format, min_reader, min_writer, sign_pk FROM vault"), "vault row")
        need(body[136:168] == self.table_hash(
            b"slots", "SELECT slot_id, kind, pk, kdf_ops, kdf_mem, kdf_salt, wrapped_sk, sealed_root, meta "
            "FROM slot ORDER BY slot_id"), "slots")
        need(body[168:200] == self.table_hash(
            b"grants", "SELECT scope.uid, hint, n, sealed, meta FROM scope_grant JOIN scope USING(scope_id) "
            "ORDER BY scope.uid, hint, n"), "grants")
        scopes = b""
        for scope_id, uid, epoch, depth, rows, root, name, sealed in self.all(
                "SELECT scope_id, uid, epoch, depth, nrows, root, name, sk_root FROM scope ORDER BY uid"):
            scopes += uid + u32(epoch) + u32(depth) + u64(rows) + root
            scopes += H(b"scope-bound", sized(name), sized(sealed))
            self.verify_tree(scope_id, uid, epoch, depth, rows, root)
        need(body[200:232] == H(b"scopes", scopes), "scopes")
        schema = [sized(sql) for (sql,) in self.all("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")]
        need(body[272:304] == H(b"schema", *schema), "schema")
        self.verify_log(struct.unpack_from("<Q", body, 232)[0], body[240:272])
        self.seq, self.state_hash = seq, H(b"state-hash", body)

    def verify_tree(self, scope_id, uid, epoch, depth, rows, root):
        rows_seen = []
        for idx, ver, kind, row_epoch, rh, ct in self.all(
                "SELECT idx, ver, kind, epoch, rh, ct FROM rec JOIN blob ON blob.id=blob_id WHERE scope_id=? "
                "ORDER BY idx, ver, kind", scope_id):
            need(row_epoch == epoch, "row epoch")
            need(rh == H(b"row", uid, idx, u64(ver), u32(kind), u32(epoch), sized(ct)), "row hash")
            rows_seen.append((idx, ver, kind, rh))
        need(len(rows_seen) == rows, "number of rows")
        computed, nodes = tree_root(depth, rows_seen)
        need(computed == root, "tree")
        stored = {(lvl, pre): kids for lvl, pre, kids in self.all(
            "SELECT lvl, pre, kids FROM node WHERE scope_id=?", scope_id)}
        need(stored == nodes, "nodes")

    @staticmethod
    def log_hash(row):
        seq, txn, prev, state, body = row
        return H(b"audit-row", u64(seq), txn, prev, state, sized(body))

    def verify_log(self, length, head):
        last = bytes(32)
        rows = self.all("SELECT seq, txn, prev, state_hash, body FROM audit ORDER BY seq")
        need([row[0] for row in rows] == list(range(1, length + 1)), "log length")
        for row in rows:
            need(row[2] == last, "log chain")
            last = self.log_hash(row)
        need(last == head, "log head")

    # ---- with a key ----

    def unlock(self, key_file=None, passphrase=None, identity=None):
        file_key = None
        if key_file is not None:
            digits, check = re.search(rb"^SECRETSCTL-KEY-1:([0-9a-f]{64}):([0-9a-f]{8})$", key_file, re.M).groups()
            file_key = bytes.fromhex(digits.decode())
            need(H(b"key-file-check", file_key)[:4].hex().encode() == check, "key file")
        for slot_id, kind, pk, ops, mem, salt, wrapped, sealed in self.all(
                "SELECT slot_id, kind, pk, kdf_ops, kdf_mem, kdf_salt, wrapped_sk, sealed_root FROM slot"):
            stretched = None
            if kind in (1, 3) and passphrase is not None:
                need(2 <= ops <= 10 and 64 << 20 <= mem <= 1 << 30, "KDF cost")
                stretched = pwhash.argon2id.kdf(32, passphrase, salt, opslimit=ops, memlimit=mem)
            if kind == 1 and stretched is not None:
                kek = stretched
            elif kind == 2 and file_key is not None:
                kek = kdf(file_key, b"keyfile", self.id)
            elif kind == 3 and stretched is not None and file_key is not None:
                kek = kdf(stretched, b"2of2", file_key)
            elif kind == 4 and identity is not None and bindings.crypto_scalarmult_base(identity) == pk:
                return self.open_root(identity, sealed)
            else:
                continue
            aad = b"SCTLv1" + self.id + slot_id + u32(kind) + pk + u32(ops or 0) + u64(mem or 0) + (salt or bytes(16))
            try:
                secret = unseal(kek, b"slot-key", aad, wrapped)
            except Damaged:
                continue
            need(bindings.crypto_scalarmult_base(secret) == pk, "slot key")
            return self.open_root(secret, sealed)
        raise Damaged("no slot fits")

    def open_root(self, secret, sealed):
        bundle = age_open(secret, sealed)
        need(len(bundle) == 112 and bundle[:8] == b"SCTLROOT" and bundle[8:12] == u32(1), "root bundle")
        need(bundle[16:32] == self.id, "root bundle's vault")
        verify_key, self.sign_sk = bindings.crypto_sign_seed_keypair(bundle[64:96])
        need(verify_key == self.sign_pk, "verify key")
        root = bundle[32:64]
        self.meta, self.wrap, self.audit = (kdf(root, name, self.id) for name in (b"meta", b"wrap", b"audit"))
        return self

    def scopes(self):
        for scope_id, uid, epoch, name, sealed in self.all("SELECT scope_id, uid, epoch, name, sk_root FROM scope"):
            base = b"SCTLv1" + self.id + uid
            yield (scope_id, uid, epoch, unseal(self.meta, b"scope-name", base + u32(0), name).decode(),
                   unseal(self.wrap, b"scope-key", base + u32(epoch), sealed))

    def open_scope(self, scope_id, uid, epoch, name, key):
        """Yields (full name, version, kind of record, header, value)."""
        bound = uid + u32(epoch)
        k_idx, k_name, k_val = (kdf(key, label, bound) for label in (b"idx", b"name", b"value"))
        leaves = {}
        for idx, ver, kind, ct in self.all(
                "SELECT idx, ver, kind, ct FROM rec JOIN blob ON blob.id=blob_id WHERE scope_id=? "
                "ORDER BY idx, ver", scope_id):
            aad = (b"SCTLv1" + self.id + uid + u32(epoch) + bytes([kind]) + idx + u64(ver) + b"\x01" + b"\0\0")
            header, value = record(unseal(k_name if kind == 3 else k_val, b"rec", aad, ct))
            if kind == 3:
                leaves[idx] = header[1].decode()
                need(kdf(k_idx, b"name-index", header[1]) == idx, "name index")
            yield f"{name}/{leaves[idx]}", ver, kind, header, value

    def entries(self):
        """{name: (newest version, value)} of what was not removed, and {(name, version): value} of all."""
        now, every = {}, {}
        for scope in self.scopes():
            names = {}
            for name, ver, kind, header, value in self.open_scope(*scope):
                if kind == 3:
                    names[name] = (number(header, 3), number(header, 10))
                elif kind == 1:
                    every[name, ver] = value
            now.update({name: (ver, every[name, ver]) for name, (ver, removed) in names.items() if not removed})
        return now, every

    def log(self):
        """Operations, newest first: (seq, op, name, reason)."""
        key = self.audit
        for seq, txn, _, _, body in self.all("SELECT seq, txn, prev, state_hash, body FROM audit ORDER BY seq DESC"):
            _, operations = record(unseal(key, b"audit", b"SCTLv1" + self.id + u64(seq) + txn, body))
            found = []
            for tag, data in fields(operations):
                if tag == 10:
                    found.append([seq, data.decode(), None, None])
                elif tag in (11, 12):
                    found[-1][tag - 9] = data.decode()
                elif tag == 5:
                    key = data
            yield from (tuple(op) for op in found)


def main():
    if sys.argv[1] == "--bundle":
        lines = open(sys.argv[3]).read().split("\n")
        secret = bech32_bytes(next(line for line in lines if line.startswith("AGE-SECRET-KEY-1")))
        now = Bundle(open(sys.argv[2], "rb").read(), secret).now
        for name in sorted(now):
            print(f"{name}\t{now[name][0]}\t{now[name][1].hex()}")
        return
    if sys.argv[1] == "--passphrase":
        vault = Vault(sys.argv[2]).unlock(passphrase=open(sys.argv[3], "rb").read().rstrip(b"\n"))
    else:
        vault = Vault(sys.argv[1]).unlock(key_file=open(sys.argv[2], "rb").read())
    now, _ = vault.entries()
    for name in sorted(now):
        print(f"{name}\t{now[name][0]}\t{now[name][1].hex()}")
    for _, op, name, reason in vault.log():
        print(f"log\t{op}\t{name or ''}\t{reason or ''}")


if __name__ == "__main__":
    main()
