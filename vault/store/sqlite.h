/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of SQLite that the vault calls, from a library that is loaded with the first vault.
 *
 * Linked in the usual way the library costs every start of the program a third of a millisecond
 * (1,500 of its functions are looked up), and most commands open no vault: docs/adr/018. The names
 * are SQLite's without "sqlite3_", the types those of its header.
 *
 * Threads: any. The library stays loaded.
 */
#ifndef SC_VAULT_STORE_SQLITE_H
#define SC_VAULT_STORE_SQLITE_H

#include <sqlite3.h>

#include "core/error.h"

#define SC_SQLITE_FUNCTIONS(X)                                                                     \
    X(backup_finish)                                                                               \
    X(backup_init)                                                                                 \
    X(backup_step)                                                                                 \
    X(bind_blob64)                                                                                 \
    X(bind_int64)                                                                                  \
    X(busy_handler)                                                                                \
    X(changes)                                                                                     \
    X(clear_bindings)                                                                              \
    X(close)                                                                                       \
    X(column_blob)                                                                                 \
    X(column_bytes)                                                                                \
    X(column_int64)                                                                                \
    X(config)                                                                                      \
    X(db_config)                                                                                   \
    X(db_readonly)                                                                                 \
    X(exec)                                                                                        \
    X(extended_errcode)                                                                            \
    X(extended_result_codes)                                                                       \
    X(file_control)                                                                                \
    X(finalize)                                                                                    \
    X(get_autocommit)                                                                              \
    X(last_insert_rowid)                                                                           \
    X(limit)                                                                                       \
    X(open_v2)                                                                                     \
    X(prepare_v3)                                                                                  \
    X(reset)                                                                                       \
    X(step)                                                                                        \
    X(system_errno)                                                                                \
    X(vfs_find)                                                                                    \
    X(vfs_register)                                                                                \
    X(vfs_unregister)                                                                              \
    X(wal_checkpoint_v2)

struct sc_sqlite {
#define SC_SQLITE_FUNCTION(name) __typeof__(sqlite3_##name) *name;
    SC_SQLITE_FUNCTIONS(SC_SQLITE_FUNCTION)
#undef SC_SQLITE_FUNCTION
};

/* UNSUPPORTED, naming the library, where it is missing. */
int sc_sqlite_load(struct sc_sqlite *ret, struct sc_error *err) SC_NODISCARD;

/* Our code for one of its failures. */
int sc_sqlite_code(int rc);

#endif
