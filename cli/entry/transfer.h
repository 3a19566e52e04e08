/* SPDX-License-Identifier: Apache-2.0
 *
 * import and export: handlers, options, and the readers that need the Compose loader.
 */
#ifndef SC_CLI_ENTRY_TRANSFER_H
#define SC_CLI_ENTRY_TRANSFER_H

#include "cli/command.h"
#include "vault/transfer/transfer.h"

struct sc_import_options {
    const char *format;
    const char *scope;
    const char *on_conflict;
    const char *age_identity;
    const char *reason;
    bool dry_run;
};

struct sc_export_options {
    const char *format;
    const char *output;
    struct sc_strv recipients;
    bool reveal;
};

int sc_cmd_import(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;
int sc_cmd_export(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;

/* ---- cli/entry/import_text.c ---- */

/* The whole of a file, or of standard input ("-"); TOOBIG says what else can be done. */
int sc_import_read(const char *path, struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* NAME=VALUE lines as Compose reads them; names become lower case. */
int sc_import_env(const char *path, const struct sc_transfer_target *to,
                  struct sc_error *err) SC_NODISCARD;
/* Mappings are scopes, scalars are values. */
int sc_import_yaml(const char *path, const struct sc_transfer_target *to,
                   struct sc_error *err) SC_NODISCARD;
/* The files behind the top-level `secrets:` of a Compose file. */
int sc_import_compose(const char *path, const struct sc_transfer_target *to,
                      struct sc_error *err) SC_NODISCARD;

#endif
