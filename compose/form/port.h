/* SPDX-License-Identifier: Apache-2.0
 *
 * The short form of a service's port: "[[ip:]host:]container[/protocol]", with ranges.
 */
#ifndef SC_COMPOSE_FORM_PORT_H
#define SC_COMPOSE_FORM_PORT_H

#include "compose/tree/tree.h"

/* Appends the long forms (one map for each container port) to `list`. `spec` gives the origin;
 * `text` is its text. SYNTAX without position. */
int sc_port_expand(struct sc_model_pool *pool, const char *text, const struct sc_value *spec,
                   struct sc_value *list, struct sc_error *err) SC_NODISCARD;

/* Whether the text is an IPv4 or IPv6 address. */
bool sc_port_is_address(const char *text);

#endif
