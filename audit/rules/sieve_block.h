/* SPDX-License-Identifier: Apache-2.0
 *
 * 64 bytes as words with a bit for each byte, by code for different processors: table look-ups for
 * 64 bytes at once with AVX-512, for 32 by halves of bytes with AVX2, else one by one. Part of
 * sieve.c, which inlines it.
 */
#ifndef SC_AUDIT_RULES_SIEVE_BLOCK_H
#define SC_AUDIT_RULES_SIEVE_BLOCK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "audit/rules/sieve_table.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define BLOCK         ((size_t)64)
/* A block's windows reach that far behind it. */
#define BEHIND (SC_SIEVE_PLACES - 1)

/* One bit for each byte of a block. */
struct block {
    uint64_t value, word, op, gap, digit;
    uint64_t bound, free; /* a window of such a token may begin here */
};

/* Of eight bytes, the bits that stand at `bit` in each, side by side. */
static ALWAYS_INLINE uint64_t bits_at(uint64_t bytes, unsigned bit)
{
    return ((bytes >> bit & 0x0101010101010101U) * 0x0102040810204080U) >> 56;
}

/* Of eight bytes below 128, which are not 0. */
static ALWAYS_INLINE uint64_t not_zero_of(uint64_t bytes)
{
    return bits_at(bytes + 0x7f7f7f7f7f7f7f7fU, 7);
}

static ALWAYS_INLINE struct block classify_plain(const unsigned char *at)
{
    const struct sc_sieve_table *t = &sc_sieve_table;
    struct block block = {0};
    for (unsigned i = 0; i < BLOCK; i += 8) {
        uint64_t classes = 0, groups = 0;
        for (unsigned j = 0; j < 8; j++) {
            const unsigned char *byte = at + i + j;
            uint64_t group = t->windows[0][byte[0] & 127] & t->windows[1][byte[1] & 127] &
                             t->windows[2][byte[2] & 127] & t->windows[3][byte[3] & 127];
            classes |= (uint64_t)t->classes[byte[0]] << 8 * j;
            groups |= group << 8 * j;
        }
        block.value |= bits_at(classes, SC_SIEVE_VALUE) << i;
        block.word |= bits_at(classes, SC_SIEVE_WORD) << i;
        block.op |= bits_at(classes, SC_SIEVE_OP) << i;
        block.gap |= bits_at(classes, SC_SIEVE_GAP) << i;
        block.digit |= bits_at(classes, SC_SIEVE_DIGIT) << i;
        block.bound |= not_zero_of(groups & SC_SIEVE_BOUND * 0x0101010101010101U) << i;
        block.free |= not_zero_of(groups >> 1 & (SC_SIEVE_FREE >> 1) * 0x0101010101010101U) << i;
    }
    return block;
}

#ifdef __x86_64__
/* gcc 12 takes the undefined lanes of its own intrinsics for a mistake. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define TARGET_AVX2   __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,bmi")))

/* The groups that have at this place of a window what stands there. */
TARGET_AVX512 static ALWAYS_INLINE __m512i groups_at_512(const unsigned char *at, unsigned place)
{
    const uint8_t *entries = sc_sieve_table.windows[place];
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(entries), _mm512_loadu_si512(at + place),
                                    _mm512_loadu_si512(entries + 64));
}

static_assert((SC_SIEVE_BOUND ^ SC_SIEVE_FREE) == UINT8_MAX && SC_SIEVE_BOUND < SC_SIEVE_FREE,
              "what is above all bound groups is in a free one");

/* Which of the bytes have one of the bits. */
TARGET_AVX512 static ALWAYS_INLINE uint64_t with_bits(__m512i bytes, unsigned bits)
{
    return _mm512_test_epi8_mask(bytes, _mm512_set1_epi8((char)bits));
}

