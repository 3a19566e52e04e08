/* SPDX-License-Identifier: Apache-2.0
 *
 * The families of rules that judge key and value, and their texts.
 */
#ifndef SC_AUDIT_FAMILY_H
#define SC_AUDIT_FAMILY_H

#include "audit/finding.h"

enum sc_family {
#define SC_FAMILY(symbol, id, where, title, why, fix) SC_FAMILY_##symbol,
#include "audit/family.def"
#undef SC_FAMILY
    SC_FAMILY_MAX
};

struct sc_family_texts {
    const char *id, *where, *title, *why, *fix;
};

extern const struct sc_family_texts sc_families[SC_FAMILY_MAX];

/* "compose-env-literal"; static storage. */
const char *sc_family_rule(enum sc_family family, enum sc_finding_class class);

/* The family and class of a rule id; false if it is none of these. */
bool sc_family_parse(const char *rule, enum sc_family *ret_family,
                     enum sc_finding_class *ret_class);

/* How bad a class is by itself. */
enum sc_severity sc_finding_class_severity(enum sc_finding_class class);

/* One sentence on what a class means. */
const char *sc_finding_class_text(enum sc_finding_class class);

#endif
