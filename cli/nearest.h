/* SPDX-License-Identifier: Apache-2.0
 *
 * Of the names there are, the one that a mistyped word most likely means. The word itself is never
 * part of the answer. Cannot fail.
 */
#ifndef SC_CLI_NEAREST_H
#define SC_CLI_NEAREST_H

#include <stddef.h>

/* {.word = what was typed}; then each name is offered. */
struct sc_nearest {
    const char *word;
    size_t word_len;
    const char *name; /* borrowed; NULL while none is near enough */
    size_t distance;
};

void sc_nearest_offer(struct sc_nearest *nearest, const char *name);

#endif
