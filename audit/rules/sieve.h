/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds in one pass the places where a rule can match: its literal stands there, and what must be
 * around it may. The table is made at build time; see audit/rules/sieve_table.h.
 *
 * 64 bytes are looked at together. Each class of characters becomes a word with a bit for each
 * byte, and shifts of these words tell where a run of value characters follows the first bytes of a
 * token, or follows a sign of assignment. Few places are left; their literals are compared.
 *
 * Threads: any number.
 */
#ifndef SC_AUDIT_RULES_SIEVE_H
#define SC_AUDIT_RULES_SIEVE_H

#include <stdbool.h>

#include "core/error.h"
#include "core/secret.h"

/* Called for each place: the rule's index and the offset behind the literal's last byte. In no
 * particular order. A negative result stops the search and is returned. */
typedef int sc_sieve_hit(void *ctx, size_t rule, size_t end);

/* Code for different processors; all find the same. */
enum sc_sieve_code {
    SC_SIEVE_PLAIN,
    SC_SIEVE_AVX2,
    SC_SIEVE_AVX512, /* with VBMI */
    SC_SIEVE_CODES,
};

bool sc_sieve_runs(enum sc_sieve_code code); /* on this processor */
enum sc_sieve_code sc_sieve_best(void);

int sc_sieve_search(enum sc_sieve_code code, struct sc_bytes text, sc_sieve_hit *hit,
                    void *ctx) SC_NODISCARD;

#endif
