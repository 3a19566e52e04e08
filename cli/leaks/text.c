/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as text.
 */
#include "cli/leaks/audit.h"

#include <unistd.h>

#include "cli/output.h"

#include "core/banned.h"

static void print_row(const struct sc_finding *finding)
{
    sc_out_text(finding->file);
    sc_out("\t%zu\t%zu\t%s\t%s\t%s\t", finding->span.line, finding->span.column,
           sc_severity_name(finding->severity), finding->rule,
           sc_finding_class_name(finding->class));
    sc_out_text(finding->service);
    sc_out("\t");
    sc_out_text(finding->key);
    sc_out("\t%s\n", finding->redacted);
}

static enum sc_color color_of(enum sc_severity severity)
{
    return severity == SC_SEVERITY_HIGH     ? SC_COLOR_RED
           : severity == SC_SEVERITY_MEDIUM ? SC_COLOR_YELLOW
                                            : SC_COLOR_CYAN;
}

static void print_finding(const struct sc_cli *cli, const struct sc_finding *finding)
{
    const char *plain = sc_out_paint(cli, SC_COLOR_NONE);
    sc_out("%s", sc_out_paint(cli, SC_COLOR_BOLD));
    sc_out_text(finding->file);
    sc_out(":%zu:%zu%s  %s%s%s  %s", finding->span.line, finding->span.column, plain,
           sc_out_paint(cli, color_of(finding->severity)), sc_severity_name(finding->severity),
           plain, finding->rule);
    if (finding->service != NULL) {
        sc_out("  service ");
        sc_out_text(finding->service);
    }
    if (finding->commit != NULL)
        sc_out("  commit %.12s", finding->commit);
    sc_out("\n    ");
    sc_out_text(finding->excerpt);
    sc_out("\n    %sfix: ", sc_out_paint(cli, SC_COLOR_DIM));
    sc_out_text(finding->fix);
    sc_out("%s\n\n", plain);
}

void sc_leaks_print_text(const struct sc_cli *cli, const struct sc_audit_result *result)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    for (size_t i = 0; i < result->findings.count; i++) {
        if (terminal)
            print_finding(cli, &result->findings.items[i]);
        else
            print_row(&result->findings.items[i]);
    }
}
