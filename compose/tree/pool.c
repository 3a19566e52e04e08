/* SPDX-License-Identifier: Apache-2.0
 *
 * A bump allocator; see compose/tree/pool.h.
 */
#include "compose/tree/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

#include "core/banned.h"

#define CHUNK_MIN ((size_t)16 * 1024)
#define CHUNK_MAX ((size_t)1024 * 1024)
#define ALIGN     sizeof(uint64_t)

struct sc_model_pool_chunk {
    struct sc_model_pool_chunk *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

/* A chunk with room for `size`; large pieces get one of their own. Chunks double, so that small
 * projects stay small and large ones cost few calls. */
static struct sc_model_pool_chunk *chunk_new(struct sc_model_pool *pool, size_t size)
{
    size_t want = pool->chunks != NULL ? pool->chunks->size * 2 : CHUNK_MIN;
    if (want > CHUNK_MAX)
        want = CHUNK_MAX;
    if (want < size)
        want = size;
    if (pool->max != 0 && (want > pool->max || pool->total > pool->max - want))
        return NULL;
    struct sc_model_pool_chunk *chunk = calloc(1, sizeof(*chunk) + want);
    if (chunk == NULL)
        return NULL;
    chunk->size = want;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->total += want;
    return chunk;
}

static void *alloc_aligned(struct sc_model_pool *pool, size_t size, size_t align)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    struct sc_model_pool_chunk *chunk = pool->chunks;
    size_t start = chunk != NULL ? (chunk->used + align - 1) / align * align : 0;
    if (chunk == NULL || start > chunk->size || chunk->size - start < size) {
        chunk = chunk_new(pool, size);
        start = 0;
    }
    if (chunk == NULL)
        return NULL;
    chunk->used = start + size;
    return chunk->bytes + start;
}

void *sc_model_pool_alloc(struct sc_model_pool *pool, size_t size)
{
    return alloc_aligned(pool, size, ALIGN);
}

void *sc_model_pool_array(struct sc_model_pool *pool, size_t n, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return sc_model_pool_alloc(pool, bytes);
}

char *sc_model_pool_ndup(struct sc_model_pool *pool, const char *text, size_t n)
{
    char *copy = n < SIZE_MAX ? alloc_aligned(pool, n + 1, 1) : NULL;
    if (copy != NULL && n > 0)
        memcpy(copy, text, n);
    return copy;
}

char *sc_model_pool_dup(struct sc_model_pool *pool, const char *text)
{
    return sc_model_pool_ndup(pool, text, strlen(text));
}

char *sc_model_pool_printf(struct sc_model_pool *pool, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *text = len >= 0 ? alloc_aligned(pool, (size_t)len + 1, 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

int sc_model_pool_fail(const struct sc_model_pool *pool, struct sc_error *err)
{
    if (pool->max != 0 && pool->total > pool->max / 2)
        return sc_fail(err, SC_E_TOOBIG, "the project needs more than %zu MiB of memory",
                       pool->max / 1024 / 1024);
    return sc_fail_nomem(err);
}

void sc_model_pool_done(struct sc_model_pool *pool)
{
    while (pool->chunks != NULL) {
        struct sc_model_pool_chunk *chunk = pool->chunks;
        pool->chunks = chunk->next;
        sc_wipe(chunk->bytes, chunk->used);
        free(chunk);
    }
    pool->total = 0;
}
