/* SPDX-License-Identifier: Apache-2.0
 *
 * Removing files; see provision/sweep.h.
 */
#include "provision/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/name.h"
#include "core/secret.h"

#include "core/banned.h"

#define PREFIX ".~"

/* A reader of a directory that takes no memory: who removes values must not need any. */
struct stream {
    int fd; /* of its own on the directory, so that its position is its own too */
    size_t at, len;
    int failure;
    _Alignas(struct dirent64) char items[4096];
};

static int open_stream(int dir_fd, struct stream *stream, struct sc_error *err)
{
    stream->at = stream->len = 0;
    stream->failure = 0;
    stream->fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return stream->fd < 0 ? sc_fail_errno(err, "cannot list a directory") : 0;
}

static void stream_done(struct stream *stream)
{
    sc_fd_closep(&stream->fd);
}

/* NULL at the end, and after a failure. */
static const char *next_item(struct stream *stream)
{
    for (;;) {
        if (stream->at == stream->len) {
            ssize_t got = getdents64(stream->fd, stream->items, sizeof(stream->items));
            stream->failure = got < 0 ? errno : 0;
            if (got <= 0)
                return NULL;
            stream->at = 0;
            stream->len = (size_t)got;
        }
        const struct dirent64 *item = (const void *)(stream->items + stream->at);
        stream->at += item->d_reclen;
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
            return item->d_name;
    }
}

static int stream_status(const struct stream *stream, struct sc_error *err)
{
    errno = stream->failure;
    return stream->failure != 0 ? sc_fail_errno(err, "cannot list a directory") : 0;
}

int sc_sweep_list(int dir_fd, struct sc_strv *ret, struct sc_error *err)
{
    SC_CLEANUP(stream_done) struct stream stream;
    int rc = open_stream(dir_fd, &stream, err);
    for (const char *name; rc == 0 && (name = next_item(&stream)) != NULL;)
        rc = sc_strv_add(ret, name, err);
    sc_strv_sort(ret);
    return rc < 0 ? rc : stream_status(&stream, err);
}

int sc_sweep_count(int dir_fd, size_t *ret, struct sc_error *err)
{
    SC_CLEANUP(stream_done) struct stream stream;
    size_t count = 0;
    int rc = open_stream(dir_fd, &stream, err);
    while (rc == 0 && next_item(&stream) != NULL)
        count++;
    if (rc == 0)
        rc = stream_status(&stream, err);
    if (rc == 0)
        *ret = count;
    return rc;
}

static int overwrite(int fd, off_t size, struct sc_error *err)
{
    static const unsigned char zeroes[4096];
    while (size > 0) {
        size_t step = SC_MIN((size_t)size, sizeof(zeroes));
        int rc = sc_fd_write_all(fd, zeroes, step, err);
        if (rc < 0)
            return rc;
        size -= (off_t)step;
    }
    return 0;
}

int sc_sweep_wipe(int dir_fd, const char *leaf, struct sc_error *err)
{
    /* Without privilege a 0400 file cannot be opened for writing, even by its owner. */
    struct stat st;
    if (fstatat(dir_fd, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        SC_IGNORE(fchmodat(dir_fd, leaf, 0600, 0));
    SC_CLEANUP(sc_fd_closep) int fd = openat(dir_fd, leaf, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot open '%s' to wipe it", leaf);
    int rc = overwrite(fd, st.st_size, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot wipe '%s'", leaf);
    if (ftruncate(fd, 0) < 0 || unlinkat(dir_fd, leaf, 0) < 0)
        return sc_fail_errno(err, "cannot remove '%s'", leaf);
    return 0;
}

int sc_sweep_empty(int dir_fd, struct sc_error *err)
{
    SC_CLEANUP(stream_done) struct stream stream;
    int rc = open_stream(dir_fd, &stream, err);
    for (const char *name; rc == 0 && (name = next_item(&stream)) != NULL;)
        if (sc_sweep_wipe(dir_fd, name, err) < 0 && unlinkat(dir_fd, name, 0) < 0)
            rc = sc_fail_errno(err, "cannot remove '%s'", name);
    return rc < 0 ? rc : stream_status(&stream, err);
}

static int remove_generation(int dir_fd, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv leaves = {0};
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", name);
    int rc = sc_sweep_list(fd, &leaves, err);
    for (size_t i = 0; rc == 0 && i < leaves.count; i++)
        if (unlinkat(fd, leaves.items[i], 0) < 0)
            rc = sc_fail_errno(err, "cannot remove '%s/%s'", name, leaves.items[i]);
    if (rc == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
        rc = sc_fail_errno(err, "cannot remove '%s'", name);
    return rc;
}

int sc_sweep_leftovers(int dir_fd, uint64_t keep, struct sc_error *err)
{
    char kept[32];
    snprintf(kept, sizeof(kept), PREFIX "%llu", (unsigned long long)keep);
    SC_CLEANUP(sc_strv_done) struct sc_strv names = {0};
    int rc = sc_sweep_list(dir_fd, &names, err);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        const char *name = names.items[i];
        if (strcmp(name, PREFIX "next") == 0) {
            if (unlinkat(dir_fd, name, 0) < 0)
                rc = sc_fail_errno(err, "cannot remove '%s'", name);
        } else if (strncmp(name, PREFIX, strlen(PREFIX)) == 0 && name[2] >= '0' && name[2] <= '9' &&
                   strcmp(name, kept) != 0) {
            rc = remove_generation(dir_fd, name, err);
        }
    }
    return rc;
}

void sc_sweep_empty_dirs(int top_fd, const char *path)
{
    char partial[SC_NAME_SIZE];
    size_t len = strlen(path);
    if (len >= sizeof(partial))
        return;
    memcpy(partial, path, len + 1);
    while (unlinkat(top_fd, partial, AT_REMOVEDIR) == 0) {
        char *slash = strrchr(partial, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
    }
}

struct search {
    const char *marker;
    struct sc_strv *found;
    char path[SC_NAME_SIZE];
};

static int find_below(struct search *search, int dir_fd, size_t len, unsigned depth,
                      struct sc_error *err)
{
    SC_CLEANUP(stream_done) struct stream stream;
    int rc = open_stream(dir_fd, &stream, err);
    for (const char *name; rc == 0 && (name = next_item(&stream)) != NULL;) {
        size_t n = strlen(name);
        if (strcmp(name, search->marker) == 0 && len > 0) {
            search->path[len] = '\0';
            rc = sc_strv_add(search->found, search->path, err);
            continue;
        }
        SC_CLEANUP(sc_fd_closep) int below = -1;
        if (depth < SC_NAME_PARTS_MAX && sc_name_part_valid(name, n) &&
            len + n + 2 < sizeof(search->path))
            below = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            continue;
        size_t start = len > 0 ? len + 1 : 0;
        if (len > 0)
            search->path[len] = '/';
        memcpy(search->path + start, name, n);
        rc = find_below(search, below, start + n, depth + 1, err);
    }
    return rc < 0 ? rc : stream_status(&stream, err);
}

int sc_sweep_find(int top_fd, const char *marker, struct sc_strv *ret, struct sc_error *err)
{
    struct search search = {.marker = marker, .found = ret};
    return find_below(&search, top_fd, 0, 0, err);
}
