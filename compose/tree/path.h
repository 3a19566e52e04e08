/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a walk through a tree stands: a chain of keys on the C stack, from the leaf to the root.
 *
 * Patterns are keys divided by dots: '*' stands for any one key or list item, "[]" for a list item
 * only. A key that holds a dot matches '*' alone.
 */
#ifndef SC_COMPOSE_TREE_PATH_H
#define SC_COMPOSE_TREE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* Deepest path that patterns are matched against, and that messages show. */
#define SC_PATH_DEPTH_MAX 256

struct sc_path {
    const struct sc_path *up; /* NULL at the first key */
    const char *key;          /* NULL for a list item */
    size_t index;             /* of the list item */
    unsigned depth;           /* 1 for the first key; 0 for an empty path */
};

/* One step down from `up`, which may be NULL or empty. */
struct sc_path sc_path_key(const struct sc_path *up, const char *key);
struct sc_path sc_path_item(const struct sc_path *up, size_t index);

/* A row of a table begins with one: most rows are passed over by their depth alone. */
struct sc_pattern {
    unsigned depth;   /* keys in text */
    unsigned length;  /* bytes of text */
    const char *text; /* NULL ends the table */
};

#define SC_PATTERN(keys, literal)                                                                  \
    {                                                                                              \
        keys, sizeof(literal) - 1, literal                                                         \
    }
#define SC_PATTERN_END                                                                             \
    {                                                                                              \
        0, 0, NULL                                                                                 \
    }

/* Position in a table of rows of `row_size` bytes that begin with a struct sc_pattern, or -1. */
int sc_path_find(const struct sc_path *path, const void *table, size_t row_size);

/* Whether a pattern of the table goes on below this path: a walk that looks for patterns alone need
 * not go down where none does. */
bool sc_path_leads(const struct sc_path *path, const void *table, size_t row_size);

/* The same into an array, for messages; long paths are cut. */
#define SC_PATH_TEXT_SIZE 200
const char *sc_path_print(char out[SC_PATH_TEXT_SIZE], const struct sc_path *path);

#endif
