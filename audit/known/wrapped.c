/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding line ends behind base64; see audit/known/wrapped.h.
 *
 * Every byte that is searched comes by here, so 64 bytes are looked at as one: a bit for each byte
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

#include "core/banned.h"

#define BLOCK ((size_t)64)
/* Bytes before a line end that have to be known: the run and a carriage return. */
#define BEFORE ((size_t)SC_WRAPPED_RUN_MIN + 1)

static inline bool ends_run(const unsigned char *newline)
{
    newline -= newline[-1] == '\r';
    return (sc_wrapped_is_base64(newline[-1]) & sc_wrapped_is_base64(newline[-8]) &
            sc_wrapped_is_base64(newline[-SC_WRAPPED_RUN_MIN])) != 0;
}

/* One byte after the other: from line end to line end. */
static size_t next_plain(struct sc_bytes data, size_t at)
{
    while (at < data.len) {
        const unsigned char *newline = memchr(data.ptr + at, '\n', data.len - at);
        if (newline == NULL)
            break;
        at = (size_t)(newline - data.ptr);
        if (at < BEFORE || ends_run(newline))
            return at;
        at++;
    }
    return data.len;
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

__attribute__((target("avx2"))) static inline struct kinds half_kinds(const unsigned char *bytes)
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

__attribute__((target("avx2"))) static inline struct kinds kinds_avx2(const unsigned char *bytes)
{
    struct kinds lower = half_kinds(bytes), upper = half_kinds(bytes + BLOCK / 2);
    return (struct kinds){lower.base64 | upper.base64 << 32, lower.ends | upper.ends << 32};
}

__attribute__((target("avx512bw"))) static inline struct kinds kinds_avx512(
    const unsigned char *bytes)
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

/* bits moved up by n, the upper bits of the block before coming in below. */
static inline uint64_t carry(uint64_t bits, uint64_t before, unsigned n)
{
    return bits << n | before >> (64 - n);
}

/* What a block leaves to the next one: its base64 characters, and which of them end a run of 2, 4,
 * 8, 16. */
struct steps {
    uint64_t one, two, four, eight, run;
};

/* The line ends of a block that stand behind a run. */
static inline uint64_t ends_of_runs(struct kinds kinds, struct steps *last)
{
    struct steps now = {.one = kinds.base64};
    now.two = now.one & carry(now.one, last->one, 1);
    now.four = now.two & carry(now.two, last->two, 2);
    now.eight = now.four & carry(now.four, last->four, 4);
    now.run = now.eight & carry(now.eight, last->eight, 8);
    uint64_t found = kinds.ends & carry(now.run, last->run, 1);
    *last = now;
    return found;
}

/* Less than a block is left behind the last one from `start` on. */
static size_t next_rest(struct sc_bytes data, size_t start, size_t at)
{
    return next_plain(data, SC_MAX(at, data.len - (data.len - start) % BLOCK));
}

__attribute__((target("avx2"))) static size_t next_avx2(struct sc_bytes data, size_t at)
{
    struct steps last = {0};
    /* The runs that reach into the first block are seen by starting before it. */
    size_t start = at - BEFORE;
    uint64_t news = ~0ULL << BEFORE;
    for (size_t i = start; i + BLOCK <= data.len; i += BLOCK) {
        uint64_t found = ends_of_runs(kinds_avx2(data.ptr + i), &last) & news;
        news = ~0ULL;
        if (__builtin_expect(found != 0, 0))
            return i + (size_t)__builtin_ctzll(found);
    }
    return next_rest(data, start, at);
}

__attribute__((target("avx512bw"))) static size_t next_avx512(struct sc_bytes data, size_t at)
{
    struct steps last = {0};
    size_t start = at - BEFORE;
    uint64_t news = ~0ULL << BEFORE;
    for (size_t i = start; i + BLOCK <= data.len; i += BLOCK) {
        uint64_t found = ends_of_runs(kinds_avx512(data.ptr + i), &last) & news;
        news = ~0ULL;
        if (__builtin_expect(found != 0, 0))
            return i + (size_t)__builtin_ctzll(found);
    }
    return next_rest(data, start, at);
}
#endif

size_t sc_wrapped_next(struct sc_bytes data, size_t at)
{
#ifdef __x86_64__
    /* A short text, or the beginning of one, is not worth the set-up. */
    if (data.len - at >= 2 * BLOCK && SC_CPU_HAS(AVX2)) {
        for (; at < BEFORE; at++) {
            if (data.ptr[at] == '\n')
                return at;
        }
        return SC_CPU_HAS(AVX512BW) ? next_avx512(data, at) : next_avx2(data, at);
    }
#endif
    return next_plain(data, at);
}
