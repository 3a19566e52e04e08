/* SPDX-License-Identifier: Apache-2.0
 *
 * Every format of the file there ever was. Data only: the test of migrations links a longer list in
 * the place of this one.
 */
#include "vault/store/formats.h"

#include "core/banned.h"

/* In order of name, as the comparison reads them. */
static const struct sc_object format_1[] = {
    {"audit", "CREATE TABLE audit(\n"
              "  seq INTEGER PRIMARY KEY,\n"
              "  txn BLOB NOT NULL CHECK(length(txn)=16),\n"
              "  prev BLOB NOT NULL CHECK(length(prev)=32),\n"
              "  state_hash BLOB NOT NULL CHECK(length(state_hash)=32),\n"
              "  body BLOB NOT NULL\n"
              ") STRICT"},
    {"audit_txn", "CREATE UNIQUE INDEX audit_txn ON audit(txn)", "audit"},
    {"blob", "CREATE TABLE blob(\n"
             "  id INTEGER PRIMARY KEY,\n"
             "  ct BLOB NOT NULL CHECK(length(ct)<=1310720)\n"
             ") STRICT"},
    {"node", "CREATE TABLE node(\n"
             "  scope_id INTEGER NOT NULL,\n"
             "  lvl INTEGER NOT NULL,\n"
             "  pre INTEGER NOT NULL,\n"
             "  kids BLOB NOT NULL CHECK(length(kids)=512),\n"
             "  PRIMARY KEY(scope_id, lvl, pre)\n"
             ") STRICT, WITHOUT ROWID"},
    {"rec", "CREATE TABLE rec(\n"
            "  scope_id INTEGER NOT NULL REFERENCES scope(scope_id),\n"
            "  idx BLOB NOT NULL CHECK(length(idx)=32),\n"
            "  ver INTEGER NOT NULL CHECK(ver>=0),\n"
            "  kind INTEGER NOT NULL,\n"
            "  epoch INTEGER NOT NULL,\n"
            "  rh BLOB NOT NULL CHECK(length(rh)=32),\n"
            "  blob_id INTEGER NOT NULL,\n"
            "  PRIMARY KEY(scope_id, idx, ver, kind)\n"
            ") STRICT, WITHOUT ROWID"},
    {"scope", "CREATE TABLE scope(\n"
              "  scope_id INTEGER PRIMARY KEY,\n"
              "  uid BLOB NOT NULL UNIQUE CHECK(length(uid)=16),\n"
              "  epoch INTEGER NOT NULL,\n"
              "  depth INTEGER NOT NULL,\n"
              "  nrows INTEGER NOT NULL,\n"
              "  root BLOB NOT NULL CHECK(length(root)=32),\n"
              "  name BLOB NOT NULL,\n"
              "  sk_root BLOB NOT NULL\n"
              ") STRICT"},
    {"scope_grant", "CREATE TABLE scope_grant(\n"
                    "  scope_id INTEGER NOT NULL REFERENCES scope(scope_id),\n"
                    "  hint BLOB NOT NULL CHECK(length(hint)=8),\n"
                    "  n INTEGER NOT NULL,\n"
                    "  sealed BLOB NOT NULL CHECK(length(sealed)<=8192),\n"
                    "  meta BLOB NOT NULL,\n"
                    "  PRIMARY KEY(scope_id, hint, n)\n"
                    ") STRICT, WITHOUT ROWID"},
    {"slot", "CREATE TABLE slot(\n"
             "  slot_id BLOB PRIMARY KEY CHECK(length(slot_id)=16),\n"
             "  kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 5),\n"
             "  pk BLOB NOT NULL CHECK(length(pk)=32),\n"
             "  kdf_ops INTEGER,\n"
             "  kdf_mem INTEGER,\n"
             "  kdf_salt BLOB CHECK(kdf_salt IS NULL OR length(kdf_salt)=16),\n"
             "  wrapped_sk BLOB CHECK(wrapped_sk IS NULL OR length(wrapped_sk)<=8192),\n"
             "  sealed_root BLOB NOT NULL CHECK(length(sealed_root)<=8192),\n"
             "  meta BLOB NOT NULL\n"
             ") STRICT, WITHOUT ROWID"},
    {"sqlite_autoindex_scope_1", NULL, "scope"},
    {"state", "CREATE TABLE state(\n"
              "  id INTEGER PRIMARY KEY CHECK(id=1),\n"
              "  seq INTEGER NOT NULL CHECK(seq>0),\n"
              "  body BLOB NOT NULL CHECK(length(body)<=65536),\n"
              "  sig BLOB NOT NULL CHECK(length(sig)=64)\n"
              ") STRICT"},
    {"vault", "CREATE TABLE vault(\n"
              "  id INTEGER PRIMARY KEY CHECK(id=1),\n"
              "  vault_id BLOB NOT NULL CHECK(length(vault_id)=16),\n"
              "  format INTEGER NOT NULL,\n"
              "  min_reader INTEGER NOT NULL,\n"
              "  min_writer INTEGER NOT NULL,\n"
              "  sign_pk BLOB NOT NULL CHECK(length(sign_pk)=32)\n"
              ") STRICT"},
};

const struct sc_format sc_formats[] = {
    {.number = 1,
     .min_reader = 1,
     .min_writer = 1,
     .objects = format_1,
     .count = SC_ARRAY_SIZE(format_1)},
};
const size_t sc_format_count = SC_ARRAY_SIZE(sc_formats);
