/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching files and folders; see audit/surface/tree.h.
 *
 * Everything is opened relative to its folder and without following links, so that nothing outside
 * the tree is read even if it changes meanwhile. Holes of sparse files are stepped over where only
 * bytes are looked at.
 */
#include "audit/surface/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "audit/image/archive.h"
#include "core/fd.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define READ_SIZE ((size_t)256 * 1024)
/* Bytes of a list of attributes, and of one attribute, as the kernel limits them. */
#define ATTRIBUTE_MAX ((size_t)64 * 1024)

struct tree {
    struct sc_probe *probe;
    const struct sc_tree_options *options;
    struct sc_archive *archive;
    unsigned char *buffer; /* READ_SIZE */
    char *names;           /* ATTRIBUTE_MAX: names of attributes */
    dev_t device;          /* of the root */
    uint64_t bytes, files;
};

/* Whether it was there when its folder was read, and is no more: then there is nothing to search.
 */
static bool is_gone(int error)
{
    return error == ENOENT || error == ESTALE;
}

static int skip(struct tree *tree, const char *path, const char *reason, struct sc_error *err)
{
    return sc_ledger_skip(tree->probe->ledger, tree->options->surface, path, reason, err);
}

static int skip_errno(struct tree *tree, const char *path, struct sc_error *err)
{
    struct sc_error why = {0};
    if (is_gone(errno))
        return 0;
    SC_IGNORE(sc_fail_errno(&why, "cannot be read")); /* for its text */
    return skip(tree, path, sc_error_message(&why), err);
}

static int search_text(struct tree *tree, const char *path, const char *where, const void *text,
                       size_t len, struct sc_error *err)
{
    const struct sc_spot spot = {.place = tree->options->place, .file = path, .where = where};
    tree->bytes += len;
    return sc_probe_bytes(tree->probe, &spot, (struct sc_bytes){text, len}, err);
}

/* ---- extended attributes ---- */

static int search_attribute(struct tree *tree, int fd, const char *path, const char *name,
                            struct sc_error *err)
{
    int rc = search_text(tree, path, "attribute name", name, strlen(name), err);
    if (rc < 0)
        return rc;
    ssize_t got = fgetxattr(fd, name, tree->buffer, ATTRIBUTE_MAX);
    if (got < 0 && errno != ENODATA)
        return skip(tree, path, "one of its extended attributes cannot be read", err);
    return got <= 0 ? 0
                    : search_text(tree, path, "extended attribute", tree->buffer, (size_t)got, err);
}

static int search_attributes(struct tree *tree, int fd, const char *path, struct sc_error *err)
{
    ssize_t got = flistxattr(fd, tree->names, ATTRIBUTE_MAX);
    if (got < 0 && errno != ENOTSUP)
        return skip(tree, path, "its extended attributes cannot be listed", err);
    int rc = 0;
    for (ssize_t at = 0; rc == 0 && at < got; at += (ssize_t)strlen(tree->names + at) + 1)
        rc = search_attribute(tree, fd, path, tree->names + at, err);
    return rc;
}

/* ---- contents ---- */

/* The bytes of [from, to). */
static int feed_range(struct tree *tree, int fd, off_t from, off_t to, struct sc_error *err)
{
    while (from < to) {
        size_t want = (size_t)SC_MIN((off_t)READ_SIZE, to - from);
        ssize_t got = pread(fd, tree->buffer, want, from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sc_fail_errno(err, "cannot be read");
        if (got == 0)
            return 0; /* it has been cut off meanwhile */
        int rc = sc_archive_write(tree->archive, (struct sc_bytes){tree->buffer, (size_t)got}, err);
        if (rc < 0)
            return rc;
        from += got;
    }
    return 0;
}

/* A sparse file: from one run of data to the next. */
static int feed_sparse(struct tree *tree, int fd, off_t size, struct sc_error *err)
{
    off_t at = 0;
    while (at < size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno != ENXIO)
            return feed_range(tree, fd, at, size, err);
        off_t next = data < 0 ? size : SC_MIN(data, size);
        int rc = sc_archive_zeroes(tree->archive, (uint64_t)(next - at), err);
        off_t hole = rc < 0 || next >= size ? size : lseek(fd, next, SEEK_HOLE);
        if (rc == 0)
            rc = feed_range(tree, fd, next, hole < 0 ? size : SC_MIN(hole, size), err);
        if (rc < 0)
            return rc;
        at = hole < 0 ? size : hole;
    }
    return 0;
}

