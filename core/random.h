/* SPDX-License-Identifier: Apache-2.0
 *
 * Random bytes from the kernel, through libsodium (getrandom(2), no user-space pool).
 * Threads: any.
 */
#ifndef SC_CORE_RANDOM_H
#define SC_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Initialises libsodium once; every other call that needs it does so itself. FAILED if it cannot.
 */
int sc_random_init(struct sc_error *err) SC_NODISCARD;

/* Fills `size` bytes at `out`. */
int sc_random_bytes(void *out, size_t size, struct sc_error *err) SC_NODISCARD;

/* A uniform number below `bound` (2 or more), without modulo bias. Call sc_random_init() first. */
uint32_t sc_random_below(uint32_t bound);

#endif
