/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes: how formats write single bytes of a value so that they stay what they are. Threads: any.
 */
#ifndef SC_CORE_TEXT_ESCAPE_H
#define SC_CORE_TEXT_ESCAPE_H

#include <stddef.h>

#include "core/encode.h"

/* Bytes that one byte becomes, at most: so many an `out` has. */
#define SC_ESCAPE_SIZE 8

extern const char sc_lower_digits[];
extern const char sc_upper_digits[];

struct sc_escape {
    enum sc_encoding encoding;
    /* Writes what stands for c and returns its length. NULL in the last one. */
    size_t (*write)(unsigned char c, char *out);
};

/* All of them; an encoding has several where its writers do not agree. */
const struct sc_escape *sc_escapes(void);

/* JSON for ASCII, by three kinds of writers. */
size_t sc_escape_json(unsigned char c, char *out);
size_t sc_escape_json_slash(unsigned char c, char *out);
size_t sc_escape_json_dotnet(unsigned char c, char *out);

/* The prefix and two digits. */
size_t sc_escape_hex(unsigned char c, const char *prefix, const char *digits, char *out);

#endif
