/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the n-th allocation fail, in test programs linked with fail_alloc_dep (the linker's --wrap
 * puts these functions before malloc, calloc, realloc, reallocarray and mmap; the product carries
 * no hook). Allocations inside libc and other shared libraries are not seen. Threads: one.
 */
#ifndef SC_TESTS_SUPPORT_FAIL_ALLOC_H
#define SC_TESTS_SUPPORT_FAIL_ALLOC_H

#include <stdbool.h>

enum sc_fail_alloc_mode { SC_FAIL_ALLOC_ONCE, SC_FAIL_ALLOC_FOREVER };

/* From now on the n-th allocation (1 = the next) fails, or that one and all after it. 0 = none. */
void sc_fail_alloc_at(unsigned n, enum sc_fail_alloc_mode mode);

/* Allocations tried since the last sc_fail_alloc_at(). */
unsigned sc_fail_alloc_count(void);

/* Runs fn with allocation 1, 2, 3 ... failing, once and for ever, until it needs no more than that.
 * fn must release all it made (a sanitizer or valgrind says whether) and return its status: 0, or
 * SC_E_NOMEM where an allocation failed. Returns the number of places tried, or 0 after printing
 * what went wrong. */
unsigned sc_fail_alloc_each(int (*fn)(void *ctx), void *ctx);

#endif