TARGET_AVX512 static ALWAYS_INLINE struct block classify_avx512(const unsigned char *at)
{
    const struct sc_sieve_table *t = &sc_sieve_table;
    __m512i bytes = _mm512_loadu_si512(at);
    __m512i classes =
        _mm512_maskz_permutex2var_epi8(~_mm512_movepi8_mask(bytes), _mm512_loadu_si512(t->classes),
                                       bytes, _mm512_loadu_si512(t->classes + 64));
    __m512i groups = _mm512_and_si512(_mm512_and_si512(groups_at_512(at, 0), groups_at_512(at, 1)),
                                      _mm512_and_si512(groups_at_512(at, 2), groups_at_512(at, 3)));
    return (struct block){
        .value = with_bits(classes, 1U << SC_SIEVE_VALUE),
        .word = with_bits(classes, 1U << SC_SIEVE_WORD),
        .op = with_bits(classes, 1U << SC_SIEVE_OP),
        .gap = with_bits(classes, 1U << SC_SIEVE_GAP),
        .digit = with_bits(classes, 1U << SC_SIEVE_DIGIT),
        .bound = with_bits(groups, SC_SIEVE_BOUND),
        .free = _mm512_cmpgt_epu8_mask(groups, _mm512_set1_epi8((char)SC_SIEVE_BOUND)),
    };
}

/* A table of 16 entries in both halves of a vector. */
TARGET_AVX2 static ALWAYS_INLINE __m256i table_16(const uint8_t entries[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)entries));
}

struct halves {
    __m256i low, high;
};

TARGET_AVX2 static ALWAYS_INLINE struct halves split(const unsigned char *at)
{
    const __m256i four_bits = _mm256_set1_epi8(15);
    __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
    return (struct halves){_mm256_and_si256(bytes, four_bits),
                           _mm256_and_si256(_mm256_srli_epi16(bytes, 4), four_bits)};
}

TARGET_AVX2 static ALWAYS_INLINE uint32_t not_zero(__m256i bytes)
{
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
}

TARGET_AVX2 static ALWAYS_INLINE __m256i groups_at(const unsigned char *at, unsigned place)
{
    struct halves halves = split(at + place);
    return _mm256_and_si256(
        _mm256_shuffle_epi8(table_16(sc_sieve_table.low_windows[place]), halves.low),
        _mm256_shuffle_epi8(table_16(sc_sieve_table.high_windows[place]), halves.high));
}

TARGET_AVX2 static ALWAYS_INLINE struct block classify_32(const unsigned char *at)
{
    /* A bit for each high half; none from 8 on, which is not ASCII. */
    static const uint8_t bit_of[16] = {1, 2, 4, 8, 16, 32, 64, 128};
    struct halves halves = split(at);
    __m256i bit = _mm256_shuffle_epi8(table_16(bit_of), halves.high);
    uint64_t found[SC_SIEVE_CLASSES];
    for (unsigned i = 0; i < SC_SIEVE_CLASSES; i++)
        found[i] = not_zero(_mm256_and_si256(
            _mm256_shuffle_epi8(table_16(sc_sieve_table.low_classes[i]), halves.low), bit));
    __m256i groups = _mm256_and_si256(_mm256_and_si256(groups_at(at, 0), groups_at(at, 1)),
                                      _mm256_and_si256(groups_at(at, 2), groups_at(at, 3)));
    return (struct block){
        .value = found[SC_SIEVE_VALUE],
        .word = found[SC_SIEVE_WORD],
        .op = found[SC_SIEVE_OP],
        .gap = found[SC_SIEVE_GAP],
        .digit = found[SC_SIEVE_DIGIT],
        .bound = not_zero(_mm256_and_si256(groups, _mm256_set1_epi8((char)SC_SIEVE_BOUND))),
        .free = not_zero(_mm256_and_si256(groups, _mm256_set1_epi8((char)SC_SIEVE_FREE))),
    };
}

TARGET_AVX2 static ALWAYS_INLINE struct block classify_avx2(const unsigned char *at)
{
    struct block low = classify_32(at), high = classify_32(at + 32);
    return (struct block){
        .value = low.value | high.value << 32,
        .word = low.word | high.word << 32,
        .op = low.op | high.op << 32,
        .gap = low.gap | high.gap << 32,
        .digit = low.digit | high.digit << 32,
        .bound = low.bound | high.bound << 32,
        .free = low.free | high.free << 32,
    };
}

#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

#endif
