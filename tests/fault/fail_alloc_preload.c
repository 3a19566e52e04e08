/* SPDX-License-Identifier: Apache-2.0
 *
 * A library to be preloaded, under which the N-th allocation of the whole program fails, those
 * inside other libraries included; see fail_plan.h. The second number it tells is how many blocks
 * are still allocated at the end. Needs glibc, whose own functions stay reachable under __libc_
 * names.
 */
#include <errno.h>

#include "tests/fault/fail_plan.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **ret, size_t alignment, size_t size);
void free(void *block);

static atomic_long live;

__attribute__((constructor)) static void arm(void)
{
    fail_arm();
}

__attribute__((destructor)) static void report(void)
{
    fail_tell(live);
}

static bool must_fail(void)
{
    bool fail = fail_now();
    if (fail)
        errno = ENOMEM;
    else
        live++;
    return fail;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    if (must_fail())
        return NULL;
    if (old != NULL)
        live--;
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return must_fail() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *block = memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *ret = block;
    return 0;
}

void free(void *block)
{
    if (block != NULL)
        live--;
    __libc_free(block);
}
