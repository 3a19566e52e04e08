/* SPDX-License-Identifier: Apache-2.0
 *
 * Files; see core/fsutil.h.
 */
#include "core/fsutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/hash.h"
#include "core/random.h"
#include "core/str.h"

#include "core/banned.h"

int sc_file_open_read(const char *path, int *ret_fd, struct stat *ret_stat, struct sc_error *err)
{
    /* O_NONBLOCK: opening a FIFO must not hang; it has no effect on regular files. */
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot stat '%s'", path);
    if (!S_ISREG(st.st_mode))
        return sc_fail(err, SC_E_FAILED, "'%s' is %s, not a regular file", path,
                       S_ISDIR(st.st_mode) ? "a directory" : "a special file");
    if (ret_stat != NULL)
        *ret_stat = st;
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_file_read(const char *path, struct sc_buf *buf, struct sc_error *err)
{
    if (strcmp(path, "-") == 0) {
        int rc = sc_buf_read_fd(buf, STDIN_FILENO, err);
        return rc < 0 ? sc_wrap(err, rc, "cannot read standard input") : 0;
    }
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = sc_file_open_read(path, &fd, NULL, err);
    if (rc < 0)
        return rc;
    rc = sc_buf_read_fd(buf, fd, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot read '%s'", path) : 0;
}

int sc_file_read_secret(const char *path, size_t max, bool private_only, struct sc_secret *secret,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    struct stat st;
    int rc = sc_file_open_read(path, &fd, &st, err);
    if (rc < 0)
        return rc;
    if (private_only && (st.st_mode & 077) != 0)
        return sc_fail(err, SC_E_PERM,
                       "'%s' can be read by others (mode %04o); run: chmod 600 '%s'", path,
                       (unsigned)(st.st_mode & 07777), path);
    rc = sc_secret_read_fd(secret, fd, max, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot read '%s'", path) : 0;
}

/* Opens a fresh temporary file next to `path`; `temporary` receives its name. */
static int open_temporary(const char *path, char temporary[PATH_MAX], int *ret_fd,
                          struct sc_error *err)
{
    unsigned char noise[8];
    char suffix[2 * sizeof(noise) + 1];
    int rc = sc_random_bytes(noise, sizeof(noise), err);
    if (rc < 0)
        return rc;
    sc_hex(suffix, noise, sizeof(noise));
    const char *slash = strrchr(path, '/');
    int dir_len = slash != NULL ? (int)(slash - path) + 1 : 0;
    int wanted = snprintf(temporary, PATH_MAX, "%.*s.secretsctl-%s.tmp", dir_len, path, suffix);
    if (wanted < 0 || wanted >= PATH_MAX)
        return sc_fail(err, SC_E_FAILED, "the path '%s' is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sc_fail_errno(err, "cannot write in the directory of '%s'", path);
    *ret_fd = fd;
    return 0;
}

/* Owner first: chown clears set-id bits, and the mode may be wider than the owner should see. */
static int fill_temporary(int fd, const char *path, struct sc_bytes content,
                          const struct sc_file_attr *attr, struct sc_error *err)
{
    if (attr->set_owner && fchown(fd, attr->uid, attr->gid) < 0)
        return sc_fail_errno(err, "cannot set the owner of '%s'", path);
    if (fchmod(fd, attr->mode) < 0)
        return sc_fail_errno(err, "cannot set the mode of '%s'", path);
    int rc = sc_fd_write_all(fd, content.ptr, content.len, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot write '%s'", path);
    if (fsync(fd) < 0)
        return sc_fail_errno(err, "cannot flush '%s'", path);
    return 0;
}

enum publish { PUBLISH_REPLACE, PUBLISH_CREATE };

static int write_durably(const char *path, struct sc_bytes content, const struct sc_file_attr *attr,
                         enum publish how, struct sc_error *err)
{
    char temporary[PATH_MAX];
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = open_temporary(path, temporary, &fd, err);
    if (rc < 0)
        return rc;
    rc = fill_temporary(fd, path, content, attr, err);
    if (rc == 0) {
        /* link(2), unlike rename(2), refuses to overwrite. */
        int done = how == PUBLISH_REPLACE ? rename(temporary, path) : link(temporary, path);
        if (done < 0)
            rc = sc_fail_errno(err, "cannot create '%s'", path);
    }
    if (rc < 0 || how == PUBLISH_CREATE)
        unlink(temporary);
    if (rc < 0)
        return rc;
    return sc_dir_sync_parent(path, err);
}

int sc_file_replace(const char *path, struct sc_bytes content, const struct sc_file_attr *attr,
                    struct sc_error *err)
{
    char *resolved = realpath(path, NULL);
    if (resolved == NULL && errno != ENOENT)
        return sc_fail_errno(err, "cannot resolve '%s'", path);
    int rc = write_durably(resolved != NULL ? resolved : path, content, attr, PUBLISH_REPLACE, err);
    free(resolved);
    return rc;
}

int sc_file_create(const char *path, struct sc_bytes content, const struct sc_file_attr *attr,
                   struct sc_error *err)
{
    return write_durably(path, content, attr, PUBLISH_CREATE, err);
}

int sc_dir_make(const char *path, mode_t mode, struct sc_error *err)
{
    char partial[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(partial))
        return sc_fail(err, SC_E_FAILED, "the path of the directory is empty or too long");
    memcpy(partial, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (partial[i] != '/' && partial[i] != '\0')
            continue;
        partial[i] = '\0';
        if (mkdir(partial, mode) < 0 && errno != EEXIST)
            return sc_fail_errno(err, "cannot make the directory '%s'", partial);
        partial[i] = path[i];
    }
    struct stat st;
    if (stat(path, &st) < 0)
        return sc_fail_errno(err, "cannot stat '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return sc_fail(err, SC_E_FAILED, "'%s' is not a directory", path);
    return 0;
}

/* Without any memory: what was just put into the directory is there already, and a failure now
 * would be told of a file that is whole. */
int sc_dir_sync_parent(const char *path, struct sc_error *err)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *from = slash != NULL ? path : ".";
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof(dir))
        return sc_fail(err, SC_E_TOOBIG, "the path of '%s' is too long", path);
    memcpy(dir, from, len);
    dir[len] = '\0';
    SC_CLEANUP(sc_fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s'", dir);
    /* Some file systems cannot sync a directory and say EINVAL; they promise nothing anyway. */
    if (fsync(fd) < 0 && errno != EINVAL)
        return sc_fail_errno(err, "cannot flush the directory '%s'", dir);
    return 0;
}

char *sc_path_dirname(const char *path, struct sc_error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return sc_str_dup(".", err);
    return sc_str_ndup(path, slash == path ? 1 : (size_t)(slash - path), err);
}

char *sc_path_join(const char *dir, const char *leaf, struct sc_error *err)
{
    size_t dir_len = strlen(dir), leaf_len = strlen(leaf);
    size_t separator = dir_len > 0 && dir[dir_len - 1] != '/';
    char *path = malloc(dir_len + separator + leaf_len + 1);
    if (path == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    memcpy(path, dir, dir_len);
    memcpy(path + dir_len, "/", separator);
    memcpy(path + dir_len + separator, leaf, leaf_len + 1);
    return path;
}

/* Resolves "." and ".." in an absolute path, in place. */
static void clean_absolute(char *path)
{
    char *out = path;
    for (const char *in = path; *in != '\0';) {
        in += strspn(in, "/");
        size_t n = strcspn(in, "/");
        if (n == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/')
                ;
        } else if (n > 0 && !(n == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

char *sc_path_absolute(const char *path, struct sc_error *err)
{
    char *absolute = NULL;
    if (path[0] == '/') {
        absolute = sc_str_dup(path, err);
    } else {
        char cwd[PATH_MAX];
        if (getcwd(cwd, sizeof(cwd)) == NULL) {
            (void)sc_fail_errno(err, "cannot find the working directory");
            return NULL;
        }
        absolute = sc_path_join(cwd, path, err);
    }
    if (absolute != NULL)
        clean_absolute(absolute);
    return absolute;
}

int sc_dir_check_empty(const char *path, struct sc_error *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return sc_fail_errno(err, "cannot open '%s'", path);
    bool empty = true;
    for (struct dirent *entry = readdir(dir); entry != NULL && empty; entry = readdir(dir))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    if (!empty)
        return sc_fail(err, SC_E_EXISTS, "'%s' is not empty; give an empty or a new directory",
                       path);
    return 0;
}
