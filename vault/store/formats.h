/* SPDX-License-Identifier: Apache-2.0
 *
 * The formats of the file: their tables, who can use them, and how each is made of the one before.
 *
 * A format is added at the end and never changed. Its number is in the file's user_version, in the
 * signed row of the vault and in each signed state.
 */
#ifndef SC_VAULT_STORE_FORMATS_H
#define SC_VAULT_STORE_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct sc_db;

struct sc_object {
    const char *name;
    const char *sql;      /* NULL: SQLite made it of itself, for a key */
    const char *index_of; /* the table of an index; NULL: a table */
};

struct sc_format {
    uint32_t number;
    /* The newest format that a program must know to read such a file, and to write it. */
    uint32_t min_reader, min_writer;
    const struct sc_object *objects; /* in order of name */
    size_t count;
    /* Makes these tables of those of the format before, in a transaction; rows of `rec` and the
     * nodes are hashed anew afterwards. NULL for the first. */
    int (*migrate)(struct sc_db *db, struct sc_error *err);
};

/* Oldest first; the last is what this program writes. */
extern const struct sc_format sc_formats[];
extern const size_t sc_format_count;

#endif
