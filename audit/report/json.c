/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON report, whose shape is a contract.
 */
#include "audit/report/report.h"

#include "core/banned.h"

void sc_report_json(const struct sc_audit_result *result, struct sc_buf *out)
{
    struct sc_json json;
    sc_json_init(&json, out);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "version", 1);
    sc_json_key(&json, "findings");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < result->findings.count; i++)
        sc_finding_json(&json, &result->findings.items[i]);
    sc_json_array_end(&json);
    sc_json_key(&json, "skipped");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < result->skips.count; i++)
        sc_skip_json(&json, &result->skips.items[i]);
    sc_json_array_end(&json);
    sc_json_key(&json, "summary");
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "files", (int64_t)result->files);
    sc_json_pair_int(&json, "bytes", (int64_t)result->bytes);
    for (int severity = SC_SEVERITY_HIGH; severity >= SC_SEVERITY_LOW; severity--)
        sc_json_pair_int(&json, sc_severity_name((enum sc_severity)severity),
                         (int64_t)sc_audit_count(result, (enum sc_severity)severity));
    sc_json_object_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(out, '\n');
}
