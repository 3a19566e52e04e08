/* SPDX-License-Identifier: Apache-2.0
 *
 * Building and changing trees of struct sc_value, for the loader.
 *
 * Every function that makes something takes it from the pool and returns NULL (or a negative code)
 * when the pool is exhausted; sc_model_pool_fail() says why. Trees are changed in place while a
 * project is loaded; a subtree that is used twice is cloned first.
 */
#ifndef SC_COMPOSE_TREE_TREE_H
#define SC_COMPOSE_TREE_TREE_H

#include "compose/tree/pool.h"
#include "compose/value.h"

struct sc_value *sc_tree_new(struct sc_model_pool *pool, enum sc_value_kind kind,
                             const struct sc_origin *origin);
struct sc_value *sc_tree_bool(struct sc_model_pool *pool, bool value,
                              const struct sc_origin *origin);
struct sc_value *sc_tree_int(struct sc_model_pool *pool, int64_t value,
                             const struct sc_origin *origin);
/* Borrows `text`, which lives as long as the pool (or is static). */
struct sc_value *sc_tree_text(struct sc_model_pool *pool, const char *text,
                              const struct sc_origin *origin);
struct sc_value *sc_tree_text_n(struct sc_model_pool *pool, const char *text, size_t n,
                                const struct sc_origin *origin);

/* Room for `n` items or entries, for a caller that knows how many will come. */
int sc_tree_reserve(struct sc_model_pool *pool, struct sc_value *value, size_t n,
                    struct sc_error *err) SC_NODISCARD;

int sc_tree_append(struct sc_model_pool *pool, struct sc_value *list, struct sc_value *item,
                   struct sc_error *err) SC_NODISCARD;

/* Sets a key (borrowed text), replacing the value it has. `at` may be NULL: no place. */
int sc_tree_set(struct sc_model_pool *pool, struct sc_value *map, const char *key,
                struct sc_value *value, const struct sc_place *at,
                struct sc_error *err) SC_NODISCARD;

/* To be called after the entries of a map changed their order. */
void sc_tree_reindex(struct sc_model_pool *pool, struct sc_value *map);

/* Removes a key; false if it was not there. */
bool sc_tree_remove(struct sc_model_pool *pool, struct sc_value *map, const char *key);

/* A copy of the whole subtree; texts and origins are shared. */
struct sc_value *sc_tree_clone(struct sc_model_pool *pool, const struct sc_value *value);

/* Adds route bits (and `via`, if not NULL) to the origins of the whole subtree. Origins may be
 * shared with other trees, so the values get changed copies. */
int sc_tree_route(struct sc_model_pool *pool, struct sc_value *value, unsigned routes,
                  const struct sc_place *via, struct sc_error *err) SC_NODISCARD;

/* An origin without a place, for what the loader makes up; static. */
const struct sc_origin *sc_origin_implied(void);
#endif
