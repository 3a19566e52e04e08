/* SPDX-License-Identifier: Apache-2.0
 *
 * The VFS of the fault tests; see vfs.h.
 */
#include "tests/vault/fault/vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/banned.h"

#define FILES_MAX 8
#define SECTOR    512

struct content {
    unsigned char *bytes;
    size_t len, cap;
};

struct write {
    size_t at;
    struct content data;
    bool truncation; /* to `at` */
};

/* What the disk holds of a file. */
struct shadow {
    bool used, exists;
    char path[512];
    struct content now, synced;
    struct write *pending;
    size_t pending_count, pending_cap;
};

struct file {
    sqlite3_file base;
    struct shadow *shadow; /* NULL for files that are not kept */
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    long fail_at, count;
    bool forever, failed;
    long limit;
    fault_vfs_fn fn;
    void *ctx;
    struct shadow shadows[FILES_MAX];
} state = {.limit = -1};

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void content_resize(struct content *content, size_t len)
{
    if (len > content->cap) {
        content->cap = len * 2;
        content->bytes = need(reallocarray(content->bytes, content->cap, 1));
    }
    if (len > content->len)
        memset(content->bytes + content->len, 0, len - content->len);
    content->len = len;
}

static void content_write(struct content *content, size_t at, const void *bytes, size_t len)
{
    if (at + len > content->len)
        content_resize(content, at + len);
    memcpy(content->bytes + at, bytes, len);
}

static void content_copy(struct content *to, const struct content *from)
{
    content_resize(to, from->len);
    if (from->len > 0)
        memcpy(to->bytes, from->bytes, from->len);
}

static void forget_pending(struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->pending_count; i++)
        free(shadow->pending[i].data.bytes);
    shadow->pending_count = 0;
}

static struct shadow *shadow_of(const char *path)
{
    struct shadow *empty = NULL;
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct shadow *shadow = &state.shadows[i];
        if (shadow->used && strcmp(shadow->path, path) == 0)
            return shadow;
        if (!shadow->used && empty == NULL)
            empty = shadow;
    }
    if (empty == NULL)
        abort();
    *empty = (struct shadow){.used = true};
    snprintf(empty->path, sizeof(empty->path), "%s", path);
    return empty;
}

static void add_pending(struct shadow *shadow, const struct write *write)
{
    if (shadow->pending_count == shadow->pending_cap) {
        shadow->pending_cap = shadow->pending_cap * 2 + 16;
        shadow->pending =
            need(reallocarray(shadow->pending, shadow->pending_cap, sizeof(*shadow->pending)));
    }
    shadow->pending[shadow->pending_count++] = *write;
}

/* Counts an operation; true when it is to fail. */
static bool fails(void)
{
    state.count++;
    bool now = state.fail_at > 0 &&
               (state.count == state.fail_at || (state.forever && state.count > state.fail_at));
    state.failed = state.failed || now;
    return now;
}

static void changed(void)
{
    if (state.fn != NULL)
        state.fn(state.ctx);
}

static struct file *file_of(sqlite3_file *file)
{
    return (struct file *)file;
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = file_of(file)->real;
    int rc = real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
    free(real);
    return rc;
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    sqlite3_file *real = file_of(file)->real;
    return fails() ? SQLITE_IOERR_READ : real->pMethods->xRead(real, out, len, at);
}

static size_t total_size(void)
{
    size_t total = 0;
    for (size_t i = 0; i < FILES_MAX; i++)
        total += state.shadows[i].exists ? state.shadows[i].now.len : 0;
    return total;
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    sqlite3_file *real = file_of(file)->real;
    struct shadow *shadow = file_of(file)->shadow;
    if (fails())
        return SQLITE_IOERR_WRITE;
    if (shadow != NULL) {
        size_t end = (size_t)at + (size_t)len;
        size_t grows = end > shadow->now.len ? end - shadow->now.len : 0;
        if (state.limit >= 0 && grows > 0 && total_size() + grows > (size_t)state.limit)
            return SQLITE_FULL;
        content_write(&shadow->now, (size_t)at, bytes, (size_t)len);
        struct write write = {.at = (size_t)at};
        content_write(&write.data, 0, bytes, (size_t)len);
        add_pending(shadow, &write);
    }
    int rc = real->pMethods->xWrite(real, bytes, len, at);
    changed();
    return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = file_of(file)->real;
    struct shadow *shadow = file_of(file)->shadow;
    if (fails())
        return SQLITE_IOERR_TRUNCATE;
    if (shadow != NULL) {
        content_resize(&shadow->now, (size_t)size);
        struct write write = {.at = (size_t)size, .truncation = true};
        add_pending(shadow, &write);
    }
    int rc = real->pMethods->xTruncate(real, size);
    changed();
    return rc;
}

static int file_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = file_of(file)->real;
    struct shadow *shadow = file_of(file)->shadow;
    (void)flags;
    if (fails())
        return SQLITE_IOERR_FSYNC;
    if (shadow != NULL) {
        content_copy(&shadow->synced, &shadow->now);
        forget_pending(shadow);
    }
    changed();
    return real->pMethods != NULL ? SQLITE_OK
                                  : SQLITE_IOERR; /* the real sync would only cost time */
}

#define FORWARD(name, parameters, arguments)                                                       \
    static int file_##name parameters                                                              \
    {                                                                                              \
        sqlite3_file *real = file_of(file)->real;                                                  \
        return real->pMethods->name arguments;                                                     \
    }
