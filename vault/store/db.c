/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite connection; see vault/store/db.h.
 *
 * A process must not open and close the vault file by other means while SQLite has it open: closing
 * any descriptor of a file drops the process's POSIX locks on it. So the file is examined first.
 */
#include "vault/store/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/fsutil.h"
#include "core/str.h"
#include "vault/store/connection.h"
#include "vault/store/file.h"

#include "core/banned.h"

#define LENGTH_MAX (2 * 1024 * 1024)
#define ASKED_MIN  1000 /* times for a lock, before it is given up */
/* A larger cache would cost more than it saves: SQLite looks through all of it after each commit
 * that has moved rows between pages. Who reads all reads in the order of the file, and for that
 * even this would be mostly memory touched for the first time. */
#define CACHE      "PRAGMA cache_size=-4096"
#define SCAN_CACHE "PRAGMA cache_size=-256"

/* For failures of a system call. */
static int code_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return SC_E_NOSPACE;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return SC_E_PERM;
    default:
        return SC_E_IO;
    }
}

static const char *text_of_code(int code)
{
    switch (code) {
    case SC_E_BUSY:
        return "another process is writing to the vault; try again";
    case SC_E_NOSPACE:
        return "no space left on the device";
    case SC_E_FORMAT:
        return "this file is not a vault";
    case SC_E_TAMPERED:
        return "the vault's file is damaged";
    case SC_E_PERM:
        return "no permission to use the vault's file or its directory";
    default:
        return "the vault's file cannot be read or written";
    }
}

int sc_connection_fail(const struct sc_db *db, int rc, struct sc_error *err)
{
    int kind = rc & 0xff;
    bool system = (kind == SQLITE_CANTOPEN || kind == SQLITE_IOERR) && db->raw != NULL;
    int code = system ? code_of_errno(db->sqlite.system_errno(db->raw)) : sc_sqlite_code(rc);
    if (rc == SQLITE_IOERR_NOMEM || code == SC_E_NOMEM)
        return sc_fail_nomem(err);
    return sc_fail(err, code, "'%s': %s (sqlite %d)", db->path, text_of_code(code), rc);
}

/* A directory that cannot be written has no room for the log's index: the file is read as it is,
 * which is right as long as no log or journal is waiting beside it. */
static int decide_immutable(struct sc_db *db, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(db->path, err);
    SC_CLEANUP(sc_str_freep) char *log = sc_str_printf(err, "%s-wal", db->path);
    SC_CLEANUP(sc_str_freep) char *journal = sc_str_printf(err, "%s-journal", db->path);
    if (dir == NULL || log == NULL || journal == NULL)
        return SC_E_NOMEM;
    if (db->mode != SC_DB_READ || access(dir, W_OK) == 0)
        return 0;
    struct stat st;
    if ((stat(log, &st) == 0 && st.st_size > 0) || (stat(journal, &st) == 0 && st.st_size > 0))
        return sc_fail(err, SC_E_PERM,
                       "'%s' waits to be recovered, but its directory cannot be written", db->path);
    db->immutable = true;
    return 0;
}

/* Percent-encodes what a URI would take for its own. */
static char *uri_of(const struct sc_db *db, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *absolute = sc_path_absolute(db->path, err);
    if (absolute == NULL)
        return NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf uri = SC_BUF_INIT(16384);
    sc_buf_puts(&uri, "file://");
    for (const char *c = absolute; *c != '\0'; c++) {
        if (strchr("%?#", *c) != NULL)
            sc_buf_printf(&uri, "%%%02x", (unsigned)(unsigned char)*c);
        else
            sc_buf_putc(&uri, *c);
    }
    if (db->immutable)
        sc_buf_puts(&uri, "?immutable=1");
    if (sc_buf_status(&uri, err) < 0)
        return NULL;
    return sc_buf_take(&uri);
}

/* Waits a little, for SC_DB_BUSY_MS in all. SQLite's own handler asks ten times a second in the
 * end, which a writer among many that never pause does not survive. Who has waited long asks more
 * often, so that the lock comes round; and on a machine so busy that this process hardly ran in
 * that time it has not asked often enough to be told no. */
