/* SPDX-License-Identifier: Apache-2.0
 *
 * A stash whose failures are told later; see compose/tree/pool.h.
 */
#include "compose/tree/pool.h"

#include <stdarg.h>
#include <string.h>

#include "core/banned.h"

void *sc_model_pool_alloc(struct sc_model_pool *pool, size_t size)
{
    return sc_stash_alloc(&pool->stash, size, NULL);
}

void *sc_model_pool_array(struct sc_model_pool *pool, size_t n, size_t size)
{
    return sc_stash_array(&pool->stash, n, size, NULL);
}

char *sc_model_pool_ndup(struct sc_model_pool *pool, const char *text, size_t n)
{
    return sc_stash_dup(&pool->stash, text, n, NULL);
}

char *sc_model_pool_dup(struct sc_model_pool *pool, const char *text)
{
    return sc_model_pool_ndup(pool, text, strlen(text));
}

char *sc_model_pool_printf(struct sc_model_pool *pool, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = sc_stash_vprintf(&pool->stash, NULL, fmt, args);
    va_end(args);
    return text;
}

int sc_model_pool_fail(const struct sc_model_pool *pool, struct sc_error *err)
{
    if (sc_stash_is_full(&pool->stash))
        return sc_fail(err, SC_E_TOOBIG, "the project needs more than %zu MiB of memory",
                       pool->stash.max / 1024 / 1024);
    return sc_fail_nomem(err);
}

void sc_model_pool_done(struct sc_model_pool *pool)
{
    sc_stash_done(&pool->stash);
}
