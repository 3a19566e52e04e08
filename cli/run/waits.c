/* SPDX-License-Identifier: Apache-2.0
 *
 * See cli/run/waits.h.
 */
#include "cli/run/waits.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/fd.h"

#include "core/banned.h"

int sc_waits_init(struct sc_waits *waits, struct sc_error *err)
{
    for (size_t i = 0; i < SC_WAITS_MAX; i++)
        waits->places[i].fd = -1;
    waits->fd = epoll_create1(EPOLL_CLOEXEC);
    return waits->fd < 0 ? sc_fail_errno(err, "cannot wait for the child") : 0;
}

void sc_waits_done(struct sc_waits *waits)
{
    sc_fd_closep(&waits->fd);
}

int sc_waits_set(struct sc_waits *waits, size_t place, int fd, uint32_t events,
                 struct sc_error *err)
{
    int before = waits->places[place].fd;
    if (before == fd && (fd < 0 || waits->places[place].events == events))
        return 0;
    waits->places[place].fd = fd;
    waits->places[place].events = events;
    if (before >= 0 && before != fd) /* fails where it was closed: then it has left by itself */
        SC_IGNORE(epoll_ctl(waits->fd, EPOLL_CTL_DEL, before, NULL) < 0);
    if (fd < 0)
        return 0;
    struct epoll_event event = {.events = events, .data = {.u64 = place}};
    if (epoll_ctl(waits->fd, before == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        return sc_fail_errno(err, "cannot wait for the child");
    return 0;
}

int sc_waits_wait(const struct sc_waits *waits, int milliseconds, uint32_t ret_events[SC_WAITS_MAX],
                  struct sc_error *err)
{
    struct epoll_event ready[SC_WAITS_MAX];
    memset(ret_events, 0, SC_WAITS_MAX * sizeof(*ret_events));
    int count = epoll_wait(waits->fd, ready, SC_WAITS_MAX, milliseconds);
    if (count < 0 && errno != EINTR)
        return sc_fail_errno(err, "cannot wait for the child");
    for (int i = 0; i < count; i++)
        ret_events[ready[i].data.u64] = ready[i].events;
    return 0;
}