static int wait_for_lock(void *ctx, int asked)
{
    struct sc_db *db = ctx;
    struct timespec now, pause = {.tv_nsec = 500000 + (asked * 7 + getpid()) % 16 * 200000L};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (asked == 0)
        db->busy_since = ms;
    int64_t waited = ms - db->busy_since;
    if (waited >= SC_DB_BUSY_MS && (asked >= ASKED_MIN || waited >= SC_DB_BUSY_MAX_MS))
        return 0;
    if (waited >= SC_DB_BUSY_MS / 5)
        pause.tv_nsec /= 5;
    nanosleep(&pause, NULL);
    return 1;
}

void sc_db_dont_wait(struct sc_db *db)
{
    db->sqlite.busy_handler(db->raw, NULL, NULL);
}

static int harden(struct sc_db *db, struct sc_error *err)
{
    db->sqlite.extended_result_codes(db->raw, 1);
    db->sqlite.busy_handler(db->raw, wait_for_lock, db);
    db->sqlite.limit(db->raw, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    db->sqlite.limit(db->raw, SQLITE_LIMIT_ATTACHED, 0);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    return sc_db_exec(db,
                      "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                      "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA secure_delete=ON;"
                      "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=100;" CACHE,
                      err);
}

int sc_connection_journal(struct sc_db *db, const char *sql, bool *ret_log, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(db, sql, &stmt, err);
    if (rc == 0)
        rc = sc_stmt_step(stmt, &row, err);
    if (rc < 0)
        return rc;
    struct sc_bytes mode = sc_stmt_blob(stmt, 0);
    if (mode.ptr == NULL) /* there is always one, but making the text takes memory */
        return sc_fail_nomem(err);
    *ret_log = mode.len == 3 && memcmp(mode.ptr, "wal", 3) == 0;
    return 0;
}

/* The mode is written into the file when it is made; later opens find it there. */
static int set_journal_mode(struct sc_db *db, struct sc_error *err)
{
    bool log = false;
    if (db->immutable)
        return 0;
    int rc = db->mode == SC_DB_CREATE
                 ? sc_connection_journal(db, "PRAGMA journal_mode=WAL", &log, err)
                 : sc_connection_journal(db, "PRAGMA journal_mode", &log, err);
    if (rc < 0 || log)
        return rc;
    if (db->mode == SC_DB_CREATE)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s': this file system cannot hold a vault, unless a portable one",
                       db->path);
    return sc_db_exec(db, "PRAGMA synchronous=EXTRA", err);
}

int sc_db_set_portable(struct sc_db *db, bool portable, struct sc_error *err)
{
    const char *mode = portable ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL";
    bool log = portable;
    int rc = sc_connection_journal(db, mode, &log, err);
    /* SQLite itself does not wait for one that has the file open, as an agent has after a read. */
    for (int asked = 0; rc == SC_E_BUSY && wait_for_lock(db, asked); asked++)
        rc = sc_connection_journal(db, mode, &log, err);
    if (rc < 0 && rc != SC_E_BUSY)
        return rc;
    if (log == portable)
        return sc_fail(err, SC_E_BUSY, "'%s' is in use; its storage was not changed", db->path);
    return portable ? sc_db_exec(db, "PRAGMA synchronous=EXTRA", err)
                    : sc_db_exec(db, "PRAGMA synchronous=FULL", err);
}

/* SQLite folds into the file whatever log it finds beside it, also that of another vault, or of an
 * older copy. So a log that was there before is folded by none who only reads. */
static void set_folding(struct sc_db *db, bool fold)
{
    db->found_log = !fold;
    db->sqlite.db_config(db->raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !fold, NULL);
}

