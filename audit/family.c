/* SPDX-License-Identifier: Apache-2.0
 *
 * Families of rules; see audit/family.h.
 */
#include "audit/family.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

const struct sc_family_texts sc_families[SC_FAMILY_MAX] = {
#define SC_FAMILY(symbol, id, where, title, why, fix)                                              \
    [SC_FAMILY_##symbol] = {id, where, title, why, fix},
#include "audit/family.def"
#undef SC_FAMILY
};

static const char *const rules[SC_FAMILY_MAX][SC_CLASS_MAX] = {
#define SC_FAMILY(symbol, id, where, title, why, fix)                                              \
    [SC_FAMILY_##symbol] = {                                                                       \
        [SC_CLASS_LITERAL] = id "-literal",                                                        \
        [SC_CLASS_PLACEHOLDER] = id "-placeholder",                                                \
        [SC_CLASS_INTERPOLATED] = id "-interpolated",                                              \
        [SC_CLASS_DEFAULT] = id "-default",                                                        \
        [SC_CLASS_URL] = id "-url",                                                                \
        [SC_CLASS_URL_INTERPOLATED] = id "-url-interpolated",                                      \
        [SC_CLASS_COMMAND] = id "-command",                                                        \
        [SC_CLASS_LABEL] = id "-label",                                                            \
        [SC_CLASS_HALF] = id "-half",                                                              \
        [SC_CLASS_KEY_MATERIAL] = id "-key-material",                                              \
    },
#include "audit/family.def"
#undef SC_FAMILY
};

const char *sc_family_rule(enum sc_family family, enum sc_finding_class class)
{
    return rules[family][class];
}

bool sc_family_parse(const char *rule, enum sc_family *ret_family, enum sc_finding_class *ret_class)
{
    for (int family = 0; family < SC_FAMILY_MAX; family++) {
        for (int class = 0; class < SC_CLASS_MAX; class ++) {
            if (strcmp(rules[family][class], rule) == 0) {
                *ret_family = (enum sc_family)family;
                *ret_class = (enum sc_finding_class) class;
                return true;
            }
        }
    }
    return false;
}

enum sc_severity sc_finding_class_severity(enum sc_finding_class class)
{
    switch (class) {
    case SC_CLASS_PLACEHOLDER:
    case SC_CLASS_DEFAULT:
        return SC_SEVERITY_MEDIUM;
    case SC_CLASS_INTERPOLATED:
    case SC_CLASS_URL_INTERPOLATED:
    case SC_CLASS_HALF:
        return SC_SEVERITY_LOW;
    case SC_CLASS_LITERAL:
    case SC_CLASS_URL:
    case SC_CLASS_COMMAND:
    case SC_CLASS_LABEL:
    case SC_CLASS_KEY_MATERIAL:
    case SC_CLASS_MAX:
    default:
        return SC_SEVERITY_HIGH;
    }
}

const char *sc_finding_class_text(enum sc_finding_class class)
{
    static const char *const texts[SC_CLASS_MAX] = {
        [SC_CLASS_LITERAL] = "The value itself stands in the file.",
        [SC_CLASS_PLACEHOLDER] =
            "The value is a placeholder: nobody may notice when it is never replaced.",
        [SC_CLASS_INTERPOLATED] =
            "The value is filled in when the file is loaded, and then leaks from there.",
        [SC_CLASS_DEFAULT] = "The default behind the variable is a value that stands in the file.",
        [SC_CLASS_URL] = "A URL or connection string holds a password.",
        [SC_CLASS_URL_INTERPOLATED] =
            "A URL or connection string gets a password when the file is loaded.",
        [SC_CLASS_COMMAND] = "The value is an argument of a command.",
        [SC_CLASS_LABEL] = "The value stands in a label.",
        [SC_CLASS_HALF] = "The public half of a pair; the other half is the secret.",
        [SC_CLASS_KEY_MATERIAL] = "A private key stands in the file.",
    };
    return texts[class];
}
