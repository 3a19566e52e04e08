/* SPDX-License-Identifier: Apache-2.0
 *
 * What detectors share: the text of one file, where its lines begin, and the way a pair of key and
 * value becomes a finding.
 *
 * Detectors read regions of the text; every region is a stretch of the outer file (a Markdown
 * fence, a here document, a step of a pipeline), so offsets are always those of the outer file.
 *
 * Ownership: the context borrows text and names; it owns its findings, skips and references until
 * they are moved on. Threads: one context belongs to one thread.
 */
#ifndef SC_AUDIT_DETECT_CONTEXT_H
#define SC_AUDIT_DETECT_CONTEXT_H

#include "audit/family.h"
#include "audit/finding.h"
#include "audit/reference.h"
#include "audit/skip.h"
#include "compose/credential.h"
#include "compose/judge/shell.h"

/* Regions inside regions: Markdown > YAML > shell > here document > ... */
#define SC_DETECT_DEPTH_MAX SC_SHELL_DEPTH_MAX

/* Lines and columns are counted from 1; a column is a character. */
struct sc_position {
    size_t offset, line, column;
};

struct sc_detect {
    const char *file;
    const char *commit; /* or NULL */
    const char *text;
    size_t len;
    const struct sc_fingerprint_key *key;
    struct sc_findings findings;
    struct sc_skips skips;
    bool follow; /* note which files a Compose file names */
    struct sc_references references;
    /* Where the last finding begins: they come in rising order as a rule, and a line of a MiB may
     * have many. */
    struct sc_position known;
    unsigned depth;
};

/* Some bytes; NULL for none. */
struct sc_chars {
    const char *ptr;
    size_t len;
};

/* A key with its value, as a detector read them. */
struct sc_pair {
    enum sc_family family;
    const char *key; /* NULL where there is none */
    size_t key_len;
    const char *value; /* unquoted, unescaped; need not lie in the outer text */
    size_t value_len;
    struct sc_region raw; /* where the outer text has the value, quotes included */
    size_t skip;          /* bytes of `raw` (unquoted) in front of the value: "KEY=" of an item */
    const char *service;  /* or NULL */
    const char *image;    /* the service's, for what the key means to it; or NULL */
    const char *where;    /* NULL: the family's */
    /* LITERAL takes the class from the shape; COMMAND and LABEL override it for literals. */
    enum sc_finding_class class;
    bool ignore_variables; /* $X is the right way here: a script's own variables */
};

/* A pair of two regions of the text, as they stand there, in which variables are the right way. */
struct sc_pair sc_detect_pair_of(const struct sc_detect *detect, enum sc_family family,
                                 struct sc_region key, struct sc_region value);

void sc_detect_init(struct sc_detect *detect, const char *file, struct sc_bytes text,
                    const struct sc_fingerprint_key *key);
void sc_detect_done(struct sc_detect *detect);

/* Judges the pair and adds a finding if it is a credential. */
int sc_detect_pair(struct sc_detect *detect, const struct sc_pair *pair,
                   struct sc_error *err) SC_NODISCARD;
/* The same for a value that may hold several: JSON, connection strings, options. */
int sc_detect_parts(struct sc_detect *detect, const struct sc_pair *pair,
                    struct sc_error *err) SC_NODISCARD;
/* The same for a value that stands in the outer text as it is, with its escapes: a `$` in single
 * quotes or behind a backslash is a character of it. */
int sc_detect_quoted(struct sc_detect *detect, const struct sc_pair *pair, bool single,
                     struct sc_error *err) SC_NODISCARD;
/* The same of a part of the outer text that is a password by where it stands. */
int sc_detect_password(struct sc_detect *detect, enum sc_family family, struct sc_region value,
                       struct sc_error *err) SC_NODISCARD;

/* What a finding is. */
struct sc_judgement {
    const char *rule; /* NULL: the family's for the class */
    enum sc_finding_class class;
    enum sc_severity severity;
};

/* Adds a finding without a judgement; the value is what the region holds. */
int sc_detect_add(struct sc_detect *detect, struct sc_judgement verdict, const struct sc_pair *pair,
                  struct sc_region value, struct sc_error *err) SC_NODISCARD;

/* Notes that the rest of a region could not be read. `offset` is in the outer text. */
int sc_detect_skip(struct sc_detect *detect, const char *reason, size_t offset,
                   struct sc_error *err) SC_NODISCARD;

/* Line and column (from 1, in characters) of an offset. */
void sc_detect_position(struct sc_detect *detect, size_t offset, size_t *ret_line,
                        size_t *ret_column);

/* Where a region stands. */
struct sc_span sc_detect_span(struct sc_detect *detect, struct sc_region region);

/* The offset of a position inside a region that begins at `base`. */
size_t sc_detect_offset(const struct sc_detect *detect, size_t base, size_t line, size_t column);

#endif
