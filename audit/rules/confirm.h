/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact pattern of a rule at one place, by PCRE2. Patterns are compiled when they are first
 * needed.
 *
 * Threads: one object per thread.
 */
#ifndef SC_AUDIT_RULES_CONFIRM_H
#define SC_AUDIT_RULES_CONFIRM_H

#include "audit/rules/table.h"
#include "core/error.h"
#include "core/secret.h"

struct sc_confirm;

struct sc_token_match {
    size_t start, end;             /* of the whole match */
    size_t value_start, value_end; /* of the secret in it */
};

int sc_confirm_new(struct sc_confirm **ret, struct sc_error *err) SC_NODISCARD;
void sc_confirm_freep(struct sc_confirm **confirm);

/* Whether the rule's pattern matches with its literal at `start`; 1 with *ret set, 0, or a negative
 * code. */
int sc_confirm_match(struct sc_confirm *confirm, size_t rule, struct sc_bytes text, size_t start,
                     struct sc_token_match *ret, struct sc_error *err) SC_NODISCARD;

#endif
