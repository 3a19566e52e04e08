/* SPDX-License-Identifier: Apache-2.0
 *
 * The literal filter; see audit/known/gram.h.
 *
 * A hash is split from the top: the word of the bit table, then two bit numbers in it. The tag is
 * its upper half, the bucket the upper bits of the tag.
 */
#include "audit/known/gram.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/arena.h"
#include "core/macros.h"

#include "core/banned.h"

#define BUCKET_BITS 16
#define BUCKETS     ((size_t)1 << BUCKET_BITS)
/* The bit table: 2^10 to 2^17 words of 64 bits, 8 KiB to 1 MiB, so that it stays in a core's cache.
 */
#define TABLE_BITS_MIN 10U
#define TABLE_BITS_MAX 17U
/* Bits of the table for each entry, if there is room: 1 of 16 set twice lets 1 of 200 places pass.
 */
#define BITS_PER_ENTRY 16

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
    assert(width >= 1 && width <= SC_GRAM_WIDTH_MAX && stride >= 1);
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
static void set_bits(struct sc_gram *gram, uint32_t tag)
{
    uint64_t hash = (uint64_t)tag << 32;
    gram->bits[hash >> gram->shift] |= 1ULL << ((hash >> 40) & 63) | 1ULL << ((hash >> 34) & 63);
}

static size_t bucket_of(uint32_t tag)
{
    return tag >> (32 - BUCKET_BITS);
}

static unsigned table_bits(size_t count)
{
    unsigned bits = TABLE_BITS_MIN;
    while (bits < TABLE_BITS_MAX && ((size_t)64 << bits) < count * BITS_PER_ENTRY)
        bits++;
    return bits;
}

static int allocate(struct sc_gram *gram, size_t count, struct sc_error *err)
{
    unsigned bits = table_bits(count);
    gram->shift = 64 - bits;
    gram->bits = sc_arena_alloc(sizeof(uint64_t) << bits, err);
    gram->buckets = sc_arena_alloc((BUCKETS + 1) * sizeof(*gram->buckets), err);
    gram->entries = sc_arena_alloc(SC_MAX(count, (size_t)1) * sizeof(*gram->entries), err);
    if (gram->bits != NULL && gram->buckets != NULL && gram->entries != NULL)
        return 0;
    sc_gram_done(gram);
    return sc_fail_nomem(err);
}

int sc_gram_build(struct sc_gram *gram, const struct sc_gram_entry *entries, size_t count,
                  struct sc_error *err)
{
    assert(gram->width >= 1);
    if (count > SC_GRAM_ENTRIES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu words are over the limit of one index (%zu)", count,
                       SC_GRAM_ENTRIES_MAX);
    int rc = allocate(gram, count, err);
    if (rc < 0)
        return rc;
    gram->count = count;
    /* Counting sort by bucket: buckets[b + 1] first counts, then ends, bucket b. */
    for (size_t i = 0; i < count; i++) {
        gram->buckets[bucket_of(entries[i].tag) + 1]++;
        set_bits(gram, entries[i].tag);
    }
    for (size_t b = 0; b < BUCKETS; b++)
        gram->buckets[b + 1] += gram->buckets[b];
    for (size_t i = count; i > 0; i--) {
        size_t bucket = bucket_of(entries[i - 1].tag);
        gram->entries[--gram->buckets[bucket + 1]] = entries[i - 1];
    }
    /* Each bucket's end has become its start: move the starts down by one. */
    memmove(gram->buckets, gram->buckets + 1, BUCKETS * sizeof(*gram->buckets));
    gram->buckets[BUCKETS] = (uint32_t)count;
    return 0;
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
    size_t bucket = bucket_of(tag);
    for (uint32_t i = gram->buckets[bucket]; i < gram->buckets[bucket + 1]; i++) {
        const struct sc_gram_entry *entry = &gram->entries[i];
        if (entry->tag != tag || entry->offset > at)
            continue;
        int rc = pass->fn(entry->literal, at - entry->offset, pass->ctx, err);
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

/* The places at, at + stride, ... below end, slowly: the rest of a buffer, and groups that passed.
 */
static int look_at_each(const struct pass *pass, size_t at, size_t end, struct sc_error *err)
{
    int rc = 0;
    for (; rc == 0 && at < end; at += pass->gram->stride)
        rc = look_at(pass, at, err);
    return rc;
}

static inline uint64_t probe(const struct sc_gram *gram, const unsigned char *at)
{
    return passes(gram, hash_word(gram, load_word(at)));
}

/* Eight places a round: the probes do not depend on each other, and one branch serves all. */
static inline int scan_rounds(const struct pass *pass, size_t stride, size_t *at,
                              struct sc_error *err)
{
    const struct sc_gram *gram = pass->gram;
    const size_t round = 8 * stride;
    size_t i = *at;
    for (; i + round + sizeof(uint64_t) <= pass->len; i += round) {
        const unsigned char *p = pass->data + i;
        uint64_t any = probe(gram, p) | probe(gram, p + stride) | probe(gram, p + 2 * stride) |
                       probe(gram, p + 3 * stride) | probe(gram, p + 4 * stride) |
                       probe(gram, p + 5 * stride) | probe(gram, p + 6 * stride) |
                       probe(gram, p + 7 * stride);
        if (__builtin_expect(any != 0, 0)) {
            int rc = look_at_each(pass, i, i + round, err);
            if (rc < 0)
                return rc;
        }
    }
    *at = i;
    return 0;
}

int sc_gram_scan(const struct sc_gram *gram, const unsigned char *data, size_t len, sc_gram_fn fn,
                 void *ctx, struct sc_error *err)
{
    if (gram->count == 0 || len < gram->width)
        return 0;
    const struct pass pass = {gram, data, len, fn, ctx};
    size_t at = 0;
    /* Constants here let the compiler make one tight loop for each stride in use. */
    int rc = gram->stride == 4   ? scan_rounds(&pass, 4, &at, err)
             : gram->stride == 1 ? scan_rounds(&pass, 1, &at, err)
                                 : scan_rounds(&pass, gram->stride, &at, err);
    return rc < 0 ? rc : look_at_each(&pass, at, len - gram->width + 1, err);
}

void sc_gram_done(struct sc_gram *gram)
{
    if (gram == NULL)
        return;
    sc_arena_free(gram->bits);
    sc_arena_free(gram->buckets);
    sc_arena_free(gram->entries);
    *gram = (struct sc_gram){0};
}
