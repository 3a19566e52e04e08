/* SPDX-License-Identifier: Apache-2.0
 *
 * A stash: many small objects that live and die together, in ordinary memory that is wiped on
 * release.
 *
 * For parsed configuration: it holds credentials, but it came from a file that anyone could read,
 * so it is not worth locked memory; it must not linger after use either.
 *
 * Ownership: the stash owns everything it hands out; declare it with SC_CLEANUP(sc_stash_done).
 * Pointers stay valid until then (nothing moves). Threads: one at a time.
 */
#ifndef SC_CORE_STASH_H
#define SC_CORE_STASH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct sc_stash_chunk;

/* Zero value = empty. */
struct sc_stash {
    struct sc_stash_chunk *chunks; /* private */
    size_t total;                  /* private: bytes got from malloc */
    size_t max;                    /* of them; 0: no limit but the machine's */
};

/* `size` zeroed bytes (0 is allowed), aligned for pointers and 64-bit numbers; NULL with NOMEM, or
 * TOOBIG where the limit was reached. */
void *sc_stash_alloc(struct sc_stash *pool, size_t size, struct sc_error *err) SC_NODISCARD;

/* Room for `count` objects of `size` bytes each, overflow checked. */
void *sc_stash_array(struct sc_stash *pool, size_t count, size_t size,
                     struct sc_error *err) SC_NODISCARD;

/* A copy of n bytes with a NUL behind; n bytes may hold NULs of their own. Text is not aligned. */
char *sc_stash_dup(struct sc_stash *pool, const void *bytes, size_t n,
                   struct sc_error *err) SC_NODISCARD;

/* Printed text. */
char *sc_stash_printf(struct sc_stash *pool, struct sc_error *err, const char *fmt, ...)
    SC_PRINTF(3, 4) SC_NODISCARD;
char *sc_stash_vprintf(struct sc_stash *pool, struct sc_error *err, const char *fmt, va_list args)
    SC_PRINTF(3, 0) SC_NODISCARD;

/* Whether the limit is why something failed. */
bool sc_stash_is_full(const struct sc_stash *pool);

/* Wipes and releases everything; NULL and the zero value are allowed. */
void sc_stash_done(struct sc_stash *pool);

#endif
