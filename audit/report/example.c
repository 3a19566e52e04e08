/* SPDX-License-Identifier: Apache-2.0
 *
 * What a rule finds; see audit/report/report.h.
 */
#include <string.h>

#include "audit/family.h"
#include "audit/report/report.h"
#include "audit/rules/table.h"
#include "core/buf.h"

#include "core/banned.h"

#define LITERAL          (1U << SC_CLASS_LITERAL)
#define PLACEHOLDER      (1U << SC_CLASS_PLACEHOLDER)
#define INTERPOLATED     (1U << SC_CLASS_INTERPOLATED)
#define DEFAULT          (1U << SC_CLASS_DEFAULT)
#define URL              (1U << SC_CLASS_URL)
#define URL_INTERPOLATED (1U << SC_CLASS_URL_INTERPOLATED)
#define COMMAND          (1U << SC_CLASS_COMMAND)
#define LABEL            (1U << SC_CLASS_LABEL)
#define HALF             (1U << SC_CLASS_HALF)
#define KEY_MATERIAL     (1U << SC_CLASS_KEY_MATERIAL)

struct example {
    enum sc_family family;
    unsigned classes;
    const char *file, *text;
};

static const struct example examples[] = {
#define SC_EXAMPLE(symbol, classes, file, text) {SC_FAMILY_##symbol, classes, file, text},
#include "audit/report/example.def"
#undef SC_EXAMPLE
};

/* A part of a key's base64, which is no key. */
#define BODY "MC4CAQAwBQYDK2Vw"

static const struct {
    const char *name, *value;
} pairs[SC_CLASS_MAX] = {
    [SC_CLASS_LITERAL] = {"DB_PASSWORD", "hunter2!"},
    [SC_CLASS_PLACEHOLDER] = {"DB_PASSWORD", "changeme"},
    [SC_CLASS_INTERPOLATED] = {"DB_PASSWORD", "${DB_PASSWORD}"},
    [SC_CLASS_DEFAULT] = {"DB_PASSWORD", "${DB_PASSWORD:-hunter2}"},
    [SC_CLASS_URL] = {"DATABASE_URL", "postgres://app:hunter2@db/app"},
    [SC_CLASS_URL_INTERPOLATED] = {"DATABASE_URL", "postgres://app:${DB_PASSWORD}@db/app"},
    [SC_CLASS_COMMAND] = {"DB_PASSWORD", "hunter2!"},
    [SC_CLASS_LABEL] = {"password", "hunter2!"},
    [SC_CLASS_HALF] = {"S3_ACCESS_KEY", "shop-uploads"},
    [SC_CLASS_KEY_MATERIAL] = {"TLS_KEY", "\"-----BEGIN PRIVATE KEY-----\n" BODY BODY BODY BODY
                                          "\n-----END PRIVATE KEY-----\""},
};

static const struct example *example_of(enum sc_family family, enum sc_finding_class class)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(examples); i++) {
        if (examples[i].family == family && (examples[i].classes >> class & 1) != 0)
            return &examples[i];
    }
    return NULL;
}

bool sc_rule_occurs(enum sc_family family, enum sc_finding_class class)
{
    return example_of(family, class) != NULL;
}

static void render(struct sc_buf *out, const char *text, enum sc_finding_class class)
{
    for (; *text != '\0'; text++) {
        bool name = strncmp(text, "{K}", 3) == 0, value = strncmp(text, "{V}", 3) == 0;
        if (name || value) {
            sc_buf_puts(out, name ? pairs[class].name : pairs[class].value);
            text += 2;
        } else {
            sc_buf_putc(out, *text);
        }
    }
}

/* Of a token only how it begins, so that nobody finds it here. */
static void render_token(struct sc_buf *out, const struct sc_token_rule *rule)
{
    if (sc_token_is_named(rule))
        sc_buf_printf(out, "%s = \"...\"\n", rule->literal);
    else if (rule->check == SC_CHECK_URL)
        sc_buf_puts(out, "https://user:...@host/\n");
    else
        sc_buf_printf(out, "%s...\n", rule->literal);
}

const char *sc_rule_example(const char *id, struct sc_buf *out)
{
    enum sc_family family;
    enum sc_finding_class class;
    const struct sc_token_rule *token = sc_token_rule_find(id);
    if (token != NULL) {
        render_token(out, token);
        return "any file";
    }
    const struct example *example =
        sc_family_parse(id, &family, &class) ? example_of(family, class) : NULL;
    if (example == NULL)
        return NULL;
    render(out, example->text, class);
    return example->file;
}
