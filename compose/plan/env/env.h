/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of compose/plan/env: env files as the plan changes them, by splices.
 */
#ifndef SC_COMPOSE_PLAN_ENV_ENV_H
#define SC_COMPOSE_PLAN_ENV_ENV_H

#include "compose/plan/internal.h"

/* The plan's entry for an env file, made if there is none: its index, or SIZE_MAX when there are
 * too many or no memory. */
size_t sc_plan_env_file(struct context *c, const struct sc_project_file *from);

/* The lines of `NAME=value`, when nothing else stands on them; `value` is where the value stands.
 */
bool sc_plan_env_statement(struct sc_bytes text, const char *name, const struct sc_place *value,
                           size_t *ret_start, size_t *ret_end);

/* How often a line of the file sets this name. */
size_t sc_plan_env_settings(struct sc_bytes text, const char *name);

/* How often $NAME and ${NAME...} stand in a text. */
size_t sc_plan_env_references(struct sc_bytes text, const char *name);

/* Whether a bare `- NAME` or `NAME:` of a Compose file hands the variable on. */
bool sc_plan_env_passes(struct sc_bytes text, const char *name);

/* Whether files of this kind are Compose files. */
bool sc_plan_env_is_compose(const struct sc_project_file *file);

/* Whether a service is given all of this file as its env_file. */
bool sc_plan_env_is_given(const struct context *c, const char *path);

/* A line `NAME=value` whose value has moved goes. *ret_done: it could be taken out cleanly, or is
 * changed already. */
int sc_plan_env_remove(struct context *c, size_t file, const char *name,
                       const struct sc_place *value, bool *ret_done,
                       struct sc_error *err) SC_NODISCARD;

#endif
