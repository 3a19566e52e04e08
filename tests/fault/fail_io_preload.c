/* SPDX-License-Identifier: Apache-2.0
 *
 * A library to be preloaded, under which the N-th call that touches a file fails, those made by
 * other libraries included; see fail_plan.h. SC_FAIL_ERRNO is the error (5, EIO). With
 * SC_FAIL_CHANGES=1 only calls that change something count, as a full disk does it. What is written
 * to standard error is left alone: a failure there could not be told.
 */
/* Both names of each function are defined here, the ones for big files too. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "tests/fault/fail_plan.h"

static int error;
static bool only_changes;

__attribute__((constructor)) static void arm(void)
{
    const char *number = getenv("SC_FAIL_ERRNO");
    error = number != NULL ? (int)strtol(number, NULL, 10) : EIO;
    only_changes = getenv("SC_FAIL_CHANGES") != NULL;
    fail_arm();
}

__attribute__((destructor)) static void report(void)
{
    fail_tell(0);
}

static bool must_fail(bool change)
{
    if (fail_process == 0 || (only_changes && !change) || !fail_now())
        return false;
    errno = error;
    return true;
}

#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

#define CALL(result, name, parameters, arguments, change, failed)                                  \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        if (must_fail(change))                                                                     \
            return failed;                                                                         \
        return REAL(name) arguments;                                                               \
    }

CALL(ssize_t, read, (int fd, void *out, size_t size), (fd, out, size), false, -1)
CALL(ssize_t, pread, (int fd, void *out, size_t size, off_t at), (fd, out, size, at), false, -1)
CALL(ssize_t, pread64, (int fd, void *out, size_t size, off64_t at), (fd, out, size, at), false, -1)
CALL(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at),
     true, -1)
CALL(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at), (fd, bytes, size, at),
     true, -1)
CALL(int, fsync, (int fd), (fd), true, -1)
CALL(int, fdatasync, (int fd), (fd), true, -1)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), true, -1)
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size), true, -1)
CALL(int, posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size), true, error)
CALL(int, rename, (const char *from, const char *to), (from, to), true, -1)
CALL(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
     (from_dir, from, to_dir, to), true, -1)
CALL(int, renameat2, (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
     (from_dir, from, to_dir, to, flags), true, -1)
CALL(int, linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
     (from_dir, from, to_dir, to, flags), true, -1)
CALL(int, symlinkat, (const char *from, int dir, const char *to), (from, dir, to), true, -1)
CALL(int, unlink, (const char *path), (path), false, -1)
CALL(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), false, -1)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), true, -1)
CALL(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), true, -1)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), false, -1)
CALL(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), false, -1)
CALL(int, stat, (const char *path, struct stat *out), (path, out), false, -1)
CALL(int, lstat, (const char *path, struct stat *out), (path, out), false, -1)
CALL(int, fstat, (int fd, struct stat *out), (fd, out), false, -1)
CALL(int, fstatat, (int dir, const char *path, struct stat *out, int flags),
     (dir, path, out, flags), false, -1)

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fd != STDERR_FILENO && must_fail(true))
        return -1;
    return REAL(write)(fd, bytes, size);
}

#define OPEN(name, parameters, arguments)                                                          \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;             \
        va_end(list);                                                                              \
        if (must_fail((flags & O_CREAT) != 0))                                                     \
            return -1;                                                                             \
        return REAL(name) arguments;                                                               \
    }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
OPEN(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
