/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding one of two pairs of bytes, as the beginnings of rarer things: faster than memchr() where
 * one byte alone is common. Threads: any.
 */
#ifndef SC_CORE_VECTOR_PAIR_H
#define SC_CORE_VECTOR_PAIR_H

#include <stddef.h>

struct sc_pairs {
    unsigned char pair[2][2];
};

/* Where in the data the first of them begins, also one of which only the first byte is there; len
 * if there is none. */
size_t sc_pair_find(const unsigned char *data, size_t len, const struct sc_pairs *pairs);

#endif
