/* SPDX-License-Identifier: Apache-2.0
 *
 * What building and scanning an index share; not for others.
 *
 * A hash is split from the top: the word of the bit table, then two bit numbers in it. The tag is
 * its upper half, the bucket the upper bits of the tag. The second bit table is there to spare the
 * bucket table, which no cache near the core can hold.
 */
#ifndef SC_AUDIT_KNOWN_GRAM_PRIVATE_H
#define SC_AUDIT_KNOWN_GRAM_PRIVATE_H

#include <string.h>

#include "audit/known/gram.h"

#define SC_GRAM_BUCKET_BITS 16
/* Slots of one block of the arena. */
#define SC_GRAM_BLOCK_BITS 18
#define SC_GRAM_BLOCK_SIZE ((size_t)1 << SC_GRAM_BLOCK_BITS)

/* The literal in the upper 24 bits, the offset in the lower 8. */
struct sc_gram_slot {
    uint32_t tag;
    uint32_t place;
};

static inline uint64_t sc_gram_load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint64_t sc_gram_hash_word(const struct sc_gram *gram, uint64_t word)
{
    return (word & gram->mask) * gram->multiplier;
}

/* The bit of a tag in the second table; mixed, so that it is another choice than the first one's.
 */
static inline uint32_t sc_gram_tag_bit(const struct sc_gram *gram, uint32_t tag)
{
    return (tag * 0x9e3779b1U) >> gram->tag_shift;
}

static inline size_t sc_gram_bucket(uint32_t tag)
{
    return tag >> (32 - SC_GRAM_BUCKET_BITS);
}

static inline struct sc_gram_slot *sc_gram_slot_at(const struct sc_gram *gram, size_t index)
{
    return &gram->slots[index >> SC_GRAM_BLOCK_BITS][index & (SC_GRAM_BLOCK_SIZE - 1)];
}

#endif
