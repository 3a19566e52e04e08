/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables in every text of a document, and the numbers and switches that may be written with
 * them.
 */
#ifndef SC_COMPOSE_LOAD_INTERPOLATE_H
#define SC_COMPOSE_LOAD_INTERPOLATE_H

#include "compose/vars/interp.h"

/* Changes the tree in place: values, never keys. SYNTAX with the place. */
int sc_interpolate_tree(const struct sc_interp *interp, struct sc_value *root,
                        struct sc_error *err) SC_NODISCARD;

/* A text as Compose casts it to a bool ("yes", "On", "false"); false if it is none. */
bool sc_cast_bool(const char *text, bool *ret);
/* A decimal integer with an optional sign; false if it is none or too large. */
bool sc_cast_int(const char *text, int64_t *ret);
/* A number as Go's ParseFloat takes it, hexadecimal forms and words left out. */
bool sc_cast_float(const char *text, double *ret);

#endif
