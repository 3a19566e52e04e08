/* SPDX-License-Identifier: Apache-2.0
 *
 * Journalled replacement of several files; see core/replace.h.
 *
 * The journal is "secretsctl-replace 1", then the target paths, each ended by a NUL. Staged names
 * are derived from the targets, so that a forged journal could only rename files this program
 * staged.
 */
#include "core/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

#define HEADER      "secretsctl-replace 1"
#define JOURNAL_MAX ((size_t)SC_REPLACE_FILES_MAX * PATH_MAX)

#define STAGED_MAX (PATH_MAX + 32)

/* ".NAME.secretsctl-new" next to the target. Not allocated: cleaning up must not fail for want of
 * memory. */
static int staged_path(const char *target, char ret[STAGED_MAX], struct sc_error *err)
{
    const char *slash = strrchr(target, '/');
    int dir = slash != NULL ? (int)(slash - target) + 1 : 0;
    int len = snprintf(ret, STAGED_MAX, "%.*s.%s.secretsctl-new", dir, target, target + dir);
    return len < STAGED_MAX ? 0 : sc_fail(err, SC_E_TOOBIG, "the path '%s' is too long", target);
}

static char *journal_path(const char *target, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(target, err);
    return dir == NULL ? NULL : sc_path_join(dir, SC_REPLACE_JOURNAL, err);
}

/* A lock on the folder that lasts as long as the descriptor. */
static int lock_folder(const char *target, int *ret_fd, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(target, err);
    if (dir == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", dir);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return sc_fail(err, SC_E_BUSY, "another process changes files in '%s'", dir);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

static int check_unchanged(const struct sc_replace_file *file, struct sc_file_attr *ret_attr,
                           struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    struct stat st;
    int rc = sc_file_open_read(file->path, &fd, &st, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_buf_done) struct sc_buf now = SC_BUF_INIT((size_t)st.st_size + 1);
    rc = sc_buf_read_fd(&now, fd, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot read '%s'", file->path);
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_sha256(hash, now.data, now.len);
    if (now.data != NULL)
        sc_wipe(now.data, now.len);
    if (memcmp(hash, file->before, sizeof(hash)) != 0)
        return sc_fail(err, SC_E_FAILED, "'%s' changed in the meantime; nothing was written",
                       file->path);
    *ret_attr = (struct sc_file_attr){
        .mode = st.st_mode & 07777, .set_owner = true, .uid = st.st_uid, .gid = st.st_gid};
    return 0;
}

static int stage(const struct sc_replace_file *file, struct sc_error *err)
{
    struct sc_file_attr attr;
    int rc = check_unchanged(file, &attr, err);
    if (rc < 0)
        return rc;
    char staged[STAGED_MAX];
    rc = staged_path(file->path, staged, err);
    if (rc < 0)
        return rc;
    if (attr.uid == geteuid() && attr.gid == getegid())
        attr.set_owner = false; /* no right to chown needed */
    return sc_file_replace(staged, file->content, &attr, err);
}

static void unstage(const struct sc_replace_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char staged[STAGED_MAX];
        if (staged_path(files[i].path, staged, NULL) == 0)
            (void)unlink(staged);
    }
}

static int write_journal(const char *path, const struct sc_replace_file *files, size_t count,
                         struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(JOURNAL_MAX);
    sc_buf_append(&text, HEADER, sizeof(HEADER));
    for (size_t i = 0; i < count; i++)
        sc_buf_append(&text, files[i].path, strlen(files[i].path) + 1);
    struct sc_file_attr attr = {.mode = 0600};
    int rc = sc_buf_status(&text, err);
    return rc < 0 ? rc : sc_file_replace(path, sc_buf_view(&text), &attr, err);
}

/* Renames what is staged for this target; a target without a staged file is done already. */
static int put_in_place(const char *target, size_t *count, struct sc_error *err)
{
    char staged[STAGED_MAX];
    int rc = staged_path(target, staged, err);
    if (rc < 0)
        return rc;
    if (rename(staged, target) != 0) {
        if (errno == ENOENT)
            return 0;
        return sc_fail_errno(err, "cannot replace '%s'", target);
    }
    (*count)++;
    return sc_dir_sync_parent(target, err);
}

static int remove_journal(const char *path, struct sc_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return sc_fail_errno(err, "cannot remove '%s'", path);
    return sc_dir_sync_parent(path, err);
}

int sc_replace_all(const struct sc_replace_file *files, size_t count,
                   int (*ready)(void *ctx, struct sc_error *err), void *ctx, struct sc_error *err)
{
    if (count == 0 || count > SC_REPLACE_FILES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "cannot replace %zu files at once", count);
    SC_CLEANUP(sc_fd_closep) int lock = -1;
    SC_CLEANUP(sc_str_freep) char *journal = journal_path(files[0].path, err);
    if (journal == NULL)
        return SC_E_NOMEM;
    int rc = lock_folder(files[0].path, &lock, err);
    if (rc < 0)
        return rc;
    size_t staged = 0;
    for (; staged < count && rc == 0; staged++)
        rc = stage(&files[staged], err);
    if (rc == 0 && ready != NULL)
        rc = ready(ctx, err);
    if (rc == 0)
        rc = write_journal(journal, files, count, err);
    if (rc < 0) {
        unstage(files, staged);
        return rc;
    }
    /* the point of no return: from here on a crash is finished by sc_replace_recover() */
    size_t placed = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = put_in_place(files[i].path, &placed, err);
    return rc < 0 ? rc : remove_journal(journal, err);
}

static int read_journal(const char *path, struct sc_buf *text, bool *ret_present,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret_present = false;
        return 0;
    }
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return sc_fail(err, SC_E_TAMPERED, "'%s' was not written by this user; remove it", path);
    int rc = sc_buf_read_fd(text, fd, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot read '%s'", path);
    if (text->len < sizeof(HEADER) || memcmp(text->data, HEADER, sizeof(HEADER)) != 0 ||
        text->data[text->len - 1] != '\0')
        return sc_fail(err, SC_E_FORMAT, "'%s' is no journal of a replacement", path);
    *ret_present = true;
    return 0;
}

/* What a process staged that died before its journal; nobody else's, since the folder is locked. */
static void drop_stale(const char *path)
{
    SC_CLEANUP(sc_fd_closep) int lock = -1;
    char staged[STAGED_MAX];
    if (staged_path(path, staged, NULL) == 0 && access(staged, F_OK) == 0 &&
        lock_folder(path, &lock, NULL) == 0)
        (void)unlink(staged);
}

int sc_replace_recover(const char *path, size_t *ret_count, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *journal = journal_path(path, err);
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(JOURNAL_MAX);
    bool present = false;
    size_t count = 0;
    if (journal == NULL)
        return SC_E_NOMEM;
    int rc = read_journal(journal, &text, &present, err);
    if (rc == 0 && !present)
        drop_stale(path);
    if (rc == 0 && present) {
        SC_CLEANUP(sc_fd_closep) int lock = -1;
        rc = lock_folder(path, &lock, err);
        for (size_t at = sizeof(HEADER); at < text.len && rc == 0; at += strlen(text.data + at) + 1)
            rc = put_in_place(text.data + at, &count, err);
        if (rc == 0)
            rc = remove_journal(journal, err);
    }
    if (rc == 0)
        *ret_count = count;
    return rc;
}
