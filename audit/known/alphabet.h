/* SPDX-License-Identifier: Apache-2.0
 *
 * Of what bytes the words of an index are made.
 *
 * Encoded values are monotonous: base64, hex, escapes, every second byte zero. Most of what is
 * searched is not, so that a word of the data that is in none of these alphabets need not be looked
 * up. A word that fits no known alphabet widens a last one, which takes any bytes.
 *
 * It tells a little about values: keep it in locked memory. Threads: any number may ask.
 */
#ifndef SC_AUDIT_KNOWN_ALPHABET_H
#define SC_AUDIT_KNOWN_ALPHABET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#define SC_ALPHABET_ASCII 128

struct sc_alphabets {
    /* By place in a word (even, odd) and byte: a bit for each alphabet that has the byte there. */
    unsigned char ascii[2][SC_ALPHABET_ASCII];
    /* The same for the bytes from 128 on, all together and at every place. */
    unsigned char beyond;
};
static_assert(sizeof(struct sc_alphabets) == 2 * SC_ALPHABET_ASCII + 1,
              "fingerprint files hold it as it is");

/* Lets in a word of `width` bytes. */
void sc_alphabets_add(struct sc_alphabets *alphabets, const unsigned char *word, size_t width);

/* Whether all bytes of a word are of one alphabet: true for each word that was let in. */
bool sc_alphabets_hold(const struct sc_alphabets *alphabets, const unsigned char *word,
                       size_t width);

#endif
