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
#define LEFT_WIDTH  400
#define RIGHT_X     640
#define RIGHT_WIDTH 450
#define BEND_X      525 /* between them */
#define WIDTH       "1100"

/* Colours as variables, so that a dark page is the same page with other ones. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f5f6f8;--box:#fff;--text:#1d2129;--dim:#57606a;"
    "--line:#e4e7eb;--shadow:#0002;--high:#b3261e;--medium:#9a6700;--low:#0b6bcb;--secret:#ffe3e0;"
    "--service:#ddf4ff;--wire:#8c959f}"
    "@media screen and (prefers-color-scheme:dark){:root{--page:#12151a;--box:#1c2128;"
    "--text:#e4e7eb;--dim:#9aa4af;--line:#30363d;--shadow:#0006;--high:#ff8a80;--medium:#e3b341;"
    "--low:#79b8ff;--secret:#4d2326;--service:#12344d;--wire:#6e7681}.tag{color:#12151a!important}}"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0;background:var(--page);color:var(--text)}"
    "main{max-width:1100px;margin:0 auto;padding:24px}h1{font-size:22px;margin:8px 0 16px}"
    "h2{font-size:17px;margin:28px 0 10px}.cards{display:flex;gap:12px;flex-wrap:wrap}"
    ".card,table,svg{background:var(--box);border-radius:8px;box-shadow:0 1px 2px var(--shadow)}"
    ".card{padding:10px 18px}.card b{display:block;font-size:24px}.high b{color:var(--high)}"
    ".medium b{color:var(--medium)}.low b{color:var(--low)}"
    "table{width:100%;border-collapse:collapse}td,th{text-align:left;padding:8px 10px;"
    "border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}tr:last-child "
    "td{border:0}"
    "th{font-weight:600;overflow-wrap:normal;color:var(--dim)}td:nth-child(3){width:42%}td:nth-"
    "child(4){width:26%}"
    "code{font:13px ui-monospace,monospace}"
    ".tag{border-radius:4px;padding:1px 7px;color:#fff;font-size:12px;white-space:nowrap}"
    ".tag.high{background:var(--high)}.tag.medium{background:var(--medium)}"
    ".tag.low{background:var(--low)}.dim{color:var(--dim);font-size:13px}"
    "svg{max-width:100%;height:auto}svg text{font:13px ui-monospace,monospace;fill:var(--text)}"
    "svg .secret{fill:var(--secret)}svg .service{fill:var(--service)}"
    "svg path{fill:none;stroke:var(--wire);stroke-width:1.5}"
    "@media(max-width:700px){th{display:none}tr,td{display:block;border:0}"
    "tr{padding:8px 0;border-bottom:1px solid var(--line)}"
    "td:nth-child(n){width:auto;padding:2px 12px}}"
    "@media print{body{background:#fff}tr{break-inside:avoid}}";

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

/* "api in shop/compose.yml": services of different files are different. */
static char *service_name(const struct sc_finding *finding)
{
    return sc_str_printf(NULL, "%s in %s", finding->service, finding->file);
}

static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* At most `room` bytes and a mark of what is left out: of a long path the end is what tells. */
static char *shorten(const char *text, size_t room)
{
    size_t len = strlen(text);
    const char *path = strstr(text, " in ");
    if (len <= room)
        return sc_str_dup(text, NULL);
    size_t head = path == NULL ? room : (size_t)(path - text) + 4;
    head = head + 8 > room ? room : head;
    const char *tail = text + len - (room - head);
    while (goes_on(*tail))
        tail++;
    while (head > 0 && goes_on(text[head]))
        head--;
    return sc_str_printf(NULL, "%.*s\u2026%s", (int)head, text, tail);
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
                       const char *class)
{
    for (size_t i = 0; i < list->count; i++) {
        sc_buf_printf(out,
                      "<rect class=\"%s\" x=\"%d\" y=\"%zu\" width=\"%d\" height=\"24\" rx=\"5\"/>"
                      "<text x=\"%d\" y=\"%zu\"><title>",
                      class, x, middle(i) - 12, width, x + 8, middle(i) + 4);
        sc_report_markup(out, list->items[i]);
        sc_buf_puts(out, "</title>");
        SC_CLEANUP(sc_str_freep)
        char *label = shorten(list->items[i], (size_t)width / 8 - 2);
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
        sc_buf_printf(out, "<path d=\"M%d %zu C%d %zu %d %zu %d %zu\"/>", 10 + LEFT_WIDTH,
                      middle(from), BEND_X, middle(from), BEND_X, middle(to), RIGHT_X, middle(to));
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
            "<h2>Which secret goes to which service</h2>\n<svg width=\"" WIDTH "\" height=\"%zu\" "
            "viewBox=\"0 0 " WIDTH " %zu\" role=\"img\" aria-label=\"secrets and services\">",
            rows * ROW_HEIGHT + 20, rows * ROW_HEIGHT + 20);
        draw_lines(out, &picture, result);
        draw_boxes(out, &picture.names, 10, LEFT_WIDTH, "secret");
        draw_boxes(out, &picture.services, RIGHT_X, RIGHT_WIDTH, "service");
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
