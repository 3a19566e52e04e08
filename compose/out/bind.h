/* SPDX-License-Identifier: Apache-2.0
 *
 * From the normalised tree to the model as Docker Compose prints it: every attribute in its final
 * type and form, nothing that is empty, in the order of its structures.
 */
#ifndef SC_COMPOSE_OUT_BIND_H
#define SC_COMPOSE_OUT_BIND_H

#include "compose/tree/path.h"
#include "compose/tree/tree.h"

/* What a field becomes. */
enum sc_field_kind {
    SC_FIELD_TEXT,
    SC_FIELD_BOOL,
    SC_FIELD_INT,
    SC_FIELD_FLOAT, /* of 32 bits */
    SC_FIELD_SIZE,  /* bytes, as decimal text */
    SC_FIELD_DURATION,
    SC_FIELD_COMMAND,     /* text is split into words */
    SC_FIELD_TEST,        /* text is a shell command */
    SC_FIELD_TEXTS,       /* list of texts; a text is a list of one */
    SC_FIELD_ENVIRONMENT, /* NAME: text or null */
    SC_FIELD_MAPPING,     /* NAME: text */
    SC_FIELD_MULTI,       /* NAME: list of texts */
    SC_FIELD_HOSTS,
    SC_FIELD_SSH,
    SC_FIELD_COUNT, /* "all" is -1 */
    SC_FIELD_MODE,  /* octal text */
    SC_FIELD_ULIMIT,
    SC_FIELD_STRUCT,
    SC_FIELD_STRUCTS,    /* list of structures */
    SC_FIELD_STRUCT_MAP, /* name: structure or null */
    SC_FIELD_ULIMITS     /* name: ulimit */
};

enum sc_field_flags {
    SC_FIELD_KEEP = 1 << 0,       /* also a zero value, if it is written */
    SC_FIELD_ALWAYS = 1 << 1,     /* also if it is not written */
    SC_FIELD_JSON_NULL = 1 << 2,  /* JSON prints null if it is not written */
    SC_FIELD_JSON_EMPTY = 1 << 3, /* a structure: JSON prints {} where YAML prints nothing */
    SC_FIELD_HIDE_TRUE = 1 << 4,  /* a switch that is on unless it says otherwise */
    SC_FIELD_CAPITAL = 1 << 5     /* JSON writes the name with a capital */
};

struct sc_field {
    const char *name; /* NULL ends a table */
    enum sc_field_kind kind;
    unsigned flags;
    const struct sc_field *fields; /* of structures */
};

/* The fields of each kind of thing; compose/out/bind_table.c. */
extern const struct sc_field sc_service_fields[];
extern const struct sc_field sc_network_fields[];
extern const struct sc_field sc_volume_fields[];
extern const struct sc_field sc_secret_fields[];
extern const struct sc_field sc_config_fields[];
extern const struct sc_field sc_model_fields[];

/* A new map with the fields of `from` in their final form. SYNTAX with place and path. */
int sc_bind(struct sc_model_pool *pool, const struct sc_value *from, const struct sc_field *fields,
            const struct sc_path *path, struct sc_value **ret, struct sc_error *err) SC_NODISCARD;

/* Sorts the entries of a map by it. */
void sc_sort_map(struct sc_model_pool *pool, struct sc_value *map);

#endif
