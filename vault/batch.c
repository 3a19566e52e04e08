/* SPDX-License-Identifier: Apache-2.0
 *
 * Many records at once; see vault/batch.h.
 */
#include "vault/batch.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#include "core/banned.h"

#define THREADS_MAX 8
/* A thread takes so many records at a time, and is not started for fewer than this. */
#define STRIDE             4
#define RECORDS_PER_THREAD ((size_t)32)

struct sc_batch_slot {
    struct sc_batch_item item;
    size_t sealed_at, sealed_len;
    size_t room_at, content_len;
    int rc;
};

struct run {
    struct sc_batch *batch;
    unsigned char *room;
    atomic_size_t next;
};

static struct sc_bytes sealed_of(const struct sc_batch *batch, const struct sc_batch_slot *slot)
{
    return (struct sc_bytes){batch->sealed + slot->sealed_at, slot->sealed_len};
}

static int seal(const struct sc_batch *batch, struct sc_batch_slot *slot, unsigned char *room,
                struct sc_error *err)
{
    int rc = sc_record_seal(batch->vault, &slot->item.place, room + slot->room_at,
                            slot->content_len, batch->sealed + slot->sealed_at, err);
    if (rc == 0)
        sc_record_hash(slot->item.hash, &slot->item.place, sealed_of(batch, slot));
    return rc;
}

static int check(const struct sc_batch *batch, struct sc_batch_slot *slot, unsigned char *room,
                 struct sc_error *err)
{
    struct sc_bytes sealed = sealed_of(batch, slot);
    int rc = sc_record_check(&slot->item.place, sealed, slot->item.hash, err);
    if (rc == 0 && batch->work == SC_BATCH_OPEN)
        rc = sc_record_open(batch->vault, &slot->item.place, sealed, room + slot->room_at,
                            &slot->content_len, err);
    return rc;
}

static int work_on(const struct sc_batch *batch, struct sc_batch_slot *slot, unsigned char *room,
                   struct sc_error *err)
{
    return batch->work == SC_BATCH_SEAL ? seal(batch, slot, room, err)
                                        : check(batch, slot, room, err);
}

static void *take_turns(void *argument)
{
    struct run *run = argument;
    struct sc_batch *batch = run->batch;
    for (;;) {
        size_t from = atomic_fetch_add(&run->next, STRIDE);
        if (from >= batch->count)
            return NULL;
        for (size_t i = from; i < SC_MIN(from + STRIDE, batch->count); i++)
            batch->slots[i].rc = work_on(batch, &batch->slots[i], run->room, NULL);
    }
}

static size_t helpers_for(size_t records)
{
    cpu_set_t allowed;
    if (records < 2 * RECORDS_PER_THREAD || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return 0;
    size_t threads = SC_MIN((size_t)CPU_COUNT(&allowed), records / RECORDS_PER_THREAD);
    return SC_MIN(threads, (size_t)THREADS_MAX) - 1;
}

/* The caller's thread works too: one that could not be started is not missed. */
static void work_on_all(struct sc_batch *batch, unsigned char *room)
{
    struct run run = {.batch = batch, .room = room};
    pthread_t helpers[THREADS_MAX];
    size_t wanted = helpers_for(batch->count), started = 0;
    sigset_t all, before;
    /* Signals are for the caller's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && pthread_create(&helpers[started], NULL, take_turns, &run) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    take_turns(&run);
    while (started > 0)
        pthread_join(helpers[--started], NULL);
}

/* What failed in a thread is done again, for its message. */
static int hand_over(struct sc_batch *batch, struct sc_batch_slot *slot, unsigned char *room,
                     struct sc_error *err)
{
    int rc = slot->rc < 0 ? work_on(batch, slot, room, err) : 0;
    if (rc < 0 || batch->each == NULL)
        return rc;
    struct sc_bytes result = {0};
    if (batch->work == SC_BATCH_OPEN)
        result = (struct sc_bytes){room + slot->room_at, slot->content_len};
    if (batch->work == SC_BATCH_SEAL)
        result = sealed_of(batch, slot);
    return batch->each(&slot->item, result, batch->ctx, err);
}

int sc_batch_finish(struct sc_batch *batch, struct sc_error *err)
{
    unsigned char *room = NULL;
    /* A content to be sealed is in the room already. */
    size_t missing = batch->work == SC_BATCH_OPEN ? batch->room_len : 0;
    int rc = batch->count > 0 ? sc_secret_extend(&batch->room, missing, &room, err) : 0;
    if (rc == 0)
        work_on_all(batch, room);
    for (size_t i = 0; i < batch->count && rc == 0; i++)
        rc = hand_over(batch, &batch->slots[i], room, err);
    sc_secret_truncate(&batch->room, 0);
    batch->count = batch->sealed_len = batch->room_len = 0;
    return rc;
}

/* Fills in where things are; they must all be had before any of it counts. */
static int take_place(struct sc_batch *batch, struct sc_batch_slot *slot, struct sc_bytes bytes,
                      struct sc_error *err)
{
    bool seal = batch->work == SC_BATCH_SEAL;
    slot->sealed_at = batch->sealed_len;
    slot->sealed_len = seal ? sc_seal_size(bytes.len) : bytes.len;
    slot->room_at = batch->room_len;
    slot->content_len = seal ? bytes.len : 0;
    unsigned char *sealed = sc_items_reserve(batch->sealed, &batch->sealed_cap, batch->sealed_len,
                                             SC_MAX(slot->sealed_len, (size_t)1), 1, err);
    if (sealed == NULL)
        return SC_E_NOMEM;
    batch->sealed = sealed;
    unsigned char *room = NULL;
    int rc = seal ? sc_secret_extend(&batch->room, sc_seal_room(bytes.len), &room, err) : 0;
    if (rc == 0 && bytes.len > 0)
        memcpy(seal ? room + slot->room_at : sealed + slot->sealed_at, bytes.ptr, bytes.len);
    return rc;
}

int sc_batch_add(struct sc_batch *batch, const struct sc_batch_item *item, struct sc_bytes bytes,
                 struct sc_error *err)
{
    if (bytes.len > SC_RECORD_SEALED_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a record", bytes.len);
    bool full = batch->count == SC_BATCH_RECORDS ||
                (batch->count > 0 && batch->sealed_len + bytes.len > SC_BATCH_BYTES);
    int rc = full ? sc_batch_finish(batch, err) : 0;
    if (rc < 0)
        return rc;
    struct sc_batch_slot *slots =
        sc_items_reserve(batch->slots, &batch->slots_cap, batch->count, 1, sizeof(*slots), err);
    if (slots == NULL)
        return SC_E_NOMEM;
    batch->slots = slots;
    struct sc_batch_slot *slot = &slots[batch->count];
    *slot = (struct sc_batch_slot){.item = *item};
    rc = take_place(batch, slot, bytes, err);
    if (rc < 0)
        return rc;
    batch->count++;
    batch->sealed_len += slot->sealed_len;
    batch->room_len += batch->work == SC_BATCH_SEAL ? sc_seal_room(bytes.len) : bytes.len;
    return 0;
}

void sc_batch_done(struct sc_batch *batch)
{
    sc_secret_done(&batch->room);
    free(batch->sealed);
    free(batch->slots);
    batch->sealed = NULL;
    batch->slots = NULL;
}
