/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shapes of single attributes cannot say: attributes that exclude each other, and
 * references between the parts of a project.
 */
#ifndef SC_COMPOSE_LOAD_VALIDATE_H
#define SC_COMPOSE_LOAD_VALIDATE_H

#include "compose/value.h"
#include "core/error.h"

/* A model with its defaults, before paths are resolved. */
int sc_validate_model(const struct sc_value *root, struct sc_error *err) SC_NODISCARD;

/* The bound project: `services` has the enabled services only, `disabled` the others (both maps).
 * Messages name the service. */
int sc_validate_project(const struct sc_value *root, const struct sc_value *disabled,
                        struct sc_error *err) SC_NODISCARD;

#endif
