/* SPDX-License-Identifier: Apache-2.0
 *
 * Making the tables of the literal filter; see audit/known/gram.h.
 */
#include "audit/known/gram.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "audit/known/gram_private.h"
#include "core/arena.h"
#include "core/macros.h"

#include "core/banned.h"

#define BUCKETS ((size_t)1 << SC_GRAM_BUCKET_BITS)
/* The bit table: 2^10 to 2^18 words of 64 bits, 8 KiB to 2 MiB. It is read at random for each place
 * looked at, so its home must be the second level cache; half a MiB leaves room there for the data
 * and for a neighbour thread, and is enlarged only when it would let more than 1 of 20 places pass:
 * to look at one of these again costs less than to wait for the third level.
 */
#define TABLE_BITS_MIN  10U
#define TABLE_BITS_GOOD 16U
#define TABLE_BITS_MAX  18U
/* Bits of the table for each entry, if there is room: 1 of 16 set twice lets 1 of 70 places pass,
 * 1 of 8 lets 1 of 20. */
#define BITS_PER_ENTRY     16
#define BITS_PER_ENTRY_MIN 7
/* Choices tried for one entry. */
#define CHOICES_MAX 8
/* What a byte that is let in counts for, in bits of the table. */
#define WIDENING_COST 4

static_assert(SC_GRAM_BLOCK_SIZE * SC_GRAM_BLOCKS >= SC_GRAM_ENTRIES_MAX,
              "not all entries have room");

void sc_gram_init(struct sc_gram *gram, uint64_t multiplier, size_t width, size_t stride)
{
    assert(width >= 1 && width <= SC_GRAM_WIDTH_MAX);
    assert(stride >= 1 && stride <= SC_GRAM_OFFSETS_MAX);
    *gram = (struct sc_gram){
        .multiplier = multiplier | 1,
        .mask = width == 8 ? ~0ULL : (1ULL << (8 * width)) - 1,
        .width = width,
        .stride = stride,
    };
}

uint64_t sc_gram_hash(const struct sc_gram *gram, const unsigned char *word)
{
    unsigned char padded[sizeof(uint64_t)] = {0};
    memcpy(padded, word, gram->width);
    return sc_gram_hash_word(gram, sc_gram_load(padded));
}

/* The bits of an entry follow from its tag alone, so that an index can be made without its
 * literals. */
static uint64_t bits_of(uint32_t tag)
{
    uint64_t hash = (uint64_t)tag << 32;
    return 1ULL << ((hash >> 40) & 63) | 1ULL << ((hash >> 34) & 63);
}

static uint64_t *word_of(struct sc_gram *gram, uint32_t tag)
{
    return &gram->bits[((uint64_t)tag << 32) >> gram->shift];
}

static unsigned table_bits(size_t count)
{
    unsigned bits = TABLE_BITS_MIN;
    while (bits < TABLE_BITS_GOOD && ((size_t)64 << bits) < count * BITS_PER_ENTRY)
        bits++;
    while (bits < TABLE_BITS_MAX && ((size_t)64 << bits) < count * BITS_PER_ENTRY_MIN)
        bits++;
    return bits;
}

/* Bits of the second table: 2^13 to 2^22, one of eight set if there is room. */
static unsigned tag_bits(size_t count)
{
    unsigned bits = 13;
    while (bits < 22 && ((size_t)1 << bits) < count * 8)
        bits++;
    return bits;
}

static int allocate(struct sc_gram *gram, size_t count, struct sc_error *err)
{
    unsigned bits = table_bits(count);
    gram->shift = 64 - bits;
    gram->bits = sc_arena_alloc(sizeof(uint64_t) << bits, err);
    gram->tag_shift = 32 - tag_bits(count);
    gram->tag_bits = sc_arena_alloc(((size_t)1 << tag_bits(count)) / 8, err);
    gram->buckets = sc_arena_alloc((BUCKETS + 1) * sizeof(*gram->buckets), err);
    gram->alphabets = sc_arena_alloc(sizeof(*gram->alphabets), err);
    bool whole = gram->bits != NULL && gram->tag_bits != NULL && gram->buckets != NULL &&
                 gram->alphabets != NULL;
    for (size_t i = 0; whole && i * SC_GRAM_BLOCK_SIZE < count; i++) {
        size_t slots = SC_MIN(SC_GRAM_BLOCK_SIZE, count - i * SC_GRAM_BLOCK_SIZE);
        gram->slots[i] = sc_arena_alloc(slots * sizeof(**gram->slots), err);
        whole = gram->slots[i] != NULL;
    }
    if (whole)
        return 0;
    sc_gram_done(gram);
    return sc_fail_nomem(err);
}