static int search_content(struct tree *tree, int fd, const char *path, const struct stat *st,
                          struct sc_error *err)
{
    const struct sc_spot spot = {.place = tree->options->place, .file = path};
    struct sc_error why = {0};
    uint64_t bytes = 0;
    sc_archive_begin(tree->archive, &spot);
    /* What has no size may have bytes all the same: files of proc(5) and the like. */
    bool sparse = st->st_size > 0 && (off_t)st->st_blocks * 512 < st->st_size;
    int rc = sparse ? feed_sparse(tree, fd, st->st_size, &why)
                    : feed_range(tree, fd, 0, LLONG_MAX, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        rc = skip(tree, path, sc_error_message(&why), err);
    int ended = sc_archive_end(tree->archive, &bytes, err);
    tree->bytes += bytes;
    tree->files++;
    return rc < 0 ? rc : ended;
}

/* ---- the walk ---- */

static int search_folder(struct tree *tree, int fd, const char *path, unsigned depth,
                         struct sc_error *err);

static int search_link(struct tree *tree, int dir, const char *leaf, const char *path,
                       struct sc_error *err)
{
    char target[PATH_MAX];
    ssize_t got = readlinkat(dir, leaf, target, sizeof(target));
    if (got < 0)
        return skip_errno(tree, path, err);
    return search_text(tree, path, "link target", target, (size_t)got, err);
}

static const char *kind_of(mode_t mode)
{
    return S_ISFIFO(mode)   ? "a named pipe"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISBLK(mode)  ? "a block device"
           : S_ISCHR(mode)  ? "a character device"
                            : "not a file";
}

/* A file or folder that is open; takes over fd. */
static int search_open(struct tree *tree, int fd, const char *path, unsigned depth,
                       struct sc_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        sc_fd_closep(&fd);
        return skip(tree, path, "not a file", err);
    }
    sc_ledger_object(tree->probe->ledger);
    int rc = search_attributes(tree, fd, path, err);
    if (rc == 0 && S_ISDIR(st.st_mode) && depth > 0 && st.st_dev != tree->device)
        rc = skip(tree, path, "another file system; name it to have it searched", err);
    else if (rc == 0 && S_ISDIR(st.st_mode))
        return search_folder(tree, fd, path, depth, err);
    else if (rc == 0)
        rc = search_content(tree, fd, path, &st, err);
    sc_fd_closep(&fd);
    return rc;
}

static int search_entry(struct tree *tree, int dir, const char *leaf, const char *path,
                        unsigned depth, struct sc_error *err)
{
    struct stat st;
    int rc = search_text(tree, path, "name", leaf, strlen(leaf), err);
    if (rc < 0)
        return rc;
    if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return skip_errno(tree, path, err);
    if (S_ISLNK(st.st_mode))
        return search_link(tree, dir, leaf, path, err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return skip(tree, path, kind_of(st.st_mode), err);
    /* Should it have become a pipe or a link since: neither waited for nor followed. */
    int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? skip_errno(tree, path, err) : search_open(tree, fd, path, depth, err);
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* Takes over fd. */
static int search_folder(struct tree *tree, int fd, const char *path, unsigned depth,
                         struct sc_error *err)
{
    SC_CLEANUP(close_dir) DIR *dir = depth < SC_FOLDER_DEPTH_MAX ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        sc_fd_closep(&fd);
        return depth < SC_FOLDER_DEPTH_MAX ? skip_errno(tree, path, err)
                                           : skip(tree, path, "folders nested too deep", err);
    }
    int rc = 0;
    errno = 0;
    for (struct dirent *entry = readdir(dir); rc == 0 && entry != NULL; entry = readdir(dir)) {
        const char *leaf = entry->d_name;
        bool left_out = depth == 0 && sc_str_equal(leaf, tree->options->leave_out);
        if (!left_out && strcmp(leaf, ".") != 0 && strcmp(leaf, "..") != 0) {
            SC_CLEANUP(sc_str_freep) char *below = sc_path_join(path, leaf, err);
            rc = below == NULL ? SC_E_NOMEM
                               : search_entry(tree, dirfd(dir), leaf, below, depth + 1, err);
        }
        errno = 0;
    }
    return rc == 0 && errno != 0 ? skip_errno(tree, path, err) : rc;
}

static int search_root(struct tree *tree, const char *root, struct sc_error *err)
{
    struct stat st;
    int fd = open(root, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && is_gone(errno))
        return skip(tree, root, "no such file", err);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int rc = skip_errno(tree, root, err);
        sc_fd_closep(&fd);
        return rc;
    }
    tree->device = st.st_dev;
    return search_open(tree, fd, root, 0, err);
}

static void tree_done(struct tree *tree)
{
    sc_archive_free(tree->archive);
    if (tree->buffer != NULL)
        sc_wipe(tree->buffer, READ_SIZE);
    free(tree->buffer);
    free(tree->names);
}

int sc_tree_search(struct sc_probe *probe, const char *root, const struct sc_tree_options *options,
                   struct sc_error *err)
{
    struct sc_ledger *ledger = probe->ledger;
    const struct sc_archive_options inside = {
        .searcher = probe->searcher, .ledger = ledger, .surface = options->surface};
    SC_CLEANUP(tree_done)
    struct tree tree = {
        .probe = probe,
        .options = options,
        .archive = sc_archive_new(&inside, err),
        .buffer = malloc(READ_SIZE),
        .names = malloc(ATTRIBUTE_MAX),
    };
    if (tree.archive == NULL || tree.buffer == NULL || tree.names == NULL)
        return sc_fail_nomem(err);
    size_t skipped = ledger->skipped_count;
    int rc = search_root(&tree, root, err);
    if (rc < 0 || (tree.files == 0 && ledger->skipped_count > skipped))
        return rc;
    SC_CLEANUP(sc_str_freep)
    char *note = sc_str_printf(err, "%s: %" PRIu64 " %s searched", options->title, tree.files,
                               tree.files == 1 ? "file" : "files");
    rc = note == NULL ? SC_E_NOMEM : sc_ledger_note(ledger, note, err);
    return rc < 0
               ? rc
               : sc_ledger_looked(ledger, options->surface, options->title, NULL, tree.bytes, err);
}
