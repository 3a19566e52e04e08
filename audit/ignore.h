/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person said shall not be reported: .secretsctlignore files, and marks in the line itself.
 *
 * A line of .secretsctlignore is a pattern as .gitignore has them ('*', '?', '[a-z]', "**", '/' in
 * front, at the end, and inside, '!', '\\'), optionally followed by one rule id. '#' begins a
 * comment. The last line that fits decides; below a folder that is ignored nothing can be taken
 * back.
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

struct sc_ignore_line {
    char *folder;  /* of its file, without "./" and without a slash at the end; "" here */
    char *pattern; /* without '!', and without slashes around */
    char *rule;    /* "" = all */
    bool back;     /* '!': takes back what a line before ignores */
    bool folders;  /* a slash at the end */
    bool anywhere; /* no other slash: the name, at any depth */
};

struct sc_ignore {
    struct sc_ignore_line *lines;
    size_t count, cap;
};

/* Reads `folder`/.secretsctlignore if there is one. */
int sc_ignore_load(struct sc_ignore *ignore, const char *folder, struct sc_error *err) SC_NODISCARD;
/* Reads those of the folders between here and what is named on the command line. */
int sc_ignore_load_above(struct sc_ignore *ignore, const char *path,
                         struct sc_error *err) SC_NODISCARD;
void sc_ignore_done(struct sc_ignore *ignore);

/* Whether the whole path is ignored (rule NULL) or this rule in it; by itself, or by a folder
 * above. */
bool sc_ignore_matches(const struct sc_ignore *ignore, const char *path, const char *rule);
/* The same for the path of a folder. */
bool sc_ignore_matches_folder(const struct sc_ignore *ignore, const char *path);

/* Whether a mark in the text allows the finding. */
bool sc_ignore_marked(struct sc_bytes text, const struct sc_finding *finding);

#endif
