/* SPDX-License-Identifier: Apache-2.0
 *
 * What threads have opened and which sizes they were told; see fuse/shared/journal.h.
 *
 * Both tables are sets of a few places, since the numbers of threads collide: where each open is by
 * a new process, every 256th would else push out what a long-lived reader has noted, and in a stall
 * between its open and its fstat that reader would be told a wrong size. The place that was unused
 * for longest is taken; who writes its time first has it. A place is filled key last and read key
 * first and last, so a half-filled one is no match.
 */
#include <stddef.h>

#include "fuse/shared/journal.h"

#include "core/banned.h"

#define WAYS        4
#define LET_THROUGH UINT32_C(1)
/* Longer than any stall between a thread's requests: a worker that hangs is replaced after two
 * seconds, on a busy machine after more. */
#define NOTE_MAX INT64_C(10000000000)
/* Where the parts of a handle stand: 8 bits for the place in `recent`, 8 for the count there. */
#define HANDLE_PLACE 56
#define HANDLE_COUNT 48
_Static_assert(SC_JOURNAL_RECENT <= 256, "the place must fit its bits");
_Static_assert(SC_JOURNAL_RECENT % WAYS == 0, "sets must be whole");

static uint64_t key_of(uint32_t tid, uint64_t node)
{
    return node ^ ((uint64_t)tid * UINT64_C(0x9e3779b97f4a7c15));
}

/* The first place of a thread's set. */
static size_t set_of(uint32_t tid)
{
    return tid % (SC_JOURNAL_RECENT / WAYS) * WAYS;
}

/* ---- opens ---- */

static size_t take_place(struct sc_journal *journal, uint32_t tid)
{
    size_t first = set_of(tid);
    for (;;) {
        size_t oldest = first;
        int64_t seen = atomic_load(&journal->recent[first].time);
        for (size_t i = first + 1; i < first + WAYS; i++) {
            int64_t time = atomic_load(&journal->recent[i].time);
            if (time < seen) {
                oldest = i;
                seen = time;
            }
        }
        if (atomic_compare_exchange_strong(&journal->recent[oldest].time, &seen, sc_journal_now()))
            return oldest;
    }
}

uint64_t sc_journal_handle(struct sc_journal *journal, uint32_t tid, uint64_t version)
{
    size_t place = take_place(journal, tid);
    uint64_t count = atomic_fetch_add(&journal->recent[place].count, 1) & 0xff;
    return (uint64_t)place << HANDLE_PLACE | count << HANDLE_COUNT | (version & SC_HANDLE_VERSION);
}

size_t sc_journal_handle_place(uint64_t handle)
{
    return (size_t)(handle >> HANDLE_PLACE) % SC_JOURNAL_RECENT;
}

static struct sc_journal_recent *place_of(struct sc_journal *journal, uint64_t handle)
{
    return &journal->recent[sc_journal_handle_place(handle)];
}

void sc_journal_note_open(struct sc_journal *journal, uint32_t tid,
                          const struct sc_journal_opened *opened)
{
    struct sc_journal_recent *recent = place_of(journal, opened->handle);
    atomic_store(&recent->key, 0);
    atomic_store(&recent->handle, opened->handle);
    atomic_store(&recent->size, opened->size);
    atomic_store(&recent->time, sc_journal_now());
    atomic_store(&recent->key, key_of(tid, opened->node));
}

/* The handle goes, not the key: a release comes late, and the next open may just be noted here. */
static void forget(struct sc_journal_recent *recent, uint64_t handle)
{
    int64_t time = atomic_load(&recent->time);
    if (handle != 0 && atomic_compare_exchange_strong(&recent->handle, &handle, 0))
        SC_IGNORE(atomic_compare_exchange_strong(&recent->time, &time, 0));
}

void sc_journal_note_release(struct sc_journal *journal, uint64_t handle)
{
    forget(place_of(journal, handle), handle);
}

/* The thread's last open of the node, NULL if it is not known. */
static struct sc_journal_recent *find_open(struct sc_journal *journal, uint32_t tid, uint64_t node)
{
    struct sc_journal_recent *last = NULL;
    size_t first = set_of(tid);
    for (size_t i = first; tid != 0 && i < first + WAYS; i++) {
        struct sc_journal_recent *recent = &journal->recent[i];
        if (atomic_load(&recent->key) == key_of(tid, node) && atomic_load(&recent->handle) != 0 &&
            (last == NULL || atomic_load(&recent->time) > atomic_load(&last->time)))
            last = recent;
    }
    return last;
}

void sc_journal_forget_open(struct sc_journal *journal, uint32_t tid, uint64_t node)
{
    struct sc_journal_recent *recent;
    while ((recent = find_open(journal, tid, node)) != NULL)
        forget(recent, atomic_load(&recent->handle));
}

bool sc_journal_recent_size(struct sc_journal *journal, uint32_t tid, uint64_t node,
                            uint64_t *ret_size)
{
    struct sc_journal_recent *recent = find_open(journal, tid, node);
    if (recent == NULL)
        return false;
    uint64_t size = atomic_load(&recent->size);
    int64_t age = sc_journal_now() - atomic_load(&recent->time);
    if (atomic_load(&recent->key) != key_of(tid, node) || age > NOTE_MAX)
        return false;
    *ret_size = size;
    return true;
}

/* ---- sizes ---- */

static struct sc_journal_told *find_told(struct sc_journal *journal, uint32_t tid, uint64_t node)
{
    size_t first = set_of(tid);
    for (size_t i = first; tid != 0 && i < first + WAYS; i++)
        if (atomic_load(&journal->told[i].key) == key_of(tid, node))
            return &journal->told[i];
    return NULL;
}

void sc_journal_note_told(struct sc_journal *journal, uint32_t tid, uint64_t node, uint64_t size)
{
    struct sc_journal_told *told = find_told(journal, tid, node);
    if (tid == 0)
        return;
    if (told == NULL) {
        size_t first = set_of(tid);
        told = &journal->told[first];
        for (size_t i = first + 1; i < first + WAYS; i++)
            if (atomic_load(&journal->told[i].time) < atomic_load(&told->time))
                told = &journal->told[i];
        atomic_store(&told->time, sc_journal_now());
        atomic_store(&told->again, 0);
    }
    atomic_store(&told->key, 0);
    atomic_store(&told->size, size);
    atomic_store(&told->time, sc_journal_now());
    atomic_store(&told->key, key_of(tid, node));
}

/* `again` is the request that was sent back, or the one let through after it with the lowest bit
 * set, which the kernel's numbers never have: a request that is replayed gets its own answer again.
 */
bool sc_journal_told_wrong(struct sc_journal *journal, const struct sc_journal_asked *asked)
{
    struct sc_journal_told *told = find_told(journal, asked->tid, asked->node);
    if (told == NULL)
        return false;
    uint32_t self = (uint32_t)asked->unique & ~LET_THROUGH;
    uint32_t before = atomic_load(&told->again);
    if (before == (self | LET_THROUGH))
        return false;
    if (atomic_load(&told->size) == asked->size ||
        sc_journal_now() - atomic_load(&told->time) > NOTE_MAX) {
        atomic_store(&told->again, 0);
        return false;
    }
    bool sent_back = before != 0 && before != self && (before & LET_THROUGH) == 0;
    atomic_store(&told->again, sent_back ? self | LET_THROUGH : self);
    return !sent_back;
}
