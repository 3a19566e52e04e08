/* SPDX-License-Identifier: Apache-2.0
 *
 * How one document is merged over another, attribute by attribute, and how doubles in lists are
 * dropped. Trees are changed in place; the override's values are taken over, not copied.
 */
#ifndef SC_COMPOSE_LOAD_MERGE_H
#define SC_COMPOSE_LOAD_MERGE_H

#include "compose/tree/path.h"
#include "compose/tree/tree.h"

/* *base (at `path`) becomes the result; it may be replaced by another value. SYNTAX if the two do
 * not go together. */
int sc_merge(struct sc_model_pool *pool, struct sc_value **base, struct sc_value *override,
             const struct sc_path *path, struct sc_error *err) SC_NODISCARD;

/* Drops doubles from the lists of the whole tree: the first one's place, the last one's value. */
int sc_unicity(struct sc_model_pool *pool, struct sc_value *root,
               struct sc_error *err) SC_NODISCARD;

#endif
