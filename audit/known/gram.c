/* SPDX-License-Identifier: Apache-2.0
 *
 * The literal filter; see audit/known/gram.h.
 *
 * A hash is split from the top: the word of the bit table, then two bit numbers in it. The tag is
 * its upper half, the bucket the upper bits of the tag. The second bit table is there to spare the
 * bucket table, which no cache near the core can hold.
 */
#include "audit/known/gram.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/arena.h"
#include "core/macros.h"

#include "core/banned.h"

#define BUCKET_BITS 16
#define BUCKETS     ((size_t)1 << BUCKET_BITS)
/* The bit table: 2^10 to 2^17 words of 64 bits, 8 KiB to 1 MiB. It is read at random for each place
 * looked at, so its home must be the second level cache; half a MiB leaves room there for the data
 * and for a neighbour thread, and is enlarged only when it would let more than 1 of 25 places pass.
 */
#define TABLE_BITS_MIN  10U
#define TABLE_BITS_GOOD 17U
#define TABLE_BITS_MAX  18U
/* Bits of the table for each entry, if there is room: 1 of 16 set twice lets 1 of 70 places pass,
 * 1 of 8 lets 1 of 20. */
#define BITS_PER_ENTRY     16
#define BITS_PER_ENTRY_MIN 7
/* Slots of one block of the arena. */
#define BLOCK_BITS    18
#define BLOCK_SIZE    ((size_t)1 << BLOCK_BITS)
#define ALWAYS_INLINE inline __attribute__((always_inline))
/* Choices tried for one entry. */
#define CHOICES_MAX 8
/* Places looked at in one round. */
#define ROUND 8

static_assert(BLOCK_SIZE * SC_GRAM_BLOCKS >= SC_GRAM_ENTRIES_MAX, "not all entries have room");

/* The literal in the upper 24 bits, the offset in the lower 8. */
struct sc_gram_slot {
    uint32_t tag;
    uint32_t place;
};

