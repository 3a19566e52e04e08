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
/* What 32 bytes are. */
struct kinds {
    uint32_t base64, ends, returns;
};

/* A character is base64 if the bits that its two halves select have one in common. */
__attribute__((target("avx2"))) static inline struct kinds kinds_of(const unsigned char *bytes)
{
    /* By lower half: bit 0 for 0x2_ (+ - /), 1 for 0x3_ (0-9), 2 for 0x4_ and 0x6_ (not 0), 3 for
     * 0x5_ and 0x7_ (to Z and z), 4 for 0x5f (_). */
    const __m256i by_low =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0x0a, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e, 0x0e,
                                                  0x0e, 0x0e, 0x0c, 0x05, 0x04, 0x05, 0x04, 0x15));
    const __m256i by_high = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 0x01, 0x02, 0x04, 0x18, 0x04, 0x08, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i low = _mm256_shuffle_epi8(by_low, _mm256_and_si256(x, nibble));
    __m256i high = _mm256_shuffle_epi8(by_high, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    __m256i neither = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
    return (struct kinds){
        ~(uint32_t)_mm256_movemask_epi8(neither),
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\n'))),
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\r'))),
    };
}

/* bits moved up by n, the upper bits of the block before coming in below. */
static inline uint64_t carry(uint64_t bits, uint64_t before, unsigned n)
{
    return bits << n | before >> (64 - n);
}

__attribute__((target("avx2"))) static size_t next_avx2(struct sc_bytes data, size_t at)
{
    uint64_t last[5] = {0}; /* of the block before: each step's bits, and the carriage returns */
    if (at < BEFORE)
        at = BEFORE;
    /* The runs that reach into the first block are seen by starting before it. */
    for (size_t i = at - BEFORE; i + BLOCK <= data.len; i += BLOCK) {
        struct kinds lower = kinds_of(data.ptr + i), upper = kinds_of(data.ptr + i + BLOCK / 2);
        uint64_t ends = lower.ends | (uint64_t)upper.ends << 32;
        uint64_t one = lower.base64 | (uint64_t)upper.base64 << 32;
        uint64_t two = one & carry(one, last[0], 1);
        uint64_t four = two & carry(two, last[1], 2);
        uint64_t eight = four & carry(four, last[2], 4);
        uint64_t run = eight & carry(eight, last[3], 8);
        uint64_t returned =
            (lower.returns | (uint64_t)upper.returns << 32) & carry(run, last[4], 1);
        uint64_t behind = run | returned;
        uint64_t found = ends & carry(behind, last[4], 1);
        last[0] = one, last[1] = two, last[2] = four, last[3] = eight, last[4] = behind;
        for (; __builtin_expect(found != 0, 0); found &= found - 1) {
            size_t newline = i + (size_t)__builtin_ctzll(found);
            if (newline >= at)
                return newline;
        }
    }
    /* Less than a block is left. */
    size_t rest = data.len - (data.len - (at - BEFORE)) % BLOCK;
    return next_plain(data, SC_MAX(at, rest));
}
#endif

size_t sc_wrapped_next(struct sc_bytes data, size_t at)
{
#ifdef __x86_64__
    /* A short text, or the beginning of one, is not worth the set-up. */
    if (data.len - at >= 2 * BLOCK && __builtin_cpu_supports("avx2")) {
        for (; at < BEFORE; at++) {
            if (data.ptr[at] == '\n')
                return at;
        }
        return next_avx2(data, at);
    }
#endif
    return next_plain(data, at);
}
