/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading SQLite, and what its codes are to us; see vault/store/sqlite.h.
 */
#include "vault/store/sqlite.h"

#include "core/proc.h"
#include "core/macros.h"

#include "core/banned.h"

int sc_sqlite_load(struct sc_sqlite *ret, struct sc_error *err)
{
    struct sc_sqlite sqlite;
    const struct sc_symbol symbols[] = {
#define SYMBOL(name) {"sqlite3_" #name, (void **)&sqlite.name},
        SC_SQLITE_FUNCTIONS(SYMBOL)
#undef SYMBOL
    };
    int rc = sc_proc_load_library("libsqlite3.so.0", symbols, SC_ARRAY_SIZE(symbols), err);
    if (rc == 0)
        *ret = sqlite;
    return rc;
}

int sc_sqlite_code(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SC_E_BUSY;
    case SQLITE_FULL:
        return SC_E_NOSPACE;
    case SQLITE_NOMEM:
        return SC_E_NOMEM;
    case SQLITE_NOTADB:
        return SC_E_FORMAT;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return SC_E_TAMPERED;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return SC_E_PERM;
    case SQLITE_TOOBIG:
        return SC_E_TOOBIG;
    default:
        return SC_E_IO;
    }
}
