/* SPDX-License-Identifier: Apache-2.0
 *
 * The shapes of values that compose/judge/judge.c puts together: switches, quantities, paths,
 * references, placeholders, URLs, randomness. Pure functions on bytes.
 */
#ifndef SC_COMPOSE_JUDGE_SHAPE_H
#define SC_COMPOSE_JUDGE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

/* A variable at the start of a text: $NAME, ${NAME}, ${NAME:-fallback} and its relatives. Offsets
 * are from the `$`; fallback_length is 0 where there is none. */
struct sc_shape_variable {
    size_t length; /* of the whole reference */
    size_t name, name_length;
    size_t fallback, fallback_length;
};

/* False if the text does not begin with a variable; `$$` is none. */
bool sc_shape_variable(const char *text, size_t len, struct sc_shape_variable *ret);

bool sc_shape_is_word_char(char c); /* letter, digit, '_', '-', '.' */

/* true, false, none, enabled, ... */
bool sc_shape_is_switch(const char *value, size_t len);
/* A short number, with or without a unit. */
bool sc_shape_is_quantity(const char *value, size_t len);
/* A URL or e-mail address without a password. */
bool sc_shape_is_plain_url(const char *value, size_t len);
/* privkey.pem: a file of keys or certificates, named without its folder. */
bool sc_shape_is_key_file(const char *value, size_t len);
/* Only stars, dots, x or the like: the secret was taken out already. */
bool sc_shape_is_masked(const char *value, size_t len);
/* Looks made by a machine: length, classes of characters, distribution. */
bool sc_shape_is_random(const char *value, size_t len);
/* Two to four words with a digit among them, and no sentence: a passphrase. */
bool sc_shape_is_phrase(const char *value, size_t len);

size_t sc_shape_spaces(const char *value, size_t len);

/* "...URL", "...DSN", "...URI", "connection string": values may be user:password@host without
 * scheme. */
bool sc_shape_key_names_url(const char *key, size_t len);
bool sc_shape_bare_userinfo(const char *value, size_t len, size_t *ret_offset, size_t *ret_length);

/* The first PEM private key in the text, from its dashes to the end of its last line. */
bool sc_shape_private_key(const char *value, size_t len, size_t *ret_offset, size_t *ret_length);

#endif
