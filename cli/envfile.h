/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files named on the command line, in the format of Compose's .env.
 */
#ifndef SC_CLI_ENVFILE_H
#define SC_CLI_ENVFILE_H

#include "core/secret.h"

/* Bytes of one file. */
#define SC_CLI_ENVFILE_MAX ((size_t)4 * 1024 * 1024)

typedef int (*sc_cli_envfile_fn)(const char *name, struct sc_bytes value, void *ctx,
                                 struct sc_error *err);

/* Calls fn for each variable in the order of the file, the last setting of a name only; a name
 * without a value has an empty one. $NAME means an earlier variable of the file. */
int sc_cli_envfile_each(const char *path, sc_cli_envfile_fn fn, void *ctx,
                        struct sc_error *err) SC_NODISCARD;

#endif