/* What a choice makes worse: bits set anew, and bytes that are let in. */
static int cost_of(struct sc_gram *gram, const struct sc_gram_entry *entry)
{
    int bits = __builtin_popcountll(bits_of(entry->tag) & ~*word_of(gram, entry->tag));
    bool held = entry->word == NULL || sc_alphabets_hold(gram->alphabets, entry->word, gram->width);
    return held ? bits : bits + WIDENING_COST;
}

/* Enters each entry into the bit tables and alphabets, in the choice that costs least: the fewer
 * bits are set, the fewer places pass. */
static void choose(struct sc_gram *gram, sc_gram_entry_fn entry, const void *ctx,
                   unsigned char *ret_choices)
{
    bool sifts = true;
    for (size_t i = 0; i < gram->count; i++) {
        struct sc_gram_entry best = {0}, other = {0};
        int least = INT_MAX;
        for (unsigned choice = 0; choice < CHOICES_MAX && least > 0; choice++) {
            if (!entry(i, choice, ctx, &other))
                break;
            int cost = cost_of(gram, &other);
            if (cost >= least)
                continue;
            best = other;
            least = cost;
            ret_choices[i] = (unsigned char)choice;
        }
        sifts &= best.word != NULL;
        if (sifts)
            sc_alphabets_add(gram->alphabets, best.word, gram->width);
        uint32_t bit = sc_gram_tag_bit(gram, best.tag);
        *word_of(gram, best.tag) |= bits_of(best.tag);
        gram->tag_bits[bit >> 6] |= 1ULL << (bit & 63);
        gram->buckets[sc_gram_bucket(best.tag) + 1]++;
    }
    if (!sifts) {
        sc_arena_free(gram->alphabets);
        gram->alphabets = NULL;
    }
}

/* Counting sort by bucket: buckets[b + 1] has counted, and then ends, bucket b. */
static void fill_slots(struct sc_gram *gram, sc_gram_entry_fn entry, const void *ctx,
                       const unsigned char *choices)
{
    for (size_t b = 0; b < BUCKETS; b++)
        gram->buckets[b + 1] += gram->buckets[b];
    for (size_t i = gram->count; i > 0; i--) {
        struct sc_gram_entry added = {0};
        (void)entry(i - 1, choices[i - 1], ctx, &added); /* it was there before */
        assert(added.literal < SC_GRAM_LITERALS_MAX && added.offset < SC_GRAM_OFFSETS_MAX);
        size_t bucket = sc_gram_bucket(added.tag);
        *sc_gram_slot_at(gram, --gram->buckets[bucket + 1]) =
            (struct sc_gram_slot){added.tag, added.literal << 8 | added.offset};
    }
    /* Each bucket's end has become its start: move the starts down by one. */
    memmove(gram->buckets, gram->buckets + 1, BUCKETS * sizeof(*gram->buckets));
    gram->buckets[BUCKETS] = (uint32_t)gram->count;
}

int sc_gram_build(struct sc_gram *gram, size_t count, sc_gram_entry_fn entry, const void *ctx,
                  struct sc_error *err)
{
    assert(gram->width >= 1);
    if (count > SC_GRAM_ENTRIES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu words are over the limit of one index (%zu)", count,
                       SC_GRAM_ENTRIES_MAX);
    unsigned char *choices = calloc(SC_MAX(count, (size_t)1), 1);
    if (choices == NULL)
        return sc_fail_nomem(err);
    int rc = allocate(gram, count, err);
    if (rc == 0) {
        gram->count = count;
        choose(gram, entry, ctx, choices);
        fill_slots(gram, entry, ctx, choices);
    }
    free(choices);
    return rc;
}

int sc_gram_sift_by(struct sc_gram *gram, const struct sc_alphabets *alphabets,
                    struct sc_error *err)
{
    if (gram->alphabets == NULL)
        gram->alphabets = sc_arena_alloc(sizeof(*gram->alphabets), err);
    if (gram->alphabets == NULL)
        return SC_E_NOMEM;
    *gram->alphabets = *alphabets;
    return 0;
}

void sc_gram_done(struct sc_gram *gram)
{
    if (gram == NULL)
        return;
    sc_arena_free(gram->bits);
    sc_arena_free(gram->tag_bits);
    sc_arena_free(gram->buckets);
    sc_arena_free(gram->alphabets);
    for (size_t i = 0; i < SC_GRAM_BLOCKS; i++)
        sc_arena_free(gram->slots[i]);
    *gram = (struct sc_gram){0};
}
