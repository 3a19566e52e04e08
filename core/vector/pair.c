/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding pairs of bytes; see core/vector/pair.h.
 */
#include "core/vector/pair.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/vector/cpu.h"

#include "core/banned.h"

static bool begins(const unsigned char *at, size_t left, const unsigned char pair[2])
{
    return at[0] == pair[0] && (left == 1 || at[1] == pair[1]);
}

static size_t find_each(const unsigned char *data, size_t at, size_t len,
                        const struct sc_pairs *pairs)
{
    const unsigned char *one = pairs->pair[0], *other = pairs->pair[1];
    while (at < len && !begins(data + at, len - at, one) && !begins(data + at, len - at, other))
        at++;
    return at;
}

#ifdef __x86_64__
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define TARGET_AVX2   __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512bw")))
#define BLOCK         ((size_t)64)

/* A bit for each of 32 bytes with which a pair begins; the byte behind them is read as well. */
TARGET_AVX2 static ALWAYS_INLINE uint32_t half_begins(const unsigned char *at,
                                                      const unsigned char pair[2])
{
    __m256i here = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(at + 1));
    __m256i both = _mm256_and_si256(_mm256_cmpeq_epi8(here, _mm256_set1_epi8((char)pair[0])),
                                    _mm256_cmpeq_epi8(next, _mm256_set1_epi8((char)pair[1])));
    return (uint32_t)_mm256_movemask_epi8(both);
}

/* The same for a block. */
TARGET_AVX2 static ALWAYS_INLINE uint64_t begins_avx2(const unsigned char *at,
                                                      const unsigned char pair[2])
{
    return half_begins(at, pair) | (uint64_t)half_begins(at + BLOCK / 2, pair) << BLOCK / 2;
}

TARGET_AVX512 static ALWAYS_INLINE uint64_t begins_avx512(const unsigned char *at,
                                                          const unsigned char pair[2])
{
    __mmask64 first =
        _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8((char)pair[0]));
    return _mm512_mask_cmpeq_epi8_mask(first, _mm512_loadu_si512(at + 1),
                                       _mm512_set1_epi8((char)pair[1]));
}

typedef uint64_t begins_fn(const unsigned char *at, const unsigned char pair[2]);

/* Where the first begins, or how far the blocks go. */
static ALWAYS_INLINE size_t find_by(const unsigned char *data, size_t len,
                                    const struct sc_pairs *pairs, begins_fn *begins_in)
{
    const struct sc_pairs wanted = *pairs;
    size_t at = 0;
    for (; at + 2 * BLOCK < len; at += 2 * BLOCK) {
        const unsigned char *lower = data + at, *upper = lower + BLOCK;
        uint64_t in_lower = begins_in(lower, wanted.pair[0]) | begins_in(lower, wanted.pair[1]);
        uint64_t in_upper = begins_in(upper, wanted.pair[0]) | begins_in(upper, wanted.pair[1]);
        if (__builtin_expect((in_lower | in_upper) == 0, 1))
            continue;
        return in_lower != 0 ? at + (size_t)__builtin_ctzll(in_lower)
                             : at + BLOCK + (size_t)__builtin_ctzll(in_upper);
    }
    return at;
}

TARGET_AVX2 static size_t find_avx2(const unsigned char *data, size_t len,
                                    const struct sc_pairs *pairs)
{
    return find_by(data, len, pairs, begins_avx2);
}

TARGET_AVX512 static size_t find_avx512(const unsigned char *data, size_t len,
                                        const struct sc_pairs *pairs)
{
    return find_by(data, len, pairs, begins_avx512);
}
#endif

size_t sc_pair_find(const unsigned char *data, size_t len, const struct sc_pairs *pairs)
{
    size_t at = 0;
#ifdef __x86_64__
    if (SC_CPU_HAS(AVX512BW))
        at = find_avx512(data, len, pairs);
    else if (SC_CPU_HAS(AVX2))
        at = find_avx2(data, len, pairs);
#endif
    return find_each(data, at, len, pairs);
}
