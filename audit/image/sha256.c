/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256; see audit/image/sha256.h. Names of variables are those of FIPS 180-4, section 6.2.
 */
#include "audit/image/sha256.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/macros.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

#define BLOCK ((size_t)64)

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static inline uint32_t load_big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static void compress_plain(uint32_t state[8], const unsigned char *data, size_t blocks)
{
    for (; blocks > 0; blocks--, data += BLOCK) {
        uint32_t w[64], s[8];
        for (size_t t = 0; t < 16; t++)
            w[t] = load_big(data + 4 * t);
        for (size_t t = 16; t < 64; t++) {
            uint32_t a = w[t - 15], b = w[t - 2];
            w[t] = w[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 7] +
                   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
        }
        memcpy(s, state, sizeof(s));
        for (size_t t = 0; t < 64; t++) {
            uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                          ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[t] + w[t];
            uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                          ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof(s[0]));
            s[4] += t1;
            s[0] = t1 + t2;
        }
        for (size_t i = 0; i < 8; i++)
            state[i] += s[i];
    }
}

#ifdef __x86_64__
static bool has_instructions(void)
{
    return SC_CPU_HAS(SHA) && SC_CPU_HAS(SSE4_1);
}

/* The instructions keep the state as two halves, ABEF and CDGH, and do two rounds at a time. */
__attribute__((target("sha,sse4.1"))) static void compress_fast(uint32_t state[8],
                                                                const unsigned char *data,
                                                                size_t blocks)
{
    const __m128i big = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i *ends = (__m128i *)(void *)state;
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(&ends[0]), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(&ends[1]), 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
    for (; blocks > 0; blocks--, data += BLOCK) {
        __m128i abef_before = abef, cdgh_before = cdgh, w[4];
        for (int i = 0; i < 4; i++) {
            const __m128i *part = (const __m128i *)(const void *)(data + 16 * i);
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128(part), big);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i *constants = (const __m128i *)(const void *)(k + 4 * i);
            __m128i now = w[i & 3];
            __m128i sum = _mm_add_epi32(now, _mm_loadu_si128(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            /* The four words that are used in four steps from now. */
            __m128i last = w[(i + 3) & 3];
            __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(i + 1) & 3]),
                                         _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
            w[i & 3] = _mm_sha256msg2_epu32(next, last);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(&ends[0], _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(&ends[1], _mm_alignr_epi8(dchg, feba, 8));
}
#else
static bool has_instructions(void)
{
    return false;
}

#define compress_fast compress_plain
#endif

static void compress(struct sc_sha256 *hash, const unsigned char *data, size_t blocks)
{
    if (hash->plain)
        compress_plain(hash->state, data, blocks);
    else
        compress_fast(hash->state, data, blocks);
}

void sc_sha256_init(struct sc_sha256 *hash)
{
    *hash = (struct sc_sha256){
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                  0x1f83d9ab, 0x5be0cd19},
        .plain = !has_instructions(),
    };
}

void sc_sha256_add(struct sc_sha256 *hash, struct sc_bytes data)
{
    size_t held = (size_t)(hash->len % BLOCK);
    hash->len += data.len;
    if (held > 0) {
        size_t n = SC_MIN(BLOCK - held, data.len);
        memcpy(hash->block + held, data.ptr, n);
        data = (struct sc_bytes){data.ptr + n, data.len - n};
        if (held + n < BLOCK)
            return;
        compress(hash, hash->block, 1);
    }
    compress(hash, data.ptr, data.len / BLOCK);
    if (data.len % BLOCK > 0)
        memcpy(hash->block, data.ptr + data.len / BLOCK * BLOCK, data.len % BLOCK);
}

void sc_sha256_end(struct sc_sha256 *hash, unsigned char out[SC_SHA256_SIZE])
{
    unsigned char tail[2 * BLOCK] = {0x80};
    uint64_t bits = hash->len * 8;
    size_t held = (size_t)(hash->len % BLOCK);
    size_t pad = held < BLOCK - 8 ? BLOCK - 8 - held : 2 * BLOCK - 8 - held;
    for (size_t i = 0; i < 8; i++)
        tail[pad + i] = (unsigned char)(bits >> (56 - 8 * i));
    sc_sha256_add(hash, (struct sc_bytes){tail, pad + 8});
    for (size_t i = 0; i < SC_SHA256_SIZE; i++)
        out[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    sc_wipe(hash, sizeof(*hash));
}
