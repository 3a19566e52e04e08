/* SPDX-License-Identifier: Apache-2.0
 *
 * A library to be preloaded (LD_PRELOAD), under which the N-th allocation of the whole program
 * fails, those inside other libraries included: SC_FAIL_ALLOC=N, or N+ for all from there on. The
 * number of allocations goes to the file in SC_FAIL_ALLOC_COUNT at the end. Needs glibc, whose own
 * functions stay reachable under __libc_ names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);

static atomic_ulong count;
static unsigned long place; /* 0 = never */
static bool for_good;

__attribute__((constructor)) static void arm(void)
{
    const char *plan = secure_getenv("SC_FAIL_ALLOC");
    char *end = NULL;
    place = plan != NULL ? strtoul(plan, &end, 10) : 0;
    for_good = end != NULL && *end == '+';
    count = 0;
}

__attribute__((destructor)) static void report(void)
{
    const char *path = secure_getenv("SC_FAIL_ALLOC_COUNT");
    char text[32];
    int len = snprintf(text, sizeof(text), "%lu\n", (unsigned long)count);
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd >= 0 && write(fd, text, (size_t)len) == len)
        close(fd);
}

static bool must_fail(void)
{
    unsigned long now = atomic_fetch_add(&count, 1) + 1;
    bool fail = place != 0 && (for_good ? now >= place : now == place);
    if (fail)
        errno = ENOMEM;
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
    return must_fail() ? NULL : __libc_realloc(old, size);
}
