/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables; see vault/store/schema.h.
 */
#include "vault/store/schema.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

#define APPLICATION_ID 0x5343544C /* "SCTL" */

struct object {
    const char *name;
    const char *sql;      /* NULL: SQLite made it of itself, for a key */
    const char *index_of; /* the table of an index; NULL: a table */
};

/* In order of name, as the comparison reads them. */
static const struct object objects[] = {
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

int sc_schema_create(struct sc_db *db, struct sc_error *err)
{
    int rc = sc_db_exec(db, "PRAGMA application_id=1396921420; PRAGMA user_version=1", err);
    /* "audit_txn" follows "audit", and foreign keys may name tables made later. */
    for (size_t i = 0; i < SC_ARRAY_SIZE(objects) && rc == 0; i++) {
        if (objects[i].sql != NULL)
            rc = sc_db_exec(db, objects[i].sql, err);
    }
    return rc;
}

void sc_schema_hash(unsigned char out[SC_KEY_SIZE])
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "schema");
    for (size_t i = 0; i < SC_ARRAY_SIZE(objects); i++) {
        const char *sql = objects[i].sql;
        if (sql == NULL)
            continue;
        sc_hasher_add_sized(&hasher, (struct sc_bytes){(const unsigned char *)sql, strlen(sql)});
    }
    sc_hasher_final(&hasher, out);
}

/* NULL is SQL's null. */
static bool same_text(struct sc_bytes bytes, const char *text)
{
    if (text == NULL)
        return bytes.ptr == NULL;
    size_t len = strlen(text);
    return bytes.len == len && memcmp(bytes.ptr, text, len) == 0;
}

/* Columns: type, name, tbl_name, sql. */
static bool is_object(struct sc_stmt *stmt, const struct object *object)
{
    bool index = object->index_of != NULL;
    return same_text(sc_stmt_blob(stmt, 0), index ? "index" : "table") &&
           same_text(sc_stmt_blob(stmt, 1), object->name) &&
           same_text(sc_stmt_blob(stmt, 2), index ? object->index_of : object->name) &&
           same_text(sc_stmt_blob(stmt, 3), object->sql);
}

static int compare(struct sc_db *db, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
                           &stmt, err);
    bool row = rc == 0;
    for (size_t i = 0; i <= SC_ARRAY_SIZE(objects) && rc == 0; i++) {
        rc = sc_stmt_step(stmt, &row, err);
        bool expected = i < SC_ARRAY_SIZE(objects);
        if (rc == 0 && (row != expected || (row && !is_object(stmt, &objects[i]))))
            return sc_fail(err, SC_E_TAMPERED,
                           "the vault's tables are not what they must be; nothing in it was used");
    }
    return rc;
}

int sc_schema_check(struct sc_db *db, struct sc_error *err)
{
    int64_t application = 0, version = 0;
    int rc = sc_db_number(db, "PRAGMA application_id", &application, err);
    if (rc == 0)
        rc = sc_db_number(db, "PRAGMA user_version", &version, err);
    if (rc < 0)
        return rc;
    if (application != APPLICATION_ID)
        return sc_fail(err, SC_E_FORMAT, "this file is not a vault");
    if (version > SC_FORMAT_VERSION)
        return sc_fail(err, SC_E_FORMAT,
                       "this vault has format %lld, newer than this program (format %d); update it",
                       (long long)version, SC_FORMAT_VERSION);
    return compare(db, err);
}
