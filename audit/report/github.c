/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations of GitHub Actions: workflow commands on standard output. Text of the scanned files is
 * escaped, so that it can inject no command of its own.
 */
#include <string.h>

#include "audit/report/report.h"

#include "core/banned.h"

static void escape(struct sc_buf *out, const char *text, const char *special)
{
    for (; text != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '%' || c < ' ' || strchr(special, c) != NULL)
            sc_buf_printf(out, "%%%02X", c);
        else
            sc_buf_putc(out, (char)c);
    }
}

void sc_report_github(const struct sc_audit_result *result, struct sc_buf *out)
{
    static const char *const levels[SC_SEVERITY_MAX] = {"notice", "warning", "error"};
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct sc_finding *finding = &result->findings.items[i];
        sc_buf_printf(out, "::%s file=", levels[finding->severity]);
        escape(out, finding->file, ":,");
        sc_buf_printf(
            out, ",line=%zu,endLine=%zu,col=%zu,endColumn=%zu,title=%s::", finding->span.line,
            finding->span.end_line, finding->span.column, finding->span.end_column, finding->rule);
        if (finding->key != NULL) {
            escape(out, finding->key, "");
            sc_buf_puts(out, " ");
        }
        escape(out, finding->redacted, "");
        sc_buf_puts(out, ": ");
        escape(out, finding->fix, "");
        sc_buf_putc(out, '\n');
    }
    for (size_t i = 0; i < result->skips.count; i++) {
        const struct sc_skip *skip = &result->skips.items[i];
        sc_buf_puts(out, "::error file=");
        escape(out, skip->file, ":,");
        sc_buf_printf(out, ",line=%zu,title=skipped::", skip->line > 0 ? skip->line : 1);
        escape(out, skip->reason, "");
        sc_buf_putc(out, '\n');
    }
}
