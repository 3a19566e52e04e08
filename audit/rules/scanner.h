/* SPDX-License-Identifier: Apache-2.0
 *
 * The token rules over any bytes: the sieve finds the places, one anchored pattern per rule
 * confirms.
 *
 * Threads: one scanner per thread.
 */
#ifndef SC_AUDIT_RULES_SCANNER_H
#define SC_AUDIT_RULES_SCANNER_H

#include "audit/detect/context.h"
#include "audit/rules/sieve.h"

struct sc_scanner;

int sc_scanner_open(struct sc_scanner **ret, struct sc_error *err) SC_NODISCARD;
/* The same with code for another processor, for comparing; UNSUPPORTED where it does not run. */
int sc_scanner_open_as(struct sc_scanner **ret, enum sc_sieve_code code,
                       struct sc_error *err) SC_NODISCARD;
void sc_scanner_freep(struct sc_scanner **scanner);

/* What a decision about a token looks at in front of its literal and behind it, at most: a piece of
 * a text that holds that much decides the same as the whole. */
#define SC_SCANNER_BEFORE ((size_t)4 * 1024)
#define SC_SCANNER_BEHIND ((size_t)20 * 1024)

/* Whether a text holds a token. */
int sc_scanner_meets(struct sc_scanner *scanner, struct sc_bytes text, bool *ret,
                     struct sc_error *err) SC_NODISCARD;

/* Adds a finding for each token in the text of detect. */
int sc_scanner_scan(struct sc_scanner *scanner, struct sc_detect *detect,
                    struct sc_error *err) SC_NODISCARD;

#endif
