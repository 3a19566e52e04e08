/* SPDX-License-Identifier: Apache-2.0
 *
 * A stash of chunks; see core/stash.h. Objects larger than a chunk get one of their own.
 */
#include "core/stash.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

#include "core/banned.h"

#define CHUNK_SIZE ((size_t)32 * 1024)
#define ALIGNMENT  ((size_t)16)

struct sc_stash_chunk {
    struct sc_stash_chunk *next;
    size_t size; /* bytes behind this header */
    _Alignas(16) unsigned char bytes[];
};

void *sc_stash_alloc(struct sc_stash *pool, size_t size, struct sc_error *err)
{
    if (size > SIZE_MAX / 2) {
        sc_fail_nomem(err);
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (pool->chunks == NULL || pool->chunks->size - pool->used < size) {
        size_t room = SC_MAX(size, CHUNK_SIZE - sizeof(struct sc_stash_chunk));
        struct sc_stash_chunk *chunk = calloc(1, sizeof(*chunk) + room);
        if (chunk == NULL) {
            sc_fail_nomem(err);
            return NULL;
        }
        chunk->size = room;
        chunk->next = pool->chunks;
        pool->chunks = chunk;
        pool->used = 0;
    }
    void *result = pool->chunks->bytes + pool->used;
    pool->used += size;
    return result;
}

void *sc_stash_array(struct sc_stash *pool, size_t count, size_t size, struct sc_error *err)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        sc_fail_nomem(err);
        return NULL;
    }
    return sc_stash_alloc(pool, total, err);
}

char *sc_stash_dup(struct sc_stash *pool, const void *bytes, size_t n, struct sc_error *err)
{
    char *copy = n < SIZE_MAX ? sc_stash_alloc(pool, n + 1, err) : NULL;
    if (copy != NULL && n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

char *sc_stash_printf(struct sc_stash *pool, struct sc_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : sc_stash_alloc(pool, (size_t)n + 1, err);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

void sc_stash_done(struct sc_stash *pool)
{
    if (pool == NULL)
        return;
    struct sc_stash_chunk *next = NULL;
    for (struct sc_stash_chunk *chunk = pool->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        sc_wipe(chunk->bytes, chunk->size);
        free(chunk);
    }
    pool->chunks = NULL;
    pool->used = 0;
}
