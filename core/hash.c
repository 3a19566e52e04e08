/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes; see core/hash.h.
 */
#include "core/hash.h"

#include <sodium.h>

#include "core/banned.h"

void sc_hash_blake2b(unsigned char out[SC_HASH_SIZE], const void *data, size_t len, const void *key,
                     size_t key_len)
{
    (void)crypto_generichash(out, SC_HASH_SIZE, data, len, key, key_len);
}

void sc_hash_sha256(unsigned char out[SC_HASH_SIZE], const void *data, size_t len)
{
    (void)crypto_hash_sha256(out, data, len);
}

void sc_hex(char *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int lower_digit(unsigned char c)
{
    return c >= 'A' && c <= 'F' ? -1 : sc_hex_digit(c);
}

bool sc_unhex(void *out, const void *text, size_t len)
{
    unsigned char *bytes = out;
    const unsigned char *at = text;
    for (size_t i = 0; i < len; i++, at += 2) {
        int high = lower_digit(at[0]);
        int low = high < 0 ? -1 : lower_digit(at[1]);
        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

int sc_hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
