/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which a result is written. All of them escape what they quote; none can hold a
 * value, because a finding cannot.
 */
#ifndef SC_AUDIT_REPORT_REPORT_H
#define SC_AUDIT_REPORT_REPORT_H

#include "audit/audit.h"
#include "audit/family.h"
#include "core/buf.h"

/* Bytes of a report at most. */
#define SC_REPORT_MAX ((size_t)512 * 1024 * 1024)

/* The contract of `audit --format json`. */
void sc_report_json(const struct sc_audit_result *result, struct sc_buf *out);

/* SARIF 2.1.0 as code scanning services take it. Fingerprints are keyed; the unkeyed hash of the
 * line that such services use is left to their uploader, which has the file. */
void sc_report_sarif(const struct sc_audit_result *result, struct sc_buf *out);

/* JUnit: a failed test for each finding, an error for each skipped place. */
void sc_report_junit(const struct sc_audit_result *result, struct sc_buf *out);

/* Workflow commands of GitHub Actions. */
void sc_report_github(const struct sc_audit_result *result, struct sc_buf *out);

/* One page without anything from outside: findings, and which secret goes to which service. */
void sc_report_html(const struct sc_audit_result *result, struct sc_buf *out);

/* What a rule means, from any of the tables. */
struct sc_rule_text {
    const char *id, *title, *means, *why, *fix;
    enum sc_severity severity;
    /* How sure a finding is, in the words of SARIF: "very-high" a checksum or structure was
     * checked; "high" the form, or key and place, leave no doubt; "medium" a keyword stands near;
     * "low" it only looks made by a machine. */
    const char *precision;
};

/* False if there is no such rule. */
bool sc_rule_describe(const char *id, struct sc_rule_text *ret);
/* Calls fn for each rule id there is, in the order of the tables. */
void sc_rule_each(void (*fn)(void *ctx, const char *id), void *ctx);

/* Whether a family has findings of this class: the others are no rules. */
bool sc_rule_occurs(enum sc_family family, enum sc_finding_class class);

/* A text in which the rule finds something, of a token how it begins; returns what the file would
 * be called, NULL if none is known. */
const char *sc_rule_example(const char *id, struct sc_buf *out);

/* Text for XML and HTML; control characters become spaces. */
void sc_report_markup(struct sc_buf *out, const char *text);

#endif
