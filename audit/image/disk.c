/* SPDX-License-Identifier: Apache-2.0
 *
 * Images in files and folders. A folder is Podman's storage, or an OCI layout: index.json and
 * blobs/ALGORITHM/HEX; whatever else lies in it is searched too. Links out of the folder are not
 * followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/image/image_private.h"
#include "audit/image/storage.h"
#include "core/fd.h"

#include "core/banned.h"

#define READ_SIZE   ((size_t)256 * 1024)
#define FOLDERS_MAX 8 /* of a layout: blobs/sha256/... */

struct reader {
    struct sc_image *image;
    unsigned char *buffer;
};

static int read_into(struct reader *reader, int fd,
                     int (*write)(struct sc_image *image, struct sc_bytes data,
                                  struct sc_error *err),
                     struct sc_error *err)
{
    for (;;) {
        size_t got = 0;
        int rc = sc_fd_read_some(fd, reader->buffer, READ_SIZE, &got, err);
        if (rc < 0 || got == 0)
            return rc;
        rc = write(reader->image, (struct sc_bytes){reader->buffer, got}, err);
        if (rc < 0)
            return rc;
    }
}

static int skip_file(const struct reader *reader, const char *name, const char *reason,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *object = sc_str_printf(err, "%s: %s", reader->image->title, name);
    return object == NULL ? SC_E_NOMEM
                          : sc_ledger_skip(reader->image->probe->ledger, SC_IMAGE_SURFACE, object,
                                           reason, err);
}

static int read_member(struct reader *reader, int dir, const char *leaf, const char *name,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
        return skip_file(reader, name, "not a file that can be read", err);
    int rc = sc_image_member_begin(reader->image, name, err);
    struct sc_error why = {0};
    if (rc == 0 && read_into(reader, fd, sc_image_member_write, &why) < 0) {
        if (why.code == SC_E_NOMEM)
            return sc_fail_nomem(err);
        rc = skip_file(reader, name, sc_error_message(&why), err);
    }
    int ended = sc_image_member_end(reader->image, err);
    return rc < 0 ? rc : ended;
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static int read_folder(struct reader *reader, int parent, const char *leaf, const char *prefix,
                       struct sc_error *err);

static int read_entry(struct reader *reader, DIR *dir, const char *leaf, const char *prefix,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *name = sc_str_printf(err, "%s%s", prefix, leaf);
    if (name == NULL)
        return SC_E_NOMEM;
    struct stat stat;
    if (fstatat(dirfd(dir), leaf, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return skip_file(reader, name, "cannot be looked at", err);
    if (!S_ISDIR(stat.st_mode))
        return read_member(reader, dirfd(dir), leaf, name, err);
    SC_CLEANUP(sc_str_freep) char *below = sc_str_printf(err, "%s/", name);
    return below == NULL ? SC_E_NOMEM : read_folder(reader, dirfd(dir), leaf, below, err);
}

static int read_folder(struct reader *reader, int parent, const char *leaf, const char *prefix,
                       struct sc_error *err)
{
    size_t depth = 0;
    for (const char *c = prefix; *c != '\0'; c++)
        depth += *c == '/' ? 1 : 0;
    if (depth > FOLDERS_MAX)
        return skip_file(reader, prefix, "folders nested too deep", err);
    int fd = openat(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    SC_CLEANUP(close_dir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        sc_fd_closep(&fd);
        return skip_file(reader, prefix, "the folder cannot be read", err);
    }
    int rc = 0;
    for (struct dirent *entry = readdir(dir); rc == 0 && entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = read_entry(reader, dir, entry->d_name, prefix, err);
    }
    return rc;
}

/* A failure of the data is told as why the image is not whole. */
static int read_archive(struct reader *reader, const char *path, struct sc_error *why)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(why, "cannot open");
    return read_into(reader, fd, sc_image_write, why);
}

int sc_image_search_path(struct sc_probe *probe, const char *path, struct sc_error *err)
{
    struct stat found;
    if (stat(path, &found) < 0)
        return sc_ledger_skip(probe->ledger, SC_IMAGE_SURFACE, path,
                              errno == ENOENT ? "no such file" : "cannot be looked at", err);
    struct reader reader = {.image = sc_image_new(probe, path, err), .buffer = malloc(READ_SIZE)};
    int rc = reader.image == NULL || reader.buffer == NULL ? sc_fail_nomem(err) : 0;
    struct sc_error why = {0};
    bool folder = S_ISDIR(found.st_mode);
    int failed = 0;
    if (rc == 0 && folder && sc_storage_is(path))
        rc = sc_storage_search(reader.image, path, err);
    else if (rc == 0 && folder)
        rc = read_folder(&reader, AT_FDCWD, path, "", err);
    else if (rc == 0)
        failed = read_archive(&reader, path, &why);
    if (failed == SC_E_NOMEM)
        rc = sc_fail_nomem(err);
    if (rc == 0)
        rc = sc_image_end(reader.image, failed < 0 ? sc_error_message(&why) : NULL, err);
    if (reader.buffer != NULL)
        sc_wipe(reader.buffer, READ_SIZE);
    free(reader.buffer);
    sc_image_free(reader.image);
    return rc;
}
