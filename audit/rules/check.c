/* SPDX-License-Identifier: Apache-2.0
 *
 * Structure checks; see audit/rules/check.h.
 */
#include "audit/rules/check.h"

#include <string.h>
#include <strings.h>

#include "compose/credential.h"
#include "compose/judge/shape.h"

#include "core/banned.h"

static uint32_t crc32_of(const char *text, size_t len)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

void sc_token_checksum62(char out[6], const char *token, size_t len)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc = crc32_of(token, len);
    for (size_t i = 6; i-- > 0;) {
        out[i] = digits[crc % 62];
        crc /= 62;
    }
}

static bool checksum_fits(const char *token, size_t len)
{
    const char *underscore = memchr(token, '_', len);
    size_t start = underscore == NULL ? 0 : (size_t)(underscore - token) + 1;
    char want[6];
    if (len < start + 6)
        return false;
    sc_token_checksum62(want, token + start, len - start - 6);
    return memcmp(want, token + len - 6, 6) == 0;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Decodes up to `room` bytes of either alphabet; stops at the first other character. */
static size_t decode(const char *text, size_t len, char *out, size_t room)
{
    unsigned bits = 0, held = 0;
    size_t used = 0;
    for (size_t i = 0; i < len && used < room; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            break;
        held = ((held << 6) | (unsigned)digit) & 0xffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[used++] = (char)((held >> bits) & 0xffu);
        }
    }
    return used;
}

static bool is_jwt(const char *token, size_t len)
{
    char header[96];
    size_t used = decode(token, len, header, sizeof(header));
    return used > 8 && header[0] == '{' && memmem(header, used, "\"alg\"", 5) != NULL;
}

static bool is_basic(const char *value, size_t len)
{
    char text[320];
    size_t used = decode(value, len, text, sizeof(text));
    const char *colon = memchr(text, ':', used);
    bool fits = colon != NULL && colon > text && colon + 1 < text + used;
    for (size_t i = 0; i < used && fits; i++)
        fits = (unsigned char)text[i] >= ' ';
    sc_wipe(text, sizeof(text));
    return fits;
}

/* At least 64 characters of base64 must follow the header, line breaks and their escapes aside. */
static bool has_pem_body(struct sc_bytes text, struct sc_token_match *match)
{
    size_t body = 0, at = match->end;
    size_t stop = SC_MIN(text.len, at + 16384);
    const char *bytes = (const char *)text.ptr;
    const char *end = memmem(bytes + at, stop - at, "-----", 5); /* its end, or another one */
    if (end != NULL)
        stop = (size_t)(end - bytes);
    bool escape = false;
    for (size_t i = at; i < stop; i++) {
        bool digit = base64_digit(bytes[i]) >= 0 && !escape;
        escape = bytes[i] == '\\';
        if (!digit && strchr("\r\n \t\\\"'+|,>", bytes[i]) == NULL && bytes[i] != 'n' &&
            bytes[i] != '=' && bytes[i] != ':')
            break;
        body += digit;
    }
    if (body < 64)
        return false;
    match->end = match->value_end = stop;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '~' || c == '.';
}

/* Widens the match by `least` to `most` characters in front of the literal. */
static bool widen(struct sc_bytes text, struct sc_token_match *match, bool (*fits)(char),
                  size_t least, size_t most)
{
    size_t taken = 0;
    while (taken <= most && taken < match->start && fits((char)text.ptr[match->start - taken - 1]))
        taken++;
    if (taken < least || taken > most)
        return false;
    match->start -= taken;
    match->value_start = match->start;
    return true;
}

static bool letters_and_digits(const char *value, size_t len)
{
    size_t letters = 0, digits = 0;
    for (size_t i = 0; i < len; i++) {
        digits += is_digit(value[i]);
        letters += (value[i] | 0x20) >= 'a' && (value[i] | 0x20) <= 'z';
    }
    return letters >= 2 && digits >= (len < 24 ? 1u : 2u);
}

/* Few different characters: xxxx, 0000, 1234123412341234. */
static bool is_monotonous(const char *value, size_t len)
{
    bool seen[256] = {false};
    size_t distinct = 0, runs = 0;
    for (size_t i = 0; i < len; i++) {
        distinct += !seen[(unsigned char)value[i]];
        seen[(unsigned char)value[i]] = true;
        runs += i > 0 && (value[i] == value[i - 1] || value[i] == value[i - 1] + 1);
    }
    return len >= 12 && (distinct < 6 || runs * 3 > len * 2);
}

/* "example" in base64, at each of its three phases. */
static bool says_example(const char *value, size_t len)
{
    return memmem(value, len, "ZXhhbXBsZ", 9) != NULL ||
           memmem(value, len, "V4YW1wbG", 8) != NULL || memmem(value, len, "leGFtcGxl", 9) != NULL;
}

static bool is_plain_word(const char *value, size_t len)
{
    static const char *const words[] = {
        "password", "passwd",     "pass", "pwd",      "secret", "user", "username", "pw",
        "mypass",   "mypassword", "port", "token",    "admin",  "root", "foo",      "bar",
        "test",     "hunter2",    "xxx",  "postgres", "guest",  "123",  "1234",     "pswd"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if (strlen(words[i]) == len && strncasecmp(words[i], value, len) == 0)
            return true;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]))
            return false;
    }
    return true;
}

