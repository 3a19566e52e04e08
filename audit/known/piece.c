/* SPDX-License-Identifier: Apache-2.0
 *
 * Choice of the searched bytes; see audit/known/piece.h.
 */
#include "audit/known/piece.h"

#include <string.h>

#include "core/banned.h"

/* A value up to this length on one line is searched as a whole. */
#define WHOLE_MAX SC_KNOWN_PIECE_MAX
/* Lines shorter than this are not distinctive enough for a piece of a longer value. */
#define LINE_MIN       ((size_t)16)
#define LINE_PIECE_MAX ((size_t)64)

/* Words that stand in images, logs and configurations whether or not somebody uses them as a
 * password: found in raw bytes they prove nothing. Only those of 8 bytes and more matter here. */
static const char *const common[] = {
    "administrator", "anonymous",     "application",   "authentication", "changeit",
    "changeme",      "changeme123",   "configuration", "credential",     "credentials",
    "database",      "default1",      "development",   "disabled",       "elasticsearch",
    "example.com",   "guest:guest",   "internal",      "localhost",      "memcached",
    "metadata",      "mongodb",       "nextcloud",     "password",       "password1",
    "postgres",      "postgresql",    "production",    "rabbitmq",       "replication",
    "required",      "rootpassword",  "secretkey",     "security",       "supersecret",
    "test1234",      "testtest",      "undefined",     "username",       "wordpress",
    "yourpassword",  "your_password", "12345678",      "123456789",      "1234567890",
    "00000000",      "127.0.0.1",     "admin123",
};

struct sc_bytes sc_piece_trim(struct sc_bytes value)
{
    if (value.len > 0 && value.ptr[value.len - 1] == '\n')
        value.len--;
    if (value.len > 0 && value.ptr[value.len - 1] == '\r')
        value.len--;
    return value;
}

static size_t distinct_bytes(struct sc_bytes bytes)
{
    bool seen[256] = {false};
    size_t count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        count += seen[bytes.ptr[i]] ? 0 : 1;
        seen[bytes.ptr[i]] = true;
    }
    return count;
}

static bool is_common(struct sc_bytes value)
{
    /* "aaaaaaaa", "abababab": padding and rulers look like this. */
    if (distinct_bytes(value) <= 2)
        return true;
    for (size_t i = 0; i < SC_ARRAY_SIZE(common); i++) {
        if (strlen(common[i]) == value.len &&
            strncasecmp(common[i], (const char *)value.ptr, value.len) == 0)
            return true;
    }
    return false;
}

enum sc_known_standing sc_piece_standing(struct sc_bytes value)
{
    if (value.len < SC_KNOWN_TOKEN_MIN)
        return SC_KNOWN_TINY;
    if (value.len < SC_KNOWN_RAW_MIN)
        return SC_KNOWN_SHORT;
    return is_common(value) ? SC_KNOWN_COMMON : SC_KNOWN_SEARCHED;
}

/* The part of a line that may become a piece, with how distinctive it is. */
struct candidate {
    struct sc_bytes bytes;
    size_t score;
};

static struct candidate line_candidate(const unsigned char *start, size_t len)
{
    while (len > 0 && (*start == ' ' || *start == '\t')) {
        start++;
        len--;
    }
    while (len > 0 && (start[len - 1] == '\r' || start[len - 1] == ' '))
        len--;
    /* From the middle: beginnings of encoded keys are the same in all of them. */
    size_t n = SC_MIN(len, LINE_PIECE_MAX);
    struct candidate found = {.bytes = {start + (len - n) / 2, n}};
    if (len >= LINE_MIN && memcmp(start, "-----", 5) != 0)
        found.score = distinct_bytes(found.bytes);
    return found;
}

/* The most distinctive line that begins in [from, to). */
static struct candidate best_line(struct sc_bytes value, size_t from, size_t to)
{
    struct candidate best = {0};
    for (size_t at = from; at < to;) {
        const unsigned char *start = value.ptr + at;
        const unsigned char *end = memchr(start, '\n', value.len - at);
        size_t len = end == NULL ? value.len - at : (size_t)(end - start);
        struct candidate found = line_candidate(start, len);
        if (found.score > best.score)
            best = found;
        at += len + 1;
    }
    return best;
}

/* One long line: a piece from each half. */
static size_t choose_in_line(struct sc_bytes value, struct sc_bytes *ret)
{
    size_t half = value.len / 2;
    size_t n = SC_MIN(half, LINE_PIECE_MAX);
    ret[0] = (struct sc_bytes){value.ptr + (half - n) / 2, n};
    ret[1] = (struct sc_bytes){value.ptr + half + (value.len - half - n) / 2, n};
    return 2;
}

size_t sc_piece_choose(struct sc_bytes value, struct sc_bytes ret[SC_PIECES_MAX])
{
    const unsigned char *first_end = memchr(value.ptr, '\n', value.len);
    if (first_end == NULL && value.len > WHOLE_MAX)
        return choose_in_line(value, ret);
    ret[0] = (struct sc_bytes){value.ptr, SC_MIN(value.len, WHOLE_MAX)};
    if (first_end == NULL)
        return 1;
    struct candidate upper = best_line(value, 0, value.len / 2);
    struct candidate lower = best_line(value, value.len / 2, value.len);
    /* A line that crosses the middle may be found from its cut half too: still a piece of the
     * value. */
    size_t count = 0;
    if (upper.score > 0)
        ret[count++] = upper.bytes;
    if (lower.score > 0)
        ret[count++] = lower.bytes;
    return SC_MAX(count, (size_t)1);
}

/* Bits of one character, by the kinds that occur; letters of one case only are taken for words. */
static double bits_per_character(struct sc_bytes value)
{
    bool lower = false, upper = false, digit = false, other = false, beyond_hex = false;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = value.ptr[i];
        bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z';
        bool is_digit = c >= '0' && c <= '9';
        lower |= is_lower;
        upper |= is_upper;
        digit |= is_digit;
        other |= !is_lower && !is_upper && !is_digit;
        beyond_hex |= !is_digit && strchr("abcdefABCDEF", c) == NULL;
    }
    if (!lower && !upper)
        return digit && !other ? 3.3 : 3.0;
    if (!beyond_hex)
        return 4.0;
    if (lower && upper && digit)
        return 5.5;
    return digit ? 4.0 : 2.0;
}

/* Of a share above 0, to six decimals. The mathematical library, which would be loaded with every
 * start of the program, has nothing else that is needed. */
static double log2_of(double share)
{
    double bits = 0;
    for (; share < 1; share *= 2)
        bits--;
    for (double step = 0.5; step > 1e-7; step /= 2) {
        share *= share;
        if (share >= 2) {
            share /= 2;
            bits += step;
        }
    }
    return bits;
}

/* Bits for each character, by how often each byte occurs. */
static double entropy(struct sc_bytes value)
{
    size_t counts[256] = {0};
    for (size_t i = 0; i < value.len; i++)
        counts[value.ptr[i]]++;
    double bits = 0;
    for (size_t c = 0; c < 256; c++) {
        double share = (double)counts[c] / (double)value.len;
        if (counts[c] > 0)
            bits -= share * log2_of(share);
    }
    return bits;
}

double sc_piece_guess_bits(struct sc_bytes value)
{
    double bits = bits_per_character(value);
    /* Entropy of a short text is low because it is short: count it only where letters repeat a lot.
     */
    if (distinct_bytes(value) * 4 < value.len)
        bits = SC_MIN(bits, entropy(value));
    return bits * (double)value.len;
}
