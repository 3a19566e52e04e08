/* SPDX-License-Identifier: Apache-2.0
 *
 * Single values and plain collections in their final form; see compose/out/bind.h.
 */
#ifndef SC_COMPOSE_OUT_BIND_VALUE_H
#define SC_COMPOSE_OUT_BIND_VALUE_H

#include "compose/out/bind.h"

/* `from` is not null. SYNTAX with place and path. */
int sc_bind_value(struct sc_model_pool *pool, enum sc_field_kind kind, const struct sc_value *from,
                  const struct sc_path *path, struct sc_value **ret,
                  struct sc_error *err) SC_NODISCARD;

#endif
