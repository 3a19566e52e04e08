/* SPDX-License-Identifier: Apache-2.0
 *
 * The short form of a service's volume: "source:target:options".
 */
#ifndef SC_COMPOSE_FORM_VOLUME_H
#define SC_COMPOSE_FORM_VOLUME_H

#include "compose/tree/tree.h"

/* Texts are from the pool or static; NULL where there is none. */
struct sc_volume_spec {
    const char *source, *target;
    bool bind; /* a path of the host; else a named or anonymous volume */
    bool read_only, nocopy;
    const char *propagation, *selinux;
    bool options_only; /* a spec of one or two bytes: no type-specific part */
};

/* SYNTAX without position. */
int sc_volume_parse(struct sc_model_pool *pool, const char *spec, struct sc_volume_spec *ret,
                    struct sc_error *err) SC_NODISCARD;

/* The long form as a map. */
struct sc_value *sc_volume_map(struct sc_model_pool *pool, const struct sc_value *spec,
                               struct sc_error *err);

#endif
