/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shim delivers on purpose: variables of a container whose configured value is a
 * placeholder
 * ("{{secret:db_password}}"). The value then stands in the environment of the container's processes
 * and nowhere else; a finding there is what was asked for, and is told apart from a leak.
 *
 * Ownership: the list owns its strings. Threads: one at a time.
 */
#ifndef SC_AUDIT_SURFACE_DELIVERY_H
#define SC_AUDIT_SURFACE_DELIVERY_H

#include <stdbool.h>

#include "audit/surface/http.h"
#include "core/str.h"

struct sc_delivery {
    struct sc_strv variables; /* "<container id> <NAME>" */
};

/* Asks the engine about its running containers. An engine that does not answer delivers nothing:
 * what is found then counts as a leak. Fails for want of memory only. */
int sc_delivery_load(struct sc_delivery *delivery, const struct sc_engine *engine,
                     struct sc_error *err) SC_NODISCARD;

/* Whether the process whose folder in /proc this is runs in a container that is given `variable` by
 * the shim. */
bool sc_delivery_covers(const struct sc_delivery *delivery, int process_fd, const char *variable);

void sc_delivery_done(struct sc_delivery *delivery);

#endif
