/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent does again and again: compare, answer, log, and make room; see fuse/agent/state.h.
 */
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/agent/engine.h"
#include "fuse/agent/nudge.h"
#include "fuse/agent/state.h"

#include "core/banned.h"

#define ENGINE_BUDGET_MS 400 /* below the wait of a request */
#define ENGINE_PAUSE     INT64_C(2000000000)
#define MOVE_WAIT_MS     15000
#define STORE_UNIT       ((size_t)64 * 1024)
#define CRAMPED_PAUSE    INT64_C(2000000000)
#define FLUSH_EVERY      INT64_C(200000000)

/* ---- a larger or a compact store ---- */

static int refill(struct sc_agent *agent, size_t wanted, bool tight, struct sc_error *err)
{
    size_t size = agent->feed.store.capacity;
    while (!tight && size < SC_STORE_MAX / 2 && size < wanted)
        size *= 2;
    if (tight)
        size = SC_MAX(SC_STORE_MIN, (wanted + STORE_UNIT - 1) / STORE_UNIT * STORE_UNIT);
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    bool secret = false;
    int rc = sc_store_create(size, &fd, &secret, err);
    if (rc == 0)
        rc = sc_feed_move(&agent->feed, fd, tight, err);
    if (rc < 0)
        return rc;
    close(agent->store_fd);
    agent->store_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_agent_make_room(struct sc_agent *agent, struct sc_error *err)
{
    size_t all = 2 * sc_feed_needed(&agent->feed, false) + SC_VALUE_MAX;
    int rc = refill(agent, all, false, err);
    if (rc == 0)
        return 0;
    sc_error_clear(err);
    size_t least = sc_feed_needed(&agent->feed, true) + SC_VALUE_MAX;
    return refill(agent, least + least / SC_STORE_KEPT * 2, true, err);
}

void sc_agent_hand_over(struct sc_agent *agent)
{
    struct sc_message message = {.kind = SC_MESSAGE_STORE, .fd_count = 1};
    int rc = sc_message_send(agent->keeper_fd, &message, &agent->store_fd, NULL);
    if (rc == 0)
        rc = sc_message_receive(agent->keeper_fd, MOVE_WAIT_MS, &message, NULL, NULL);
    agent->untold = rc < 0 || message.kind != SC_MESSAGE_READY;
    agent->told = sc_journal_now();
}

/* When the store is full. TOOBIG if there is no more memory (locked memory is limited, see
 * 'ulimit -l'): readers of what does not fit are told so, all others go on. */
static int enlarge(struct sc_agent *agent, struct sc_error *err)
{
    sc_error_clear(err);
    if (!agent->feed.cramped && sc_agent_make_room(agent, err) == 0) {
        sc_agent_hand_over(agent);
        return 0;
    }
    if (!agent->feed.cramped)
        agent->cramped = sc_journal_now() + CRAMPED_PAUSE;
    agent->feed.cramped = true;
    sc_error_clear(err);
    return SC_E_TOOBIG;
}

int sc_agent_sync(struct sc_agent *agent, struct sc_error *err)
{
    bool changed = false;
    agent->looked = sc_journal_now();
    int rc = sc_feed_sync(&agent->feed, &changed, err);
    if (agent->feed.full) {
        rc = enlarge(agent, err);
        if (rc == 0)
            rc = sc_feed_sync(&agent->feed, &changed, err);
        changed = true;
    }
    if (changed)
        sc_journal_wake(agent->journal);
    if (agent->feed.rotated.count > 0 && agent->keeper_fd >= 0) {
        /* Watchers that could not be told see the change when they look. */
        SC_IGNORE(sc_nudge_start(agent->journal, &agent->feed.rotated, NULL));
        sc_strv_done(&agent->feed.rotated);
        agent->feed.rotated = (struct sc_strv){0};
    }
    /* A source that cannot be read now is read at the next look: readers go on with what is known.
     */
    agent->retry = rc < 0;
    if (rc == SC_E_LOCKED || rc == SC_E_TOOBIG || rc == SC_E_BUSY || rc == SC_E_IO ||
        rc == SC_E_NOTFOUND || rc == SC_E_TAMPERED || rc == SC_E_FORMAT || rc == SC_E_ROLLBACK ||
        rc == SC_E_PERM) {
        sc_error_clear(err);
        return 0;
    }
    return rc;
}

/* ---- questions ---- */

static int tell_container(struct sc_agent *agent, const unsigned char *id, struct sc_error *err)
{
    struct sc_store_container facts = {0};
    memcpy(facts.id, id, sizeof(facts.id));
    const struct sc_store_container *known = sc_feed_find_container(&agent->feed, id);
    int64_t now = sc_journal_now();
    if (known != NULL)
        facts = *known;
    else if (agent->engine != NULL && now >= agent->engine_down &&
             sc_engine_container(agent->engine, id, ENGINE_BUDGET_MS, &facts, NULL) < 0)
        agent->engine_down =
            sc_journal_now() + ENGINE_PAUSE; /* silent: do not let all wait for it */
    return sc_feed_container(&agent->feed, &facts, err);
}

static int answer_one(struct sc_agent *agent, struct sc_journal_parked *parked,
                      struct sc_error *err)
{
    unsigned char id[SC_CONTAINER_ID_SIZE];
    uint64_t node = parked->node, version = parked->version;
    uint32_t ask = parked->ask;
    memcpy(id, parked->container, sizeof(id));
    if (atomic_load(&parked->state) != SC_PARKED_WAITING)
        return 0; /* freed while it was read */
    if (ask == SC_ASK_VALUE)
        return sc_feed_value(&agent->feed, node, version, err);
    return tell_container(agent, id, err);
}

static int answer_all(struct sc_agent *agent, unsigned *count, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < SC_JOURNAL_BANKS && rc == 0; i++) {
        struct sc_journal_bank *bank = &agent->journal->banks[i];
        for (size_t j = 0; j < SC_JOURNAL_PARKED && rc == 0; j++) {
            if (atomic_load(&bank->parked[j].state) != SC_PARKED_WAITING)
                continue;
            rc = answer_one(agent, &bank->parked[j], err);
            ++*count;
        }
    }
    return rc;
}