static int open_connection(struct sc_db *db, struct sc_error *err)
{
    bool no_log = false;
    int rc = decide_immutable(db, err);
    if (rc == 0)
        rc = sc_db_is_still(db, &no_log, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_str_freep) char *uri = uri_of(db, err);
    if (uri == NULL)
        return SC_E_NOMEM;
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_NOFOLLOW |
                (db->immutable ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    (void)db->sqlite.config(SQLITE_CONFIG_MEMSTATUS, 0); /* counts that nobody asks for, locked */
    rc = sc_pages_new(&db->sqlite, &db->pages, err);
    if (rc < 0)
        return rc;
    int code = db->sqlite.open_v2(uri, &db->raw, flags, sc_pages_name(db->pages));
    if (code != SQLITE_OK)
        return sc_connection_fail(db, code, err);
    /* SQLite falls back to reading after any failure to open for writing. */
    bool reading = !db->immutable && db->sqlite.db_readonly(db->raw, "main") == 1;
    if (reading && db->mode != SC_DB_READ)
        return access(db->path, W_OK) == 0
                   ? sc_fail(err, SC_E_IO, "'%s': %s", db->path, text_of_code(SC_E_IO))
                   : sc_fail_errno(err, "cannot write to the vault '%s'", db->path);
    bool create = db->mode == SC_DB_CREATE || db->mode == SC_DB_CREATE_PORTABLE;
    if (create)
        sc_pages_reserve(&db->sqlite, db->raw);
    set_folding(db, no_log || create);
    rc = harden(db, err);
    return rc < 0 ? rc : set_journal_mode(db, err);
}

/* Without a connection yet. */
static int new_db(const char *path, enum sc_db_mode mode, struct sc_db **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_db_closep) struct sc_db *db = calloc(1, sizeof(*db));
    if (db == NULL)
        return sc_fail_nomem(err);
    db->mode = mode;
    db->path = sc_str_dup(path, err);
    int rc = db->path != NULL ? sc_sqlite_load(&db->sqlite, err) : SC_E_NOMEM;
    if (rc == 0)
        *ret = SC_TAKE(db);
    return rc;
}

int sc_db_open(const char *path, enum sc_db_mode mode, struct sc_db **ret, struct sc_error *err)
{
    bool create = mode == SC_DB_CREATE || mode == SC_DB_CREATE_PORTABLE;
    int rc = create ? sc_store_file_create(path, mode == SC_DB_CREATE_PORTABLE, err)
                    : sc_store_file_check(path, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_db_closep) struct sc_db *db = NULL;
    rc = new_db(path, mode, &db, err);
    if (rc == 0)
        rc = open_connection(db, err);
    if (rc == 0)
        *ret = SC_TAKE(db);
    else if (create)
        unlink(path); /* ours: it was made just now */
    return rc;
}

int sc_db_memory(const char *path, struct sc_db **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_db_closep) struct sc_db *db = NULL;
    int rc = new_db(path, SC_DB_WRITE, &db, err);
    if (rc < 0)
        return rc;
    int flags = SQLITE_OPEN_MEMORY | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code = db->sqlite.open_v2(":memory:", &db->raw, flags, NULL);
    rc = code == SQLITE_OK ? harden(db, err) : sc_connection_fail(db, code, err);
    if (rc == 0)
        *ret = SC_TAKE(db);
    return rc;
}

void sc_db_closep(struct sc_db **db)
{
    if (*db == NULL)
        return;
    for (size_t i = 0; i < (*db)->count; i++)
        (*db)->sqlite.finalize((*db)->statements[i].raw);
    bool no_log = false;
    if ((*db)->found_log && sc_db_is_still(*db, &no_log, NULL) == 0 && no_log)
        set_folding(*db, true); /* others have done it, and what is empty goes away */
    if ((*db)->raw != NULL)
        (*db)->sqlite.close((*db)->raw); /* the last one out folds the log into the file */
    sc_pages_freep(&(*db)->pages);
    free((*db)->path);
    free(*db);
    *db = NULL;
}

