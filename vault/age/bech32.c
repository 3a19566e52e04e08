/* SPDX-License-Identifier: Apache-2.0
 *
 * Bech32; see vault/age/bech32.h.
 */
#include "vault/age/bech32.h"

#include <stdint.h>
#include <string.h>

#include "core/banned.h"

#define CHECKSUM_SIZE ((size_t)6)

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t step(uint32_t sum, unsigned value)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                         0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (unsigned bit = 0; bit < SC_ARRAY_SIZE(generator); bit++)
        sum ^= (top >> bit & 1) != 0 ? generator[bit] : 0;
    return sum;
}

static unsigned lower(char c)
{
    unsigned byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static bool is_upper(const char *prefix)
{
    return prefix[0] >= 'A' && prefix[0] <= 'Z';
}

static uint32_t prefix_sum(const char *prefix)
{
    uint32_t sum = 1;
    for (const char *at = prefix; *at != '\0'; at++)
        sum = step(sum, lower(*at) >> 5);
    sum = step(sum, 0);
    for (const char *at = prefix; *at != '\0'; at++)
        sum = step(sum, lower(*at) & 31);
    return sum;
}

static size_t symbols_of(size_t len)
{
    return (len * 8 + 4) / 5;
}

size_t sc_bech32_size(const char *prefix, size_t len)
{
    return strlen(prefix) + 1 + symbols_of(len) + CHECKSUM_SIZE;
}

static char symbol(unsigned value, bool upper)
{
    char c = alphabet[value & 31];
    return upper && c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Five bits of the data, from bit 5 * index on; zero bits after its end. */
static unsigned bits_at(struct sc_bytes data, size_t index)
{
    unsigned value = 0;
    for (size_t bit = index * 5; bit < index * 5 + 5; bit++) {
        unsigned set = bit / 8 < data.len ? (unsigned)data.ptr[bit / 8] >> (7 - bit % 8) & 1U : 0;
        value = value << 1 | set;
    }
    return value;
}

void sc_bech32_encode(char *out, const char *prefix, struct sc_bytes data)
{
    bool upper = is_upper(prefix);
    size_t at = strlen(prefix);
    memcpy(out, prefix, at);
    out[at++] = '1';
    uint32_t sum = prefix_sum(prefix);
    for (size_t i = 0; i < symbols_of(data.len); i++) {
        unsigned value = bits_at(data, i);
        sum = step(sum, value);
        out[at++] = symbol(value, upper);
    }
    for (size_t i = 0; i < CHECKSUM_SIZE; i++)
        sum = step(sum, 0);
    sum ^= 1;
    for (size_t i = 0; i < CHECKSUM_SIZE; i++)
        out[at++] = symbol(sum >> 5 * (CHECKSUM_SIZE - 1 - i) & 31, upper);
}

/* The value of a character in the required case, or 32. */
static unsigned value_of(unsigned char c, bool upper)
{
    bool other_case = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
    const char *found = c != '\0' && !other_case ? strchr(alphabet, (int)lower((char)c)) : NULL;
    return found != NULL ? (unsigned)(found - alphabet) : 32;
}

static bool decode_symbols(unsigned char *out, size_t len, const unsigned char *text, bool upper)
{
    memset(out, 0, len);
    size_t count = symbols_of(len);
    for (size_t i = 0; i < count; i++) {
        unsigned value = value_of(text[i], upper);
        for (size_t bit = i * 5; bit < i * 5 + 5; bit++) {
            unsigned set = value >> (4 - bit % 5) & 1;
            if (bit / 8 < len)
                out[bit / 8] |= (unsigned char)(set << (7 - bit % 8));
            else if (set != 0)
                return false; /* padding must be zero */
        }
    }
    return true;
}

bool sc_bech32_decode(unsigned char *out, size_t len, const char *prefix, struct sc_bytes text)
{
    size_t prefix_len = strlen(prefix);
    if (text.len > SC_BECH32_MAX || text.len != sc_bech32_size(prefix, len) ||
        memcmp(text.ptr, prefix, prefix_len) != 0 || text.ptr[prefix_len] != '1')
        return false;
    bool upper = is_upper(prefix);
    uint32_t sum = prefix_sum(prefix);
    for (size_t i = prefix_len + 1; i < text.len; i++) {
        unsigned value = value_of(text.ptr[i], upper);
        if (value > 31)
            return false;
        sum = step(sum, value);
    }
    if (sum == 1 && decode_symbols(out, len, text.ptr + prefix_len + 1, upper))
        return true;
    sc_wipe(out, len);
    return false;
}
