/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding line ends behind base64; see audit/known/wrapped.h.
 *
 * Every byte that is searched comes by here, so 512 bytes are looked at as one: a bit for each byte
 * that is a base64 character, a bit for each line end; a run of 16 shows when the bits are shifted
 * over themselves.
 */
#include "audit/known/wrapped.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/macros.h"
#include "core/vector/cpu.h"
#include "core/vector/lanes.h"

#include "core/banned.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define BLOCK         ((size_t)64)
#define GROUP         (SC_LANES * BLOCK)
/* Bytes before a line end that have to be known: the run and a carriage return. */
#define BEFORE ((size_t)SC_WRAPPED_RUN_MIN + 1)

static inline bool ends_run(const unsigned char *newline)
{
    newline -= newline[-1] == '\r';
    return (sc_wrapped_is_base64(newline[-1]) & sc_wrapped_is_base64(newline[-8]) &
            sc_wrapped_is_base64(newline[-SC_WRAPPED_RUN_MIN])) != 0;
}

/* From line end to line end, from `at` on. */
static void find_each(struct sc_bytes data, size_t at, uint64_t *ends)
{
    while (at < data.len) {
        const unsigned char *newline = memchr(data.ptr + at, '\n', data.len - at);
        if (newline == NULL)
            return;
        at = (size_t)(newline - data.ptr);
        if (at < BEFORE || ends_run(newline))
            ends[at / BLOCK] |= 1ULL << at % BLOCK;
        at++;
    }
}

#ifdef __x86_64__
/* What the bytes of a block are: a bit each. A carriage return counts as base64: it may stand
 * between a run and the line end, and hardly stands anywhere else. */
struct kinds {
    uint64_t base64, ends;
};

/* A character is base64 if the bits that its two halves select have one in common.
 * By lower half: bit 0 for 0x2_ (+ - /), 1 for 0x3_ (0-9), 2 for 0x4_ and 0x6_ (not 0), 3 for 0x5_
 * and 0x7_ (to Z and z), 4 for 0x5f (_), 5 for 0x0d. */
#define BY_LOW                                                                                     \
    _mm_setr_epi8(0x0a, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0c, 0x05, 0x04,    \
                  0x25, 0x04, 0x15)
#define BY_HIGH _mm_setr_epi8(0x20, 0, 0x01, 0x02, 0x04, 0x18, 0x04, 0x08, 0, 0, 0, 0, 0, 0, 0, 0)

#define TARGET_AVX2   __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512bw")))

TARGET_AVX2 static ALWAYS_INLINE struct kinds half_kinds(const unsigned char *bytes)
{
    const __m256i by_low = _mm256_broadcastsi128_si256(BY_LOW);
    const __m256i by_high = _mm256_broadcastsi128_si256(BY_HIGH);
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i low = _mm256_shuffle_epi8(by_low, _mm256_and_si256(x, nibble));
    __m256i high = _mm256_shuffle_epi8(by_high, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    __m256i neither = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
    return (struct kinds){
        ~(uint32_t)_mm256_movemask_epi8(neither),
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\n'))),
    };
}

TARGET_AVX2 static ALWAYS_INLINE struct kinds kinds_avx2(const unsigned char *bytes)
{
    struct kinds lower = half_kinds(bytes), upper = half_kinds(bytes + BLOCK / 2);
    return (struct kinds){lower.base64 | upper.base64 << 32, lower.ends | upper.ends << 32};
}

TARGET_AVX512 static ALWAYS_INLINE struct kinds kinds_avx512(const unsigned char *bytes)
{
    const __m512i nibble = _mm512_set1_epi8(0x0f);
    __m512i x = _mm512_loadu_si512(bytes);
    /* "maskz": gcc 12 takes the undefined lanes of its own plain broadcast for a mistake. */
    const __m512i by_low = _mm512_maskz_broadcast_i32x4(0xffff, BY_LOW);
    const __m512i by_high = _mm512_maskz_broadcast_i32x4(0xffff, BY_HIGH);
    __m512i low = _mm512_shuffle_epi8(by_low, _mm512_and_si512(x, nibble));
    __m512i high = _mm512_shuffle_epi8(by_high, _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble));
    return (struct kinds){
        _mm512_test_epi8_mask(low, high),
        _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\n')),
    };
}

/* A bit for each byte of a group. */
union bits {
    uint64_t of[SC_LANES];
    sc_lanes lanes;
};

typedef struct kinds kinds_fn(const unsigned char *bytes);

/* The line ends of all whole groups; returns their length. */
static ALWAYS_INLINE size_t find_by(struct sc_bytes data, kinds_fn *kinds_of, uint64_t *ends)
{
    /* Of the group before: base64 characters, and which of them end a run of 2, 4, 8, 16. */
    sc_lanes last1 = {0}, last2 = last1, last4 = last1, last8 = last1, last16 = last1;
    size_t at = 0;
    for (; at + GROUP <= data.len; at += GROUP) {
        union bits base64, newlines;
        for (size_t i = 0; i < SC_LANES; i++) {
            struct kinds kinds = kinds_of(data.ptr + at + i * BLOCK);
            base64.of[i] = kinds.base64;
            newlines.of[i] = kinds.ends;
        }
        sc_lanes one = base64.lanes;
        sc_lanes two = one & SC_LANES_UP(one, last1, 1);
        sc_lanes four = two & SC_LANES_UP(two, last2, 2);
        sc_lanes eight = four & SC_LANES_UP(four, last4, 4);
        sc_lanes sixteen = eight & SC_LANES_UP(eight, last8, 8);
        sc_lanes found = newlines.lanes & SC_LANES_UP(sixteen, last16, 1);
        memcpy(ends + at / BLOCK, &found, sizeof(found));
        last1 = one, last2 = two, last4 = four, last8 = eight, last16 = sixteen;
    }
    return at;
}

TARGET_AVX2 static size_t find_avx2(struct sc_bytes data, uint64_t *ends)
{
    return find_by(data, kinds_avx2, ends);
}

TARGET_AVX512 static size_t find_avx512(struct sc_bytes data, uint64_t *ends)
{
    return find_by(data, kinds_avx512, ends);
}
#endif

/* As far as it goes by groups. */
static size_t find_groups(struct sc_bytes data, uint64_t *ends)
{
#ifdef __x86_64__
    if (data.len >= GROUP && SC_CPU_HAS(AVX512BW))
        return find_avx512(data, ends);
    if (data.len >= GROUP && SC_CPU_HAS(AVX2))
        return find_avx2(data, ends);
#else
    (void)data;
    (void)ends;
#endif
    return 0;
}

void sc_wrapped_find(struct sc_bytes data, uint64_t *ends)
{
    size_t done = find_groups(data, ends);
    memset(ends + done / BLOCK, 0, (SC_WRAPPED_WORDS(data.len) - done / BLOCK) * sizeof(*ends));
    find_each((struct sc_bytes){data.ptr, SC_MIN(data.len, BEFORE)}, 0, ends);
    find_each(data, done, ends);
}

size_t sc_wrapped_next(const uint64_t *ends, size_t len, size_t at)
{
    size_t i = at / BLOCK;
    uint64_t word = at < len ? ends[i] >> at % BLOCK << at % BLOCK : 0;
    while (word == 0 && ++i < SC_WRAPPED_WORDS(len))
        word = ends[i];
    return word == 0 ? len : i * BLOCK + (size_t)__builtin_ctzll(word);
}
