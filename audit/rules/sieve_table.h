/* SPDX-License-Identifier: Apache-2.0
 *
 * What build_sieve.c makes of the rules for sieve.c.
 *
 * A token is a rule that says where it begins: three bytes of its literal, its window, are looked
 * for, and what may stand behind them. Most tokens are *bound*: they begin where no word goes on,
 * and SC_SIEVE_TOKEN_RUN value characters or more stand there. The others are *free*. A name is a
 * rule whose keyword stands in the name of something that a value is given to; there the value is
 * looked for first.
 */
#ifndef SC_AUDIT_RULES_SIEVE_TABLE_H
#define SC_AUDIT_RULES_SIEVE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Value characters that follow each other at least: in a bound token, and in the value of a name
 * (build_sieve.c refuses names with less). */
#define SC_SIEVE_TOKEN_RUN 20
#define SC_SIEVE_VALUE_RUN 14
#define SC_SIEVE_WINDOW    3
/* Bytes that are looked at for it: one more. */
#define SC_SIEVE_PLACES (SC_SIEVE_WINDOW + 1)

/* Characters, as bits of `classes`. */
enum sc_sieve_class {
    SC_SIEVE_VALUE, /* may stand in a token, or in the value of a name */
    SC_SIEVE_WORD,  /* letter, digit, '_' */
    SC_SIEVE_OP,    /* ends a sign of assignment: '=', ':', '>' */
    SC_SIEVE_GAP,   /* between that sign and the value: blanks and quotes */
    SC_SIEVE_DIGIT,
    SC_SIEVE_CLASSES,
};

/* Groups of windows, as bits of `windows`. */
#define SC_SIEVE_BOUND 0x1fU
#define SC_SIEVE_FREE  0xe0U

#define SC_SIEVE_HASH_BITS 9
#define SC_SIEVE_HASHES    (1U << SC_SIEVE_HASH_BITS)
#define SC_SIEVE_ENTRIES   384

struct sc_sieve_entry {
    uint32_t window; /* as sc_sieve_window() gives it */
    uint16_t rule;
    uint8_t offset; /* of the window in the literal */
    uint8_t length; /* of the literal */
    /* A bit for the low seven bits of each character that may stand behind the literal. */
    uint8_t then[128 / 8];
};

/* Entries by the hash of their window. */
struct sc_sieve_index {
    uint16_t first[SC_SIEVE_HASHES + 1];
    struct sc_sieve_entry entries[SC_SIEVE_ENTRIES];
};

struct sc_sieve_table {
    uint8_t classes[256];
    /* Groups with a window that has a byte with these low seven bits at this place. */
    uint8_t windows[SC_SIEVE_PLACES][128];
    /* The same for processors that look up 16 entries at once: those of the low half of a byte and
     * those of its high half; the groups in both are some more. */
    uint8_t low_windows[SC_SIEVE_PLACES][16];
    uint8_t high_windows[SC_SIEVE_PLACES][16];
    /* By the low half of a byte: a bit for each high half with which it is in the class. */
    uint8_t low_classes[SC_SIEVE_CLASSES][16];
    struct sc_sieve_index bound, free, names;
};

extern const struct sc_sieve_table sc_sieve_table;

/* In one number, capital letters as small ones. */
static inline uint32_t sc_sieve_window(const unsigned char *bytes)
{
    return (bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16) | 0x202020U;
}

static inline unsigned sc_sieve_hash(uint32_t window)
{
    return (window * 0x9e3779b1U) >> (32 - SC_SIEVE_HASH_BITS);
}

#endif
