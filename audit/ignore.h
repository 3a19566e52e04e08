/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person said shall not be reported: .secretsctlignore files, and marks in the line itself.
 *
 * A line of .secretsctlignore is a pattern for paths below its folder ('*', '?'; a pattern ending
 * in
 * '/' means everything below), optionally followed by one rule id. '#' begins a comment.
 * In a line, or the line above: "secretsctl:allow RULE reason". RULE is a rule id, the first part
 * of one ("compose-env") or "all"; without a reason the mark does not count. Marks of other
 * scanners count as theirs say.
 */
#ifndef SC_AUDIT_IGNORE_H
#define SC_AUDIT_IGNORE_H

#include <stdbool.h>

#include "audit/finding.h"
#include "core/str.h"

#define SC_IGNORE_FILE     ".secretsctlignore"
#define SC_IGNORE_FILE_MAX ((size_t)1024 * 1024)

struct sc_ignore {
    struct sc_strv patterns; /* prefixed by the folder of their file */
    struct sc_strv rules;    /* "" = all; one for each pattern */
};

/* Reads `folder`/.secretsctlignore if there is one. */
int sc_ignore_load(struct sc_ignore *ignore, const char *folder, struct sc_error *err) SC_NODISCARD;
void sc_ignore_done(struct sc_ignore *ignore);

/* Whether the whole path is ignored (rule NULL) or this rule in it. */
bool sc_ignore_matches(const struct sc_ignore *ignore, const char *path, const char *rule);

/* Whether a mark in the text allows the finding. */
bool sc_ignore_marked(struct sc_bytes text, const struct sc_finding *finding);

#endif
