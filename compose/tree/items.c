/* SPDX-License-Identifier: Apache-2.0
 *
 * A table of hashes beside a list; see compose/tree/items.h. Open addressing, at most half full.
 */
#include "compose/tree/items.h"

#include <stdlib.h>

#include "core/banned.h"

int sc_item_set_begin(struct sc_item_set *items, const struct sc_value *list, size_t max,
                      struct sc_error *err)
{
    size_t size = SC_ITEM_SET_SMALL;
    while (size / 2 < max)
        size *= 2;
    *items = (struct sc_item_set){.list = list, .mask = size - 1};
    items->slots = size == SC_ITEM_SET_SMALL ? items->small : calloc(size, sizeof(items->slots[0]));
    return items->slots != NULL ? 0 : sc_fail_nomem(err);
}

bool sc_item_set_put(struct sc_item_set *items, size_t place)
{
    const struct sc_value *const *all = (const struct sc_value *const *)items->list->u.items;
    size_t hash = sc_value_hash(all[place]);
    size_t slot = (hash ^ hash >> 17) & items->mask;
    for (; items->slots[slot] != 0; slot = (slot + 1) & items->mask) {
        if (sc_value_same(all[items->slots[slot] - 1], all[place]))
            return false;
    }
    items->slots[slot] = (uint32_t)(place + 1);
    return true;
}

void sc_item_set_done(struct sc_item_set *items)
{
    if (items->slots != items->small)
        free(items->slots);
    *items = (struct sc_item_set){0};
}
