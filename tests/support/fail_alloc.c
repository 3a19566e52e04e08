/* SPDX-License-Identifier: Apache-2.0
 *
 * Failing allocations; see tests/support/fail_alloc.h.
 */
#include "tests/support/fail_alloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "core/error.h"

#include "core/banned.h"

#define PLACES_MAX 10000

static struct {
    unsigned at; /* 0 = never */
    unsigned count;
    enum sc_fail_alloc_mode mode;
} plan;

/* mmap64 is what mmap becomes with 64-bit offsets, which meson asks for. Names the linker gives:
 * __real_X is the function, __wrap_X stands before it. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void *__real_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset);

void sc_fail_alloc_at(unsigned n, enum sc_fail_alloc_mode mode)
{
    plan.at = n;
    plan.count = 0;
    plan.mode = mode;
}

unsigned sc_fail_alloc_count(void)
{
    return plan.count;
}

static bool must_fail(void)
{
    plan.count++;
    bool fail = plan.at != 0 && (plan.mode == SC_FAIL_ALLOC_FOREVER ? plan.count >= plan.at
                                                                    : plan.count == plan.at);
    if (fail)
        errno = ENOMEM;
    return fail;
}

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return must_fail() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    return must_fail() ? NULL : __real_reallocarray(old, n, size);
}

void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    return must_fail() ? MAP_FAILED : __real_mmap64(at, len, prot, flags, fd, offset);
}

static bool run_one(int (*fn)(void *ctx), void *ctx, unsigned place, enum sc_fail_alloc_mode mode,
                    bool *ret_last)
{
    sc_fail_alloc_at(place, mode);
    int rc = fn(ctx);
    *ret_last = plan.count < place;
    sc_fail_alloc_at(0, SC_FAIL_ALLOC_ONCE);
    /* A failed allocation may be survived (a smaller way was found), but never reported as another.
     */
    bool good = rc == 0 || (rc == SC_E_NOMEM && !*ret_last);
    if (!good)
        fprintf(stderr, "allocation %u failing %s: status %d\n", place,
                mode == SC_FAIL_ALLOC_ONCE ? "once" : "for ever", rc);
    return good;
}

unsigned sc_fail_alloc_each(int (*fn)(void *ctx), void *ctx)
{
    for (unsigned place = 1; place < PLACES_MAX; place++) {
        bool last_once = false, last_forever = false;
        if (!run_one(fn, ctx, place, SC_FAIL_ALLOC_ONCE, &last_once) ||
            !run_one(fn, ctx, place, SC_FAIL_ALLOC_FOREVER, &last_forever))
            return 0;
        if (last_once && last_forever)
            return place;
    }
    fprintf(stderr, "more than %d allocations\n", PLACES_MAX);
    return 0;
}
