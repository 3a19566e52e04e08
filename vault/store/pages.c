/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums of pages, and the layer that writes them; see vault/store/pages.h.
 *
 * The layer puts the sum into a whole page of the file on its way down, and remembers whether a
 * read failed, which SQLite's own check would report as damage. Writes to the log go down together
 * (vault/store/gather.h). Everything else is handed on.
 */
#include "vault/store/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/macros.h"
#include "vault/store/gather.h"
#include "vault/store/sqlite.h"

#include "core/banned.h"

#define HEADER_RESERVED 20 /* byte of the header: how much of each page SQLite leaves free */
#define HEADER_COUNT    28 /* number of pages, big-endian */
#define SUMMED          (SC_PAGE_SIZE - SC_PAGE_SUM_SIZE)
#define CHUNK_PAGES     16
/* The page at this place of a big file is where SQLite's locks are; it is never written. */
#define LOCK_PLACE 0x40000000
/* The lock of who adds to the log, among those in shared memory. */
#define LOG_WRITER 0

struct sc_pages {
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    const struct sc_sqlite *sqlite;
    struct file *log; /* of the connection, while it is open */
    int failure;      /* of a read */
    char name[64];
};

struct file {
    sqlite3_file base;
    struct sc_pages *pages;
    bool database;
    bool summed; /* pages have room for a sum */
    bool log;
    struct sc_gather gather; /* of the log */
    sqlite3_file *below;
};

static uint32_t little_u32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The sum of SQLite's own log, begun with the page's number. Each step can be undone, so no change
 * within one step is ever lost in the rest. */
void sc_page_sum(uint32_t number, const unsigned char page[SC_PAGE_SIZE],
                 unsigned char out[SC_PAGE_SUM_SIZE])
{
    uint32_t a = number, b = 0x5343544C;
    for (size_t i = 0; i < SUMMED; i += 8) {
        a += little_u32(page + i) + b;
        b += little_u32(page + i + 4) + a;
    }
    for (size_t i = 0; i < 4; i++) {
        out[i] = (unsigned char)(a >> 8 * i);
        out[i + 4] = (unsigned char)(b >> 8 * i);
    }
}

bool sc_page_is_whole(uint32_t number, const unsigned char page[SC_PAGE_SIZE])
{
    unsigned char sum[SC_PAGE_SUM_SIZE];
    sc_page_sum(number, page, sum);
    return memcmp(sum, page + SUMMED, sizeof(sum)) == 0;
}

/* ---- the layer ---- */

static struct file *file_of(sqlite3_file *file)
{
    return (struct file *)file;
}

/* Page 1 says whether there is room. */
static void learn(struct file *file, const unsigned char *bytes, int len, sqlite3_int64 at)
{
    if (file->database && at == 0 && len > HEADER_RESERVED)
        file->summed = bytes[HEADER_RESERVED] == SC_PAGE_SUM_SIZE;
}

static int hand_on(sqlite3_file *file)
{
    return sc_gather_hand_on(&file_of(file)->gather, file_of(file)->below);
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *below = file_of(file)->below;
    int rc = hand_on(file);
    sc_gather_done(&file_of(file)->gather);
    if (file_of(file)->log)
        file_of(file)->pages->log = NULL;
    int closed = below->pMethods->xClose(below);
    return rc != SQLITE_OK ? rc : closed;
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    sqlite3_file *below = file_of(file)->below;
    int rc = hand_on(file);
    if (rc != SQLITE_OK)
        return rc;
    rc = below->pMethods->xRead(below, out, len, at);
    if (rc == SQLITE_OK)
        learn(file_of(file), out, len, at);
    if (rc == SQLITE_IOERR_CORRUPTFS) /* the device's error, which SQLite would call corruption */
        rc = SQLITE_IOERR_READ;
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) /* the latter is the end of the file */
        file_of(file)->pages->failure = rc;
    return rc;
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    sqlite3_file *below = file_of(file)->below;
    unsigned char page[SC_PAGE_SIZE];
    if (file_of(file)->log)
        return sc_gather_write(&file_of(file)->gather, below, bytes, len, at);
    learn(file_of(file), bytes, len, at);
    if (!file_of(file)->summed || len != SC_PAGE_SIZE || at % SC_PAGE_SIZE != 0)
        return below->pMethods->xWrite(below, bytes, len, at);
    memcpy(page, bytes, SUMMED);
    sc_page_sum((uint32_t)(at / SC_PAGE_SIZE + 1), page, page + SUMMED);
    return below->pMethods->xWrite(below, page, len, at);
}

