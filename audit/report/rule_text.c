/* SPDX-License-Identifier: Apache-2.0
 *
 * The texts of all rules, whichever table they are in.
 */
#include <string.h>

#include "audit/family.h"
#include "audit/report/report.h"
#include "audit/rules/table.h"

#include "core/banned.h"

bool sc_rule_describe(const char *id, struct sc_rule_text *ret)
{
    enum sc_family family;
    enum sc_finding_class class;
    if (sc_family_parse(id, &family, &class)) {
        const struct sc_family_texts *texts = &sc_families[family];
        *ret = (struct sc_rule_text){sc_family_rule(family, class), texts->title, texts->why,
                                     texts->fix, sc_finding_class_severity(class)};
        return true;
    }
    const struct sc_token_rule *rule = sc_token_rule_find(id);
    if (rule == NULL)
        return false;
    const struct sc_family_texts *texts = &sc_families[SC_FAMILY_TOKEN];
    *ret = (struct sc_rule_text){rule->id, rule->title, texts->why, texts->fix, SC_SEVERITY_HIGH};
    return true;
}

void sc_rule_each(void (*fn)(void *ctx, const char *id), void *ctx)
{
    for (int family = 0; family < SC_FAMILY_MAX; family++) {
        for (int class = 0; class < SC_CLASS_MAX && family != SC_FAMILY_TOKEN; class ++)
            fn(ctx, sc_family_rule((enum sc_family)family, (enum sc_finding_class) class));
    }
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        if (i == 0 || strcmp(sc_token_rules[i].id, sc_token_rules[i - 1].id) != 0)
            fn(ctx, sc_token_rules[i].id);
    }
}

void sc_report_markup(struct sc_buf *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            sc_buf_puts(out, "&amp;");
        else if (c == '<')
            sc_buf_puts(out, "&lt;");
        else if (c == '>')
            sc_buf_puts(out, "&gt;");
        else if (c == '"')
            sc_buf_puts(out, "&quot;");
        else if (c == '\'')
            sc_buf_puts(out, "&#39;");
        else
            sc_buf_putc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
}
