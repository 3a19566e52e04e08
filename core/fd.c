/* SPDX-License-Identifier: Apache-2.0
 *
 * File descriptors; see core/fd.h.
 */
#include "core/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/banned.h"

void sc_fd_closep(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -1;
}

int sc_fd_ensure_standard(struct sc_error *err)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest free number is the one that is missing. It is opened the wrong way round: a
         * read or write fails as it would on the closed one, where an empty value or lost output
         * would pass for success. */
        if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return sc_fail_errno(err, "cannot open '/dev/null'");
    }
    return 0;
}

/* Whether a call that failed with this errno is worth another try; waits where the descriptor does
 * not block (a pipe shared with a program that made it so). */
static bool try_again(int fd, short events)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    struct pollfd wait = {.fd = fd, .events = events};
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

int sc_fd_read_some(int fd, void *buffer, size_t size, size_t *ret_got, struct sc_error *err)
{
    for (;;) {
        ssize_t got = read(fd, buffer, size);
        if (got >= 0) {
            *ret_got = (size_t)got;
            return 0;
        }
        if (!try_again(fd, POLLIN))
            return sc_fail_errno(err, "cannot read");
    }
}

int sc_fd_write_all(int fd, const void *data, size_t len, struct sc_error *err)
{
    const unsigned char *at = data;
    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0) {
            if (try_again(fd, POLLOUT))
                continue;
            return sc_fail_errno(err, "cannot write");
        }
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

bool sc_fd_same_file(int a, int b)
{
    struct stat x;
    struct stat y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
