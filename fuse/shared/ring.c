/* SPDX-License-Identifier: Apache-2.0
 *
 * The log ring; see fuse/shared/ring.h.
 */
#include "fuse/shared/ring.h"

#include "core/banned.h"

#define BELL_EVERY    (SC_RING_RECORDS / 8)
#define HOLE_PATIENCE INT64_C(1000000000)

static struct sc_ring_cell *cell_of(struct sc_ring *ring, uint64_t position)
{
    return &ring->cells[position & (SC_RING_RECORDS - 1)];
}

bool sc_ring_put(struct sc_ring *ring, const struct sc_ring_record *record, bool *ret_half)
{
    *ret_half = false;
    uint64_t position = atomic_load(&ring->head);
    do {
        if (position - atomic_load(&ring->tail) >= SC_RING_RECORDS) {
            atomic_fetch_add(&ring->lost, 1);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&ring->head, &position, position + 1));
    *ret_half =
        position % BELL_EVERY == 0 && position - atomic_load(&ring->tail) >= SC_RING_RECORDS / 2;
    struct sc_ring_cell *cell = cell_of(ring, position);
    cell->record = *record;
    atomic_store_explicit(&cell->sequence, position + 1, memory_order_release);
    return true;
}

bool sc_ring_take(struct sc_ring *ring, int64_t now, int64_t *hole_since,
                  struct sc_ring_record *ret)
{
    for (;;) {
        uint64_t position = atomic_load(&ring->tail);
        if (position == atomic_load(&ring->head))
            return false;
        struct sc_ring_cell *cell = cell_of(ring, position);
        if (atomic_load_explicit(&cell->sequence, memory_order_acquire) == position + 1) {
            *ret = cell->record;
            *hole_since = 0;
            atomic_store(&ring->tail, position + 1);
            return true;
        }
        if (*hole_since == 0)
            *hole_since = now;
        if (now - *hole_since < HOLE_PATIENCE)
            return false;
        *hole_since = 0;
        atomic_fetch_add(&ring->lost, 1);
        atomic_store(&ring->tail, position + 1);
    }
}
