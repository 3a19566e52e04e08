/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching a file; see fuse/agent/watch.h.
 */
#include "fuse/agent/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

int sc_watch_open(const char *path, struct sc_watch *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *directory = sc_path_dirname(path, err);
    const char *slash = strrchr(path, '/');
    SC_CLEANUP(sc_str_freep) char *leaf = sc_str_dup(slash != NULL ? slash + 1 : path, err);
    if (directory == NULL || leaf == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_fd_closep) int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0 || inotify_add_watch(fd, directory, IN_MODIFY | IN_MOVED_TO | IN_CREATE) < 0)
        return sc_fail_errno(err, "cannot watch '%s'", directory);
    *ret = (struct sc_watch){.fd = SC_TAKE_FD(fd), .leaf = SC_TAKE(leaf)};
    return 0;
}

/* The file itself, or a companion of a database: FILE-wal, FILE-journal. */
static bool concerns(const char *leaf, const char *name)
{
    size_t len = strlen(leaf);
    return strncmp(name, leaf, len) == 0 && (name[len] == '\0' || name[len] == '-');
}

bool sc_watch_take(struct sc_watch *watch)
{
    _Alignas(struct inotify_event) char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool ours = false;
    ssize_t got = watch->fd >= 0 ? read(watch->fd, events, sizeof(events)) : 0;
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event = (const void *)(events + at);
        at += (ssize_t)(sizeof(*event) + event->len);
        ours = ours || (event->mask & IN_Q_OVERFLOW) != 0 ||
               (event->len > 0 && concerns(watch->leaf, event->name));
    }
    return ours;
}

void sc_watch_close(struct sc_watch *watch)
{
    sc_fd_closep(&watch->fd);
    free(watch->leaf);
    *watch = (struct sc_watch)SC_WATCH_NONE;
}
