/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages between the processes of a mount, and the control socket; see fuse/hold/process.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/parse.h"
#include "fuse/hold/process.h"

#include "core/banned.h"

#define BACKLOG   8
#define NAME_HASH 8

int sc_message_pair(int ret_fds[2], struct sc_error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
        return sc_fail_errno(err, "cannot make a socket pair");
    return 0;
}

int sc_message_send(int fd, const struct sc_message *message, const int *fds, struct sc_error *err)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SC_MESSAGE_FDS)] = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    size_t count = (size_t)message->fd_count;
    if (fds != NULL && count > 0 && count <= SC_MESSAGE_FDS) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(item), fds, sizeof(int) * count);
    }
    if (sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(*message))
        return sc_fail_errno(err, "cannot send to another process of the mount");
    return 0;
}

static void take_descriptors(struct msghdr *header, int *ret_fds)
{
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int got;
            memcpy(&got, CMSG_DATA(item) + i * sizeof(int), sizeof(got));
            if (ret_fds != NULL && i < SC_MESSAGE_FDS)
                ret_fds[i] = got;
            else
                close(got);
        }
    }
}

int sc_message_receive(int fd, int milliseconds, struct sc_message *ret, int *ret_fds,
                       struct sc_error *err)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SC_MESSAGE_FDS)];
    struct sc_message message;
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    for (size_t i = 0; ret_fds != NULL && i < SC_MESSAGE_FDS; i++)
        ret_fds[i] = -1;
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int ready = poll(&waiting, 1, milliseconds);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return sc_fail(err, SC_E_BUSY, "no answer from another process of the mount");
    ssize_t got = ready < 0 ? -1 : recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno != ECONNRESET)
        return sc_fail_errno(err, "cannot read from another process of the mount");
    if (got <= 0)
        return sc_fail(err, SC_E_NOTFOUND, "another process of the mount has ended");
    take_descriptors(&header, ret_fds);
    if (got != (ssize_t)sizeof(message) || memchr(message.text, '\0', SC_MESSAGE_TEXT) == NULL)
        return sc_fail(err, SC_E_FORMAT, "a message of another version of this program");
    *ret = message;
    return 0;
}

int sc_message_error(const struct sc_message *message, struct sc_error *err)
{
    return sc_fail(err, message->code < 0 ? message->code : SC_E_FAILED, "%s", message->text);
}

/* ---- the control socket ---- */

int sc_control_path(const char *directory, char *ret_path, size_t size, struct sc_error *err)
{
    unsigned char hash[SC_HASH_SIZE];
    char hex[2 * NAME_HASH + 1];
    char base[SC_MESSAGE_TEXT];
    sc_hash_blake2b(hash, directory, strlen(directory), NULL, 0);
    sc_hex(hex, hash, NAME_HASH);
    const char *runtime = sc_env_directory("XDG_RUNTIME_DIR");
    /* Root of a user namespace has the system's /run only to look at, whatever its mode. */
    struct stat run;
    if (geteuid() == 0 && lstat("/run", &run) == 0 && run.st_uid == 0)
        snprintf(base, sizeof(base), "/run/secretsctl-mounts");
    else if (runtime != NULL)
        snprintf(base, sizeof(base), "%s/secretsctl-mounts", runtime);
    else
        return sc_fail(err, SC_E_USAGE,
                       "XDG_RUNTIME_DIR is not set: there is no private place for "
                       "the control socket");
    int rc = sc_dir_make(base, 0700, err);
    if (rc < 0)
        return rc;
    struct stat st;
    if (lstat(base, &st) < 0)
        return sc_fail_errno(err, "cannot look at '%s'", base);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return sc_fail(err, SC_E_PERM, "'%s' must be a directory of this user with mode 0700",
                       base);
    if ((size_t)snprintf(ret_path, size, "%s/%s", base, hex) >= size)
        return sc_fail(err, SC_E_TOOBIG, "the path of the control socket is too long");
    return 0;
}

static int make_address(const char *path, struct sockaddr_un *ret, struct sc_error *err)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(ret->sun_path))
        return sc_fail(err, SC_E_TOOBIG, "the path of the control socket is too long");
    memcpy(ret->sun_path, path, strlen(path) + 1);
    return 0;
}

int sc_control_listen(const char *path, int *ret_fd, struct sc_error *err)
{
    struct sockaddr_un address;
    int rc = make_address(path, &address, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path); /* of a mount that is gone: the caller has looked */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, BACKLOG) < 0)
        return sc_fail_errno(err, "cannot listen on '%s'", path);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_control_connect(const char *path, int *ret_fd, struct sc_error *err)
{
    struct sockaddr_un address;
    int rc = make_address(path, &address, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return sc_fail(err, SC_E_NOTFOUND, "nothing is mounted there by this program");
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_control_check_peer(int fd, struct sc_error *err)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return sc_fail_errno(err, "cannot tell who connects");
    if (peer.uid != 0 && peer.uid != geteuid())
        return sc_fail(err, SC_E_PERM, "only root and the mounting user may do that");
    return 0;
}
