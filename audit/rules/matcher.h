/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the literals of all rules in one pass: by Vectorscan from a database made at build time, or
 * by an automaton of our own where that is absent. Both report the same places.
 */
#ifndef SC_AUDIT_RULES_MATCHER_H
#define SC_AUDIT_RULES_MATCHER_H

#include "core/error.h"
#include "core/secret.h"

/* Called for each literal: the rule's index and the offset behind the literal's last byte. In no
 * particular order. A negative result stops the search and is returned. */
typedef int sc_matcher_hit(void *ctx, size_t rule, size_t end);

/* Vectorscan; UNSUPPORTED where it was not built in or the processor lacks what it needs. */
struct sc_vectorscan;
int sc_vectorscan_open(struct sc_vectorscan **ret, struct sc_error *err) SC_NODISCARD;
void sc_vectorscan_freep(struct sc_vectorscan **matcher);
int sc_vectorscan_search(struct sc_vectorscan *matcher, struct sc_bytes text, sc_matcher_hit *hit,
                         void *ctx) SC_NODISCARD;

/* The automaton. */
struct sc_automaton;
int sc_automaton_new(struct sc_automaton **ret, struct sc_error *err) SC_NODISCARD;
void sc_automaton_freep(struct sc_automaton **matcher);
int sc_automaton_search(const struct sc_automaton *matcher, struct sc_bytes text,
                        sc_matcher_hit *hit, void *ctx) SC_NODISCARD;

#endif
