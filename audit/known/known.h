/* SPDX-License-Identifier: Apache-2.0
 *
 * The values whose absence is to be proved, and the search for all their encoded forms.
 *
 * Life: new -> add each value -> build -> scan. A value is searched in raw bytes if it is long
 * enough that a match proves something; shorter and very common ones are compared with whole tokens
 * only (sc_known_compare), and sc_known_standing() tells which, so that nothing is skipped in
 * silence.
 *
 * Of a long or many-lined value two distinctive pieces of at most SC_KNOWN_PIECE_MAX bytes are
 * searched: a part of a key is a leak, and pieces inside one line survive re-wrapping.
 *
 * Values and everything derived from them lie in locked memory. Threads: a built set may be scanned
 * by any number of threads.
 */
#ifndef SC_AUDIT_KNOWN_KNOWN_H
#define SC_AUDIT_KNOWN_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/encode.h"
#include "core/error.h"
#include "core/name.h"
#include "core/secret.h"

/* Values of one set at most. */
#define SC_KNOWN_VALUES_MAX ((size_t)100000)
/* Bytes of a value (without its last newline) from which it is searched in raw bytes. */
#define SC_KNOWN_RAW_MIN ((size_t)8)
/* Bytes from which it is compared with whole tokens. */
#define SC_KNOWN_TOKEN_MIN ((size_t)4)
#define SC_KNOWN_PIECE_MAX ((size_t)96)
/* Bytes of the longest form, and so of what may be cut by the border of two chunks. */
#define SC_KNOWN_FORM_MAX (SC_KNOWN_PIECE_MAX * SC_ENCODE_EXPANSION_MAX)

/* What can be proved about a value. */
enum sc_known_standing {
    SC_KNOWN_SEARCHED,  /* in raw bytes, in every form */
    SC_KNOWN_SHORT,     /* as a whole token only */
    SC_KNOWN_COMMON,    /* as a whole token only: it is a word that stands everywhere */
    SC_KNOWN_TINY,      /* not at all: a token of this length means nothing */
    SC_KNOWN_GUESSABLE, /* not in the fingerprint file: a guess could be tested against it */
};

/* "searched", "too short", ...: as reports print it. */
const char *sc_known_standing_text(enum sc_known_standing standing);

struct sc_known;

struct sc_known *sc_known_new(struct sc_error *err) SC_NODISCARD;
void sc_known_free(struct sc_known *known);
void sc_known_freep(struct sc_known **known);

/* Adds a value (copied) under a name. An empty value counts as tiny. */
int sc_known_add(struct sc_known *known, const char *name, struct sc_bytes value,
                 struct sc_error *err) SC_NODISCARD;

/* After the last value, before the first scan. */
int sc_known_build(struct sc_known *known, struct sc_error *err) SC_NODISCARD;

size_t sc_known_count(const struct sc_known *known);
/* The value at index (below count): its name is borrowed from the set. */
const char *sc_known_name(const struct sc_known *known, size_t index);
enum sc_known_standing sc_known_standing(const struct sc_known *known, size_t index);

/* A place where a value stands. */
struct sc_known_hit {
    size_t value;              /* index of the value */
    enum sc_encoding encoding; /* of the form that was found */
    uint64_t offset;           /* of its first byte, in what was scanned */
    size_t len;                /* of the form */
};

typedef int (*sc_known_fn)(const struct sc_known_hit *hit, void *ctx, struct sc_error *err);

/* Every form of every value in these bytes. */
int sc_known_scan(const struct sc_known *known, struct sc_bytes data, sc_known_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* The same by the code for processors without wide vectors; for tests and measurements. */
int sc_known_scan_plain(const struct sc_known *known, struct sc_bytes data, sc_known_fn fn,
                        void *ctx, struct sc_error *err) SC_NODISCARD;

/* The values that are compared only, with this whole token. */
int sc_known_compare(const struct sc_known *known, struct sc_bytes token, sc_known_fn fn, void *ctx,
                     struct sc_error *err) SC_NODISCARD;

#endif
