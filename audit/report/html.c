/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTML page: no script, nothing loaded from anywhere.
 */
#include <string.h>

#include "audit/report/report.h"
#include "core/str.h"

#include "core/banned.h"

/* Boxes of the picture at most; more would be no picture. */
#define PICTURE_MAX ((size_t)60)
#define ROW_HEIGHT  30
#define LEFT_WIDTH  330
#define RIGHT_X     560
#define RIGHT_WIDTH 260

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f5f6f8;color:#1d2129}"
    "main{max-width:1100px;margin:0 auto;padding:24px}h1{font-size:22px;margin:8px 0 16px}"
    "h2{font-size:17px;margin:28px 0 10px}.cards{display:flex;gap:12px;flex-wrap:wrap}"
    ".card{background:#fff;border-radius:8px;padding:10px 18px;box-shadow:0 1px 2px #0002}"
    ".card b{display:block;font-size:24px}.high b{color:#b3261e}.medium b{color:#9a6700}"
    ".low b{color:#0b6bcb}table{width:100%;border-collapse:collapse;background:#fff;"
    "border-radius:8px;box-shadow:0 1px 2px #0002}td,th{text-align:left;padding:8px 10px;"
    "border-bottom:1px solid #eceef1;vertical-align:top}th{font-weight:600;color:#57606a}"
    "code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.tag{border-radius:4px;"
    "padding:1px 7px;color:#fff;font-size:12px;white-space:nowrap}.tag.high{background:#b3261e}"
    ".tag.medium{background:#9a6700}.tag.low{background:#0b6bcb}.dim{color:#57606a;font-size:13px}"
    "svg{background:#fff;border-radius:8px;box-shadow:0 1px 2px #0002;max-width:100%;height:auto}"
    "svg text{font:13px ui-monospace,monospace;fill:#1d2129}"
    "@media print{body{background:#fff}}";

static void card(struct sc_buf *out, const char *class, size_t number, const char *text)
{
    sc_buf_printf(out, "<div class=\"card %s\"><b>%zu</b>%s</div>\n", class, number, text);
}

static void table_row(struct sc_buf *out, const struct sc_finding *finding)
{
    const char *severity = sc_severity_name(finding->severity);
    sc_buf_printf(out, "<tr><td><span class=\"tag %s\">%s</span></td><td><code>", severity,
                  severity);
    sc_report_markup(out, finding->file);
    sc_buf_printf(out, ":%zu:%zu</code><div class=\"dim\">", finding->span.line,
                  finding->span.column);
    sc_report_markup(out, finding->service);
    if (finding->commit != NULL) {
        sc_buf_puts(out, " commit ");
        sc_report_markup(out, finding->commit);
    }
    sc_buf_puts(out, "</div></td><td><code>");
    sc_report_markup(out, finding->excerpt);
    sc_buf_printf(out, "</code><div class=\"dim\">%s</div></td><td>", finding->rule);
    sc_report_markup(out, finding->fix);
    sc_buf_puts(out, "</td></tr>\n");
}

/* ---- which secret goes to which service ---- */

struct picture {
    struct sc_strv secrets; /* fingerprints */
    struct sc_strv names;   /* of the secrets: a key, its redaction */
    struct sc_strv services;
};

static size_t position(const struct sc_strv *list, const char *text)
{
    size_t at = 0;
    while (at < list->count && strcmp(list->items[at], text) != 0)
        at++;
    return at;
}

/* "api in compose.yml": services of different files are different. */
static char *service_name(const struct sc_finding *finding)
{
    const char *slash = strrchr(finding->file, '/');
    return sc_str_printf(NULL, "%s in %s", finding->service,
                         slash == NULL ? finding->file : slash + 1);
}

/* Values of one class of rule have one fingerprint per rule; the picture joins by redaction too. */
static int collect(struct picture *picture, const struct sc_audit_result *result)
{
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct sc_finding *finding = &result->findings.items[i];
        if (finding->service == NULL || picture->secrets.count >= PICTURE_MAX)
            continue;
        SC_CLEANUP(sc_str_freep) char *service = service_name(finding);
        if (service == NULL)
            return SC_E_NOMEM;
        if (!sc_strv_contains(&picture->services, service) &&
            sc_strv_add(&picture->services, service, NULL) < 0)
            return SC_E_NOMEM;
        if (sc_strv_contains(&picture->secrets, finding->fingerprint))
            continue;
        char *name = sc_str_printf(NULL, "%s %s", finding->key == NULL ? "" : finding->key,
                                   finding->redacted);
        if (sc_strv_add(&picture->secrets, finding->fingerprint, NULL) < 0 ||
            sc_strv_take(&picture->names, name, NULL) < 0)
            return SC_E_NOMEM;
    }
    return 0;
}

static size_t middle(size_t row)
{
    return row * ROW_HEIGHT + 25;
}

