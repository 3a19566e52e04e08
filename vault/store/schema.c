/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables; see vault/store/schema.h.
 */
#include "vault/store/schema.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

#define APPLICATION_ID 0x5343544C /* "SCTL" */

const struct sc_format *sc_schema_now(void)
{
    return &sc_formats[sc_format_count - 1];
}

int sc_schema_set_number(struct sc_db *db, uint32_t number, struct sc_error *err)
{
    char sql[48];
    snprintf(sql, sizeof(sql), "PRAGMA user_version=%u", (unsigned)number);
    return sc_db_exec(db, sql, err);
}

int sc_schema_create(struct sc_db *db, struct sc_error *err)
{
    const struct sc_format *now = sc_schema_now();
    int rc = sc_db_exec(db, "PRAGMA application_id=1396921420", err);
    if (rc == 0)
        rc = sc_schema_set_number(db, now->number, err);
    /* "audit_txn" follows "audit", and foreign keys may name tables made later. */
    for (size_t i = 0; i < now->count && rc == 0; i++) {
        if (now->objects[i].sql != NULL)
            rc = sc_db_exec(db, now->objects[i].sql, err);
    }
    return rc;
}

void sc_schema_hash(const struct sc_format *format, unsigned char out[SC_KEY_SIZE])
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "schema");
    for (size_t i = 0; i < format->count; i++) {
        const char *sql = format->objects[i].sql;
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
static bool is_object(struct sc_stmt *stmt, const struct sc_object *object)
{
    bool index = object->index_of != NULL;
    return same_text(sc_stmt_blob(stmt, 0), index ? "index" : "table") &&
           same_text(sc_stmt_blob(stmt, 1), object->name) &&
           same_text(sc_stmt_blob(stmt, 2), index ? object->index_of : object->name) &&
           same_text(sc_stmt_blob(stmt, 3), object->sql);
}

int sc_schema_compare(struct sc_db *db, const struct sc_format *format, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
                           &stmt, err);
    bool row = rc == 0;
    for (size_t i = 0; i <= format->count && rc == 0; i++) {
        rc = sc_stmt_step(stmt, &row, err);
        bool expected = i < format->count;
        if (rc == 0 && (row != expected || (row && !is_object(stmt, &format->objects[i]))))
            return sc_fail(err, SC_E_TAMPERED,
                           "the vault's tables are not what they must be; nothing in it was used");
    }
    return rc;
}

/* The tables that a file of this format has: of one that is newer than this program, the newest. */
static const struct sc_format *tables_of(int64_t number)
{
    for (size_t i = 0; i < sc_format_count; i++) {
        if (sc_formats[i].number == number)
            return &sc_formats[i];
    }
    return number > sc_schema_now()->number ? sc_schema_now() : NULL;
}

int sc_schema_check(struct sc_db *db, const struct sc_format **ret, uint32_t *ret_number,
                    struct sc_error *err)
{
    int64_t application = 0, number = 0;
    int rc = sc_db_number(db, "PRAGMA application_id", &application, err);
    if (rc == 0)
        rc = sc_db_number(db, "PRAGMA user_version", &number, err);
    if (rc < 0)
        return rc;
    const struct sc_format *format = tables_of(number);
    if (application != APPLICATION_ID || format == NULL)
        return sc_fail(err, SC_E_FORMAT, "this file is not a vault");
    rc = sc_schema_compare(db, format, err);
    if (rc == SC_E_TAMPERED && number > format->number)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "this vault has format %lld, newer than this program (format %u); update it",
                       (long long)number, (unsigned)format->number);
    if (rc < 0)
        return rc;
    *ret = format;
    *ret_number = (uint32_t)number;
    return 0;
}