#define HAND_ON(name, parameters, arguments)                                                       \
    static int file_##name parameters                                                              \
    {                                                                                              \
        sqlite3_file *below = file_of(file)->below;                                                \
        return below->pMethods->name arguments;                                                    \
    }
#define HAND_ON_ALL(name, parameters, arguments)                                                   \
    static int file_##name parameters                                                              \
    {                                                                                              \
        sqlite3_file *below = file_of(file)->below;                                                \
        int rc = hand_on(file);                                                                    \
        return rc != SQLITE_OK ? rc : below->pMethods->name arguments;                             \
    }
HAND_ON_ALL(xTruncate, (sqlite3_file * file, sqlite3_int64 size), (below, size))
HAND_ON_ALL(xSync, (sqlite3_file * file, int flags), (below, flags))
HAND_ON_ALL(xFileSize, (sqlite3_file * file, sqlite3_int64 *size), (below, size))
HAND_ON_ALL(xFileControl, (sqlite3_file * file, int op, void *arg), (below, op, arg))
HAND_ON(xLock, (sqlite3_file * file, int level), (below, level))
HAND_ON(xUnlock, (sqlite3_file * file, int level), (below, level))
HAND_ON(xCheckReservedLock, (sqlite3_file * file, int *out), (below, out))
HAND_ON(xSectorSize, (sqlite3_file * file), (below))
HAND_ON(xDeviceCharacteristics, (sqlite3_file * file), (below))
HAND_ON(xShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile **out),
        (below, page, size, extend, out))
HAND_ON(xShmUnmap, (sqlite3_file * file, int remove_it), (below, remove_it))

/* What is still held when the writer ends was undone. Its place belongs to the next one now. */
static int file_xShmLock(sqlite3_file *file, int offset, int n, int flags)
{
    sqlite3_file *below = file_of(file)->below;
    struct file *log = file_of(file)->pages->log;
    if (log != NULL && offset == LOG_WRITER && (flags & SQLITE_SHM_UNLOCK) != 0)
        sc_gather_forget(&log->gather);
    return below->pMethods->xShmLock(below, offset, n, flags);
}

static void file_xShmBarrier(sqlite3_file *file)
{
    sqlite3_file *below = file_of(file)->below;
    below->pMethods->xShmBarrier(below);
}

/* Without the functions of version 3: the file is not mapped. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_xTruncate,
    .xSync = file_xSync,
    .xFileSize = file_xFileSize,
    .xLock = file_xLock,
    .xUnlock = file_xUnlock,
    .xCheckReservedLock = file_xCheckReservedLock,
    .xFileControl = file_xFileControl,
    .xSectorSize = file_xSectorSize,
    .xDeviceCharacteristics = file_xDeviceCharacteristics,
    .xShmMap = file_xShmMap,
    .xShmLock = file_xShmLock,
    .xShmBarrier = file_xShmBarrier,
    .xShmUnmap = file_xShmUnmap,
};

static int layer_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *out, int flags,
                      int *out_flags)
{
    struct sc_pages *pages = (struct sc_pages *)vfs;
    sqlite3_vfs *below = pages->below;
    struct file *file = file_of(out);
    *file = (struct file){
        .pages = pages,
        .database = (flags & SQLITE_OPEN_MAIN_DB) != 0,
        .log = (flags & SQLITE_OPEN_WAL) != 0,
        .below = (sqlite3_file *)(file + 1),
    };
    int rc = below->xOpen(below, path, file->below, flags, out_flags);
    if (file->below->pMethods == NULL)
        return rc;
    if (rc == SQLITE_OK && file->database && file->below->pMethods->iVersion < 2) {
        file_close(out); /* no shared memory: no log, so no vault */
        return SQLITE_CANTOPEN;
    }
    if (file->log)
        pages->log = file;
    file->base.pMethods = &methods; /* also after a failure: then SQLite closes it */
    return rc;
}

