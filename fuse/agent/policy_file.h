/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy as people write it: one rule a line, '#' starts a comment. The grammar stands in
 * fuse/serve/policy.h.
 *
 * Errors name file, line and column, and repeat the word that is wrong: a policy holds no secrets.
 * Threads: any.
 */
#ifndef SC_FUSE_AGENT_POLICY_FILE_H
#define SC_FUSE_AGENT_POLICY_FILE_H

#include "core/buf.h"
#include "core/error.h"

#define SC_POLICY_LINE_MAX 2048

/* Appends the encoded rules of the text to `to` and adds their number to *rules. SYNTAX where a
 * line is no rule or contradicts an earlier one (the same names and conditions allowed and denied).
 * `where` is for messages: the file's name. */
int sc_policy_parse(const char *text, const char *where, struct sc_buf *to, unsigned *rules,
                    struct sc_error *err) SC_NODISCARD;

#endif
