/* SPDX-License-Identifier: Apache-2.0
 *
 * `explain`: the texts of the rules.
 */
#include <string.h>

#include "audit/report/report.h"
#include "cli/leaks/audit.h"
#include "cli/output.h"

#include "core/banned.h"

#define EXAMPLE_MAX ((size_t)4096)

/* The two rules of `verify`, which the tables of `audit` do not have. */
static const struct sc_rule_text known_values[] = {
    {"known-value", "a value of the vault",
     "The value of a vault's entry, or one of its encodings, stands where the finding says.",
     "It was compared with the value itself, so this is no guess.",
     "'verify' on a terminal and 'verify --json' say it for each place; then rotate the value",
     SC_SEVERITY_HIGH, "very-high"},
    {"known-value-token", "a short or common value of the vault",
     "A whole token (a variable's value, a JSON string, a word of a command) equals an entry's "
     "value.",
     "The value is short or a common word, so the token may be there for another reason.",
     "give the entry a longer value: secretsctl rotate NAME --generate", SC_SEVERITY_MEDIUM, "low"},
};

struct listing {
    struct sc_table *table;
    struct sc_json *json;
    int rc;
    struct sc_error *err;
};

static bool describe(const char *id, struct sc_rule_text *ret)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(known_values); i++) {
        if (strcmp(known_values[i].id, id) == 0) {
            *ret = known_values[i];
            return true;
        }
    }
    return sc_rule_describe(id, ret);
}

static void list_rule(void *ctx, const char *id)
{
    struct listing *listing = ctx;
    struct sc_rule_text rule;
    if (listing->rc < 0 || !describe(id, &rule))
        return;
    if (listing->json != NULL) {
        sc_json_object_begin(listing->json);
        sc_json_pair_string(listing->json, "rule", rule.id);
        sc_json_pair_string(listing->json, "severity", sc_severity_name(rule.severity));
        sc_json_pair_string(listing->json, "precision", rule.precision);
        sc_json_pair_string(listing->json, "title", rule.title);
        sc_json_object_end(listing->json);
        return;
    }
    const char *cells[] = {rule.id, sc_severity_name(rule.severity), rule.precision, rule.title};
    listing->rc = sc_table_add(listing->table, cells, listing->err);
}

static void list_rules(struct listing *listing)
{
    sc_rule_each(list_rule, listing);
    for (size_t i = 0; i < SC_ARRAY_SIZE(known_values); i++)
        list_rule(listing, known_values[i].id);
}

static int list_json(struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_REPORT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    struct listing listing = {.json = &json, .err = err};
    sc_json_array_begin(&json);
    list_rules(&listing);
    sc_json_array_end(&json);
    return sc_out_json(&out, err);
}

static int list_all(struct sc_cli *cli, struct sc_error *err)
{
    static const char *const headers[] = {"RULE", "SEVERITY", "PRECISION", "WHAT"};
    if (cli->globals.json)
        return list_json(err);
    SC_CLEANUP(sc_table_freep) struct sc_table *table = sc_table_new(headers, 4, err);
    if (table == NULL)
        return SC_E_NOMEM;
    struct listing listing = {.table = table, .err = err};
    list_rules(&listing);
    if (listing.rc == 0)
        sc_table_print(table, cli);
    return listing.rc;
}

static int explain_json(const struct sc_rule_text *rule, const char *file, const char *example,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_REPORT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "rule", rule->id);
    sc_json_pair_string(&json, "severity", sc_severity_name(rule->severity));
    sc_json_pair_string(&json, "precision", rule->precision);
    sc_json_pair_string(&json, "title", rule->title);
    sc_json_pair_string(&json, "means", rule->means);
    sc_json_pair_string(&json, "why", rule->why);
    sc_json_pair_string(&json, "fix", rule->fix);
    if (file != NULL) {
        sc_json_key(&json, "example");
        sc_json_object_begin(&json);
        sc_json_pair_string(&json, "file", file);
        sc_json_pair_string(&json, "text", example);
        sc_json_object_end(&json);
    }
    sc_json_object_end(&json);
    return sc_out_json(&out, err);
}

static void print_example(const char *file, const char *text)
{
    sc_out("Example (%s):\n", file);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        sc_out("  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
    sc_out("\n");
}

int sc_leaks_explain(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err)
{
    (void)options;
    if (count == 0)
        return list_all(cli, err);
    struct sc_rule_text rule;
    if (!describe(operands[0], &rule))
        return sc_fail(err, SC_E_NOTFOUND, "there is no rule '%s'; see: secretsctl explain",
                       operands[0]);
    SC_CLEANUP(sc_buf_done) struct sc_buf example = SC_BUF_INIT(EXAMPLE_MAX);
    const char *file = sc_rule_example(rule.id, &example);
    int rc = sc_buf_status(&example, err);
    if (rc < 0)
        return rc;
    if (cli->globals.json)
        return explain_json(&rule, file, sc_buf_text(&example), err);
    sc_out("%s (severity %s, precision %s): %s\n\n%s %s\n\n", rule.id,
           sc_severity_name(rule.severity), rule.precision, rule.title, rule.means, rule.why);
    if (file != NULL)
        print_example(file, sc_buf_text(&example));
    sc_out("Fix: %s\n", rule.fix);
    if (!sc_rule_describe(rule.id, &rule))
        return 0; /* a rule of `verify`: no mark allows a value of the vault */
    sc_out("\nTo allow one place, write in its line or the line above:\n"
           "  secretsctl:allow %s REASON\n",
           rule.id);
    return 0;
}
