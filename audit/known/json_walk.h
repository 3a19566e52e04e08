/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks over a JSON text (RFC 8259): each scalar with its place, strings decoded.
 *
 * Decoded strings lie in locked memory, since they are what is searched for secrets. Not a
 * validator: what is accepted beyond the RFC does no harm here, but a text that ends early or is no
 * JSON is an error with its position. Threads: any.
 */
#ifndef SC_AUDIT_KNOWN_JSON_WALK_H
#define SC_AUDIT_KNOWN_JSON_WALK_H

#include "core/error.h"
#include "core/secret.h"

/* Nesting of objects and arrays; bytes of a pointer (longer ones end in "..."). */
#define SC_JSON_WALK_DEPTH_MAX   64
#define SC_JSON_WALK_POINTER_MAX 1024

enum sc_json_type { SC_JSON_STRING, SC_JSON_KEY, SC_JSON_OTHER };

struct sc_json_scalar {
    const char *pointer; /* RFC 6901: "/Config/Env/0"; of a key: the value behind it */
    enum sc_json_type type;
    struct sc_bytes text; /* decoded; numbers, true, false and null as they stand */
};

typedef int (*sc_json_walk_fn)(const struct sc_json_scalar *scalar, void *ctx,
                               struct sc_error *err);

/* Calls fn for every key and scalar in order. SYNTAX names the offset; TOOBIG over the nesting. */
int sc_json_walk(struct sc_bytes json, sc_json_walk_fn fn, void *ctx,
                 struct sc_error *err) SC_NODISCARD;

#endif
