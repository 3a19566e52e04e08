/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of the token rules; see audit/rules/table.h.
 */
#include "audit/rules/table.h"

#include <string.h>

#include "core/banned.h"

#define SC_TOKEN(id, literal, rest, check, title)                                                  \
    {id, literal, rest, title, SC_TOKEN_PROVIDER, SC_CHECK_##check},
#define SC_KEYED(id, keyword, value, title)                                                        \
    {id, keyword, value, title, SC_TOKEN_KEYED, SC_CHECK_RANDOM},
#define SC_GENERIC(id, literal, rest, check, title)                                                \
    {id, literal, rest, title, SC_TOKEN_GENERIC, SC_CHECK_##check},

const struct sc_token_rule sc_token_rules[] = {
#include "audit/rules/provider.def"
#include "audit/rules/keyed.def"
#include "audit/rules/generic.def"
};

const size_t sc_token_rule_count = sizeof(sc_token_rules) / sizeof(sc_token_rules[0]);

const struct sc_token_rule *sc_token_rule_find(const char *id)
{
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        if (strcmp(sc_token_rules[i].id, id) == 0)
            return &sc_token_rules[i];
    }
    return NULL;
}

enum sc_family sc_token_family(const struct sc_token_rule *rule)
{
    return rule->check == SC_CHECK_HASH ? SC_FAMILY_HASH : SC_FAMILY_TOKEN;
}

bool sc_token_is_named(const struct sc_token_rule *rule)
{
    return rule->kind == SC_TOKEN_KEYED ||
           (rule->kind == SC_TOKEN_GENERIC && rule->check == SC_CHECK_RANDOM);
}

bool sc_token_may_join_word(const struct sc_token_rule *rule)
{
    return rule->check == SC_CHECK_TELEGRAM || rule->check == SC_CHECK_MAILCHIMP ||
           rule->check == SC_CHECK_NRAL || rule->check == SC_CHECK_OPENAI ||
           rule->check == SC_CHECK_ATLAS || rule->check == SC_CHECK_ENTRA;
}
