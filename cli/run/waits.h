/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for several descriptors, over and over the same ones: the kernel keeps the list, so that
 * a turn costs what is ready and not what is waited for. A typed byte makes two turns on its way.
 */
#ifndef SC_CLI_RUN_WAITS_H
#define SC_CLI_RUN_WAITS_H

#include <stdint.h>

#include "core/error.h"

#define SC_WAITS_MAX 8

/* Owns `fd`; the watched ones are the caller's. */
struct sc_waits {
    int fd;
    struct {
        int fd; /* -1 = none */
        uint32_t events;
    } places[SC_WAITS_MAX];
};

int sc_waits_init(struct sc_waits *waits, struct sc_error *err) SC_NODISCARD;
void sc_waits_done(struct sc_waits *waits);

/* From now on `place` means these events (EPOLLIN, EPOLLOUT) of that descriptor, -1 none of any. A
 * descriptor that was closed must be set anew, or to -1, before the next wait. */
int sc_waits_set(struct sc_waits *waits, size_t place, int fd, uint32_t events,
                 struct sc_error *err) SC_NODISCARD;

/* Fills the events of each place; all are 0 after the time (-1: none) or a signal. */
int sc_waits_wait(const struct sc_waits *waits, int milliseconds, uint32_t ret_events[SC_WAITS_MAX],
                  struct sc_error *err) SC_NODISCARD;

#endif
