/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables in values: $NAME, ${NAME} and ${NAME op WORD} with :- - :? ? :+ +, exactly as Docker
 * Compose puts them in, its odd rule for the closing brace included (docs/COMPOSE.md).
 *
 * Pure: no file, no environment of ours. Threads: as the pool.
 */
#ifndef SC_COMPOSE_VARS_INTERP_H
#define SC_COMPOSE_VARS_INTERP_H

#include "compose/tree/tree.h"

/* Defaults inside defaults. */
#define SC_INTERP_DEPTH_MAX 64
/* Maps asked for a name, the first that has it wins. */
#define SC_SCOPE_MAPS 4

/* Where names are looked up: maps of strings whose origins tell where each came from; NULL entries
 * and values that are not strings are passed over. */
struct sc_scope {
    const struct sc_value *maps[SC_SCOPE_MAPS];
};

const struct sc_value *sc_scope_get(const struct sc_scope *scope, const char *name);

struct sc_interp {
    struct sc_model_pool *pool;
    const struct sc_scope *scope;
    /* Told of each name without a value that became a blank; may be NULL. */
    void (*unset)(void *ctx, const char *name);
    void *ctx;
};

struct sc_interp_result {
    const char *text;
    size_t len;
    unsigned
        routes; /* SC_ROUTE_VARIABLE and where the parts came from; 0 if there was no variable */
    const struct sc_use *uses;
};

/* SYNTAX for a bad `${`, or for ${X:?} without a value: the message names the variable, not the
 * text. */
int sc_interpolate(const struct sc_interp *interp, const char *text, size_t len,
                   struct sc_interp_result *ret, struct sc_error *err) SC_NODISCARD;

#endif
