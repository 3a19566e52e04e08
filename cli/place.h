/* SPDX-License-Identifier: Apache-2.0
 *
 * Where values lie as files: one answer for provision, mount, compose rewrite and who.
 *
 * SECRETSCTL_RUN_DIR, else /run/secretsctl for root, else $XDG_RUNTIME_DIR/secretsctl.
 */
#ifndef SC_CLI_PLACE_H
#define SC_CLI_PLACE_H

#include "core/error.h"

/* Malloc'd absolute path; NULL with err set (UNSUPPORTED without XDG_RUNTIME_DIR). */
char *sc_cli_run_dir(struct sc_error *err) SC_NODISCARD;

/* The directory a person has named, absolute, or the above for NULL. Malloc'd. USAGE for an empty
 * name: of a variable that is not set it would be the working directory. */
char *sc_cli_directory(const char *given, struct sc_error *err) SC_NODISCARD;

#endif
