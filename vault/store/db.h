/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite, hardened and reduced to what the vault needs: one connection, cached statements, our
 * errors. It only ever sees ciphertext. SQL text passed here is a string literal: the cache
 * compares pointers.
 *
 * Threads: one at a time. Never carried across fork.
 */
#ifndef SC_VAULT_STORE_DB_H
#define SC_VAULT_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Milliseconds a writer waits for another one; and at most, where the machine hardly lets it run.
 */
#define SC_DB_BUSY_MS     5000
#define SC_DB_BUSY_MAX_MS 20000

struct sc_db;

enum sc_db_mode { SC_DB_READ, SC_DB_WRITE, SC_DB_CREATE, SC_DB_CREATE_PORTABLE };

/* Opens the file after checking that it is a regular file of ours which nobody else can write.
 * CREATE makes it (EXISTS); a portable one is written with a rollback journal. READ works on
 * read-only media. */
int sc_db_open(const char *path, enum sc_db_mode mode, struct sc_db **ret,
               struct sc_error *err) SC_NODISCARD;

/* An empty database in memory; `path` is for messages. */
int sc_db_memory(const char *path, struct sc_db **ret, struct sc_error *err) SC_NODISCARD;

/* From now on a lock that another process holds is BUSY at once. */
void sc_db_dont_wait(struct sc_db *db);

/* Folds the write-ahead log into the file where nobody else uses it, and closes; but a log that was
 * there when the file was opened only if sc_db_checkpoint() or sc_db_settle() was called. NULL is
 * allowed. */
void sc_db_closep(struct sc_db **db);

/* Runs a statement without parameters that is said again and again: it is parsed once. */
int sc_db_run(struct sc_db *db, const char *sql, struct sc_error *err) SC_NODISCARD;

/* Runs SQL without parameters. */
int sc_db_exec(struct sc_db *db, const char *sql, struct sc_error *err) SC_NODISCARD;

/* Begins a transaction, for writing by taking the lock at once; what an earlier one left open is
 * undone. */
enum sc_db_begin { SC_DB_BEGIN_READ, SC_DB_BEGIN_WRITE };
int sc_db_begin(struct sc_db *db, enum sc_db_begin how, struct sc_error *err) SC_NODISCARD;

bool sc_db_in_transaction(const struct sc_db *db);
/* COMMIT. After IO the outcome is unknown: close, reopen and look. */
int sc_db_commit(struct sc_db *db, struct sc_error *err) SC_NODISCARD;
void sc_db_rollback(struct sc_db *db);
/* Between these two calls much is read once, from one end to the other: little of it is kept. */
void sc_db_scan_begin(struct sc_db *db);
void sc_db_scan_end(struct sc_db *db);

/* Moves the log's content into the file and empties it; busy readers are no error. */
void sc_db_checkpoint(struct sc_db *db);

int64_t sc_db_last_id(const struct sc_db *db);
/* Rows that the last statement wrote or deleted. */
int sc_db_changed(const struct sc_db *db);
/* SQLite's own check of its file. TAMPERED. */
int sc_db_check(struct sc_db *db, struct sc_error *err) SC_NODISCARD;
/* Folds the log into the file if there is one, so that the file may be still in the transaction
 * that comes: whether it is can be asked when that has read something. Then nobody writes to the
 * file itself before it ends, whatever is added to the log, and its pages' sums can be checked;
 * *ret: it has sums. TAMPERED. */
int sc_db_settle(struct sc_db *db, struct sc_error *err) SC_NODISCARD;
int sc_db_is_still(const struct sc_db *db, bool *ret, struct sc_error *err) SC_NODISCARD;
int sc_db_check_pages(struct sc_db *db, bool *ret, struct sc_error *err) SC_NODISCARD;
/* The first column of the first row as a number, 0 without a row. */
int sc_db_number(struct sc_db *db, const char *sql, int64_t *ret,
                 struct sc_error *err) SC_NODISCARD;

/* Writes the file anew without its free pages and empties the log, so that nothing that was deleted
 * is left in either. BUSY while others read. Not in a transaction. */
int sc_db_compact(struct sc_db *db, struct sc_error *err) SC_NODISCARD;

/* Changes between the two ways of writing: a write-ahead log, or, portable, a rollback journal.
 * BUSY while others have it open. */
int sc_db_set_portable(struct sc_db *db, bool portable, struct sc_error *err) SC_NODISCARD;

/* Replaces the content of an open database by that of another one, in one transaction. */
int sc_db_copy(struct sc_db *from, struct sc_db *to, struct sc_error *err) SC_NODISCARD;

/* Copies the database, as one consistent state, into a new file at `path` (EXISTS). */
int sc_db_backup(struct sc_db *db, const char *path, struct sc_error *err) SC_NODISCARD;

/* A prepared statement, borrowed from the connection: SC_CLEANUP(sc_stmt_resetp). */
struct sc_stmt;
int sc_db_prepare(struct sc_db *db, const char *sql, struct sc_stmt **ret,
                  struct sc_error *err) SC_NODISCARD;
void sc_stmt_resetp(struct sc_stmt **stmt);

/* Parameters count from 1. Bytes are not copied: they must live until the reset. A failure is kept
 * and reported by the next step. */
void sc_stmt_bind_int(struct sc_stmt *stmt, int at, int64_t value);
void sc_stmt_bind_blob(struct sc_stmt *stmt, int at, const void *bytes, size_t len);
int sc_stmt_step(struct sc_stmt *stmt, bool *ret_row, struct sc_error *err) SC_NODISCARD;
/* Steps to the end and resets, for statements that yield no row. */
int sc_stmt_run(struct sc_stmt *stmt, struct sc_error *err) SC_NODISCARD;

/* Columns count from 0; bytes are valid until the next step. */
int64_t sc_stmt_int(struct sc_stmt *stmt, int column);
struct sc_bytes sc_stmt_blob(struct sc_stmt *stmt, int column);
/* A blob of exactly `size` bytes, borrowed like other bytes, or copied; TAMPERED when it has
 * another length. */
int sc_stmt_fixed_view(struct sc_stmt *stmt, int column, size_t size, const unsigned char **ret,
                       struct sc_error *err) SC_NODISCARD;
int sc_stmt_fixed(struct sc_stmt *stmt, int column, void *out, size_t size,
                  struct sc_error *err) SC_NODISCARD;

#endif
