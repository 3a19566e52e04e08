/* SPDX-License-Identifier: Apache-2.0
 *
 * A map from 64-bit keys that are random already (node ids, mixed ids) to 64-bit values: open
 * addressing, no removal, at most half full.
 *
 * Ownership: the map's; the zero value is an empty map. Threads: one writer, or any readers.
 */
#ifndef SC_FUSE_SERVE_IDMAP_H
#define SC_FUSE_SERVE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct sc_idmap_cell {
    uint64_t key; /* 0 = free */
    uint64_t value;
};

struct sc_idmap {
    struct sc_idmap_cell *cells;
    size_t count, size; /* size is 0 or a power of two */
};

/* Sets or replaces; key is not 0. */
int sc_idmap_set(struct sc_idmap *map, uint64_t key, uint64_t value,
                 struct sc_error *err) SC_NODISCARD;
bool sc_idmap_get(const struct sc_idmap *map, uint64_t key, uint64_t *ret_value);
void sc_idmap_done(struct sc_idmap *map);

/* One key of two: never 0. */
uint64_t sc_idmap_mix(uint64_t a, uint64_t b);

#endif
