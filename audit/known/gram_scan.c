/* SPDX-License-Identifier: Apache-2.0
 *
 * Scanning by the literal filter; see audit/known/gram.h.
 *
 * With wide vectors eight places are looked at as one, and of each 64 those that the alphabets
 * leave over are brought together before the bit table is read. The portable code gives the same
 * candidates in the same order.
 */
#include <stdbool.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "audit/known/gram_private.h"
#include "core/secret.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
/* Places looked at in one round. */
#define ROUND 8
/* Words that are collected before they are looked up. */
#define SIEVE_FULL 64
/* Bytes of data from which that is worth its set-up. */
#define SIFT_MIN ((size_t)512)
/* Bytes of data that are sifted at once. */
#define SIFTED 64

/* How far ahead memory is called for. */
#define AHEAD ((size_t)64 * 1024)

/* One run over one buffer. */
struct pass {
    const struct sc_gram *gram;
    const unsigned char *data;
    size_t len;
    sc_gram_fn fn;
    void *ctx;
};

/* What is searched next most often lies behind what is searched now, where it may not have been
 * read yet: to wait for it would cost as much as the search. Nothing happens if it lies nowhere. */
static ALWAYS_INLINE void call_for(const unsigned char *at)
{
    __builtin_prefetch((const void *)((uintptr_t)at + AHEAD), 0, 2);
}

/* Shifted so that the two bits of this hash stand at bit 0 if both are set. */
static inline uint64_t passes(const struct sc_gram *gram, uint64_t hash)
{
    uint64_t word = gram->bits[hash >> gram->shift];
    return (word >> ((hash >> 40) & 63)) & (word >> ((hash >> 34) & 63)) & 1;
}

static inline bool tag_passes(const struct sc_gram *gram, uint32_t tag)
{
    uint32_t bit = sc_gram_tag_bit(gram, tag);
    return (gram->tag_bits[bit >> 6] >> (bit & 63) & 1) != 0;
}

