/* SPDX-License-Identifier: Apache-2.0
 *
 * SARIF 2.1.0.
 */
#include <string.h>

#include "audit/report/report.h"
#include "core/str.h"

#include "core/banned.h"

static const char *level_of(enum sc_severity severity)
{
    return severity == SC_SEVERITY_HIGH     ? "error"
           : severity == SC_SEVERITY_MEDIUM ? "warning"
                                            : "note";
}

static const char *score_of(enum sc_severity severity)
{
    return severity == SC_SEVERITY_HIGH ? "8.0" : severity == SC_SEVERITY_MEDIUM ? "5.0" : "2.0";
}

static void text_object(struct sc_json *json, const char *key, const char *text)
{
    sc_json_key(json, key);
    sc_json_object_begin(json);
    sc_json_pair_string(json, "text", text);
    sc_json_object_end(json);
}

static void write_rule(struct sc_json *json, const char *id)
{
    struct sc_rule_text rule = {id, id, id, id, id, SC_SEVERITY_HIGH, "medium"};
    (void)sc_rule_describe(id, &rule);
    sc_json_object_begin(json);
    sc_json_pair_string(json, "id", id);
    text_object(json, "shortDescription", rule.title);
    text_object(json, "fullDescription", rule.why);
    text_object(json, "help", rule.fix);
    sc_json_key(json, "defaultConfiguration");
    sc_json_object_begin(json);
    sc_json_pair_string(json, "level", level_of(rule.severity));
    sc_json_object_end(json);
    sc_json_key(json, "properties");
    sc_json_object_begin(json);
    sc_json_key(json, "tags");
    sc_json_array_begin(json);
    sc_json_string(json, "security");
    sc_json_array_end(json);
    sc_json_pair_string(json, "precision", rule.precision);
    sc_json_pair_string(json, "security-severity", score_of(rule.severity));
    sc_json_object_end(json);
    sc_json_object_end(json);
}

/* The path as a relative URI reference. */
static void render_uri(struct sc_buf *out, const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("/-._~!$&'()*+,;=@", c) != NULL;
        if (plain)
            sc_buf_putc(out, (char)c);
        else
            sc_buf_printf(out, "%%%02X", c);
    }
}

static void write_location(struct sc_json *json, const struct sc_finding *finding)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf uri = SC_BUF_INIT((size_t)64 * 1024);
    render_uri(&uri, finding->file);
    sc_json_key(json, "locations");
    sc_json_array_begin(json);
    sc_json_object_begin(json);
    sc_json_key(json, "physicalLocation");
    sc_json_object_begin(json);
    sc_json_key(json, "artifactLocation");
    sc_json_object_begin(json);
    sc_json_pair_string(json, "uri", sc_buf_text(&uri));
    sc_json_object_end(json);
    sc_json_key(json, "region");
    sc_json_object_begin(json);
    sc_json_pair_int(json, "startLine", (int64_t)finding->span.line);
    sc_json_pair_int(json, "startColumn", (int64_t)finding->span.column);
    sc_json_pair_int(json, "endLine", (int64_t)finding->span.end_line);
    sc_json_pair_int(json, "endColumn", (int64_t)finding->span.end_column);
    sc_json_object_end(json);
    sc_json_object_end(json);
    sc_json_object_end(json);
    sc_json_array_end(json);
}

static void write_message(struct sc_json *json, const struct sc_finding *finding)
{
    struct sc_rule_text rule = {finding->rule,    finding->rule, "", "", "",
                                SC_SEVERITY_HIGH, "medium"};
    (void)sc_rule_describe(finding->rule, &rule);
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT((size_t)64 * 1024);
    sc_buf_puts(&text, rule.title);
    if (finding->key != NULL)
        sc_buf_printf(&text, " (%s)", finding->key);
    sc_buf_printf(&text, ": %s; %s", finding->redacted, finding->fix);
    text_object(json, "message", sc_buf_text(&text));
}

static void write_result(struct sc_json *json, const struct sc_finding *finding, size_t rule_index)
{
    sc_json_object_begin(json);
    sc_json_pair_string(json, "ruleId", finding->rule);
    sc_json_pair_int(json, "ruleIndex", (int64_t)rule_index);
    sc_json_pair_string(json, "level", level_of(finding->severity));
    write_message(json, finding);
    write_location(json, finding);
    sc_json_key(json, "partialFingerprints");
    sc_json_object_begin(json);
    sc_json_pair_string(json, "secretsctl/v1", finding->fingerprint);
    sc_json_object_end(json);
    sc_json_object_end(json);
}

static void write_notifications(struct sc_json *json, const struct sc_skips *skips)
{
    sc_json_key(json, "invocations");
    sc_json_array_begin(json);
    sc_json_object_begin(json);
    sc_json_pair_bool(json, "executionSuccessful", skips->count == 0);
    sc_json_key(json, "toolExecutionNotifications");
    sc_json_array_begin(json);
    for (size_t i = 0; i < skips->count; i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT((size_t)64 * 1024);
        sc_buf_printf(&text, "skipped '%s'", skips->items[i].file);
        if (skips->items[i].line > 0)
            sc_buf_printf(&text, " line %zu", skips->items[i].line);
        sc_buf_printf(&text, ": %s", skips->items[i].reason);
        sc_json_object_begin(json);
        sc_json_pair_string(json, "level", "warning");
        text_object(json, "message", sc_buf_text(&text));
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
    sc_json_object_end(json);
    sc_json_array_end(json);
}

/* The index of the rule among those listed, which are in the order of their first finding. */
static size_t index_of(const struct sc_strv *rules, const char *rule)
{
    size_t index = 0;
    while (index < rules->count && strcmp(rules->items[index], rule) != 0)
        index++;
    return index;
}

void sc_report_sarif(const struct sc_audit_result *result, struct sc_buf *out)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv rules = {0};
    struct sc_json json;
    for (size_t i = 0; i < result->findings.count; i++) {
        const char *rule = result->findings.items[i].rule;
        if (!sc_strv_contains(&rules, rule) && sc_strv_add(&rules, rule, NULL) < 0) {
            out->failed = SC_E_NOMEM;
            return;
        }
    }
    sc_json_init(&json, out);
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    sc_json_pair_string(&json, "version", "2.1.0");
    sc_json_key(&json, "runs");
    sc_json_array_begin(&json);
    sc_json_object_begin(&json);
    sc_json_key(&json, "tool");
    sc_json_object_begin(&json);
    sc_json_key(&json, "driver");
    sc_json_object_begin(&json);
    sc_json_pair_string(&json, "name", "secretsctl");
    sc_json_key(&json, "rules");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < rules.count; i++)
        write_rule(&json, rules.items[i]);
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_json_object_end(&json);
    sc_json_pair_string(&json, "columnKind", "unicodeCodePoints");
    write_notifications(&json, &result->skips);
    sc_json_key(&json, "results");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct sc_finding *finding = &result->findings.items[i];
        write_result(&json, finding, index_of(&rules, finding->rule));
    }
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(out, '\n');
}
