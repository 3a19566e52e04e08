/* SPDX-License-Identifier: Apache-2.0
 *
 * What a pattern cannot say: checksums, what stands in front, what a token decodes to.
 */
#ifndef SC_AUDIT_RULES_CHECK_H
#define SC_AUDIT_RULES_CHECK_H

#include "audit/finding.h"
#include "audit/rules/confirm.h"

/* False if the match is no token; else sets class and severity, and may widen the match. */
bool sc_token_check(const struct sc_token_rule *rule, struct sc_bytes text,
                    struct sc_token_match *match, enum sc_finding_class *ret_class,
                    enum sc_severity *ret_severity);

/* The six characters GitHub and npm put behind a token. */
void sc_token_checksum62(char out[6], const char *token, size_t len);

#endif