FORWARD(xFileSize, (sqlite3_file * file, sqlite3_int64 *size), (real, size))
FORWARD(xLock, (sqlite3_file * file, int level), (real, level))
FORWARD(xUnlock, (sqlite3_file * file, int level), (real, level))
FORWARD(xCheckReservedLock, (sqlite3_file * file, int *out), (real, out))
FORWARD(xFileControl, (sqlite3_file * file, int op, void *arg), (real, op, arg))
FORWARD(xShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile **out),
        (real, page, size, extend, out))
FORWARD(xShmLock, (sqlite3_file * file, int offset, int n, int flags), (real, offset, n, flags))
FORWARD(xShmUnmap, (sqlite3_file * file, int remove_it), (real, remove_it))

static void file_barrier(sqlite3_file *file)
{
    sqlite3_file *real = file_of(file)->real;
    real->pMethods->xShmBarrier(real);
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0; /* promises nothing */
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_xFileSize,
    .xLock = file_xLock,
    .xUnlock = file_xUnlock,
    .xCheckReservedLock = file_xCheckReservedLock,
    .xFileControl = file_xFileControl,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_xShmMap,
    .xShmLock = file_xShmLock,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_xShmUnmap,
};

static void load_shadow(struct shadow *shadow, const char *path)
{
    struct stat st;
    shadow->exists = true;
    if (shadow->now.len > 0 || stat(path, &st) < 0 || st.st_size == 0)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    content_resize(&shadow->now, (size_t)st.st_size);
    if (fd < 0 || read(fd, shadow->now.bytes, shadow->now.len) != st.st_size)
        abort();
    close(fd);
    content_copy(&shadow->synced, &shadow->now);
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *out, int flags,
                    int *out_flags)
{
    (void)vfs;
    struct file *file = file_of(out);
    file->base.pMethods = NULL;
    if (path == NULL || (state.fail_at > 0 && state.forever && state.failed))
        return SQLITE_CANTOPEN;
    file->real = need(reallocarray(NULL, (size_t)state.real->szOsFile, 1));
    memset(file->real, 0, (size_t)state.real->szOsFile);
    int rc = state.real->xOpen(state.real, path, file->real, flags, out_flags);
    if (rc != SQLITE_OK) {
        free(file->real);
        return rc;
    }
    file->shadow = shadow_of(path);
    load_shadow(file->shadow, path);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
    (void)vfs;
    struct shadow *shadow = shadow_of(path);
    forget_pending(shadow);
    shadow->exists = false;
    shadow->now.len = shadow->synced.len = 0;
    int rc = state.real->xDelete(state.real, path, sync_dir);
    changed();
    return rc;
}

void fault_vfs_install(void)
{
    state.real = sqlite3_vfs_find(NULL);
    if (state.real == NULL)
        abort();
    state.vfs = *state.real;
    state.vfs.zName = "fault";
    state.vfs.szOsFile = (int)sizeof(struct file);
    state.vfs.xOpen = vfs_open;
    state.vfs.xDelete = vfs_delete;
    sqlite3_vfs_register(&state.vfs, 1);
}

void fault_vfs_default(bool on)
{
    sqlite3_vfs_register(on ? &state.vfs : state.real, 1);
}

void fault_vfs_fail_at(long n, bool forever)
{
    state.fail_at = n;
    state.forever = forever;
    state.count = 0;
    state.failed = false;
}

long fault_vfs_operations(void)
{
    return state.count;
}

bool fault_vfs_failed(void)
{
    return state.failed;
}

void fault_vfs_limit(long bytes)
{
    state.limit = bytes;
}

void fault_vfs_record(fault_vfs_fn fn, void *ctx)
{
    state.fn = fn;
    state.ctx = ctx;
}

static bool is_in(const struct shadow *shadow, const char *dir)
{
    size_t len = strlen(dir);
    return shadow->used && strncmp(shadow->path, dir, len) == 0 && shadow->path[len] == '/' &&
           strchr(shadow->path + len + 1, '/') == NULL;
}

void fault_vfs_forget(const char *dir)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct shadow *shadow = &state.shadows[i];
        if (dir != NULL && !is_in(shadow, dir))
            continue;
        forget_pending(shadow);
        free(shadow->pending);
        free(shadow->now.bytes);
        free(shadow->synced.bytes);
        *shadow = (struct shadow){0};
    }
}

/* Applies each sector of each unsynced write or not, in the order they were made. */
static void tear(struct content *image, const struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->pending_count; i++) {
        const struct write *write = &shadow->pending[i];
        if (write->truncation) {
            if (lrand48() % 2 == 0)
                content_resize(image, write->at);
            continue;
        }
        for (size_t at = 0; at < write->data.len; at += SECTOR) {
            size_t len = write->data.len - at < SECTOR ? write->data.len - at : SECTOR;
            if (lrand48() % 2 == 0)
                content_write(image, write->at + at, write->data.bytes + at, len);
        }
    }
}

static void write_file(const char *dir, const struct shadow *shadow, const struct content *content)
{
    char path[1024];
    const char *leaf = strrchr(shadow->path, '/');
    snprintf(path, sizeof(path), "%s/%s", dir, leaf != NULL ? leaf + 1 : shadow->path);
    if (!shadow->exists) {
        unlink(path);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content->bytes, content->len) != (ssize_t)content->len)
        abort();
    close(fd);
}

void fault_vfs_image(const char *from, const char *to, enum fault_image kind)
{
    struct content image = {0};
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct shadow *shadow = &state.shadows[i];
        if (!is_in(shadow, from))
            continue;
        content_copy(&image, kind == FAULT_ALL ? &shadow->now : &shadow->synced);
        if (kind == FAULT_TORN)
            tear(&image, shadow);
        write_file(to, shadow, &image);
    }
    free(image.bytes);
}
