/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-1; see audit/image/git/sha1.h. Names of variables are those of FIPS 180-4, section 6.1.
 */
#include "audit/image/git/sha1.h"

#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define BLOCK ((size_t)64)

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void compress(uint32_t state[5], const unsigned char *data)
{
    static const uint32_t k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (size_t t = 0; t < 16; t++, data += 4)
        w[t] = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    for (size_t t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (size_t t = 0; t < 80; t++) {
        uint32_t f = t < 20              ? (b & c) | (~b & d)
                     : t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d)
                                         : b ^ c ^ d;
        uint32_t sum = rotate(a, 5) + f + e + k[t / 20] + w[t];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = sum;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    sc_wipe(w, sizeof(w));
}

void sc_sha1_init(struct sc_sha1 *hash)
{
    *hash = (struct sc_sha1){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void sc_sha1_add(struct sc_sha1 *hash, struct sc_bytes data)
{
    while (data.len > 0) {
        size_t held = (size_t)(hash->len % BLOCK), n = SC_MIN(BLOCK - held, data.len);
        if (n == BLOCK) {
            compress(hash->state, data.ptr);
        } else {
            memcpy(hash->block + held, data.ptr, n);
            if (held + n == BLOCK)
                compress(hash->state, hash->block);
        }
        hash->len += n;
        data = (struct sc_bytes){data.ptr + n, data.len - n};
    }
}

void sc_sha1_end(struct sc_sha1 *hash, unsigned char out[SC_SHA1_SIZE])
{
    unsigned char tail[2 * BLOCK] = {0x80};
    uint64_t bits = hash->len * 8;
    size_t held = (size_t)(hash->len % BLOCK);
    size_t pad = held < BLOCK - 8 ? BLOCK - 8 - held : 2 * BLOCK - 8 - held;
    for (size_t i = 0; i < 8; i++)
        tail[pad + i] = (unsigned char)(bits >> (56 - 8 * i));
    sc_sha1_add(hash, (struct sc_bytes){tail, pad + 8});
    for (size_t i = 0; i < SC_SHA1_SIZE; i++)
        out[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    sc_wipe(hash, sizeof(*hash));
}
