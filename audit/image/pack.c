/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder as a tar stream; see audit/image/pack.h. Every entry has a PAX header with its path, so
 * that the fields of the old header need not hold it.
 */
#include "audit/image/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/str.h"

#include "core/banned.h"

#define BLOCK         ((size_t)512)
#define READ_SIZE     ((size_t)256 * 1024)
#define ATTRIBUTE_MAX ((size_t)64 * 1024)
/* A PAX header: path, target and all attributes. */
#define RECORDS_MAX ((size_t)1024 * 1024)

struct pack {
    const struct sc_pack_ops *ops;
    void *ctx;
    unsigned char *buffer; /* READ_SIZE */
    char *names;           /* ATTRIBUTE_MAX */
    struct sc_buf records;
};

/* An entry to be written. */
struct entry {
    const char *path, *link;
    char type;
    uint64_t size;
};

/* ---- the format ---- */

/* "LEN KEY=VALUE\n", where LEN counts its own digits. */
static void add_record(struct sc_buf *out, const char *key, const char *name, struct sc_bytes value)
{
    size_t rest = 1 + strlen(key) + strlen(name) + 1 + value.len + 1, len = rest + 1;
    for (size_t digits = 1, limit = 10; len >= limit; digits++, limit *= 10)
        len = rest + digits + 1;
    sc_buf_printf(out, "%zu %s%s=", len, key, name);
    sc_buf_append(out, value.ptr, value.len);
    sc_buf_putc(out, '\n');
}

static void add_text(struct sc_buf *out, const char *key, const char *text)
{
    add_record(out, key, "", (struct sc_bytes){(const unsigned char *)text, strlen(text)});
}

static int write_padding(struct pack *pack, uint64_t size, struct sc_error *err)
{
    static const unsigned char zeroes[BLOCK];
    size_t rest = (size_t)((BLOCK - size % BLOCK) % BLOCK);
    return rest == 0 ? 0 : pack->ops->write((struct sc_bytes){zeroes, rest}, pack->ctx, err);
}

static int write_header(struct pack *pack, char type, uint64_t size, struct sc_error *err)
{
    unsigned char block[BLOCK] = {0};
    memcpy(block, "entry", 5);
    /* Base 256: no length is too large for it. */
    block[124] = 0x80;
    for (size_t i = 0; i < 8; i++)
        block[128 + i] = (unsigned char)(size >> (56 - 8 * i));
    block[156] = (unsigned char)type;
    memcpy(block + 257,
           "ustar\0"
           "00",
           8);
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += block[i];
    (void)snprintf((char *)block + 148, 8, "%06o", sum);
    return pack->ops->write((struct sc_bytes){block, BLOCK}, pack->ctx, err);
}

/* The headers of an entry; pack->records holds its attributes already. */
static int begin_entry(struct pack *pack, const struct entry *entry, struct sc_error *err)
{
    add_text(&pack->records, "path", entry->path);
    if (entry->link != NULL)
        add_text(&pack->records, "linkpath", entry->link);
    int rc = sc_buf_status(&pack->records, err);
    struct sc_bytes records = sc_buf_view(&pack->records);
    if (rc == 0)
        rc = write_header(pack, 'x', records.len, err);
    if (rc == 0)
        rc = pack->ops->write(records, pack->ctx, err);
    if (rc == 0)
        rc = write_padding(pack, records.len, err);
    sc_buf_clear(&pack->records);
    return rc < 0 ? rc : write_header(pack, entry->type, entry->size, err);
}

/* ---- files ---- */

static int add_attributes(struct pack *pack, int fd, const char *path, bool *ret_opaque,
                          struct sc_error *err)
{
    ssize_t listed = flistxattr(fd, pack->names, ATTRIBUTE_MAX);
    if (listed < 0 && errno != ENOTSUP)
        return pack->ops->skip(path, "its extended attributes cannot be listed", pack->ctx, err);
    for (ssize_t at = 0; at < listed; at += (ssize_t)strlen(pack->names + at) + 1) {
        const char *name = pack->names + at;
        ssize_t got = fgetxattr(fd, name, pack->buffer, ATTRIBUTE_MAX);
        if (got < 0)
            continue; /* gone meanwhile */
        *ret_opaque |=
            sc_str_has_suffix(name, ".overlay.opaque") && got == 1 && pack->buffer[0] == 'y';
        if (pack->records.len + (size_t)got + strlen(name) + 64 > RECORDS_MAX / 2) {
            int rc = pack->ops->skip(path, "too many extended attributes", pack->ctx, err);
            return rc;
        }
        add_record(&pack->records, "SCHILY.xattr.", name,
                   (struct sc_bytes){pack->buffer, (size_t)got});
    }
    return 0;
}

