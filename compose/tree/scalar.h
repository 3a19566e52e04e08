/* SPDX-License-Identifier: Apache-2.0
 *
 * What type a YAML scalar has for Docker Compose, and how Go prints such a value.
 *
 * Compose reads YAML by go-yaml v4: `0123` is the octal number 83, `yes` is a string, `1_000` is
 * 1000, `2024-01-31` a point in time. A value of a map form environment then reaches the container
 * as the text Go makes of it, so this file decides what a container gets.
 */
#ifndef SC_COMPOSE_TREE_SCALAR_H
#define SC_COMPOSE_TREE_SCALAR_H

#include "compose/tree/tree.h"

/* Bytes of the longest text of a number or a point in time, with NUL. */
#define SC_SCALAR_TEXT_SIZE 48

/* A scalar as it is written. */
struct sc_scalar_source {
    const char *text; /* NUL-terminated; borrowed by the value */
    size_t len;
    bool plain;      /* without quotes and not as a block */
    const char *tag; /* "!!int", "tag:yaml.org,2002:int", "!x"; NULL if none */
};

/* Types a scalar: fills kind, count and content of `ret`, keeps its origin. SYNTAX when the tag
 * does not allow the text. */
int sc_scalar_resolve(struct sc_model_pool *pool, const struct sc_scalar_source *source,
                      struct sc_value *ret, struct sc_error *err) SC_NODISCARD;

/* The text that Go's %v makes of a scalar: strings as they are, `<nil>` for null, lists and maps
 * "". Yields a text from the pool, from `value`, or static; NULL without memory. */
const char *sc_scalar_text(struct sc_model_pool *pool, const struct sc_value *value);

/* %v of a float; `single` for one of 32 bits. */
void sc_scalar_float_text(char out[SC_SCALAR_TEXT_SIZE], double real, bool single);
/* The same as Go's JSON encoder writes it (other thresholds for the exponent form). */
void sc_scalar_float_json(char out[SC_SCALAR_TEXT_SIZE], double real, bool single);

#endif
