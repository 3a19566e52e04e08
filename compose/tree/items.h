/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands in a list: whether an item that holds the same is there, without looking at all.
 *
 * Ownership: the set refers to a list that outlives it and only grows. Zero value = not begun;
 * SC_CLEANUP(sc_item_set_done). Threads: one at a time.
 */
#ifndef SC_COMPOSE_TREE_ITEMS_H
#define SC_COMPOSE_TREE_ITEMS_H

#include "compose/value.h"
#include "core/error.h"

#define SC_ITEM_SET_SMALL 64

struct sc_item_set {
    const struct sc_value *list;
    uint32_t *slots; /* position in the list plus one, 0 = free; `small` or allocated */
    size_t mask;
    uint32_t small[SC_ITEM_SET_SMALL];
};

/* Begins an empty set, with room for `max` items. */
int sc_item_set_begin(struct sc_item_set *items, const struct sc_value *list, size_t max,
                      struct sc_error *err) SC_NODISCARD;

/* Puts in the item at this place of the list; false where one that holds the same was put in. */
bool sc_item_set_put(struct sc_item_set *items, size_t place);

void sc_item_set_done(struct sc_item_set *items);

#endif