int sc_agent_answer(struct sc_agent *agent, struct sc_error *err)
{
    unsigned count = 0;
    if (agent->feed.cramped && sc_journal_now() >= agent->cramped)
        agent->feed.cramped = agent->feed.full = false;
    int rc = answer_all(agent, &count, err);
    if (agent->feed.full) {
        bool told = agent->feed.cramped;
        rc = enlarge(agent, err);
        if (rc == SC_E_TOOBIG)
            rc = told ? 0 : answer_all(agent, &count, err);
    }
    if (rc == SC_E_TOOBIG) { /* not even that can be told: they hear of it when their time is up */
        sc_error_clear(err);
        rc = 0;
    }
    if (count > 0)
        sc_journal_wake(agent->journal);
    return rc;
}

/* ---- the log ---- */

/* Whether this request was there before; remembers it. */
static bool was_there(struct sc_agent *agent, uint64_t unique, uint64_t node)
{
    uint64_t key = sc_idmap_mix(unique, node);
    uint64_t *cell = &agent->fold[key % SC_AGENT_FOLD];
    bool seen = *cell == key;
    *cell = key;
    return seen;
}

/* Whether this request was logged already: a worker died behind the ring and before the reply, and
 * the next one answered again. Of those that were counted on one record only the last can be met
 * again: a thread waits for its answer before it asks for more. */
static bool folded(struct sc_agent *agent, const struct sc_ring_record *record)
{
    bool seen = was_there(agent, record->unique, record->node);
    SC_IGNORE(was_there(agent, record->last, record->node));
    return seen;
}

static int log_record(struct sc_agent *agent, const struct sc_ring_record *record,
                      struct sc_error *err)
{
    const char *name = sc_feed_name(&agent->feed, record->node);
    const struct sc_store_container *container = NULL;
    if (record->reader.in_container) {
        container = sc_feed_find_container(&agent->feed, record->reader.container);
        if (container == NULL && agent->engine != NULL &&
            tell_container(agent, record->reader.container, NULL) == 0)
            container = sc_feed_find_container(&agent->feed, record->reader.container);
    }
    return sc_access_log_add(&agent->log, name != NULL ? name : "", record, container, err);
}

/* As long as the log cannot be written, records stay in the ring; when that is full, opens are
 * counted as lost or refused (journal->log_deny), and the log says so once it can. */
int sc_agent_drain(struct sc_agent *agent, struct sc_error *err)
{
    struct sc_ring_record record;
    struct sc_ring *ring = &agent->journal->ring;
    struct sc_access_log *log = &agent->log;
    int64_t now = sc_journal_now();
    bool logged = log->fd >= 0;
    int rc = 0;
    while (rc == 0 && (!logged || sc_access_log_make_room(log, NULL) == 0) &&
           sc_ring_take(ring, now, &agent->hole_since, &record)) {
        if (logged && !folded(agent, &record))
            rc = log_record(agent, &record, err);
    }
    uint64_t lost = atomic_load(&ring->lost) - atomic_load(&ring->told);
    if (rc == 0 && logged && lost > 0 && sc_access_log_make_room(log, NULL) == 0) {
        rc = sc_access_log_add_loss(log, lost, err);
        atomic_fetch_add(&ring->told, lost);
    }
    if (rc < 0)
        return rc;
    /* A disk that is full now has room at a later tick. */
    bool due = now - agent->flushed >= FLUSH_EVERY;
    if (due)
        agent->flushed = now;
    if (!logged || (due ? sc_access_log_flush(log, NULL) : sc_access_log_write(log, NULL)) == 0)
        atomic_store(&ring->logged, atomic_load(&ring->tail));
    return 0;
}
