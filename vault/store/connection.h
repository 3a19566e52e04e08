/* SPDX-License-Identifier: Apache-2.0
 *
 * What the connection (vault/store/db.c), its statements (stmt.c) and its copies (copy.c) share.
 * Nobody else includes this.
 */
#ifndef SC_VAULT_STORE_CONNECTION_H
#define SC_VAULT_STORE_CONNECTION_H

#include "vault/store/db.h"
#include "vault/store/pages.h"
#include "vault/store/sqlite.h"

#define SC_STATEMENTS_MAX 96

struct sc_stmt {
    const char *sql;
    sqlite3_stmt *raw;
    struct sc_db *db;
    int failed; /* first SQLite code of a bind */
};

struct sc_db {
    struct sc_sqlite sqlite;
    sqlite3 *raw;
    struct sc_pages *pages; /* the layer below SQLite that writes sums */
    char *path;
    enum sc_db_mode mode;
    bool immutable;     /* read-only medium: no lock, no log */
    bool found_log;     /* when it was opened: whose it is, nobody has verified yet */
    int64_t busy_since; /* when waiting for a lock began, in milliseconds */
    size_t count;
    struct sc_stmt statements[SC_STATEMENTS_MAX];
};

/* Reports an SQLite code as one of ours, with the vault's path. */
int sc_connection_fail(const struct sc_db *db, int rc, struct sc_error *err);

/* The way of writing that the file is in: asks for it by `sql`, and says what it is now. */
int sc_connection_journal(struct sc_db *db, const char *sql, bool *ret_log,
                          struct sc_error *err) SC_NODISCARD;

#endif