/* Exactly `size` bytes, whatever becomes of the file meanwhile. */
static int write_content(struct pack *pack, int fd, const char *path, uint64_t size,
                         struct sc_error *err)
{
    int rc = 0;
    bool failed = false;
    for (uint64_t left = size; rc == 0 && left > 0;) {
        size_t want = left < READ_SIZE ? (size_t)left : READ_SIZE, got = 0;
        if (!failed && (sc_fd_read_some(fd, pack->buffer, want, &got, NULL) < 0 || got == 0)) {
            failed = true;
            rc = pack->ops->skip(path, "it could not be read to its end", pack->ctx, err);
        }
        if (failed) {
            memset(pack->buffer, 0, want);
            got = want;
        }
        if (rc == 0)
            rc = pack->ops->write((struct sc_bytes){pack->buffer, got}, pack->ctx, err);
        left -= got;
    }
    return rc < 0 ? rc : write_padding(pack, size, err);
}

static int pack_dir(struct pack *pack, int fd, const char *path, unsigned depth,
                    struct sc_error *err);

static int write_whiteout(struct pack *pack, const char *folder, const char *leaf,
                          struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *path = sc_str_printf(err, "%s%s.wh.%s", folder, folder[0] == '\0' ? "" : "/", leaf);
    const struct entry entry = {.path = path, .type = '0'};
    return path == NULL ? SC_E_NOMEM : begin_entry(pack, &entry, err);
}

/* A file or folder that is open; takes over fd. */
static int pack_open(struct pack *pack, int fd, const char *path, unsigned depth,
                     struct sc_error *err)
{
    struct stat st;
    bool opaque = false;
    sc_buf_clear(&pack->records);
    if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        sc_fd_closep(&fd);
        return pack->ops->skip(path, "not a file", pack->ctx, err);
    }
    bool folder = S_ISDIR(st.st_mode);
    const struct entry entry = {
        .path = path, .type = folder ? '5' : '0', .size = folder ? 0 : (uint64_t)st.st_size};
    int rc = add_attributes(pack, fd, path, &opaque, err);
    if (rc == 0)
        rc = begin_entry(pack, &entry, err);
    if (rc == 0 && opaque)
        rc = write_whiteout(pack, path, ".wh..opq", err);
    if (rc == 0 && folder)
        return pack_dir(pack, fd, path, depth, err);
    if (rc == 0)
        rc = write_content(pack, fd, path, entry.size, err);
    sc_fd_closep(&fd);
    return rc;
}

static int pack_special(struct pack *pack, int dir, const char *leaf, const char *path,
                        const struct stat *st, struct sc_error *err)
{
    char target[PATH_MAX + 1] = "";
    mode_t mode = st->st_mode;
    struct entry entry = {.path = path, .type = S_ISCHR(mode) ? '3' : S_ISBLK(mode) ? '4' : '6'};
    sc_buf_clear(&pack->records);
    if (S_ISLNK(mode)) {
        if (readlinkat(dir, leaf, target, PATH_MAX) < 0)
            return pack->ops->skip(path, "the link cannot be read", pack->ctx, err);
        entry.type = '2';
        entry.link = target;
    }
    return begin_entry(pack, &entry, err);
}

static int pack_entry(struct pack *pack, int dir, const char *folder, const char *leaf,
                      unsigned depth, struct sc_error *err)
{
    struct stat st;
    SC_CLEANUP(sc_str_freep)
    char *path = sc_str_printf(err, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", leaf);
    if (path == NULL)
        return SC_E_NOMEM;
    if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return pack->ops->skip(path, "cannot be looked at", pack->ctx, err);
    /* Overlay: a character device of no number hides what lower layers have here. */
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
        return write_whiteout(pack, folder, leaf, err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return pack_special(pack, dir, leaf, path, &st, err);
    int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? pack->ops->skip(path, "cannot be opened", pack->ctx, err)
                  : pack_open(pack, fd, path, depth, err);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* Takes over fd. */
static int pack_dir(struct pack *pack, int fd, const char *path, unsigned depth,
                    struct sc_error *err)
{
    SC_CLEANUP(close_dir) DIR *dir = depth < SC_PACK_DEPTH_MAX ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        sc_fd_closep(&fd);
        return pack->ops->skip(path, "the folder cannot be read", pack->ctx, err);
    }
    int rc = 0;
    for (struct dirent *entry = readdir(dir); rc == 0 && entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = pack_entry(pack, dirfd(dir), path, entry->d_name, depth + 1, err);
    }
    return rc;
}

int sc_pack_folder(int fd, const struct sc_pack_ops *ops, void *ctx, struct sc_error *err)
{
    static const unsigned char end[2 * BLOCK];
    struct pack pack = {.ops = ops,
                        .ctx = ctx,
                        .buffer = malloc(READ_SIZE),
                        .names = malloc(ATTRIBUTE_MAX),
                        .records = SC_BUF_INIT(RECORDS_MAX)};
    int rc = 0;
    if (pack.buffer == NULL || pack.names == NULL) {
        sc_fd_closep(&fd);
        rc = sc_fail_nomem(err);
    } else {
        rc = pack_dir(&pack, fd, "", 0, err);
    }
    if (rc == 0)
        rc = ops->write((struct sc_bytes){end, sizeof(end)}, ctx, err);
    if (pack.buffer != NULL)
        sc_wipe(pack.buffer, READ_SIZE);
    free(pack.buffer);
    free(pack.names);
    sc_buf_done(&pack.records);
    return rc;
}
