/* SPDX-License-Identifier: Apache-2.0
 *
 * Prepared statements; see vault/store/db.h.
 */
#include <string.h>

#include "vault/store/connection.h"

#include "core/banned.h"

int sc_db_prepare(struct sc_db *db, const char *sql, struct sc_stmt **ret, struct sc_error *err)
{
    for (size_t i = 0; i < db->count; i++) {
        if (db->statements[i].sql == sql) {
            *ret = &db->statements[i];
            return 0;
        }
    }
    if (db->count == SC_STATEMENTS_MAX)
        return sc_fail(err, SC_E_BUG, "more statements than the cache holds");
    struct sc_stmt *stmt = &db->statements[db->count];
    *stmt = (struct sc_stmt){.sql = sql, .db = db};
    int rc = db->sqlite.prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->raw, NULL);
    if (rc != SQLITE_OK)
        return sc_connection_fail(db, rc, err);
    db->count++;
    *ret = stmt;
    return 0;
}

void sc_stmt_resetp(struct sc_stmt **stmt)
{
    if (*stmt == NULL)
        return;
    const struct sc_sqlite *sqlite = &(*stmt)->db->sqlite;
    (void)sqlite->reset((*stmt)->raw);
    (void)sqlite->clear_bindings((*stmt)->raw);
    (*stmt)->failed = 0;
}

static void note_bind(struct sc_stmt *stmt, int rc)
{
    if (rc != SQLITE_OK && stmt->failed == 0)
        stmt->failed = rc;
}

void sc_stmt_bind_int(struct sc_stmt *stmt, int at, int64_t value)
{
    note_bind(stmt, stmt->db->sqlite.bind_int64(stmt->raw, at, value));
}

void sc_stmt_bind_blob(struct sc_stmt *stmt, int at, const void *bytes, size_t len)
{
    note_bind(stmt, stmt->db->sqlite.bind_blob64(stmt->raw, at, bytes, len, SQLITE_STATIC));
}

int sc_stmt_step(struct sc_stmt *stmt, bool *ret_row, struct sc_error *err)
{
    int rc = stmt->failed != 0 ? stmt->failed : stmt->db->sqlite.step(stmt->raw);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return sc_connection_fail(stmt->db, rc, err);
    *ret_row = rc == SQLITE_ROW;
    return 0;
}

int sc_stmt_run(struct sc_stmt *stmt, struct sc_error *err)
{
    bool row = true;
    int rc = 0;
    while (rc == 0 && row)
        rc = sc_stmt_step(stmt, &row, err);
    sc_stmt_resetp(&stmt);
    return rc;
}

int64_t sc_stmt_int(struct sc_stmt *stmt, int column)
{
    return stmt->db->sqlite.column_int64(stmt->raw, column);
}

struct sc_bytes sc_stmt_blob(struct sc_stmt *stmt, int column)
{
    const void *bytes = stmt->db->sqlite.column_blob(stmt->raw, column);
    return (struct sc_bytes){bytes, (size_t)stmt->db->sqlite.column_bytes(stmt->raw, column)};
}

int sc_stmt_fixed_view(struct sc_stmt *stmt, int column, size_t size, const unsigned char **ret,
                       struct sc_error *err)
{
    struct sc_bytes bytes = sc_stmt_blob(stmt, column);
    if (bytes.len != size || bytes.ptr == NULL)
        return sc_fail(err, SC_E_TAMPERED, "'%s': a field has a wrong length", stmt->db->path);
    *ret = bytes.ptr;
    return 0;
}

int sc_stmt_fixed(struct sc_stmt *stmt, int column, void *out, size_t size, struct sc_error *err)
{
    const unsigned char *bytes = NULL;
    int rc = sc_stmt_fixed_view(stmt, column, size, &bytes, err);
    if (rc == 0)
        memcpy(out, bytes, size);
    return rc;
}
