/* SPDX-License-Identifier: Apache-2.0
 *
 * What containers are given on purpose: variables whose configured value is a placeholder of the
 * shim ("{{secret:db_password}}"), and variables whose file form is configured
 * ("DB_PASSWORD_FILE=/run/secrets/x"), which the entrypoints of many images read and export. The
 * value then stands in the environment of the container's processes and nowhere else; a finding
 * there is what was asked for, and is told apart from a leak.
 *
 * Ownership: the list owns its strings. Threads: one at a time.
 */
#ifndef SC_AUDIT_SURFACE_DELIVERY_H
#define SC_AUDIT_SURFACE_DELIVERY_H

#include <stdbool.h>

#include "audit/surface/http.h"
#include "core/str.h"

enum sc_delivered { SC_DELIVERED_NOT, SC_DELIVERED_BY_SHIM, SC_DELIVERED_BY_IMAGE };

struct sc_delivery {
    struct sc_strv by_shim, by_image; /* "<container id> <NAME>" */
};

/* Asks the engine about its running containers. An engine that does not answer delivers nothing:
 * what is found then counts as a leak. Fails for want of memory only. */
int sc_delivery_load(struct sc_delivery *delivery, const struct sc_engine *engine,
                     struct sc_error *err) SC_NODISCARD;

/* Who gave `variable` to the container that the process runs in whose folder in /proc this is. */
enum sc_delivered sc_delivery_of(const struct sc_delivery *delivery, int process_fd,
                                 const char *variable);

void sc_delivery_done(struct sc_delivery *delivery);

#endif
