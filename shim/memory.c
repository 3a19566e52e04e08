/* SPDX-License-Identifier: Apache-2.0
 *
 * Two mappings instead of a heap; see shim/shim.h.
 */
#include "shim/shim.h"

#include <string.h>
#include <sys/mman.h>

#include "core/banned.h"

#define ALIGNMENT ((size_t)16)

bool shim_arena_init(struct shim_arena *arena, size_t size)
{
    /* Pages cost nothing until they are touched. */
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        shim_say("out of memory", NULL);
        return false;
    }
    (void)madvise(base, size, MADV_DONTDUMP); /* an old kernel dumps; nothing to do about it */
    *arena = (struct shim_arena){.base = base, .size = size};
    return true;
}

void *shim_alloc(struct shim_arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded < size || rounded > arena->size - arena->used) {
        shim_say("the values are too large together", NULL);
        return NULL;
    }
    void *block = arena->base + arena->used;
    arena->used += rounded;
    return block;
}

void shim_shrink(struct shim_arena *arena, void *newest, size_t size)
{
    size_t start = (size_t)((char *)newest - arena->base);
    arena->used = start + ((size + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
}

void shim_arena_wipe(struct shim_arena *arena)
{
    if (madvise(arena->base, arena->size, MADV_DONTNEED) != 0)
        memset(arena->base, 0, arena->used);
    arena->used = 0;
}

char *shim_copy(struct shim_arena *arena, const char *text, size_t len)
{
    char *copy = shim_alloc(arena, len + 1);
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

const char *shim_lookup(char *const *environment, const char *name, size_t name_len)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, name_len) == 0 && (*environment)[name_len] == '=')
            return *environment + name_len + 1;
    return NULL;
}
