/* SPDX-License-Identifier: Apache-2.0
 *
 * A text that grows inside a pool (and is wiped with it), for values that may be credentials.
 */
#ifndef SC_COMPOSE_VARS_TEXT_H
#define SC_COMPOSE_VARS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "compose/tree/pool.h"

/* Bytes of one value after variables were put in. */
#define SC_TEXT_MAX ((size_t)16 * 1024 * 1024)

/* Zero value with `pool` set = empty. data[len] is NUL once data is not NULL. */
struct sc_text {
    struct sc_model_pool *pool;
    char *data;
    size_t len, cap;
    bool failed; /* no memory, or over the maximum; sticky */
};

void sc_text_append(struct sc_text *text, const char *bytes, size_t n);

/* The content as a C string. */
const char *sc_text_get(const struct sc_text *text);

/* 0, or TOOBIG or NOMEM. */
int sc_text_status(const struct sc_text *text, struct sc_error *err) SC_NODISCARD;

/* Whether the character at `text` (of `n` bytes that are left) is white space for Go, and its
 * bytes. */
bool sc_space_at(const char *text, size_t n, size_t *ret_bytes);
/* Bytes of the text without Unicode white space at its end. */
size_t sc_trim_end(const char *text, size_t n);

#endif
