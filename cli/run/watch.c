/* SPDX-License-Identifier: Apache-2.0
 *
 * See cli/run/watch.h.
 */
#include "cli/run/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/fd.h"

#include "core/banned.h"

int sc_watch_init(struct sc_watch *watch, struct sc_error *err)
{
    for (size_t i = 0; i < SC_WATCH_MAX; i++)
        watch->places[i].fd = -1;
    watch->fd = epoll_create1(EPOLL_CLOEXEC);
    return watch->fd < 0 ? sc_fail_errno(err, "cannot wait for the child") : 0;
}

void sc_watch_done(struct sc_watch *watch)
{
    sc_fd_closep(&watch->fd);
}

int sc_watch_set(struct sc_watch *watch, size_t place, int fd, uint32_t events,
                 struct sc_error *err)
{
    int before = watch->places[place].fd;
    if (before == fd && (fd < 0 || watch->places[place].events == events))
        return 0;
    watch->places[place].fd = fd;
    watch->places[place].events = events;
    if (before >= 0 && before != fd) /* fails where it was closed: then it has left by itself */
        SC_IGNORE(epoll_ctl(watch->fd, EPOLL_CTL_DEL, before, NULL) < 0);
    if (fd < 0)
        return 0;
    struct epoll_event event = {.events = events, .data = {.u64 = place}};
    if (epoll_ctl(watch->fd, before == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        return sc_fail_errno(err, "cannot wait for the child");
    return 0;
}

int sc_watch_wait(const struct sc_watch *watch, int milliseconds, uint32_t ret_events[SC_WATCH_MAX],
                  struct sc_error *err)
{
    struct epoll_event ready[SC_WATCH_MAX];
    memset(ret_events, 0, SC_WATCH_MAX * sizeof(*ret_events));
    int count = epoll_wait(watch->fd, ready, SC_WATCH_MAX, milliseconds);
    if (count < 0 && errno != EINTR)
        return sc_fail_errno(err, "cannot wait for the child");
    for (int i = 0; i < count; i++)
        ret_events[ready[i].data.u64] = ready[i].events;
    return 0;
}
