/* SPDX-License-Identifier: Apache-2.0
 *
 * Which attributes there are and of which type: the shapes that Docker Compose accepts, as tables.
 */
#ifndef SC_COMPOSE_LOAD_SCHEMA_H
#define SC_COMPOSE_LOAD_SCHEMA_H

#include "compose/tree/pool.h"
#include "compose/value.h"
#include "core/str.h"

enum sc_shape_type {
    SC_SCHEMA_TEXT = 1 << 0,
    SC_SCHEMA_NUMBER = 1 << 1,
    SC_SCHEMA_INTEGER = 1 << 2,
    SC_SCHEMA_SWITCH = 1 << 3, /* a boolean */
    SC_SCHEMA_NULL = 1 << 4,
    SC_SCHEMA_LIST = 1 << 5,
    SC_SCHEMA_MAP = 1 << 6,
    SC_SCHEMA_ANY = 1 << 7
};

enum sc_shape_flags {
    SC_SCHEMA_UNIQUE = 1 << 0, /* no two items of the list are the same */
    SC_SCHEMA_EXACT = 1 << 1,  /* not even x-* besides the keys */
    SC_SCHEMA_OPEN = 1 << 2,   /* any other key, unchecked */
    SC_SCHEMA_NAMES =
        1 << 3, /* other keys are names ([a-zA-Z0-9._-]) with values of shape `other` */
    SC_SCHEMA_LOWER = 1 << 4 /* other keys of a-z have values of shape `other`, more is unchecked */
};

struct sc_shape_key;

/* Alternatives are or-ed types; the list and map parts hold for the list and map alternative. */
struct sc_shape {
    unsigned types;
    unsigned flags;
    const char *choices;             /* "a|b": texts that are allowed */
    const struct sc_shape *item;     /* of a list; NULL: unchecked */
    const struct sc_shape_key *keys; /* of a map, ended by a NULL name */
    const struct sc_shape *other; /* of a map's further keys; NULL: none are allowed (see flags) */
    bool (*accepts)(const char *text); /* of a text; NULL: any */
    const char *must;                  /* what `accepts` asks for: "have two characters" */
    int64_t min, max;                  /* of an integer, where max > min */
};

struct sc_shape_key {
    const char *name;
    const struct sc_shape *shape;
    bool required;
};

/* Contains a letter or digit followed by one more, or by '_', '.' or '-'. */
bool sc_shape_container_name(const char *text);
/* One of the policies, or "every_" and a duration. */
bool sc_shape_pull_policy(const char *text);

/* The shape of a whole project; compose/load/schema_table.c. */
extern const struct sc_shape sc_shape_project;

/* Checks a merged tree. With `notes`, attributes that are not known, and empty ones where a
 * collection belongs (which are taken out), are noted instead of refused. SYNTAX with place and
 * path. */
int sc_shape_check(struct sc_model_pool *pool, struct sc_value *root, struct sc_strv *notes,
                   struct sc_error *err) SC_NODISCARD;

#endif
