/* SPDX-License-Identifier: Apache-2.0
 *
 * The generated arrays of rules and of their strings; private to compose/images.
 */
#ifndef SC_COMPOSE_IMAGES_TABLE_H
#define SC_COMPOSE_IMAGES_TABLE_H

#include "compose/images/images.h"

extern const struct sc_image_rule sc_image_table[];
extern const size_t sc_image_table_count;
extern const char sc_image_texts[];

#endif
