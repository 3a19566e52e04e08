/* SPDX-License-Identifier: Apache-2.0
 *
 * Where base64 ends a line, and so may go on in the next one. Threads: any.
 */
#ifndef SC_AUDIT_KNOWN_WRAPPED_H
#define SC_AUDIT_KNOWN_WRAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/secret.h"

/* Base64 characters at the end of a line from which it is taken for the beginning of a wrapped
 * block. */
#define SC_WRAPPED_RUN_MIN 16

/* Bit c % 64 of word c / 64: '+', '-', '/', digits; capital letters, '_', small letters. */
static inline unsigned sc_wrapped_is_base64(unsigned char c)
{
    static const uint64_t set[4] = {
        1ULL << '+' | 1ULL << '-' | 1ULL << '/' | 0x3ffULL << '0',
        0x3ffffffULL << ('A' - 64) | 1ULL << ('_' - 64) | 0x3ffffffULL << ('a' - 64),
    };
    return set[c >> 6] >> (c & 63) & 1;
}

/* Words with a bit for each byte of so many. */
#define SC_WRAPPED_WORDS(len) (((len) + 63) / 64)

/* Sets the bits of the line ends ('\n') that may have such a run before them, SC_WRAPPED_WORDS() of
 * words. What stands before the data is unknown, so its first line ends are among them. */
void sc_wrapped_find(struct sc_bytes data, uint64_t *ends);

/* The first of them at or behind `at`; len if there is none. */
size_t sc_wrapped_next(const uint64_t *ends, size_t len, size_t at);

#endif
