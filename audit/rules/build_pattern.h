/* SPDX-License-Identifier: Apache-2.0
 *
 * What every text that a rule's pattern matches begins with. Part of build_sieve.c, not of the
 * program.
 */
#ifndef SC_AUDIT_RULES_BUILD_PATTERN_H
#define SC_AUDIT_RULES_BUILD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct sc_pattern_run {
    size_t least; /* value characters at the start, at least */
    bool whole;   /* nothing but value characters in all of it */
    bool empty;   /* it may be of no characters at all */
};

/* `pattern` is of the small language of the rules: characters, [classes], {counts}, (?:groups) and
 * alternatives. */
struct sc_pattern_run sc_pattern_run(const char *pattern, bool (*is_value)(unsigned char c));

/* Adds the characters with which a match of the pattern can begin; all there are if it can be
 * empty. */
void sc_pattern_first(const char *pattern, bool first[256]);

#endif
