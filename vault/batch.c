/* SPDX-License-Identifier: Apache-2.0
 *
 * Many records at once; see vault/batch.h.
 */
#include "vault/batch.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
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
};

/* Helpers that a batch has, and what they work on: one half at a time. Each token in `wake` lets
 * one of them go over the half, and comes back in `done` when it has nothing more to take. */
struct crew {
    pthread_t threads[HELPERS_MAX];
    size_t count;
    sem_t wake, done;
    struct sc_batch_half *half; /* NULL: there is no more work */
    size_t woken;               /* tokens that have not come back */
};

struct sc_batch_state {
    struct sc_batch_half halves[2];
    struct crew crew;
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

static void take_turns(struct sc_batch_half *half)
{
    for (;;) {
        size_t from = atomic_fetch_add(&half->next, STRIDE);
        if (from >= half->count)
            return;
        for (size_t i = from; i < SC_MIN(from + STRIDE, half->count); i++)
            half->slots[i].rc = work_on(half, &half->slots[i], NULL);
    }
}

static void wait_for(sem_t *tokens)
{
    while (sem_wait(tokens) < 0 && errno == EINTR)
        ;
}

static void *help(void *argument)
{
    struct crew *crew = argument;
    for (;;) {
        wait_for(&crew->wake);
        if (crew->half == NULL)
            return NULL;
        take_turns(crew->half);
        sem_post(&crew->done);
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

/* Those that cannot be started are not missed: the caller's thread does what is left. */
static void start_helpers(struct crew *crew, size_t wanted)
{
    sigset_t all, before;
    if (crew->count >= wanted)
        return;
    /* Signals are for the caller's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->count < wanted &&
           pthread_create(&crew->threads[crew->count], NULL, help, crew) == 0)
        crew->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void wake(struct crew *crew, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sem_post(&crew->wake);
}

static int begin_work(struct crew *crew, struct sc_batch_half *half, struct sc_error *err)
{
    /* A content to be sealed is in the room already. */
    size_t missing = half->batch->work == SC_BATCH_OPEN ? half->room_len : 0;
    int rc = sc_secret_extend(&half->room, missing, &half->at, err);
    if (rc < 0)
        return rc;
    size_t wanted = helpers_for(half->count);
    start_helpers(crew, wanted);
    atomic_store(&half->next, 0);
    crew->half = half;
    crew->woken = SC_MIN(wanted, crew->count);
    wake(crew, crew->woken);
    return 0;
}

static void end_work(struct crew *crew, struct sc_batch_half *half)
{
    take_turns(half);
    for (; crew->woken > 0; crew->woken--)
        wait_for(&crew->done);
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
    struct sc_batch_half *full = &batch->state->halves[batch->filling];
    struct sc_batch_half *other = &batch->state->halves[batch->filling ^ 1];
    end_work(&batch->state->crew, other);
    int rc = begin_work(&batch->state->crew, full, err);
    if (rc < 0)
        return rc;
    batch->filling ^= 1;
    return hand_over(other, err);
}

int sc_batch_finish(struct sc_batch *batch, struct sc_error *err)
{
    if (batch->state == NULL)
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

static int make_state(struct sc_batch *batch, struct sc_error *err)
{
    batch->state = calloc(1, sizeof(*batch->state));
    if (batch->state == NULL)
        return sc_fail_nomem(err);
    batch->state->halves[0].batch = batch->state->halves[1].batch = batch;
    sem_init(&batch->state->crew.wake, 0, 0);
    sem_init(&batch->state->crew.done, 0, 0);
    return 0;
}

int sc_batch_add(struct sc_batch *batch, const struct sc_batch_item *item, struct sc_bytes bytes,
                 struct sc_error *err)
{
    if (bytes.len > SC_RECORD_SEALED_MAX)
        return sc_fail(err, SC_E_TOOBIG, "%zu bytes are over the limit of a record", bytes.len);
    int rc = batch->state == NULL ? make_state(batch, err) : 0;
    if (rc < 0)
        return rc;
    const struct sc_batch_half *half = &batch->state->halves[batch->filling];
    if (half->count == SC_BATCH_RECORDS ||
        (half->count > 0 && half->sealed_len + bytes.len > SC_BATCH_BYTES))
        rc = turn(batch, err);
    return rc < 0 ? rc : add(&batch->state->halves[batch->filling], item, bytes, err);
}

static void dismiss(struct crew *crew)
{
    crew->half = NULL;
    wake(crew, crew->count);
    for (size_t i = 0; i < crew->count; i++)
        pthread_join(crew->threads[i], NULL);
    sem_destroy(&crew->wake);
    sem_destroy(&crew->done);
}

void sc_batch_done(struct sc_batch *batch)
{
    if (batch->state == NULL)
        return;
    struct crew *crew = &batch->state->crew;
    if (crew->half != NULL) {
        atomic_store(&crew->half->next, crew->half->count); /* whoever is at it stops */
        end_work(crew, crew->half);
    }
    dismiss(crew);
    for (size_t i = 0; i < 2; i++) {
        struct sc_batch_half *half = &batch->state->halves[i];
        sc_secret_done(&half->room);
        free(half->sealed);
        free(half->slots);
    }
    free(batch->state);
    batch->state = NULL;
}
