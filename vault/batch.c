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

#define HELPERS_MAX 7
/* A thread takes so many records at a time, and is not started for fewer than this. */
#define STRIDE             4
#define RECORDS_PER_THREAD ((size_t)32)

struct slot {
    struct sc_batch_item item;
    size_t sealed_at, sealed_len;
    size_t room_at, content_len;
    int rc;
};

struct sc_batch_half {
    const struct sc_batch *batch;
    struct slot *slots;
    size_t count, slots_cap;
    unsigned char *sealed; /* of all slots, one behind the other */
    size_t sealed_len, sealed_cap;
    struct sc_secret room; /* the same for contents */
    size_t room_len;
    unsigned char *at; /* where the room begins, while it is worked on */
    atomic_size_t next;
    pthread_t helpers[HELPERS_MAX];
    size_t started;
};

static struct sc_bytes sealed_of(const struct sc_batch_half *half, const struct slot *slot)
{
    return (struct sc_bytes){half->sealed + slot->sealed_at, slot->sealed_len};
}

static int seal(const struct sc_batch_half *half, struct slot *slot, struct sc_error *err)
{
    int rc = sc_record_seal(half->batch->vault, &slot->item.place, half->at + slot->room_at,
                            slot->content_len, half->sealed + slot->sealed_at, err);
    if (rc == 0)
        sc_record_hash(slot->item.hash, &slot->item.place, sealed_of(half, slot));
    return rc;
}

static int check(const struct sc_batch_half *half, struct slot *slot, struct sc_error *err)
{
    struct sc_bytes sealed = sealed_of(half, slot);
    int rc = sc_record_check(&slot->item.place, sealed, slot->item.hash, err);
    if (rc == 0 && half->batch->work == SC_BATCH_OPEN)
        rc = sc_record_open(half->batch->vault, &slot->item.place, sealed, half->at + slot->room_at,
                            &slot->content_len, err);
    return rc;
}

static int work_on(const struct sc_batch_half *half, struct slot *slot, struct sc_error *err)
{
    return half->batch->work == SC_BATCH_SEAL ? seal(half, slot, err) : check(half, slot, err);
}

static void *take_turns(void *argument)
{
    struct sc_batch_half *half = argument;
    for (;;) {
        size_t from = atomic_fetch_add(&half->next, STRIDE);
        if (from >= half->count)
            return NULL;
        for (size_t i = from; i < SC_MIN(from + STRIDE, half->count); i++)
            half->slots[i].rc = work_on(half, &half->slots[i], NULL);
    }
}

