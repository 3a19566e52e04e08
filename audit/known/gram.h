/* SPDX-License-Identifier: Apache-2.0
 *
 * A filter that tells where one of many literals may stand.
 *
 * Of each literal the words at `stride` neighbouring offsets are registered, so that looking at
 * every stride-th place of the data is enough to meet one of them. A place is looked at with one
 * keyed multiplication and one word of a bit table; the few that pass are looked at in a second
 * one, what is left is looked up in a bucket table and handed to the caller, who compares. False
 * candidates are possible, missed literals are not.
 *
 * Everything derived from literals lies in locked memory. Threads: any number may scan one index.
 */
#ifndef SC_AUDIT_KNOWN_GRAM_H
#define SC_AUDIT_KNOWN_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/known/alphabet.h"
#include "core/error.h"

/* Words of one index at most: its bit table then still tells something. */
#define SC_GRAM_ENTRIES_MAX ((size_t)1024 * 1024)
/* Literals that an index can number, and offsets of words in one. */
#define SC_GRAM_LITERALS_MAX ((size_t)1 << 24)
#define SC_GRAM_OFFSETS_MAX  ((size_t)1 << 8)
/* Bytes of a word at most and at least. */
#define SC_GRAM_WIDTH_MAX 8
#define SC_GRAM_WIDTH_MIN 5
#define SC_GRAM_BLOCKS    4

/* A registered word: what it hashes to, which literal it belongs to and how far into it; and the
 * word itself, or NULL where only its hash is known, which costs the index its alphabets unless
 * sc_gram_sift_by() gives them. */
struct sc_gram_entry {
    uint32_t tag;
    uint32_t literal;
    uint32_t offset;
    const unsigned char *word;
};

struct sc_gram_slot; /* an entry as it is kept */

struct sc_gram {
    uint64_t multiplier; /* odd and random: which words collide cannot be predicted */
    uint64_t mask;       /* keeps `width` bytes of a word */
    size_t width;
    size_t stride;
    unsigned shift;     /* from a hash to the word of the bit table */
    uint64_t *bits;     /* two bits for each entry, both in one word */
    unsigned tag_shift; /* from a mixed tag to the bit of the second table */
    uint64_t *tag_bits; /* one bit for each entry */
    uint32_t *buckets;  /* first slot of each bucket, one more at the end */
    struct sc_gram_slot *slots[SC_GRAM_BLOCKS]; /* by bucket */
    struct sc_alphabets *alphabets;             /* of all words; NULL if some are not known */
    size_t count;
};

/* An index without entries. The multiplier is made odd. */
void sc_gram_init(struct sc_gram *gram, uint64_t multiplier, size_t width, size_t stride);

/* What a word of the data, or of a literal, hashes to; entries carry the upper half as their tag.
 */
uint64_t sc_gram_hash(const struct sc_gram *gram, const unsigned char *word);

/* The entry at an index below count, in one of several choices that do equally well (words of a
 * long literal that are a stride apart). False if there is no such choice; there always is a first
 * one.
 */
typedef bool (*sc_gram_entry_fn)(size_t index, unsigned choice, const void *ctx,
                                 struct sc_gram_entry *ret);

/* Makes the tables, once, of those choices that fill them least. TOOBIG over SC_GRAM_ENTRIES_MAX.
 */
int sc_gram_build(struct sc_gram *gram, size_t count, sc_gram_entry_fn entry, const void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* Gives a built index the alphabets (copied) that hold all its words. */
int sc_gram_sift_by(struct sc_gram *gram, const struct sc_alphabets *alphabets,
                    struct sc_error *err) SC_NODISCARD;

/* Called for each candidate: the literal would begin at `start`. A negative result stops. */
typedef int (*sc_gram_fn)(uint32_t literal, size_t start, void *ctx, struct sc_error *err);

int sc_gram_scan(const struct sc_gram *gram, const unsigned char *data, size_t len, sc_gram_fn fn,
                 void *ctx, struct sc_error *err) SC_NODISCARD;

/* The same by the code for processors without wide vectors; for tests and measurements. */
int sc_gram_scan_plain(const struct sc_gram *gram, const unsigned char *data, size_t len,
                       sc_gram_fn fn, void *ctx, struct sc_error *err) SC_NODISCARD;

void sc_gram_done(struct sc_gram *gram);

#endif
