/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical form: what is left of a value, and of a text that holds it, once escapes of JSON,
 * URLs, XML and shells are undone, however they are nested.
 *
 * Backslashes, quotes and backticks are dropped; %XX (with any number of 25 between), &name; and
 * &#N; (with any number of amp;), \uXXXX, \xXX and \ooo become the byte they stand for; '+' is a
 * blank and TAB is 't'. Value and text are reduced alike, so one pattern stands for all these
 * escapes of a value.
 */
#ifndef SC_CORE_MASK_CANON_H
#define SC_CORE_MASK_CANON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secret.h"

/* Bytes of text that one unit takes, at most. */
#define SC_CANON_UNIT_MAX ((size_t)64)

struct sc_canon_unit {
    size_t taken; /* bytes of the text; 0: more text is needed to tell */
    size_t count; /* bytes that come out, 0 to 4 */
    unsigned char out[4];
};

/* Reduces what stands at the beginning of the text. With `last` nothing follows, so a beginning of
 * an escape is ordinary text. */
struct sc_canon_unit sc_canon_next(struct sc_bytes text, bool last);

/* Whether a value has a byte that an escape may change. */
bool sc_canon_needed(struct sc_bytes value);

/* Reduces a whole value into `out`, which has room for value.len bytes; yields the length. */
size_t sc_canon_value(struct sc_bytes value, unsigned char *out);

/* What may be written behind the end of what sc_canon_lines() yields. */
#define SC_CANON_SLACK ((size_t)64)

/* Reduces lines, each as if it stood alone and nothing followed it; line ends stay. `out` has room
 * for text.len + SC_CANON_SLACK bytes and is another buffer; yields the length. */
size_t sc_canon_lines(struct sc_bytes text, unsigned char *out);

/* The same by the code for processors without wide vectors; for tests and measurements. */
size_t sc_canon_lines_plain(struct sc_bytes text, unsigned char *out);

#endif
