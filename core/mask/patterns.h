/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of byte patterns, and the question "which is the longest that stands here?" for a filter of
 * output.
 *
 * Patterns are kept sorted, each knowing the longest other one that is its prefix. Filters
 * (core/mask/filter.h) tell where in a text one may begin, and a table of first four bytes leads to
 * the few to compare with. No pattern holds a line end, so a line end decides everything before it.
 * Patterns lie in locked memory, and so does what is made of their bytes: tables and filters.
 */
#ifndef SC_CORE_MASK_PATTERNS_H
#define SC_CORE_MASK_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/mask/filter.h"
#include "core/secret.h"

/* Shortest pattern, in bytes: shorter values stand everywhere in ordinary text. */
#define SC_MASK_PATTERN_MIN ((size_t)4)
/* Longest piece of a value's line; longer lines are cut. It bounds what has to be held back. */
#define SC_MASK_PIECE_MAX ((size_t)256)
/* Bytes of all patterns together. */
#define SC_MASK_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SC_MASK_NONE      UINT32_MAX
#define SC_MASK_FILTERS   2

struct sc_mask_pattern {
    const unsigned char *ptr;
    uint32_t len;
    uint32_t parent; /* index of the longest other pattern that is a prefix, or SC_MASK_NONE */
    uint32_t value;  /* whose pattern it is */
};

struct sc_mask_chunk;

/* The patterns [first, end) that begin with these four bytes; end 0 = a free place. */
struct sc_mask_range {
    uint32_t gram, first, end;
    uint32_t second; /* of the first of them: the next four bytes, if it has eight */
};

/* Zero value = empty. Fields are private but to core/mask/. */
struct sc_mask_set {
    struct sc_mask_pattern *items;
    size_t count, cap;
    size_t longest;
    size_t bytes;
    struct sc_mask_filter filters[SC_MASK_FILTERS]; /* of long patterns, and of short ones */
    struct sc_mask_range *ranges;
    size_t range_mask; /* places less one */
    size_t table_size; /* of ranges, and of heads behind them */
    /* For beginnings shorter than a gram: the first four bytes of each pattern as a number that
     * sorts as they do, and where those with a first byte begin; the last stands for the end. */
    uint32_t *heads;
    uint32_t firsts[257];
    struct sc_mask_chunk *chunks;
};

/* Both sets: exact forms, and canonical ones (core/mask/canon.h). */
struct sc_mask_patterns {
    struct sc_mask_set exact;
    struct sc_mask_set canonical;
    uint32_t values;
};

/* Adds all patterns of a value; its number counts from 0 in order of the calls. *ret_masked tells
 * whether it is long enough to be masked at all. TOOBIG over SC_MASK_BYTES_MAX. */
int sc_mask_patterns_add(struct sc_mask_patterns *patterns, struct sc_bytes value, bool *ret_masked,
                         struct sc_error *err) SC_NODISCARD;

/* Sorts and drops doubles; to be called once, after the last add and before any search. */
int sc_mask_patterns_finish(struct sc_mask_patterns *patterns, struct sc_error *err) SC_NODISCARD;

void sc_mask_patterns_done(struct sc_mask_patterns *patterns);

/* A search through one text, which it borrows as it does the set. */
struct sc_mask_search {
    const struct sc_mask_set *set;
    const unsigned char *text;
    size_t len;
    size_t places[SC_MASK_FILTERS]; /* where each filter is */
};

struct sc_mask_search sc_mask_search(const struct sc_mask_set *set, const unsigned char *text,
                                     size_t len);

/* The next place at which a pattern stands, and the longest that does; NULL behind the last. */
const struct sc_mask_pattern *sc_mask_next(struct sc_mask_search *search, size_t *ret_at);

/* The first position at which the rest of the text is a proper prefix of a pattern; `len` if there
 * is none. */
size_t sc_mask_hold(const struct sc_mask_set *set, const unsigned char *text, size_t len);

#endif
