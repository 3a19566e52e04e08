/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault's file before SQLite sees it; see vault/store/file.h.
 */
#include "vault/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

/* Where SQLite's header says how it is written: 1 by a rollback journal, 2 by a write-ahead log. */
#define HEADER_MODE_AT  18
#define HEADER_ROLLBACK 1

/* As in linux/magic.h and the file systems' own sources. */
static const unsigned network_types[] = {
    0x00006969, /* nfs */
    0x0000517B, /* smb */
    0xFF534D42, /* cifs */
    0xFE534D42, /* smb2 */
    0x01021997, /* 9p */
    0x5346414F, /* afs */
    0x00C36400, /* ceph */
    0x0BD00BD0, /* lustre */
    0x47504653, /* gpfs */
};

static bool is_remote(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(network_types); i++) {
        if ((unsigned)fs.f_type == network_types[i])
            return true;
    }
    return false;
}

static bool is_portable(int fd)
{
    unsigned char mode = 0;
    return pread(fd, &mode, 1, HEADER_MODE_AT) == 1 && mode == HEADER_ROLLBACK;
}

/* SQLite would wait for the other end of a FIFO. */
static int check_beside(const char *path, struct sc_error *err)
{
    static const char *const ends[] = {"-journal", "-wal", "-shm"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(ends); i++) {
        struct stat st;
        SC_CLEANUP(sc_str_freep) char *beside = sc_str_printf(err, "%s%s", path, ends[i]);
        if (beside == NULL)
            return SC_E_NOMEM;
        if (lstat(beside, &st) == 0 && !S_ISREG(st.st_mode))
            return sc_fail(err, SC_E_FORMAT,
                           "'%s' is not a regular file, so the vault beside it was not opened",
                           beside);
    }
    return 0;
}

int sc_store_file_check(const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return sc_fail(err, SC_E_PERM, "the vault '%s' is a symbolic link; name the file itself",
                       path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot open the vault '%s'", path);
    if (!S_ISREG(st.st_mode))
        return sc_fail(err, SC_E_FORMAT, "the vault '%s' is not a regular file", path);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return sc_fail(err, SC_E_PERM, "the vault '%s' belongs to another user", path);
    if ((st.st_mode & 077) != 0)
        return sc_fail(err, SC_E_PERM, "others have access to the vault '%s'; run: chmod 600 '%s'",
                       path, path);
    if (is_remote(fd) && !is_portable(fd))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "the vault '%s' is on a network file system, where only a portable one is "
                       "safe; on a local disk: secretsctl compact --storage portable",
                       path);
    return check_beside(path, err);
}

bool sc_store_file_is_remote(const char *path)
{
    SC_CLEANUP(sc_str_freep) char *dir = sc_path_dirname(path, NULL);
    SC_CLEANUP(sc_fd_closep)
    int fd = dir != NULL ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd >= 0 && is_remote(fd);
}

int sc_store_file_create(const char *path, bool portable, struct sc_error *err)
{
    if (!portable && sc_store_file_is_remote(path))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s' would be on a network file system, where only a portable vault is "
                       "safe: init --portable",
                       path);
    int rc = check_beside(path, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return sc_fail(err, SC_E_EXISTS, "there is a file '%s' already", path);
    if (fd < 0)
        return sc_fail_errno(err, "cannot create the vault '%s'", path);
    return 0;
}
