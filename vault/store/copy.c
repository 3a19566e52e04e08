/* SPDX-License-Identifier: Apache-2.0
 *
 * The file written anew: compacted in its place, or copied; see vault/store/db.h.
 */
#include <fcntl.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/str.h"
#include "vault/store/connection.h"
#include "vault/store/file.h"

#include "core/banned.h"

int sc_db_compact(struct sc_db *db, struct sc_error *err)
{
    int log = 0, moved = 0;
    /* VACUUM attaches the copy it makes, in memory. */
    db->sqlite.limit(db->raw, SQLITE_LIMIT_ATTACHED, 1);
    sc_pages_reserve(&db->sqlite, db->raw); /* for files that were made without */
    int rc = sc_db_exec(db, "VACUUM", err);
    db->sqlite.limit(db->raw, SQLITE_LIMIT_ATTACHED, 0);
    if (rc < 0)
        return rc;
    int code =
        db->sqlite.wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);
    if (sc_sqlite_code(code) == SC_E_BUSY)
        return sc_fail(err, SC_E_BUSY,
                       "'%s' is in use: what was deleted stays in its log until nobody reads it; "
                       "compact it again then",
                       db->path);
    return code == SQLITE_OK ? 0 : sc_connection_fail(db, code, err);
}

int sc_db_copy(struct sc_db *db, struct sc_db *to, struct sc_error *err)
{
    sqlite3_backup *backup = to->sqlite.backup_init(to->raw, "main", db->raw, "main");
    if (backup == NULL)
        return sc_connection_fail(to, to->sqlite.extended_errcode(to->raw), err);
    int rc = db->sqlite.backup_step(backup, -1);
    int done = db->sqlite.backup_finish(backup);
    if (rc != SQLITE_DONE)
        return sc_connection_fail(to, rc, err);
    return done == SQLITE_OK ? 0 : sc_connection_fail(to, done, err);
}

/* The copy's header says what the source's does. Alone with the file, SQLite needs no memory shared
 * through the file system to bring it from one way of writing to the other. */
static int make_portable_alone(struct sc_db *db, struct sc_error *err)
{
    bool log = false;
    int rc = sc_db_exec(db, "PRAGMA locking_mode=EXCLUSIVE", err);
    if (rc == 0)
        rc = sc_connection_journal(db, "PRAGMA journal_mode=WAL", &log, err);
    return rc < 0 ? rc : sc_db_set_portable(db, true, err);
}

/* A copy that was not finished; a disk that fills up leaves its log behind. */
static void remove_copy(const char *path)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal"};
    unlink(path);
    for (size_t i = 0; i < SC_ARRAY_SIZE(ends); i++) {
        SC_CLEANUP(sc_str_freep) char *file = sc_str_printf(NULL, "%s%s", path, ends[i]);
        if (file != NULL)
            unlink(file);
    }
}

/* Only then is the file the whole copy. Closing does the same, and cannot say that it failed. */
static int fold(struct sc_db *db, struct sc_error *err)
{
    int code = db->sqlite.wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? 0 : sc_connection_fail(db, code, err);
}

int sc_db_backup(struct sc_db *db, const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_db_closep) struct sc_db *to = NULL;
    bool remote = sc_store_file_is_remote(path);
    int rc = sc_db_open(path, remote ? SC_DB_CREATE_PORTABLE : SC_DB_CREATE, &to, err);
    if (rc < 0)
        return rc;
    rc = sc_db_copy(db, to, err);
    if (rc == 0)
        rc = remote ? make_portable_alone(to, err) : fold(to, err);
    sc_db_closep(&to);
    if (rc == 0) {
        SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
            rc = sc_fail_errno(err, "cannot flush '%s'", path);
    }
    if (rc == 0)
        rc = sc_dir_sync_parent(path, err);
    if (rc < 0)
        remove_copy(path);
    return rc;
}
