/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files in both formats: .env (quotes, escapes, variables) and raw (`docker run --env-file`).
 *
 * Pure: the bytes are given. Every variable keeps the place of its name and of its value. Messages
 * give file, line and column and never the line: a broken line of an .env file is often a password.
 */
#ifndef SC_COMPOSE_VARS_ENVFILE_H
#define SC_COMPOSE_VARS_ENVFILE_H

#include "compose/project.h"
#include "compose/vars/interp.h"

/* Bytes of one line in raw format. */
#define SC_ENVFILE_RAW_LINE_MAX ((size_t)64 * 1024)
/* Variables of one file. */
#define SC_ENVFILE_VARIABLES_MAX 100000

struct sc_envfile {
    const struct sc_project_file *file; /* text and name for messages */
    unsigned routes;                    /* SC_ROUTE_DOTENV or SC_ROUTE_ENV_FILE */
    /* Where $NAME and names without a value are looked up; the variables read so far (`into`) come
     * last for $NAME. Maps beyond the first three are not used. */
    struct sc_scope scope;
    void (*unset)(void *ctx, const char *name); /* may be NULL */
    void *ctx;
};

/* Reads the file into the map `into`; a later setting of a name replaces an earlier one. SYNTAX. */
int sc_envfile_parse(struct sc_model_pool *pool, const struct sc_envfile *in, struct sc_value *into,
                     struct sc_error *err) SC_NODISCARD;

/* The same for `format: raw`. */
int sc_envfile_parse_raw(struct sc_model_pool *pool, const struct sc_envfile *in,
                         struct sc_value *into, struct sc_error *err) SC_NODISCARD;

#endif