int sc_db_exec(struct sc_db *db, const char *sql, struct sc_error *err)
{
    int rc = db->sqlite.exec(db->raw, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sc_connection_fail(db, rc, err);
}

int sc_db_run(struct sc_db *db, const char *sql, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(db, sql, &stmt, err);
    return rc < 0 ? rc : sc_stmt_run(stmt, err);
}

/* What ends a transaction is made ready before it begins: with no memory left, it would stay open,
 * and with it the view of a reader that has done. */
int sc_db_begin(struct sc_db *db, enum sc_db_begin how, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *end = NULL;
    sc_db_rollback(db);
    int rc = sc_db_prepare(db, "ROLLBACK", &end, err);
    if (rc < 0)
        return rc;
    return sc_db_run(db, how == SC_DB_BEGIN_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

void sc_db_scan_begin(struct sc_db *db)
{
    SC_IGNORE(sc_db_exec(db, SCAN_CACHE, NULL) < 0);
}

void sc_db_scan_end(struct sc_db *db)
{
    SC_IGNORE(sc_db_exec(db, CACHE, NULL) < 0);
}

bool sc_db_in_transaction(const struct sc_db *db)
{
    return db->sqlite.get_autocommit(db->raw) == 0;
}

int sc_db_commit(struct sc_db *db, struct sc_error *err)
{
    return sc_db_run(db, "COMMIT", err);
}

void sc_db_rollback(struct sc_db *db)
{
    if (sc_db_in_transaction(db))
        SC_IGNORE(sc_db_run(db, "ROLLBACK", NULL) < 0);
}

static int fold_log(struct sc_db *db)
{
    if (db->immutable)
        return SQLITE_OK;
    set_folding(db, true);
    return db->sqlite.wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

void sc_db_checkpoint(struct sc_db *db)
{
    (void)fold_log(db);
}

int64_t sc_db_last_id(const struct sc_db *db)
{
    return db->sqlite.last_insert_rowid(db->raw);
}

int sc_db_changed(const struct sc_db *db)
{
    return db->sqlite.changes(db->raw);
}

int sc_db_number(struct sc_db *db, const char *sql, int64_t *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(db, sql, &stmt, err);
    if (rc == 0)
        rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0)
        *ret = row ? sc_stmt_int(stmt, 0) : 0;
    return rc;
}

int sc_db_check(struct sc_db *db, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    (void)sc_pages_failure(db->pages);
    int rc = sc_db_prepare(db, "PRAGMA integrity_check(1)", &stmt, err);
    if (rc == 0)
        rc = sc_stmt_step(stmt, &row, err);
    if (rc < 0)
        return rc;
    struct sc_bytes text = row ? sc_stmt_blob(stmt, 0) : (struct sc_bytes){0};
    int failure = sc_pages_failure(db->pages); /* SQLite takes it for damage */
    if (failure != SQLITE_OK)
        return sc_connection_fail(db, failure, err);
    if (text.len != 2 || memcmp(text.ptr, "ok", 2) != 0)
        return sc_fail(err, SC_E_TAMPERED, "'%s': the file's structure is damaged", db->path);
    return 0;
}

/* Who reads no log holds the lock that folding one into the file needs: a log that is empty now was
 * empty when this transaction began. */
int sc_db_is_still(const struct sc_db *db, bool *ret, struct sc_error *err)
{
    struct stat st;
    SC_CLEANUP(sc_str_freep) char *log = sc_str_printf(err, "%s-wal", db->path);
    if (log == NULL)
        return SC_E_NOMEM;
    *ret = stat(log, &st) == 0 ? st.st_size == 0 : errno == ENOENT;
    return 0;
}

int sc_db_settle(struct sc_db *db, struct sc_error *err)
{
    bool empty = false;
    int rc = sc_db_is_still(db, &empty, err);
    if (rc < 0 || empty)
        return rc;
    int code = fold_log(db);
    bool broken = (code & 0xff) == SQLITE_NOMEM || (code & 0xff) == SQLITE_IOERR;
    return broken ? sc_connection_fail(db, code, err) : 0;
}

int sc_db_check_pages(struct sc_db *db, bool *ret, struct sc_error *err)
{
    return sc_pages_check(&db->sqlite, db->raw, db->path, ret, err);
}
