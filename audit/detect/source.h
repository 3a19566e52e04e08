/* SPDX-License-Identifier: Apache-2.0
 *
 * The string literals of a source text, and what names them.
 *
 * The grammar is what most languages share: comments, quotes, `NAME = "x"`, `"NAME": "x"`,
 * `NAME => "x"`, `f("NAME", "x")`. A quote that is never closed ends with its line.
 */
#ifndef SC_AUDIT_DETECT_SOURCE_H
#define SC_AUDIT_DETECT_SOURCE_H

#include "compose/judge/shell.h"

/* What a language has. */
enum sc_source_trait {
    SC_SOURCE_HASH = 1,    /* # begins a comment */
    SC_SOURCE_SLASHES = 2, /* // and slash-star do */
    SC_SOURCE_DASHES = 4,  /* -- does */
    SC_SOURCE_TRIPLE = 8,  /* """ and ''' around several lines */
    SC_SOURCE_DOUBLE = 16, /* ' is no quote */
    SC_SOURCE_XML = 32,    /* elements, and <!-- --> */
};

struct sc_source_literal {
    struct sc_region value; /* between the quotes */
    struct sc_region key;   /* what names it; len 0: nothing does */
    struct sc_region call;  /* the function or the word in front of it; len 0: none */
    bool fallback;          /* taken where the named is not set: NAME || "x" */
    char quote;             /* '\0': an element's text */
};

typedef int (*sc_source_fn)(void *ctx, const struct sc_source_literal *literal,
                            struct sc_error *err);

/* Which call a literal stands in: f of f(a, "x"), or the name that (a, "x") is given to; len 0:
 * none. *ret_argument tells which one of its arguments it is, from 0. */
struct sc_region sc_source_call(const char *text, struct sc_region region,
                                const struct sc_source_literal *literal, unsigned *ret_argument);

/* Hands each literal of the region to `fn`, in order. */
int sc_source_read(const char *text, struct sc_region region, unsigned traits, sc_source_fn fn,
                   void *ctx, struct sc_error *err) SC_NODISCARD;

#endif
