/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files a project consists of, its directory, its environment, its profiles and its name.
 */
#ifndef SC_COMPOSE_LOAD_DISCOVER_H
#define SC_COMPOSE_LOAD_DISCOVER_H

#include "compose/load/loader.h"

struct sc_discovery {
    const char **files; /* absolute, or "-" */
    size_t file_count;
    const char *name;
    const char **profiles;
    size_t profile_count;
};

/* Sets the loader's directory and environment as well. NOTFOUND if there is no Compose file. */
int sc_discover(struct sc_loader *loader, struct sc_discovery *ret,
                struct sc_error *err) SC_NODISCARD;

#endif
