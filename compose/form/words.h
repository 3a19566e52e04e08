/* SPDX-License-Identifier: Apache-2.0
 *
 * A command line split into words as Docker Compose does it for `command: text`, and sizes.
 *
 * Quotes, backslashes and $(...) are known, variables and wildcards are not; an unquoted ; & | < or
 * > ends the line, and what follows is dropped without a word, as Docker Compose drops it.
 */
#ifndef SC_COMPOSE_FORM_WORDS_H
#define SC_COMPOSE_FORM_WORDS_H

#include "compose/tree/tree.h"

/* A list of texts with the origin of `command`, a string. SYNTAX for an open quote or a bare
 * bracket. */
int sc_words_split(struct sc_model_pool *pool, const struct sc_value *command,
                   struct sc_value **ret, struct sc_error *err) SC_NODISCARD;

/* "64m", "1.5 GiB", "-1", "100" in bytes; false if it is no size. */
bool sc_size_parse(const char *text, int64_t *ret);

#endif
