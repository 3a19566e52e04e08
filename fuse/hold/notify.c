/* SPDX-License-Identifier: Apache-2.0
 *
 * The service manager's descriptor store, by its datagram protocol; see fuse/hold/notify.h.
 */
#include "fuse/hold/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse.h"

#include "core/banned.h"

#define FIRST_LISTEN_FD 3
#define TEXT_MAX        96

/* Names in the store; the control socket is made anew, the peer ends with its process. */
static const char *const store_names[SC_HOLD_MAX] = {
    [SC_HOLD_FUSE] = "fuse",
    [SC_HOLD_JOURNAL] = "journal",
    [SC_HOLD_STORE] = "store",
    [SC_HOLD_BELL] = "bell",
};

static void send_text(const char *text, int passed_fd)
{
    const char *path = sc_env("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof(address.sun_path))
        return;
    size_t len = strlen(path);
    memcpy(address.sun_path, path, len + 1);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    struct msghdr header = {
        .msg_name = &address,
        .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/')),
        .msg_iov = &part,
        .msg_iovlen = 1,
    };
    if (passed_fd >= 0) {
        header.msg_control = control;
        header.msg_controllen = sizeof(control);
        struct cmsghdr *item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(item), &passed_fd, sizeof(int));
    }
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        SC_IGNORE(sendmsg(fd, &header, MSG_NOSIGNAL) < 0); /* the mount works without */
}

void sc_notify(const char *text)
{
    send_text(text, -1);
}

void sc_notify_forget(void)
{
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        char text[TEXT_MAX];
        if (store_names[i] == NULL)
            continue;
        snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", store_names[i]);
        send_text(text, -1);
    }
}

void sc_notify_store(const struct sc_hold_fds *fds)
{
    sc_notify_forget();
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        char text[TEXT_MAX];
        if (store_names[i] == NULL || fds->fd[i] < 0)
            continue;
        snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", store_names[i]);
        send_text(text, fds->fd[i]);
    }
}

/* The place of the name at *names, which moves on behind it; SC_HOLD_MAX if it is none of ours. */
static size_t next_name(const char **names)
{
    size_t len = strcspn(*names, ":");
    size_t found = SC_HOLD_MAX;
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        if (store_names[i] != NULL && strlen(store_names[i]) == len &&
            memcmp(store_names[i], *names, len) == 0)
            found = i;
    }
    *names += len + ((*names)[len] == ':');
    return found;
}

bool sc_notify_take(struct sc_hold_fds *ret)
{
    uint64_t pid = 0, count = 0;
    const char *pid_text = sc_env("LISTEN_PID");
    const char *count_text = sc_env("LISTEN_FDS");
    const char *names = sc_env("LISTEN_FDNAMES");
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    if (pid_text == NULL || count_text == NULL || names == NULL ||
        sc_parse_u64(pid_text, INT32_MAX, "LISTEN_PID", &pid, NULL) < 0 ||
        sc_parse_u64(count_text, 64, "LISTEN_FDS", &count, NULL) < 0 || pid != (uint64_t)getpid())
        return false;
    for (int i = 0; i < (int)count; i++) {
        int fd = FIRST_LISTEN_FD + i;
        size_t place = next_name(&names);
        SC_IGNORE(fcntl(fd, F_SETFD, FD_CLOEXEC) < 0);
        if (place < SC_HOLD_MAX && fds.fd[place] < 0)
            fds.fd[place] = fd;
    }
    if (fds.fd[SC_HOLD_FUSE] < 0 || fds.fd[SC_HOLD_JOURNAL] < 0 || fds.fd[SC_HOLD_STORE] < 0 ||
        fds.fd[SC_HOLD_BELL] < 0) {
        sc_hold_close(&fds);
        return false;
    }
    *ret = fds;
    return true;
}
