/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of one project: handed out in small pieces, released all at once, and wiped then, since
 * the text of a Compose file may be a credential.
 *
 * Ownership: the pool owns every piece. Threads: one at a time.
 */
#ifndef SC_COMPOSE_TREE_POOL_H
#define SC_COMPOSE_TREE_POOL_H

#include <stddef.h>

#include "core/stash.h"

/* Zero value = empty; stash.max 0 = no limit but the machine's. */
struct sc_model_pool {
    struct sc_stash stash;
};

/* Zeroed, aligned for pointers and 64-bit numbers; NULL when there is no memory or the limit is
 * reached. */
void *sc_model_pool_alloc(struct sc_model_pool *pool, size_t size);
/* An array of n pieces; NULL on overflow too. */
void *sc_model_pool_array(struct sc_model_pool *pool, size_t n, size_t size);

/* NUL-terminated copies. */
char *sc_model_pool_ndup(struct sc_model_pool *pool, const char *text, size_t n);
char *sc_model_pool_dup(struct sc_model_pool *pool, const char *text);
char *sc_model_pool_printf(struct sc_model_pool *pool, const char *fmt, ...) SC_PRINTF(2, 3);

/* Fails with TOOBIG if the limit was reached, else NOMEM: for a NULL from above. */
int sc_model_pool_fail(const struct sc_model_pool *pool, struct sc_error *err);

/* Wipes and frees everything. */
void sc_model_pool_done(struct sc_model_pool *pool);

#endif
