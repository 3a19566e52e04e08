/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills the arrays of struct sc_project from its bound tree.
 */
#ifndef SC_COMPOSE_OUT_MODEL_H
#define SC_COMPOSE_OUT_MODEL_H

#include "compose/project.h"
#include "compose/tree/pool.h"

struct sc_model_parts {
    const struct sc_value *root;     /* everything bound, nothing left out */
    const struct sc_value *services; /* bound, all of them: key, canonical map */
    const struct sc_value *merged;   /* `services` before binding */
};

int sc_model_fill(struct sc_model_pool *pool, const struct sc_model_parts *parts,
                  struct sc_project *project, struct sc_error *err) SC_NODISCARD;

/* A map of texts and nulls as a sorted list. */
int sc_model_variables(struct sc_model_pool *pool, const struct sc_value *map,
                       struct sc_variables *ret, struct sc_error *err) SC_NODISCARD;

#endif