static void draw_boxes(struct sc_buf *out, const struct sc_strv *list, int x, int width,
                       const char *color)
{
    for (size_t i = 0; i < list->count; i++) {
        sc_buf_printf(out,
                      "<rect x=\"%d\" y=\"%zu\" width=\"%d\" height=\"24\" rx=\"5\" fill=\"%s\"/>"
                      "<text x=\"%d\" y=\"%zu\">",
                      x, middle(i) - 12, width, color, x + 8, middle(i) + 4);
        SC_CLEANUP(sc_str_freep)
        char *label = sc_str_printf(NULL, "%.*s", width / 8 - 2, list->items[i]);
        sc_report_markup(out, label);
        sc_buf_puts(out, "</text>");
    }
}

static void draw_lines(struct sc_buf *out, const struct picture *picture,
                       const struct sc_audit_result *result)
{
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct sc_finding *finding = &result->findings.items[i];
        if (finding->service == NULL)
            continue;
        SC_CLEANUP(sc_str_freep) char *service = service_name(finding);
        size_t from = position(&picture->secrets, finding->fingerprint);
        size_t to =
            service == NULL ? picture->services.count : position(&picture->services, service);
        if (from == picture->secrets.count || to == picture->services.count)
            continue;
        sc_buf_printf(out,
                      "<path d=\"M%d %zu C%d %zu %d %zu %d %zu\" fill=\"none\" stroke=\"#8c959f\" "
                      "stroke-width=\"1.5\"/>",
                      10 + LEFT_WIDTH, middle(from), 450, middle(from), 450, middle(to), RIGHT_X,
                      middle(to));
    }
}

static int draw_picture(struct sc_buf *out, const struct sc_audit_result *result)
{
    struct picture picture = {0};
    int rc = collect(&picture, result);
    size_t rows = SC_MAX(picture.secrets.count, picture.services.count);
    if (rc == 0 && rows > 0) {
        sc_buf_printf(
            out,
            "<h2>Which secret goes to which service</h2>\n<svg width=\"840\" height=\"%zu\" "
            "viewBox=\"0 0 840 %zu\" role=\"img\" aria-label=\"secrets and services\">",
            rows * ROW_HEIGHT + 20, rows * ROW_HEIGHT + 20);
        draw_lines(out, &picture, result);
        draw_boxes(out, &picture.names, 10, LEFT_WIDTH, "#ffe3e0");
        draw_boxes(out, &picture.services, RIGHT_X, RIGHT_WIDTH, "#ddf4ff");
        sc_buf_puts(out, "</svg>\n");
        if (picture.secrets.count >= PICTURE_MAX)
            sc_buf_printf(out, "<p class=\"dim\">Only the first %zu secrets are drawn.</p>\n",
                          PICTURE_MAX);
    }
    sc_strv_done(&picture.secrets);
    sc_strv_done(&picture.names);
    sc_strv_done(&picture.services);
    return rc;
}

void sc_report_html(const struct sc_audit_result *result, struct sc_buf *out)
{
    sc_buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\">"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'\"><title>secretsctl audit</title><style>");
    sc_buf_puts(out, style);
    sc_buf_puts(out, "</style></head><body><main><h1>secretsctl audit</h1><div class=\"cards\">\n");
    card(out, "high", sc_audit_count(result, SC_SEVERITY_HIGH), "high");
    card(out, "medium", sc_audit_count(result, SC_SEVERITY_MEDIUM), "medium");
    card(out, "low", sc_audit_count(result, SC_SEVERITY_LOW), "low");
    card(out, "", result->files, "files");
    card(out, "", result->suppressed, "suppressed");
    card(out, "", result->skips.count, "skipped");
    sc_buf_puts(out, "</div>\n");
    if (draw_picture(out, result) < 0)
        out->failed = SC_E_NOMEM;
    sc_buf_puts(out, "<h2>Findings</h2>\n<table><tr><th></th><th>place</th><th>what</th>"
                     "<th>fix</th></tr>\n");
    for (int severity = SC_SEVERITY_HIGH; severity >= SC_SEVERITY_LOW; severity--) {
        for (size_t i = 0; i < result->findings.count; i++) {
            if (result->findings.items[i].severity == (enum sc_severity)severity)
                table_row(out, &result->findings.items[i]);
        }
    }
    sc_buf_puts(out, "</table>\n");
    if (result->findings.count == 0)
        sc_buf_puts(out, "<p>No credentials found.</p>\n");
    if (result->skips.count > 0)
        sc_buf_puts(out, "<h2>Not looked at</h2>\n<table><tr><th>place</th><th>why</th></tr>\n");
    for (size_t i = 0; i < result->skips.count; i++) {
        sc_buf_puts(out, "<tr><td><code>");
        sc_report_markup(out, result->skips.items[i].file);
        sc_buf_printf(out, ":%zu</code></td><td>", result->skips.items[i].line);
        sc_report_markup(out, result->skips.items[i].reason);
        sc_buf_puts(out, "</td></tr>\n");
    }
    if (result->skips.count > 0)
        sc_buf_puts(out, "</table>\n");
    sc_buf_puts(out, "</main></body></html>\n");
}
