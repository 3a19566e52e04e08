/* SPDX-License-Identifier: Apache-2.0
 *
 * The service manager's descriptor store, by its datagram protocol; see fuse/hold/notify.h.
 */
#include "fuse/hold/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

#define FIRST_LISTEN_FD 3
#define TEXT_MAX        96
#define NAME_MAX_LEN    48
#define LISTEN_FDS_MAX  64

/* Names in the manager's store; the control socket is made anew, the peer ends with its process. */
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

/* The store is the one that is replaced while a mount lives, so its name says which it is: the
 * manager never has to be without it, since the next is there before the last is removed. */
static bool name_of(size_t place, int fd, char name[NAME_MAX_LEN])
{
    struct stat st;
    if (store_names[place] == NULL || fd < 0 || fstat(fd, &st) < 0)
        return false;
    if (place == SC_HOLD_STORE)
        snprintf(name, NAME_MAX_LEN, "%s-%llu", store_names[place], (unsigned long long)st.st_ino);
    else
        snprintf(name, NAME_MAX_LEN, "%s", store_names[place]);
    return true;
}

static void remove_name(const char *name)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
    send_text(text, -1);
}

void sc_notify_forget(const struct sc_hold_fds *fds)
{
    char name[NAME_MAX_LEN];
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        if (name_of(i, fds->fd[i], name))
            remove_name(name);
    }
}

void sc_notify_store(const struct sc_hold_fds *fds)
{
    char name[NAME_MAX_LEN], text[TEXT_MAX];
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        if (!name_of(i, fds->fd[i], name))
            continue;
        snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
        send_text(text, fds->fd[i]);
    }
}

/* ---- what was kept ---- */

/* The place a name is for; SC_HOLD_MAX if it is none of ours. */
static size_t place_of(const char *name)
{
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        size_t len = store_names[i] != NULL ? strlen(store_names[i]) : 0;
        if (len > 0 && strncmp(store_names[i], name, len) == 0 &&
            (name[len] == '\0' || (i == SC_HOLD_STORE && name[len] == '-')))
            return i;
    }
    return SC_HOLD_MAX;
}

/* The descriptors by their names, both in the order of the environment. A second store is one that
 * was being replaced when all died: either will do, and the manager is to drop the other. */
static void collect(char *names, int count, struct sc_hold_fds *ret)
{
    for (int i = 0; i < count; i++) {
        int fd = FIRST_LISTEN_FD + i;
        const char *name = strsep(&names, ":");
        size_t place = name != NULL ? place_of(name) : SC_HOLD_MAX;
        SC_IGNORE(fcntl(fd, F_SETFD, FD_CLOEXEC) < 0);
        if (place == SC_HOLD_MAX)
            continue;
        if (ret->fd[place] < 0) {
            ret->fd[place] = fd;
            continue;
        }
        remove_name(name);
        close(fd);
    }
}

bool sc_notify_take(struct sc_hold_fds *ret)
{
    uint64_t pid = 0, count = 0;
    const char *pid_text = sc_env("LISTEN_PID");
    const char *count_text = sc_env("LISTEN_FDS");
    const char *names_text = sc_env("LISTEN_FDNAMES");
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    if (pid_text == NULL || count_text == NULL || names_text == NULL ||
        sc_parse_u64(pid_text, INT32_MAX, "LISTEN_PID", &pid, NULL) < 0 ||
        sc_parse_u64(count_text, LISTEN_FDS_MAX, "LISTEN_FDS", &count, NULL) < 0 ||
        pid != (uint64_t)getpid())
        return false;
    SC_CLEANUP(sc_str_freep) char *names = sc_str_dup(names_text, NULL);
    if (names == NULL)
        return false;
    collect(names, (int)count, &fds);
    if (fds.fd[SC_HOLD_FUSE] < 0 || fds.fd[SC_HOLD_JOURNAL] < 0 || fds.fd[SC_HOLD_STORE] < 0 ||
        fds.fd[SC_HOLD_BELL] < 0) {
        sc_notify_forget(&fds);
        sc_hold_close(&fds);
        return false;
    }
    *ret = fds;
    return true;
}
