/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits: requests of dead workers, requests parked for the agent, pollers; see
 * fuse/serve/loop.h.
 */
#include <string.h>

#include "fuse/serve/loop.h"

#include "core/banned.h"

#define TICK_IDLE_MS   500
#define TICK_PARKED_MS 10
#define TICK_DYING_MS  5

/* Answers one request that another worker had taken. It is copied first: its thread, if it still
 * runs for a moment, may overwrite the slot. Answering twice does no harm, the second reply is
 * refused. */
static bool adopt_request(struct sc_serve *serve, unsigned char *reply,
                          const unsigned char *request, size_t size)
{
    unsigned char copy[SC_JOURNAL_REQUEST] __attribute__((aligned(8)));
    uint32_t len = 0;
    if (sc_journal_unique(request) == 0)
        return false;
    memcpy(copy, request, size);
    memcpy(&len, copy, sizeof(len));
    if (len > size)
        return false;
    struct sc_turn turn = {
        .serve = serve, .reply = reply, .bytes = copy, .len = len, .replay = true};
    SC_IGNORE(sc_serve_request(&turn));
    return true;
}

static unsigned adopt_bank(struct sc_serve *serve, unsigned char *reply,
                           struct sc_journal_bank *bank, bool dead)
{
    unsigned answered = 0;
    for (size_t i = 0; i < SC_JOURNAL_SLOTS; i++) {
        if (adopt_request(serve, reply, bank->slots[i].request, SC_JOURNAL_REQUEST))
            answered++;
    }
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++) {
        struct sc_journal_parked *parked = &bank->parked[i];
        if (atomic_load(&parked->state) == SC_PARKED_WAITING &&
            adopt_request(serve, reply, parked->request, SC_PARKED_REQUEST))
            answered++;
        if (dead)
            atomic_store(&parked->state, SC_PARKED_FREE);
    }
    if (dead)
        sc_journal_release(bank);
    return answered;
}

unsigned sc_loop_adopt(struct sc_serve *serve, unsigned char *reply, bool *ret_more)
{
    unsigned answered = 0;
    *ret_more = false;
    for (size_t i = 0; i < SC_JOURNAL_BANKS; i++) {
        struct sc_journal_bank *bank = &serve->journal->banks[i];
        bool dying = false;
        bool dead = sc_journal_orphaned(bank, &dying);
        if (bank == serve->bank || (!dead && !dying) || (dead && !sc_journal_take_over(bank)))
            continue;
        answered += adopt_bank(serve, reply, bank, dead);
        *ret_more = *ret_more || !dead;
    }
    return answered;
}

/* Looks at every parked request again; the number that still waits. */
static unsigned tend_parked(struct sc_serve *serve, unsigned char *reply)
{
    unsigned waiting = 0;
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++) {
        struct sc_journal_parked *parked = &serve->bank->parked[i];
        if (atomic_load(&parked->state) != SC_PARKED_WAITING)
            continue;
        uint32_t ask = parked->ask;
        struct sc_turn turn = {.serve = serve,
                               .reply = reply,
                               .bytes = parked->request,
                               .len = parked->size,
                               .parked = parked};
        if (sc_serve_request(&turn)) {
            atomic_store(&parked->state, SC_PARKED_FREE);
            continue;
        }
        waiting++;
        /* It may have gone on from one question to the next, in another slot. */
        for (size_t j = 0; j < SC_JOURNAL_PARKED; j++) {
            const struct sc_journal_parked *other = &serve->bank->parked[j];
            if (j != i && atomic_load(&other->state) == SC_PARKED_WAITING && other->ask != ask &&
                sc_journal_unique(other->request) == sc_journal_unique(parked->request))
                atomic_store(&parked->state, SC_PARKED_FREE);
        }
    }
    return waiting;
}

static bool poll_is_over(struct sc_serve *serve, const struct sc_journal_poll *cell,
                         uint64_t node_id)
{
    pthread_rwlock_rdlock(&serve->lock);
    const struct sc_view_node *node = sc_view_node(&serve->view, node_id);
    bool over = node == NULL || !node->live || node->version != atomic_load(&cell->version);
    pthread_rwlock_unlock(&serve->lock);
    return over;
}

/* Wakes those who poll a file whose version is no longer theirs; after a change of workers all, and
 * those too that the last one was about to wake. */
static void tend_polls(struct sc_serve *serve, bool all)
{
    for (size_t i = 0; i < SC_JOURNAL_POLLS; i++) {
        struct sc_journal_poll *cell = &serve->journal->polls[i];
        uint64_t node_id = atomic_load(&cell->node);
        bool taken = node_id == SC_POLL_TAKEN;
        if (node_id == 0 || (taken && !all) ||
            (!taken && !all && !poll_is_over(serve, cell, node_id)))
            continue;
        /* The kernel asks again if somebody still polls, at once, and must not find itself
         * remembered in the cell that is freed next. */
        if (!taken && !atomic_compare_exchange_strong(&cell->node, &node_id, SC_POLL_TAKEN))
            continue;
        SC_IGNORE(sc_wire_notify_poll(serve->fuse_fd, atomic_load(&cell->kh)));
        atomic_store(&cell->node, 0);
    }
}

static void update_view(struct sc_serve *serve)
{
    pthread_rwlock_wrlock(&serve->lock);
    SC_IGNORE(sc_view_update(&serve->view, NULL)); /* out of memory: tried again at the next tick */
    pthread_rwlock_unlock(&serve->lock);
}

void *sc_loop_tend(void *context)
{
    struct sc_loop_thread *thread = context;
    struct sc_serve *serve = thread->loop->serve;
    bool first = true;
    while (!atomic_load(&serve->stop)) {
        uint32_t seen = atomic_load(&serve->journal->changed);
        bool dying = false;
        unsigned adopted = sc_loop_adopt(serve, thread->reply, &dying);
        atomic_fetch_add(&serve->journal->replayed, adopted);
        update_view(serve);
        unsigned waiting = tend_parked(serve, thread->reply);
        tend_polls(serve, first);
        first = false;
        int tick = dying ? TICK_DYING_MS : waiting > 0 ? TICK_PARKED_MS : TICK_IDLE_MS;
        sc_journal_wait(serve->journal, seen, tick);
    }
    return NULL;
}
