/* SPDX-License-Identifier: Apache-2.0
 *
 * The log ring; see fuse/shared/ring.h.
 */
#include "fuse/shared/ring.h"

#include "core/banned.h"

#define BELL_EVERY    (SC_RING_RECORDS / 8)
#define HOLE_PATIENCE INT64_C(1000000000)
/* Of `repeats`: the count below, the position (with one bit always set, so that it is never 0)
 * above. */
#define COUNT_BITS  24
#define COUNT_MASK  ((UINT64_C(1) << COUNT_BITS) - 1)
#define NOT_DRAINED (UINT64_C(1) << 63)

static struct sc_ring_cell *cell_of(struct sc_ring *ring, uint64_t position)
{
    return &ring->cells[position & (SC_RING_RECORDS - 1)];
}

static uint64_t unrepeated(uint64_t position)
{
    return NOT_DRAINED | position << COUNT_BITS;
}

bool sc_ring_put(struct sc_ring *ring, const struct sc_ring_record *record, uint64_t *ret_position,
                 bool *ret_half)
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
    atomic_store(&cell->repeats, unrepeated(position));
    atomic_store(&cell->last, record->unique);
    atomic_store_explicit(&cell->sequence, position + 1, memory_order_release);
    *ret_position = position;
    return true;
}

bool sc_ring_repeat(struct sc_ring *ring, uint64_t position, uint64_t unique)
{
    struct sc_ring_cell *cell = cell_of(ring, position);
    uint64_t seen = atomic_load(&cell->repeats);
    do {
        if ((seen & ~COUNT_MASK) != unrepeated(position) || (seen & COUNT_MASK) == COUNT_MASK)
            return false;
    } while (!atomic_compare_exchange_weak(&cell->repeats, &seen, seen + 1));
    /* Dying here, it is counted again when the request is answered again; not so the other way
     * round: then it would not be counted at all. */
    atomic_store(&cell->last, unique);
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
            ret->opens = 1 + (atomic_exchange(&cell->repeats, 0) & COUNT_MASK);
            ret->last = atomic_load(&cell->last);
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