static size_t helpers_for(size_t records)
{
    cpu_set_t allowed;
    if (records < 2 * RECORDS_PER_THREAD || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return 0;
    size_t threads = SC_MIN((size_t)CPU_COUNT(&allowed), records / RECORDS_PER_THREAD);
    return SC_MIN(threads - 1, (size_t)HELPERS_MAX);
}

/* Helpers that cannot be started are not missed: end_work() does what is left. */
static int begin_work(struct sc_batch_half *half, struct sc_error *err)
{
    /* A content to be sealed is in the room already. */
    size_t missing = half->batch->work == SC_BATCH_OPEN ? half->room_len : 0;
    int rc = sc_secret_extend(&half->room, missing, &half->at, err);
    if (rc < 0)
        return rc;
    atomic_store(&half->next, 0);
    size_t wanted = helpers_for(half->count);
    sigset_t all, before;
    /* Signals are for the caller's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (half->started < wanted &&
           pthread_create(&half->helpers[half->started], NULL, take_turns, half) == 0)
        half->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 0;
}

static void end_work(struct sc_batch_half *half)
{
    take_turns(half);
    while (half->started > 0)
        pthread_join(half->helpers[--half->started], NULL);
}

/* What failed in a thread is done again, for its message. */
static int hand_over_one(const struct sc_batch_half *half, struct slot *slot, struct sc_error *err)
{
    const struct sc_batch *batch = half->batch;
    int rc = slot->rc < 0 ? work_on(half, slot, err) : 0;
    if (rc < 0 || batch->each == NULL)
        return rc;
    struct sc_bytes result = {0};
    if (batch->work == SC_BATCH_OPEN)
        result = (struct sc_bytes){half->at + slot->room_at, slot->content_len};
    if (batch->work == SC_BATCH_SEAL)
        result = sealed_of(half, slot);
    return batch->each(&slot->item, result, batch->ctx, err);
}

static void forget(struct sc_batch_half *half)
{
    sc_secret_truncate(&half->room, 0);
    half->count = half->sealed_len = half->room_len = 0;
}

/* And empties it. */
static int hand_over(struct sc_batch_half *half, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < half->count && rc == 0; i++)
        rc = hand_over_one(half, &half->slots[i], err);
    forget(half);
    return rc;
}

/* Work begins on the half that was filled, and the other one, when it is handed over, is the next
 * to be filled. */
static int turn(struct sc_batch *batch, struct sc_error *err)
{
    struct sc_batch_half *full = &batch->halves[batch->filling];
    struct sc_batch_half *other = &batch->halves[batch->filling ^ 1];
    end_work(other);
    int rc = begin_work(full, err);
    if (rc < 0)
        return rc;
    batch->filling ^= 1;
    return hand_over(other, err);
}

int sc_batch_finish(struct sc_batch *batch, struct sc_error *err)
{
    if (batch->halves == NULL)
        return 0;
    int rc = turn(batch, err);
    return rc < 0 ? rc : turn(batch, err);
}

/* Fills in where things are; they must all be had before any of it counts. */
static int take_place(struct sc_batch_half *half, struct slot *slot, struct sc_bytes bytes,
                      struct sc_error *err)
{
    bool seal = half->batch->work == SC_BATCH_SEAL;
    slot->sealed_at = half->sealed_len;
    slot->sealed_len = seal ? sc_seal_size(bytes.len) : bytes.len;
    slot->room_at = half->room_len;
    slot->content_len = seal ? bytes.len : 0;
    unsigned char *sealed = sc_items_reserve(half->sealed, &half->sealed_cap, half->sealed_len,
                                             SC_MAX(slot->sealed_len, (size_t)1), 1, err);
    if (sealed == NULL)
        return SC_E_NOMEM;
    half->sealed = sealed;
    unsigned char *room = NULL;
    int rc = seal ? sc_secret_extend(&half->room, sc_seal_room(bytes.len), &room, err) : 0;
    if (rc == 0 && bytes.len > 0)
        memcpy(seal ? room + slot->room_at : sealed + slot->sealed_at, bytes.ptr, bytes.len);
    return rc;
}

static int add(struct sc_batch_half *half, const struct sc_batch_item *item, struct sc_bytes bytes,
               struct sc_error *err)
{
    struct slot *slots =
        sc_items_reserve(half->slots, &half->slots_cap, half->count, 1, sizeof(*slots), err);
    if (slots == NULL)
        return SC_E_NOMEM;
    half->slots = slots;
    struct slot *slot = &slots[half->count];
    *slot = (struct slot){.item = *item};
    int rc = take_place(half, slot, bytes, err);
    if (rc < 0)
        return rc;
    half->count++;
    half->sealed_len += slot->sealed_len;
    half->room_len += half->batch->work == SC_BATCH_SEAL ? sc_seal_room(bytes.len) : bytes.len;
    return 0;
}

static int make_halves(struct sc_batch *batch, struct sc_error *err)
{
    batch->halves = calloc(2, sizeof(*batch->halves));
    if (batch->halves == NULL)
        return sc_fail_nomem(err);
    batch->halves[0].batch = batch->halves[1].batch = batch;
    return 0;
}

int sc_batch_add(struct sc_batch *batch, const struct sc_batch_item *item, struct sc_bytes bytes,
                 struct sc_error *err)
{
    if (bytes.len > SC_RECORD_SEALED_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a record", bytes.len);
    int rc = batch->halves == NULL ? make_halves(batch, err) : 0;
    if (rc < 0)
        return rc;
    const struct sc_batch_half *half = &batch->halves[batch->filling];
    if (half->count == SC_BATCH_RECORDS ||
        (half->count > 0 && half->sealed_len + bytes.len > SC_BATCH_BYTES))
        rc = turn(batch, err);
    return rc < 0 ? rc : add(&batch->halves[batch->filling], item, bytes, err);
}

void sc_batch_done(struct sc_batch *batch)
{
    for (size_t i = 0; batch->halves != NULL && i < 2; i++) {
        struct sc_batch_half *half = &batch->halves[i];
        atomic_store(&half->next, half->count); /* whoever is at it stops */
        end_work(half);
        sc_secret_done(&half->room);
        free(half->sealed);
        free(half->slots);
    }
    free(batch->halves);
    batch->halves = NULL;
}
