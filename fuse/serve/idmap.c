/* SPDX-License-Identifier: Apache-2.0
 *
 * The id map; see fuse/serve/idmap.h.
 */
#include "fuse/serve/idmap.h"

#include <stdlib.h>

#include "core/banned.h"

#define FIRST_SIZE 64

static struct sc_idmap_cell *find(const struct sc_idmap *map, uint64_t key)
{
    size_t at = (size_t)(key ^ key >> 32) & (map->size - 1);
    while (map->cells[at].key != 0 && map->cells[at].key != key)
        at = (at + 1) & (map->size - 1);
    return &map->cells[at];
}

static int grow(struct sc_idmap *map, struct sc_error *err)
{
    struct sc_idmap bigger = {.size = map->size == 0 ? FIRST_SIZE : map->size * 2};
    bigger.cells = calloc(bigger.size, sizeof(*bigger.cells));
    if (bigger.cells == NULL)
        return sc_fail_nomem(err);
    bigger.count = map->count;
    for (size_t i = 0; i < map->size; i++) {
        if (map->cells[i].key != 0)
            *find(&bigger, map->cells[i].key) = map->cells[i];
    }
    free(map->cells);
    *map = bigger;
    return 0;
}

int sc_idmap_set(struct sc_idmap *map, uint64_t key, uint64_t value, struct sc_error *err)
{
    if (map->count * 2 >= map->size) {
        int rc = grow(map, err);
        if (rc < 0)
            return rc;
    }
    struct sc_idmap_cell *cell = find(map, key);
    if (cell->key == 0)
        map->count++;
    *cell = (struct sc_idmap_cell){.key = key, .value = value};
    return 0;
}

bool sc_idmap_get(const struct sc_idmap *map, uint64_t key, uint64_t *ret_value)
{
    if (map->size == 0)
        return false;
    const struct sc_idmap_cell *cell = find(map, key);
    if (cell->key == 0)
        return false;
    *ret_value = cell->value;
    return true;
}

void sc_idmap_done(struct sc_idmap *map)
{
    free(map->cells);
    *map = (struct sc_idmap){0};
}

uint64_t sc_idmap_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a + b * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x != 0 ? x : 1;
}