static inline uint64_t load_word(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint64_t hash_word(const struct sc_gram *gram, uint64_t word)
{
    return (word & gram->mask) * gram->multiplier;
}

/* Shifted so that the two bits of this hash stand at bit 0 if both are set. */
static inline uint64_t passes(const struct sc_gram *gram, uint64_t hash)
{
    uint64_t word = gram->bits[hash >> gram->shift];
    return (word >> ((hash >> 40) & 63)) & (word >> ((hash >> 34) & 63)) & 1;
}

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
    return hash_word(gram, load_word(padded));
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

/* The bit of a tag in the second table; mixed, so that it is another choice than the first one's.
 */
static inline uint32_t tag_bit(const struct sc_gram *gram, uint32_t tag)
{
    return (tag * 0x9e3779b1U) >> gram->tag_shift;
}

static inline bool tag_passes(const struct sc_gram *gram, uint32_t tag)
{
    uint32_t bit = tag_bit(gram, tag);
    return (gram->tag_bits[bit >> 6] >> (bit & 63) & 1) != 0;
}

static size_t bucket_of(uint32_t tag)
{
    return tag >> (32 - BUCKET_BITS);
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

static inline struct sc_gram_slot *slot_at(const struct sc_gram *gram, size_t index)
{
    return &gram->slots[index >> BLOCK_BITS][index & (BLOCK_SIZE - 1)];
}

static int allocate(struct sc_gram *gram, size_t count, struct sc_error *err)
{
    unsigned bits = table_bits(count);
    gram->shift = 64 - bits;
    gram->bits = sc_arena_alloc(sizeof(uint64_t) << bits, err);
    gram->tag_shift = 32 - tag_bits(count);
    gram->tag_bits = sc_arena_alloc(((size_t)1 << tag_bits(count)) / 8, err);
    gram->buckets = sc_arena_alloc((BUCKETS + 1) * sizeof(*gram->buckets), err);
    bool whole = gram->bits != NULL && gram->tag_bits != NULL && gram->buckets != NULL;
    for (size_t i = 0; whole && i * BLOCK_SIZE < count; i++) {
        size_t slots = SC_MIN(BLOCK_SIZE, count - i * BLOCK_SIZE);
        gram->slots[i] = sc_arena_alloc(slots * sizeof(**gram->slots), err);
        whole = gram->slots[i] != NULL;
    }
    if (whole)
        return 0;
    sc_gram_done(gram);
    return sc_fail_nomem(err);
}

/* Enters each entry into the bit tables, in the choice that sets the fewest bits anew: the fewer
 * are set, the fewer places pass. */
static void choose(struct sc_gram *gram, sc_gram_entry_fn entry, const void *ctx,
                   unsigned char *ret_choices)
{
    for (size_t i = 0; i < gram->count; i++) {
        struct sc_gram_entry best = {0}, other;
        int best_new = INT_MAX;
        for (unsigned choice = 0; choice < CHOICES_MAX && best_new > 0; choice++) {
            if (!entry(i, choice, ctx, &other))
                break;
            int added = __builtin_popcountll(bits_of(other.tag) & ~*word_of(gram, other.tag));
            if (added >= best_new)
                continue;
            best = other;
            best_new = added;
            ret_choices[i] = (unsigned char)choice;
        }
        uint32_t bit = tag_bit(gram, best.tag);
        *word_of(gram, best.tag) |= bits_of(best.tag);
        gram->tag_bits[bit >> 6] |= 1ULL << (bit & 63);
        gram->buckets[bucket_of(best.tag) + 1]++;
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
        size_t bucket = bucket_of(added.tag);
        *slot_at(gram, --gram->buckets[bucket + 1]) =
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

/* One run over one buffer. */
struct pass {
    const struct sc_gram *gram;
    const unsigned char *data;
    size_t len;
    sc_gram_fn fn;
    void *ctx;
};

static int look_up(const struct pass *pass, size_t at, uint64_t hash, struct sc_error *err)
{
    const struct sc_gram *gram = pass->gram;
    uint32_t tag = (uint32_t)(hash >> 32);
    if (!tag_passes(gram, tag))
        return 0;
    size_t bucket = bucket_of(tag);
    for (uint32_t i = gram->buckets[bucket]; i < gram->buckets[bucket + 1]; i++) {
        const struct sc_gram_slot *slot = slot_at(gram, i);
        size_t offset = slot->place & 255;
        if (slot->tag != tag || offset > at)
            continue;
        int rc = pass->fn(slot->place >> 8, at - offset, pass->ctx, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* One place, also where fewer than 8 bytes are left. */
static int look_at(const struct pass *pass, size_t at, struct sc_error *err)
{
    uint64_t hash = sc_gram_hash(pass->gram, pass->data + at);
    return passes(pass->gram, hash) != 0 ? look_up(pass, at, hash, err) : 0;
}

/* The rest of a buffer: the places at, at + stride, ... below end. */
static int look_at_each(const struct pass *pass, size_t at, size_t end, struct sc_error *err)
{
    int rc = 0;
    for (; rc == 0 && at < end; at += pass->gram->stride)
        rc = look_at(pass, at, err);
    return rc;
}

/* One place where something passed. */
static int look_again(const struct pass *pass, size_t at, struct sc_error *err)
{
    uint64_t hash = hash_word(pass->gram, load_word(pass->data + at));
    return passes(pass->gram, hash) != 0 ? look_up(pass, at, hash, err) : 0;
}

static ALWAYS_INLINE uint64_t probe(const struct sc_gram *gram, const unsigned char *at)
{
    return passes(gram, hash_word(gram, load_word(at)));
}

/* Eight places a round: the probes do not depend on each other, and one branch serves all. */
static ALWAYS_INLINE int scan_rounds(const struct pass *pass, size_t stride, size_t *at,
                                     struct sc_error *err)
{
    const struct sc_gram gram = *pass->gram;
    const size_t round = ROUND * stride;
    for (; *at + round + sizeof(uint64_t) <= pass->len; *at += round) {
        const unsigned char *p = pass->data + *at;
        uint64_t any = probe(&gram, p) | probe(&gram, p + stride) | probe(&gram, p + 2 * stride) |
                       probe(&gram, p + 3 * stride) | probe(&gram, p + 4 * stride) |
                       probe(&gram, p + 5 * stride) | probe(&gram, p + 6 * stride) |
                       probe(&gram, p + 7 * stride);
        for (size_t i = 0; __builtin_expect(any != 0, 0) && i < ROUND; i++) {
            int rc = look_again(pass, *at + i * stride, err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

/* Constants here let the compiler make one tight loop for each stride in use. */
static int scan_plain(const struct pass *pass, size_t *at, struct sc_error *err)
{
    return pass->gram->stride == 8   ? scan_rounds(pass, 8, at, err)
           : pass->gram->stride == 4 ? scan_rounds(pass, 4, at, err)
                                     : scan_rounds(pass, pass->gram->stride, at, err);
}

#ifdef __x86_64__
/* gcc 12 takes the undefined lanes of its own intrinsics for a mistake. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define TARGET_AVX512 __attribute__((target("avx512f,avx512dq")))

/* Eight probes of words that stand one behind the other; a bit for each that passes. */
TARGET_AVX512 static ALWAYS_INLINE unsigned probe_eight(const struct sc_gram *gram,
                                                        const unsigned char *at)
{
    const __m512i six_bits = _mm512_set1_epi64(63), one = _mm512_set1_epi64(1);
    __m512i word = _mm512_and_si512(_mm512_loadu_si512(at), _mm512_set1_epi64((int64_t)gram->mask));
    __m512i hash = _mm512_mullo_epi64(word, _mm512_set1_epi64((int64_t)gram->multiplier));
    __m512i index = _mm512_srl_epi64(hash, _mm_cvtsi32_si128((int)gram->shift));
    __m512i bits = _mm512_i64gather_epi64(index, gram->bits, 8);
    __m512i first = _mm512_and_si512(_mm512_srli_epi64(hash, 40), six_bits);
    __m512i second = _mm512_and_si512(_mm512_srli_epi64(hash, 34), six_bits);
    __m512i wanted = _mm512_or_si512(_mm512_sllv_epi64(one, first), _mm512_sllv_epi64(one, second));
    return _mm512_cmpeq_epi64_mask(_mm512_and_si512(bits, wanted), wanted);
}

/* The same for strides 8 and 4, 64 bytes a round: the words at 0, 8, ..., and those at 4, 12, ...
 */
TARGET_AVX512 static int scan_avx512(const struct pass *pass, size_t *at, struct sc_error *err)
{
    const struct sc_gram gram = *pass->gram;
    const bool both = gram.stride == 4;
    for (; *at + 64 + sizeof(uint64_t) <= pass->len; *at += 64) {
        unsigned even = probe_eight(&gram, pass->data + *at);
        unsigned odd = both ? probe_eight(&gram, pass->data + *at + 4) : 0;
        for (size_t i = 0; __builtin_expect((even | odd) >> i != 0, 0); i++) {
            int rc = (even >> i & 1) != 0 ? look_again(pass, *at + 8 * i, err) : 0;
            if (rc == 0 && (odd >> i & 1) != 0)
                rc = look_again(pass, *at + 8 * i + 4, err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

static int scan_fast(const struct pass *pass, size_t *at, struct sc_error *err)
{
#ifdef __x86_64__
    size_t stride = pass->gram->stride;
    if ((stride == 8 || stride == 4) && __builtin_cpu_supports("avx512dq"))
        return scan_avx512(pass, at, err);
#endif
    return scan_plain(pass, at, err);
}

static int scan(const struct pass *pass, bool plain, struct sc_error *err)
{
    const struct sc_gram *gram = pass->gram;
    if (gram->count == 0 || pass->len < gram->width)
        return 0;
    size_t at = 0;
    int rc = plain ? scan_plain(pass, &at, err) : scan_fast(pass, &at, err);
    return rc < 0 ? rc : look_at_each(pass, at, pass->len - gram->width + 1, err);
}

int sc_gram_scan(const struct sc_gram *gram, const unsigned char *data, size_t len, sc_gram_fn fn,
                 void *ctx, struct sc_error *err)
{
    return scan(&(struct pass){gram, data, len, fn, ctx}, false, err);
}

int sc_gram_scan_plain(const struct sc_gram *gram, const unsigned char *data, size_t len,
                       sc_gram_fn fn, void *ctx, struct sc_error *err)
{
    return scan(&(struct pass){gram, data, len, fn, ctx}, true, err);
}

void sc_gram_done(struct sc_gram *gram)
{
    if (gram == NULL)
        return;
    sc_arena_free(gram->bits);
    sc_arena_free(gram->tag_bits);
    sc_arena_free(gram->buckets);
    for (size_t i = 0; i < SC_GRAM_BLOCKS; i++)
        sc_arena_free(gram->slots[i]);
    *gram = (struct sc_gram){0};
}
