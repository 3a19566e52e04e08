/* SPDX-License-Identifier: Apache-2.0
 *
 * The texts of all rules, whichever table they are in.
 */
#include <string.h>

#include "audit/family.h"
#include "audit/report/report.h"
#include "audit/rules/table.h"

#include "core/banned.h"

static const char *precision_of_token(const struct sc_token_rule *rule)
{
    switch (rule->check) {
    case SC_CHECK_CRC62:
    case SC_CHECK_PEM:
    case SC_CHECK_JWT:
    case SC_CHECK_BASIC:
        return "very-high";
    case SC_CHECK_RANDOM:
        return "low";
    default:
        return rule->kind == SC_TOKEN_KEYED ? "medium" : "high";
    }
}

static const char *meaning_of_token(const struct sc_token_rule *rule)
{
    if (rule->check == SC_CHECK_URL)
        return "A URL holds a password.";
    if (rule->check == SC_CHECK_PEM)
        return "A private key stands in the file.";
    if (rule->check == SC_CHECK_HASH)
        return "The value has the form of a password's hash.";
    if (rule->kind == SC_TOKEN_GENERIC)
        return "The value looks made by a machine, and what it is given to is named like a secret.";
    return rule->kind == SC_TOKEN_KEYED
               ? "The value has the length and the characters of such a token, and its provider's "
                 "name stands next to it."
               : "The value has the form of a known token.";
}

static const char *precision_of_class(enum sc_finding_class class)
{
    switch (class) {
    case SC_CLASS_URL:
    case SC_CLASS_KEY_MATERIAL:
        return "very-high";
    case SC_CLASS_COMMAND:
    case SC_CLASS_LABEL:
    case SC_CLASS_PLACEHOLDER:
    case SC_CLASS_HALF:
        return "medium";
    default:
        return "high";
    }
}

bool sc_rule_describe(const char *id, struct sc_rule_text *ret)
{
    enum sc_family family;
    enum sc_finding_class class;
    if (sc_family_parse(id, &family, &class)) {
        const struct sc_family_texts *texts = &sc_families[family];
        *ret = (struct sc_rule_text){sc_family_rule(family, class),
                                     texts->title,
                                     sc_finding_class_text(class),
                                     texts->why,
                                     texts->fix,
                                     sc_finding_class_severity(class),
                                     precision_of_class(class)};
        return true;
    }
    const struct sc_token_rule *rule = sc_token_rule_find(id);
    if (rule == NULL)
        return false;
    const struct sc_family_texts *texts = &sc_families[sc_token_family(rule)];
    *ret =
        (struct sc_rule_text){rule->id,
                              rule->title,
                              meaning_of_token(rule),
                              texts->why,
                              texts->fix,
                              rule->check == SC_CHECK_HASH ? SC_SEVERITY_MEDIUM : SC_SEVERITY_HIGH,
                              precision_of_token(rule)};
    return true;
}

void sc_rule_each(void (*fn)(void *ctx, const char *id), void *ctx)
{
    for (int family = 0; family < SC_FAMILY_MAX; family++) {
        for (int class = 0; class < SC_CLASS_MAX; class ++) {
            if (sc_rule_occurs((enum sc_family)family, (enum sc_finding_class) class))
                fn(ctx, sc_family_rule((enum sc_family)family, (enum sc_finding_class) class));
        }
    }
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        if (i == 0 || strcmp(sc_token_rules[i].id, sc_token_rules[i - 1].id) != 0)
            fn(ctx, sc_token_rules[i].id);
    }
}

/* A character of several bytes, or the sign for what is none: file names need not be UTF-8, and no
 * parser of markup takes anything else. Returns the bytes that are done. */
static size_t put_character(struct sc_buf *out, const char *text)
{
    size_t len = 1;
    while (len < SC_UTF8_MAX && ((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    bool forbidden = len == 3 && memcmp(text, "\xef\xbf", 2) == 0 && (unsigned char)text[2] >= 0xbe;
    if (!forbidden && sc_str_is_utf8(text, len)) {
        sc_buf_append(out, text, len);
        return len;
    }
    sc_buf_puts(out, "\xef\xbf\xbd");
    return 1;
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
        else if (c < 0x80)
            sc_buf_putc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
        else
            text += put_character(out, text) - 1;
    }
}