/* A place that has passed the bit table and the alphabets. */
static int look_up(const struct pass *pass, size_t at, uint64_t hash, struct sc_error *err)
{
    const struct sc_gram *gram = pass->gram;
    uint32_t tag = (uint32_t)(hash >> 32);
    if (!tag_passes(gram, tag))
        return 0;
    size_t bucket = sc_gram_bucket(tag);
    for (uint32_t i = gram->buckets[bucket]; i < gram->buckets[bucket + 1]; i++) {
        const struct sc_gram_slot *slot = sc_gram_slot_at(gram, i);
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
    const unsigned char *word = pass->data + at;
    uint64_t hash = pass->len - at >= sizeof(uint64_t)
                        ? sc_gram_hash_word(pass->gram, sc_gram_load(word))
                        : sc_gram_hash(pass->gram, word);
    if (passes(pass->gram, hash) == 0)
        return 0;
    bool held = pass->gram->alphabets == NULL ||
                sc_alphabets_hold(pass->gram->alphabets, word, pass->gram->width);
    return held ? look_up(pass, at, hash, err) : 0;
}

/* The rest of a buffer: the places at, at + stride, ... below end. */
static int look_at_each(const struct pass *pass, size_t at, size_t end, struct sc_error *err)
{
    int rc = 0;
    for (; rc == 0 && at < end; at += pass->gram->stride)
        rc = look_at(pass, at, err);
    return rc;
}

static ALWAYS_INLINE uint64_t probe(const struct sc_gram *gram, const unsigned char *at)
{
    return passes(gram, sc_gram_hash_word(gram, sc_gram_load(at)));
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
        if (__builtin_expect(any != 0, 0)) {
            int rc = look_at_each(pass, *at, *at + round, err);
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
/* gcc 12 takes the undefined lanes of its own intrinsics for a mistake, and without optimization,
 * where these are macros, the mask that they pass. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
#define TARGET_AVX512 __attribute__((target("avx512f,avx512dq")))
#define TARGET_VBMI   __attribute__((target("avx512f,avx512dq,avx512bw,avx512vbmi,popcnt")))

/* Eight words that stand one behind the other at a stride of 8 or 4. */
TARGET_AVX512 static ALWAYS_INLINE __m512i eight_words(const unsigned char *at, bool narrow)
{
    const __m512i halves = _mm512_setr_epi32(0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8);
    __m512i words = _mm512_loadu_si512(at);
    return narrow ? _mm512_permutexvar_epi32(halves, words) : words;
}

/* A bit for each of eight words that passes the bit table. */
TARGET_AVX512 static ALWAYS_INLINE unsigned probe_eight(const struct sc_gram *gram, __m512i words)
{
    const __m512i six_bits = _mm512_set1_epi64(63), one = _mm512_set1_epi64(1);
    words = _mm512_and_si512(words, _mm512_set1_epi64((int64_t)gram->mask));
    __m512i hash = _mm512_mullo_epi64(words, _mm512_set1_epi64((int64_t)gram->multiplier));
    __m512i index = _mm512_srl_epi64(hash, _mm_cvtsi32_si128((int)gram->shift));
    __m512i bits = _mm512_i64gather_epi64(index, gram->bits, 8);
    __m512i first = _mm512_and_si512(_mm512_srli_epi64(hash, 40), six_bits);
    __m512i second = _mm512_and_si512(_mm512_srli_epi64(hash, 34), six_bits);
    __m512i wanted = _mm512_or_si512(_mm512_sllv_epi64(one, first), _mm512_sllv_epi64(one, second));
    return _mm512_cmpeq_epi64_mask(_mm512_and_si512(bits, wanted), wanted);
}

/* Strides 8 and 4 without alphabets. The last load may reach 28 bytes over the last word. */
TARGET_AVX512 static int scan_each(const struct pass *pass, size_t *at, struct sc_error *err)
{
    const struct sc_gram gram = *pass->gram;
    const size_t round = ROUND * gram.stride;
    for (; *at + 64 + sizeof(uint64_t) <= pass->len; *at += round) {
        call_for(pass->data + *at);
        unsigned found = probe_eight(&gram, eight_words(pass->data + *at, gram.stride == 4));
        for (; __builtin_expect(found != 0, 0); found &= found - 1) {
            size_t place = *at + (size_t)__builtin_ctz(found) * gram.stride;
            int rc = look_at(pass, place, err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

/* The alphabets as they lie in vectors. */
struct letters {
    __m512i even[2], odd[2], beyond, behind;
};

TARGET_VBMI static ALWAYS_INLINE struct letters letters_of(const struct sc_gram *gram)
{
    const struct sc_alphabets *alphabets = gram->alphabets;
    return (struct letters){
        {_mm512_loadu_si512(alphabets->ascii[0]), _mm512_loadu_si512(alphabets->ascii[0] + 64)},
        {_mm512_loadu_si512(alphabets->ascii[1]), _mm512_loadu_si512(alphabets->ascii[1] + 64)},
        _mm512_set1_epi8((char)alphabets->beyond),
        _mm512_set1_epi64((int64_t)~gram->mask), /* bytes behind the word do not matter */
    };
}

/* The alphabets that each byte is in, at its place in a word. */
TARGET_VBMI static ALWAYS_INLINE __m512i kinds_of(const struct letters *letters,
                                                  const unsigned char *at)
{
    __m512i bytes = _mm512_loadu_si512(at);
    __m512i even = _mm512_permutex2var_epi8(letters->even[0], bytes, letters->even[1]);
    __m512i odd = _mm512_permutex2var_epi8(letters->odd[0], bytes, letters->odd[1]);
    __m512i kinds = _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaaULL, even, odd);
    return _mm512_mask_mov_epi8(kinds, _mm512_movepi8_mask(bytes), letters->beyond);
}

/* What four bytes have in common, in each of them. */
TARGET_VBMI static ALWAYS_INLINE __m512i common_of_four(__m512i kinds)
{
    kinds = _mm512_and_si512(kinds, _mm512_ror_epi32(kinds, 16));
    return _mm512_and_si512(kinds, _mm512_ror_epi32(kinds, 8));
}

/* A bit for each of eight words whose bytes have an alphabet in common. */
TARGET_VBMI static ALWAYS_INLINE unsigned sift_eight(const struct letters *letters, __m512i kinds)
{
    kinds = _mm512_or_si512(kinds, letters->behind);
    kinds = common_of_four(_mm512_and_si512(kinds, _mm512_ror_epi64(kinds, 32)));
    return _mm512_test_epi64_mask(kinds, kinds);
}

/* The same for the sixteen that begin in 64 bytes at a stride of 4: each is four bytes, and more of
 * the next four. */
TARGET_VBMI static ALWAYS_INLINE unsigned sift_sixteen(const struct letters *letters, __m512i kinds,
                                                       __m512i next_kinds)
{
    __m512i shifted = _mm512_alignr_epi32(next_kinds, kinds, 1);
    __m512i upper = _mm512_shuffle_epi32(letters->behind, 0xf5);
    return _mm512_test_epi32_mask(common_of_four(kinds),
                                  common_of_four(_mm512_or_si512(shifted, upper)));
}

/* Words that are left, and where they stand, until there is enough of them; and those among them
 * that the bit table lets pass. */
struct sieve {
    uint64_t words[SIEVE_FULL + 3 * ROUND], places[SIEVE_FULL + 3 * ROUND];
    uint64_t passed[SIEVE_FULL + 3 * ROUND], hashes[SIEVE_FULL + 3 * ROUND];
};

/* All of the second table that they need is called for before the first of them waits for it. */
static int look_up_passed(const struct pass *pass, struct sieve *sieve, size_t count,
                          struct sc_error *err)
{
    const struct sc_gram *gram = pass->gram;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = sc_gram_hash_word(gram, sc_gram_load(pass->data + sieve->passed[i]));
        __builtin_prefetch(&gram->tag_bits[sc_gram_tag_bit(gram, (uint32_t)(hash >> 32)) >> 6]);
        sieve->hashes[i] = hash;
    }
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = look_up(pass, sieve->passed[i], sieve->hashes[i], err);
    return rc;
}

TARGET_AVX512 static int look_at_left(const struct pass *pass, struct sieve *sieve, size_t count,
                                      struct sc_error *err)
{
    const struct sc_gram gram = *pass->gram;
    size_t passed = 0;
    for (size_t i = 0; i < count; i += ROUND) {
        unsigned found = probe_eight(&gram, _mm512_loadu_si512(&sieve->words[i]));
        if (count - i < ROUND)
            found &= (1U << (count - i)) - 1;
        __m512i places = _mm512_loadu_si512(&sieve->places[i]);
        _mm512_storeu_si512(&sieve->passed[passed],
                            _mm512_maskz_compress_epi64((__mmask8)found, places));
        passed += (size_t)__builtin_popcount(found);
    }
    return look_up_passed(pass, sieve, passed, err);
}

/* Adds to the sieve those words of eight that are left. */
TARGET_VBMI static ALWAYS_INLINE size_t keep(struct sieve *sieve, size_t count, unsigned left,
                                             __m512i words, __m512i places)
{
    _mm512_storeu_si512(&sieve->words[count], _mm512_maskz_compress_epi64((__mmask8)left, words));
    _mm512_storeu_si512(&sieve->places[count], _mm512_maskz_compress_epi64((__mmask8)left, places));
    return count + (size_t)__builtin_popcount(left & 255);
}

/* The same strides with alphabets. */
TARGET_VBMI static ALWAYS_INLINE int sift_all(const struct pass *pass, size_t stride,
                                              struct sieve *sieve, size_t *at, struct sc_error *err)
{
    const struct letters letters = letters_of(pass->gram);
    const int64_t s = (int64_t)stride;
    const __m512i steps = _mm512_setr_epi64(0, s, 2 * s, 3 * s, 4 * s, 5 * s, 6 * s, 7 * s);
    size_t count = 0, place = *at;
    __m512i kinds = kinds_of(&letters, pass->data + place);
    for (; place + 2 * SIFTED <= pass->len; place += SIFTED) {
        const unsigned char *data = pass->data + place;
        __m512i next_kinds = kinds_of(&letters, data + SIFTED);
        __m512i places = _mm512_add_epi64(_mm512_set1_epi64((int64_t)place), steps);
        call_for(data);
        if (stride == 8) {
            count =
                keep(sieve, count, sift_eight(&letters, kinds), eight_words(data, false), places);
        } else {
            unsigned left = sift_sixteen(&letters, kinds, next_kinds);
            __m512i more = _mm512_add_epi64(places, _mm512_set1_epi64(SIFTED / 2));
            count = keep(sieve, count, left, eight_words(data, true), places);
            count = keep(sieve, count, left >> 8, eight_words(data + SIFTED / 2, true), more);
        }
        if (__builtin_expect(count >= SIEVE_FULL, 0)) {
            int rc = look_at_left(pass, sieve, count, err);
            if (rc < 0)
                return rc;
            count = 0;
        }
        kinds = next_kinds;
    }
    *at = place;
    return look_at_left(pass, sieve, count, err);
}

TARGET_VBMI static int scan_sifted(const struct pass *pass, size_t *at, struct sc_error *err)
{
    struct sieve sieve;
    int rc = pass->gram->stride == 8 ? sift_all(pass, 8, &sieve, at, err)
                                     : sift_all(pass, 4, &sieve, at, err);
    sc_wipe(&sieve, sizeof(sieve)); /* it may have held parts of values */
    return rc;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

static int scan_fast(const struct pass *pass, size_t *at, struct sc_error *err)
{
#ifdef __x86_64__
    size_t stride = pass->gram->stride;
    if ((stride == 8 || stride == 4) && SC_CPU_HAS(AVX512DQ)) {
        bool sifts = pass->gram->alphabets != NULL && pass->gram->width >= SC_GRAM_WIDTH_MIN &&
                     pass->len >= SIFT_MIN && SC_CPU_HAS(AVX512_VBMI);
        int rc = sifts ? scan_sifted(pass, at, err) : 0;
        return rc < 0 ? rc : scan_each(pass, at, err);
    }
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
