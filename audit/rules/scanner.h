/* SPDX-License-Identifier: Apache-2.0
 *
 * The token rules over any bytes: literals find the places, one anchored pattern per rule confirms.
 *
 * Threads: one scanner per thread.
 */
#ifndef SC_AUDIT_RULES_SCANNER_H
#define SC_AUDIT_RULES_SCANNER_H

#include "audit/detect/context.h"

struct sc_scanner;

int sc_scanner_open(struct sc_scanner **ret, struct sc_error *err) SC_NODISCARD;
/* The same without Vectorscan, for machines that lack it and for comparing. */
int sc_scanner_open_portable(struct sc_scanner **ret, struct sc_error *err) SC_NODISCARD;
void sc_scanner_freep(struct sc_scanner **scanner);

/* Adds a finding for each token in the text of detect. */
int sc_scanner_scan(struct sc_scanner *scanner, struct sc_detect *detect,
                    struct sc_error *err) SC_NODISCARD;

#endif
