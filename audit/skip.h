/* SPDX-License-Identifier: Apache-2.0
 *
 * What an audit could not read, and why: never a silent pass.
 */
#ifndef SC_AUDIT_SKIP_H
#define SC_AUDIT_SKIP_H

#include <stddef.h>

#include "core/error.h"
#include "core/json.h"

struct sc_skip {
    char *file;
    char *reason;
    size_t line; /* from 1; 0 = the file as a whole */
};

struct sc_skips {
    struct sc_skip *items;
    size_t count;
    size_t cap;
};

/* Copies the strings. */
int sc_skips_add(struct sc_skips *list, const char *file, const char *reason, size_t line,
                 struct sc_error *err) SC_NODISCARD;
int sc_skips_move(struct sc_skips *to, struct sc_skips *from, struct sc_error *err) SC_NODISCARD;
void sc_skips_sort(struct sc_skips *list);
void sc_skips_done(struct sc_skips *list);

void sc_skip_json(struct sc_json *json, const struct sc_skip *skip);

#endif
