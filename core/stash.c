/* SPDX-License-Identifier: Apache-2.0
 *
 * A stash of chunks; see core/stash.h. Chunks double, so that small stashes stay small and large
 * ones cost few calls; an object larger than a chunk gets one of its own.
 */
#include "core/stash.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

#include "core/banned.h"

#define CHUNK_MIN ((size_t)16 * 1024)
#define CHUNK_MAX ((size_t)1024 * 1024)
#define ALIGNMENT sizeof(uint64_t)

struct sc_stash_chunk {
    struct sc_stash_chunk *next;
    size_t used, size; /* of the bytes behind this header */
    _Alignas(16) unsigned char bytes[];
};

static struct sc_stash_chunk *add_chunk(struct sc_stash *pool, size_t size)
{
    size_t want = pool->chunks != NULL ? pool->chunks->size * 2 : CHUNK_MIN;
    want = SC_MAX(SC_MIN(want, CHUNK_MAX), size);
    if (pool->max != 0 && (want > pool->max || pool->total > pool->max - want))
        return NULL;
    struct sc_stash_chunk *chunk = calloc(1, sizeof(*chunk) + want);
    if (chunk == NULL)
        return NULL;
    chunk->size = want;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->total += want;
    return chunk;
}

static void *allocate(struct sc_stash *pool, size_t size, size_t alignment, struct sc_error *err)
{
    struct sc_stash_chunk *chunk = pool->chunks;
    size_t start = chunk != NULL ? (chunk->used + alignment - 1) / alignment * alignment : 0;
    if (size > SIZE_MAX / 4) {
        chunk = NULL;
    } else if (chunk == NULL || start > chunk->size || chunk->size - start < size) {
        chunk = add_chunk(pool, size);
        start = 0;
    }
    if (chunk != NULL) {
        chunk->used = start + size;
        return chunk->bytes + start;
    }
    if (sc_stash_is_full(pool))
        sc_fail(err, SC_E_TOOBIG, "more than %zu MiB of memory are needed",
                pool->max / 1024 / 1024);
    else
        sc_fail_nomem(err);
    return NULL;
}

void *sc_stash_alloc(struct sc_stash *pool, size_t size, struct sc_error *err)
{
    return allocate(pool, size, ALIGNMENT, err);
}

void *sc_stash_array(struct sc_stash *pool, size_t count, size_t size, struct sc_error *err)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total))
        total = SIZE_MAX;
    return sc_stash_alloc(pool, total, err);
}

char *sc_stash_dup(struct sc_stash *pool, const void *bytes, size_t n, struct sc_error *err)
{
    char *copy = allocate(pool, n < SIZE_MAX ? n + 1 : n, 1, err);
    if (copy != NULL && n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

char *sc_stash_vprintf(struct sc_stash *pool, struct sc_error *err, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = allocate(pool, n < 0 ? SIZE_MAX : (size_t)n + 1, 1, err);
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

char *sc_stash_printf(struct sc_stash *pool, struct sc_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = sc_stash_vprintf(pool, err, fmt, args);
    va_end(args);
    return text;
}

bool sc_stash_is_full(const struct sc_stash *pool)
{
    /* The chunk that did not fit is at most as long as all before it. */
    return pool->max != 0 && pool->total > pool->max / 2;
}

void sc_stash_done(struct sc_stash *pool)
{
    if (pool == NULL)
        return;
    while (pool->chunks != NULL) {
        struct sc_stash_chunk *chunk = pool->chunks;
        pool->chunks = chunk->next;
        sc_wipe(chunk->bytes, chunk->used);
        free(chunk);
    }
    pool->total = 0;
}