/* publicKeyToken, PASSWORD_HASH, RECAPTCHA_SITE_KEY: words in the name make it harmless. */
static bool is_public(struct sc_bytes text, const struct sc_token_match *match)
{
    static const char *const words[] = {"public",   "hash",      "digest",    "checksum",
                                        "site",     "nexttoken", "pagetoken", "continuationtoken",
                                        "synctoken"};
    const char *bytes = (const char *)text.ptr;
    size_t from = match->start, to = match->start;
    while (from > 0 && match->start - from < 16 && is_token_char(bytes[from - 1]))
        from--;
    while (to < match->value_start && is_token_char(bytes[to]))
        to++;
    if (to - from >= 3 && strncasecmp(bytes + to - 3, "sha", 3) == 0)
        return true; /* GITHUB_SHA */
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i]);
        for (size_t at = from; at + len <= to; at++) {
            if (strncasecmp(bytes + at, words[i], len) == 0)
                return true;
        }
    }
    return false;
}

/* https://..., /moby.buildkit.v1.Secrets/Get, a PGP message: a place, or no secret any more. */
static bool is_address(const char *value, size_t len)
{
    bool path = value[0] == '/' && memchr(value + 1, '/', len - 1) != NULL &&
                memchr(value, '.', len) != NULL;
    return path || sc_shape_is_plain_url(value, len) || sc_credential_is_reference(value, len);
}

static bool structure_fits(const struct sc_token_rule *rule, struct sc_bytes text,
                           struct sc_token_match *match)
{
    const char *value = (const char *)text.ptr + match->value_start;
    size_t len = match->value_end - match->value_start;
    switch (rule->check) {
    case SC_CHECK_TELEGRAM:
        return widen(text, match, is_digit, 8, 10);
    case SC_CHECK_MAILCHIMP:
    case SC_CHECK_NRAL:
        return widen(text, match, is_hex, 32, 32);
    case SC_CHECK_OPENAI:
        return widen(text, match, is_token_char, 20, 100) &&
               memcmp(text.ptr + match->start, "sk-", 3) == 0;
    case SC_CHECK_ATLAS:
        return widen(text, match, is_token_char, 14, 14);
    case SC_CHECK_ENTRA:
        return widen(text, match, is_token_char, 3, 3);
    case SC_CHECK_LETTERS_AND_DIGITS:
        return letters_and_digits(value, len);
    case SC_CHECK_PEM:
        return has_pem_body(text, match);
    case SC_CHECK_JWT:
        return is_jwt(value, len);
    case SC_CHECK_BASIC:
        return is_basic(value, len);
    case SC_CHECK_RANDOM:
        if (is_public(text, match))
            return false;
        return rule->kind == SC_TOKEN_GENERIC
                   ? sc_shape_is_random(value, len) && !is_address(value, len) &&
                         !sc_shape_is_masked(value, len)
                   : letters_and_digits(value, len);
    case SC_CHECK_NETRC:
        return !is_plain_word(value, len);
    case SC_CHECK_URL: /* [[USER:]PASSWORD@] is a grammar */
        return !is_plain_word(value, len) && value[0] != ']';
    case SC_CHECK_NONE:
    case SC_CHECK_AWS:
    case SC_CHECK_CRC62:
    case SC_CHECK_HALF:
    case SC_CHECK_TEST:
    case SC_CHECK_VALUE:
    case SC_CHECK_HASH:
    default:
        return true;
    }
}

bool sc_token_check(const struct sc_token_rule *rule, struct sc_bytes text,
                    struct sc_token_match *match, enum sc_finding_class *ret_class,
                    enum sc_severity *ret_severity)
{
    if (!structure_fits(rule, text, match))
        return false;
    const char *value = (const char *)text.ptr + match->value_start;
    size_t len = match->value_end - match->value_start;
    *ret_class = SC_CLASS_LITERAL;
    *ret_severity = SC_SEVERITY_HIGH;
    if (rule->check == SC_CHECK_PEM) {
        *ret_class = SC_CLASS_KEY_MATERIAL;
        return true;
    }
    if (rule->check != SC_CHECK_JWT && rule->check != SC_CHECK_BASIC &&
        (is_monotonous(value, len) || says_example(value, len) ||
         sc_credential_is_placeholder(value, len)))
        return false;
    if (rule->check == SC_CHECK_URL)
        *ret_class = SC_CLASS_URL;
    if (rule->check == SC_CHECK_AWS || rule->check == SC_CHECK_HALF)
        *ret_class = SC_CLASS_HALF;
    if (rule->check == SC_CHECK_HALF)
        *ret_severity = SC_SEVERITY_LOW;
    if (rule->check == SC_CHECK_AWS || rule->check == SC_CHECK_TEST ||
        rule->check == SC_CHECK_HASH ||
        (rule->check == SC_CHECK_CRC62 && !checksum_fits(value, len)))
        *ret_severity = SC_SEVERITY_MEDIUM;
    return true;
}
