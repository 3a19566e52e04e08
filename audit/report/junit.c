/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit XML: test systems show each finding as a failed test.
 */
#include "audit/report/report.h"

#include "core/banned.h"

static void write_finding(struct sc_buf *out, const struct sc_finding *finding)
{
    sc_buf_puts(out, "  <testcase classname=\"");
    sc_report_markup(out, finding->file);
    sc_buf_printf(out, "\" name=\"%s line %zu", finding->rule, finding->span.line);
    if (finding->key != NULL) {
        sc_buf_puts(out, " ");
        sc_report_markup(out, finding->key);
    }
    sc_buf_puts(out, "\" time=\"0\">\n    <failure type=\"");
    sc_buf_puts(out, sc_severity_name(finding->severity));
    sc_buf_puts(out, "\" message=\"");
    sc_report_markup(out, finding->fix);
    sc_buf_puts(out, "\">");
    sc_report_markup(out, finding->file);
    sc_buf_printf(out, ":%zu:%zu: ", finding->span.line, finding->span.column);
    sc_report_markup(out, finding->excerpt);
    sc_buf_puts(out, "</failure>\n  </testcase>\n");
}

void sc_report_junit(const struct sc_audit_result *result, struct sc_buf *out)
{
    size_t failures = result->findings.count, errors = result->skips.count;
    size_t tests = failures + errors + (failures + errors == 0);
    sc_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    sc_buf_printf(
        out,
        "<testsuites>\n<testsuite name=\"secretsctl audit\" tests=\"%zu\" failures=\"%zu\" "
        "errors=\"%zu\" time=\"0\">\n",
        tests, failures, errors);
    for (size_t i = 0; i < failures; i++)
        write_finding(out, &result->findings.items[i]);
    for (size_t i = 0; i < errors; i++) {
        const struct sc_skip *skip = &result->skips.items[i];
        sc_buf_puts(out, "  <testcase classname=\"");
        sc_report_markup(out, skip->file);
        sc_buf_puts(out, "\" name=\"skipped");
        if (skip->line > 0)
            sc_buf_printf(out, ", line %zu", skip->line);
        sc_buf_puts(out, "\" time=\"0\">\n    <error message=\"");
        sc_report_markup(out, skip->reason);
        sc_buf_puts(out, "\"/>\n  </testcase>\n");
    }
    if (failures + errors == 0)
        sc_buf_puts(out,
                    "  <testcase classname=\"secretsctl\" name=\"no credentials\" time=\"0\"/>\n");
    sc_buf_puts(out, "</testsuite>\n</testsuites>\n");
}
