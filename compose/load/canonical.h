/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that rewrite a merged tree in place: short forms to long ones, defaults, absolute paths,
 * and what Docker Compose adds of itself.
 */
#ifndef SC_COMPOSE_LOAD_CANONICAL_H
#define SC_COMPOSE_LOAD_CANONICAL_H

#include "compose/tree/tree.h"

/* Short forms to long ones, empty DNS servers dropped. SYNTAX for a form that is none. */
int sc_canonical(struct sc_model_pool *pool, struct sc_value *root,
                 struct sc_error *err) SC_NODISCARD;

/* Defaults of attributes that are there. */
int sc_defaults(struct sc_model_pool *pool, struct sc_value *root,
                struct sc_error *err) SC_NODISCARD;

/* Relative paths made absolute against `base` (which may itself be relative, for a later step).
 * `home` replaces a leading '~'; NULL leaves it. */
int sc_paths_resolve(struct sc_model_pool *pool, struct sc_value *root, const char *base,
                     const char *home, struct sc_error *err) SC_NODISCARD;

/* Networks, names, implied dependencies, values of variables named without one. `environment` is
 * the project's (a map of strings). */
int sc_normalise(struct sc_model_pool *pool, struct sc_value *root, const char *project_name,
                 const struct sc_value *environment, struct sc_error *err) SC_NODISCARD;

/* `- NAME` items of services' environments that have a value in the project's environment. */
int sc_resolve_bare(struct sc_model_pool *pool, struct sc_value *root,
                    const struct sc_value *environment, struct sc_error *err) SC_NODISCARD;

#endif
