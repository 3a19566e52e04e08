/* SPDX-License-Identifier: Apache-2.0
 *
 * The model's tree: typed values, each of which knows where it came from.
 *
 * A value is what Docker Compose works with after the YAML was typed (`0123` is the number 83) and
 * variables were put in. Whatever a loader did to it on the way (alias, merge key, override file,
 * extends, include, variable, default text) stands in its origin, and the place of the text a
 * person would edit stays with it.
 *
 * Ownership: trees belong to the struct sc_project that they were loaded into and are immutable for
 * its users; all pointers live as long as the project. The text may be a credential: do not print
 * it.
 */
#ifndef SC_COMPOSE_VALUE_H
#define SC_COMPOSE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sc_project_file;
struct sc_map_index;
struct sc_value;

/* Where some text stands in a file; file is NULL where there is none (a default made up by the
 * loader, the caller's environment). Bytes from `start` to before `end`; lines and columns from 1.
 */
struct sc_place {
    const struct sc_project_file *file;
    uint32_t line, column;
    uint32_t start, end;
};

/* How a value got to where it is; several may hold. */
enum sc_route {
    SC_ROUTE_LITERAL = 1 << 0,  /* text in a Compose file, no variable in it */
    SC_ROUTE_VARIABLE = 1 << 1, /* ${NAME} in the text was replaced; see uses */
    SC_ROUTE_DEFAULT = 1 << 2, /* the text of a default, ${NAME:-text} or ${NAME:+text}, is in it */
    SC_ROUTE_ENVIRONMENT = 1 << 3, /* (partly) from the caller's environment */
    SC_ROUTE_DOTENV = 1 << 4,      /* (partly) from .env, --env-file or an include's env_file */
    SC_ROUTE_ENV_FILE = 1 << 5,    /* from a service's env_file or label_file */
    SC_ROUTE_ALIAS = 1 << 6,       /* through *alias; see via */
    SC_ROUTE_MERGE_KEY = 1 << 7,   /* through <<; see via */
    SC_ROUTE_OVERRIDE = 1 << 8,    /* from a file or document that was merged over another */
    SC_ROUTE_EXTENDS = 1 << 9,     /* from a service that this one extends; see via */
    SC_ROUTE_INCLUDE = 1 << 10,    /* from an included file; see via */
    SC_ROUTE_IMPLIED = 1 << 11,    /* no text: made by the loader (a default, a normalised form) */
};

/* One variable that was looked up for a value. */
enum sc_use_source {
    SC_USE_UNSET,       /* no value: blank, or the error text of ${X:?} would have been used */
    SC_USE_ENVIRONMENT, /* the caller's environment */
    SC_USE_DOTENV,      /* .env, --env-file, an include's env_file: place says where */
    SC_USE_DEFAULT,     /* the text written after the operator */
    SC_USE_PROJECT      /* COMPOSE_PROJECT_NAME, made by the loader */
};

struct sc_use {
    const char *name;
    const char *op; /* "", ":-", "-", ":?", "?", ":+" or "+" */
    enum sc_use_source source;
    const char *value;     /* what was put in; NULL if nothing */
    struct sc_place place; /* of the variable's value, for SC_USE_DOTENV */
    const struct sc_use *next;
};

struct sc_origin {
    struct sc_place place; /* of the text that is the value */
    struct sc_place via;   /* of the alias, `<<`, `extends` or include entry; the last one taken */
    unsigned routes;       /* enum sc_route, or-ed */
    const struct sc_use *uses; /* in order of the text */
};

enum sc_value_kind {
    SC_VALUE_NULL,
    SC_VALUE_BOOL,
    SC_VALUE_INT,  /* fits 64 bits with its sign */
    SC_VALUE_UINT, /* above INT64_MAX */
    SC_VALUE_FLOAT,
    SC_VALUE_STRING,
    SC_VALUE_LIST,
    SC_VALUE_MAP
};

/* In which rendering a value stands: Docker Compose prints a little more in one than in the other.
 */
enum sc_value_only { SC_ONLY_NOT = 0, SC_ONLY_JSON, SC_ONLY_YAML };

struct sc_value {
    enum sc_value_kind kind;
    bool single;        /* a float of 32 bits; a text that is a point in time */
    unsigned char only; /* enum sc_value_only */
    uint32_t cap;       /* the loader's: room in items or entries */
    size_t count;       /* bytes of a string, items of a list, entries of a map */
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        double real;
        const char *text; /* NUL behind the last byte; may hold NUL bytes before it */
        struct sc_value **items;
        struct sc_entry *entries; /* in order of the file */
    } u;
    struct sc_map_index *index;     /* the loader's: look-up of a large map */
    const struct sc_origin *origin; /* never NULL */
};

struct sc_entry {
    const char *key;
    struct sc_value *value;
    struct sc_place at; /* of the key; of the item for a list that was turned into a map */
};

/* Look-ups are NULL-safe: a missing value has no members. */

/* The value of a key, NULL if there is none. */
struct sc_value *sc_value_get(const struct sc_value *map, const char *key);
/* The same along a path of keys, ended by NULL: sc_value_at(root, "services", "db", NULL). */
struct sc_value *sc_value_at(const struct sc_value *map, ...) __attribute__((sentinel));
const struct sc_entry *sc_value_entry(const struct sc_value *map, const char *key);

bool sc_value_is(const struct sc_value *value, enum sc_value_kind kind);
/* The text of a string, else NULL. */
const char *sc_value_text(const struct sc_value *value);
/* A string with exactly this text. */
bool sc_value_equals(const struct sc_value *value, const char *text);
/* Same kinds and content all the way down, whatever the origins; maps in any order. */
bool sc_value_same(const struct sc_value *a, const struct sc_value *b);
/* Equal for values that are the same. */
size_t sc_value_hash(const struct sc_value *value);

#endif
