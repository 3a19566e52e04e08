/* SPDX-License-Identifier: Apache-2.0
 *
 * `audit`: options, handler, text report.
 */
#ifndef SC_CLI_LEAKS_AUDIT_H
#define SC_CLI_LEAKS_AUDIT_H

#include "audit/audit.h"
#include "cli/command.h"

struct sc_audit_cli_options {
    const char *format;
    const char *fail_on;
    const char *fingerprint_key;
    const char *baseline;
    const char *write_baseline;
    struct sc_option_number threads;
    bool no_ignore;
    bool history;
    bool staged;
    bool archives;
};

extern const struct sc_option sc_audit_cli_options[]; /* cli/leaks/audit.c */

int sc_leaks_audit(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err);

int sc_leaks_explain(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err);

/* The text report: for a person on a terminal, tab-separated in a pipe. */
void sc_leaks_print_text(const struct sc_cli *cli, const struct sc_audit_result *result);

#endif
