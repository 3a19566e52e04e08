/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in a text one of many patterns may begin.
 *
 * Of each pattern the words at its first `stride` places are kept, so that a look at every
 * stride-th place of a text meets one of them. A look is one multiplication and one word of a
 * bitmap with room enough to say no almost always; what passes is looked at in a second bitmap, of
 * first words only. Words are as wide as the shortest pattern lets them be: the more bytes, the
 * fewer texts have one by chance. So long and short patterns should not share a filter.
 *
 * It may be wrong with a place it names, never with one it passes over. What is guessed can be
 * tested against a bitmap, so it lies in locked memory. Threads: any number may search.
 */
#ifndef SC_CORE_MASK_FILTER_H
#define SC_CORE_MASK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* From this length of the shortest pattern on a filter gets no better. */
#define SC_MASK_FILTER_LONG ((size_t)11)

/* A set of hashes of words: three bits in one place for each. */
struct sc_mask_bitmap {
    uint64_t *bits;
    unsigned shift; /* of a hash, to its place */
};

/* Zero value = no patterns. Fields are private. */
struct sc_mask_filter {
    size_t stride, width;
    uint64_t keep;                /* what belongs to the word of eight bytes that were read */
    struct sc_mask_bitmap nearby; /* what stands at the first `stride` places of patterns */
    struct sc_mask_bitmap begin;  /* what stands at the first */
};

/* For `count` patterns, none of which is shorter than `shortest`, which is 4 or more. */
int sc_mask_filter_init(struct sc_mask_filter *filter, size_t shortest, size_t count,
                        struct sc_error *err) SC_NODISCARD;

void sc_mask_filter_add(struct sc_mask_filter *filter, const unsigned char *pattern, size_t len);

/* The first place from `from` on at which a pattern may begin; `len` if there is none. */
size_t sc_mask_filter_next(const struct sc_mask_filter *filter, const unsigned char *text,
                           size_t from, size_t len);

/* The same by the code for processors without wide vectors; for tests. */
size_t sc_mask_filter_next_plain(const struct sc_mask_filter *filter, const unsigned char *text,
                                 size_t from, size_t len);

void sc_mask_filter_done(struct sc_mask_filter *filter);

#endif
