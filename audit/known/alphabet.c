/* SPDX-License-Identifier: Apache-2.0
 *
 * Alphabets of words; see audit/known/alphabet.h.
 */
#include "audit/known/alphabet.h"

#include <stdint.h>
#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* What an alphabet has at a place: these characters, anything that can be printed, or NUL. */
static const char printable[] = "printable", nul[] = "NUL";

/* A bit each, in this order. An alphabet is switched on by the first word that needs it. */
static const struct {
    const char *at[2]; /* at even and odd places */
} known[] = {
    {{LETTERS DIGITS "+/=-_", LETTERS DIGITS "+/=-_"}},             /* base64, base32, hex, plain */
    {{DIGITS "abcdefABCDEF%\\&#;x", DIGITS "abcdefABCDEF%\\&#;x"}}, /* escapes by number */
    {{printable, nul}},                                             /* UTF-16 */
    {{nul, printable}},
};

#define ANY_BIT (1U << SC_ARRAY_SIZE(known))

static bool has_byte(const char *set, unsigned char byte)
{
    if (set == nul)
        return byte == 0;
    if (set == printable)
        return byte >= ' ' && byte < 0x7f;
    return byte != 0 && strchr(set, byte) != NULL;
}

static bool fits(size_t alphabet, const unsigned char *word, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        if (!has_byte(known[alphabet].at[i % 2], word[i]))
            return false;
    }
    return true;
}

static void switch_on(struct sc_alphabets *alphabets, size_t alphabet)
{
    for (unsigned char byte = 0; byte < SC_ALPHABET_ASCII; byte++) {
        for (size_t place = 0; place < 2; place++) {
            if (has_byte(known[alphabet].at[place], byte))
                alphabets->ascii[place][byte] |= (unsigned char)(1U << alphabet);
        }
    }
}

void sc_alphabets_add(struct sc_alphabets *alphabets, const unsigned char *word, size_t width)
{
    if (sc_alphabets_hold(alphabets, word, width))
        return;
    for (size_t i = 0; i < SC_ARRAY_SIZE(known); i++) {
        if (fits(i, word, width)) {
            switch_on(alphabets, i);
            return;
        }
    }
    for (size_t i = 0; i < width; i++) {
        unsigned char *kinds =
            word[i] < SC_ALPHABET_ASCII ? &alphabets->ascii[i % 2][word[i]] : &alphabets->beyond;
        *kinds |= (unsigned char)ANY_BIT;
    }
}

bool sc_alphabets_hold(const struct sc_alphabets *alphabets, const unsigned char *word,
                       size_t width)
{
    unsigned common = UINT8_MAX;
    for (size_t i = 0; i < width; i++)
        common &=
            word[i] < SC_ALPHABET_ASCII ? alphabets->ascii[i % 2][word[i]] : alphabets->beyond;
    return common != 0;
}
