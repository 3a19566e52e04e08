/* SPDX-License-Identifier: Apache-2.0
 *
 * A finding: one place where a credential stands in the clear.
 *
 * Invariant: no field can hold the value. What is kept of it is a redaction, the
 * excerpt in which every value is replaced by its redaction, and a keyed fingerprint; they are made
 * in finding.c only, from bytes that the caller keeps.
 *
 * Ownership: a finding in a list owns its strings. Threads: a list belongs to one thread at a time.
 */
#ifndef SC_AUDIT_FINDING_H
#define SC_AUDIT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/secret.h"

/* Findings of one run at most; beyond that the run fails instead of eating the memory. */
#define SC_FINDINGS_MAX ((size_t)1000000)

/* Bytes of a redacted value with its NUL. */
#define SC_REDACTED_SIZE 12

/* Hexadecimal digits of a fingerprint. */
#define SC_FINGERPRINT_DIGITS 32

enum sc_severity { SC_SEVERITY_LOW, SC_SEVERITY_MEDIUM, SC_SEVERITY_HIGH, SC_SEVERITY_MAX };

/* What kind of credential text stands there; the names are the contract of `audit --format json`.
 */
enum sc_finding_class {
    SC_CLASS_LITERAL,
    SC_CLASS_PLACEHOLDER,
    SC_CLASS_INTERPOLATED,
    SC_CLASS_DEFAULT,
    SC_CLASS_URL,
    SC_CLASS_URL_INTERPOLATED,
    SC_CLASS_COMMAND,
    SC_CLASS_LABEL,
    SC_CLASS_HALF,
    SC_CLASS_KEY_MATERIAL,
    SC_CLASS_MAX
};

/* Where the bytes are, in the numbers of the outer file; all count from 1, columns in characters,
 * and the end column is one past the last. */
struct sc_span {
    size_t line, column;
    size_t end_line, end_column;
    size_t offset, length; /* bytes from 0; for masking and for comparing */
};

struct sc_finding {
    const char *rule; /* id in the rule table; static storage */
    enum sc_severity severity;
    enum sc_finding_class class;
    struct sc_span span;
    char *file;
    char *service; /* or NULL */
    char *key;     /* or NULL */
    char *where;   /* "environment", "command", ...; never NULL */
    char *excerpt; /* the line up to the value, every value redacted; or NULL */
    char *fix;
    char *commit; /* of a finding in git history; or NULL */
    size_t rank;  /* order in which the detectors found it */
    char redacted[SC_REDACTED_SIZE];
    char fingerprint[SC_FINGERPRINT_DIGITS + 1];
};

struct sc_findings {
    struct sc_finding *items;
    size_t count;
    size_t cap;
};

/* The key under which fingerprints are made: without it a fingerprint confirms no guess. */
struct sc_fingerprint_key {
    unsigned char bytes[SC_HASH_SIZE];
};

/* Everything but the value; strings are copied, NULL where the field may be NULL. */
struct sc_finding_facts {
    const char *rule;
    enum sc_severity severity;
    enum sc_finding_class class;
    const char *file, *service, *key, *where, *fix, *commit;
    struct sc_span span;
};

const char *sc_severity_name(enum sc_severity severity);
const char *sc_finding_class_name(enum sc_finding_class class);

/* Appends a finding for `value`. TOOBIG over SC_FINDINGS_MAX. */
int sc_findings_add(struct sc_findings *list, const struct sc_finding_facts *facts,
                    struct sc_bytes value, const struct sc_fingerprint_key *key,
                    struct sc_error *err) SC_NODISCARD;

/* Sets the excerpts from the text of the one file that all findings of the list are in.
 * The list is in the order of the text. */
int sc_findings_add_excerpts(struct sc_findings *list, struct sc_bytes text,
                             struct sc_error *err) SC_NODISCARD;

/* Moves all findings of `from` behind those of `to`. */
int sc_findings_move(struct sc_findings *to, struct sc_findings *from,
                     struct sc_error *err) SC_NODISCARD;

/* By file, line, column, rule. */
void sc_findings_sort(struct sc_findings *list);

void sc_finding_done(struct sc_finding *finding);
void sc_findings_done(struct sc_findings *list);

/* The finding as an object of `audit --format json`. */
void sc_finding_json(struct sc_json *json, const struct sc_finding *finding);

#endif