int sc_pages_new(const struct sc_sqlite *sqlite, struct sc_pages **ret, struct sc_error *err)
{
    sqlite3_vfs *below = sqlite->vfs_find(NULL);
    if (below == NULL)
        return sc_fail_nomem(err); /* SQLite could not be initialized */
    struct sc_pages *pages = calloc(1, sizeof(*pages));
    if (pages == NULL)
        return sc_fail_nomem(err);
    pages->sqlite = sqlite;
    pages->below = below;
    pages->vfs = *below; /* the rest of its functions look at nothing that differs */
    pages->vfs.pNext = NULL;
    pages->vfs.zName = pages->name;
    pages->vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    pages->vfs.xOpen = layer_open;
    snprintf(pages->name, sizeof(pages->name), "pages-%p", (void *)pages);
    if (sqlite->vfs_register(&pages->vfs, 0) != SQLITE_OK) {
        free(pages);
        return sc_fail_nomem(err);
    }
    *ret = pages;
    return 0;
}

void sc_pages_freep(struct sc_pages **pages)
{
    if (*pages == NULL)
        return;
    (*pages)->sqlite->vfs_unregister(&(*pages)->vfs);
    free(*pages);
    *pages = NULL;
}

const char *sc_pages_name(const struct sc_pages *pages)
{
    return pages->name;
}

int sc_pages_failure(struct sc_pages *pages)
{
    int failure = pages != NULL ? pages->failure : SQLITE_OK;
    if (pages != NULL)
        pages->failure = SQLITE_OK;
    return failure;
}

void sc_pages_reserve(const struct sc_sqlite *sqlite, struct sqlite3 *db)
{
    int size = SC_PAGE_SUM_SIZE;
    (void)sqlite->file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &size);
}

/* ---- checking ---- */

struct check {
    sqlite3_file *file;
    const char *path;
    uint32_t count;
};

static int damaged(const struct check *check, uint32_t number, struct sc_error *err)
{
    return sc_fail(err, SC_E_TAMPERED,
                   "'%s': page %u of the file is damaged; nothing that is signed was changed, so "
                   "make a new copy with: backup",
                   check->path, number);
}

static int check_chunk(const struct check *check, uint32_t first, const unsigned char *pages,
                       struct sc_error *err)
{
    uint32_t end = SC_MIN(first + CHUNK_PAGES, check->count + 1);
    for (uint32_t number = first; number < end; number++) {
        bool locks = number == LOCK_PLACE / SC_PAGE_SIZE + 1;
        if (!locks && !sc_page_is_whole(number, pages + (number - first) * (size_t)SC_PAGE_SIZE))
            return damaged(check, number, err);
    }
    return 0;
}

static int check_all(const struct check *check, unsigned char *pages, struct sc_error *err)
{
    int rc = 0;
    for (uint32_t first = 1; first <= check->count && rc == 0; first += CHUNK_PAGES) {
        uint32_t left = SC_MIN(check->count - first + 1, (uint32_t)CHUNK_PAGES);
        int code = check->file->pMethods->xRead(check->file, pages, (int)left * SC_PAGE_SIZE,
                                                (sqlite3_int64)(first - 1) * SC_PAGE_SIZE);
        if (code != SQLITE_OK)
            return sc_fail(err, SC_E_IO, "'%s': the vault's file cannot be read (sqlite %d)",
                           check->path, code);
        rc = check_chunk(check, first, pages, err);
    }
    return rc;
}

int sc_pages_check(const struct sc_sqlite *sqlite, struct sqlite3 *db, const char *path,
                   bool *ret_summed, struct sc_error *err)
{
    struct check check = {.path = path};
    sqlite3_int64 size = 0;
    unsigned char head[100];
    int code = sqlite->file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &check.file);
    if (code == SQLITE_OK)
        code = check.file->pMethods->xFileSize(check.file, &size);
    if (code == SQLITE_OK)
        code = check.file->pMethods->xRead(check.file, head, sizeof(head), 0);
    if (code != SQLITE_OK)
        return sc_fail(err, SC_E_IO, "'%s': the vault's file cannot be read (sqlite %d)", path,
                       code);
    *ret_summed = head[HEADER_RESERVED] == SC_PAGE_SUM_SIZE;
    if (!*ret_summed)
        return 0;
    check.count = (uint32_t)head[HEADER_COUNT] << 24 | (uint32_t)head[HEADER_COUNT + 1] << 16 |
                  (uint32_t)head[HEADER_COUNT + 2] << 8 | head[HEADER_COUNT + 3];
    if (size != (sqlite3_int64)check.count * SC_PAGE_SIZE)
        return damaged(&check, 1, err);
    unsigned char *pages = malloc((size_t)CHUNK_PAGES * SC_PAGE_SIZE);
    if (pages == NULL)
        return sc_fail_nomem(err);
    int rc = check_all(&check, pages, err);
    free(pages);
    return rc;
}
