/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes to the read log; see fuse/serve/serve.h.
 *
 * An open is noted for who opens. An open file can be handed on, to a child or through a socket:
 * the first process that reads from it and is not the one that opened is noted, too, as far as the
 * opener is remembered (by this worker, until its place is taken).
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuse/serve/serve.h"

#include "core/banned.h"

/* Opens further apart are noted each with its own time. */
#define NOTE_APART UINT64_C(1000000000)

static bool same_reader(const struct sc_fuse_reader *a, const struct sc_fuse_reader *b)
{
    return a->tid == b->tid && a->tgid == b->tgid && a->uid == b->uid && a->gid == b->gid &&
           a->start == b->start && a->in_container == b->in_container && a->apart == b->apart &&
           memcmp(a->container, b->container, sizeof(a->container)) == 0 &&
           strcmp(a->exe, b->exe) == 0 && strcmp(a->cgroup, b->cgroup) == 0;
}

static bool same_open(const struct sc_ring_record *a, const struct sc_ring_record *b)
{
    return a->node == b->node && a->version == b->version && a->result == b->result &&
           a->rule == b->rule && (uint64_t)(b->time - a->time) < NOTE_APART &&
           same_reader(&a->reader, &b->reader);
}

/* Into the ring, or onto the count of what is there already. A request that a dead worker may have
 * noted goes by itself: its number tells the agent. False if the ring is full. */
static bool note_or_count(const struct sc_turn *turn, const struct sc_ring_record *record,
                          bool *ret_half)
{
    struct sc_ring *ring = &turn->serve->journal->ring;
    struct sc_noted *noted = &turn->serve->noted[turn->request.tid % SC_SERVE_NOTED];
    uint64_t position = 0;
    *ret_half = false;
    if (turn->replay || atomic_exchange(&noted->busy, true))
        return sc_ring_put(ring, record, &position, ret_half);
    bool kept =
        same_open(&noted->record, record) && sc_ring_repeat(ring, noted->position, record->unique);
    if (!kept) {
        kept = sc_ring_put(ring, record, &noted->position, ret_half);
        noted->record = kept ? *record : (struct sc_ring_record){0};
    }
    atomic_store(&noted->busy, false);
    return kept;
}

bool sc_serve_note(const struct sc_turn *turn, const struct sc_noting *noting)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct sc_ring_record record = {
        .time = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
        .unique = turn->request.unique & ~SC_WIRE_RESENT,
        .node = noting->node,
        .version = noting->version,
        .result = noting->result,
        .rule = noting->rule,
        .reader = *noting->reader,
    };
    bool half = false;
    bool kept = note_or_count(turn, &record, &half);
    if (half)
        sc_serve_ring_bell(turn->serve);
    return kept || !turn->serve->journal->log_deny;
}

/* ---- handles in other hands ---- */

static struct sc_opener *opener_of(struct sc_serve *serve, uint64_t handle)
{
    return &serve->openers[sc_journal_handle_place(handle)];
}

void sc_serve_note_opener(struct sc_serve *serve, uint64_t handle,
                          const struct sc_fuse_reader *reader)
{
    struct sc_opener *opener = opener_of(serve, handle);
    atomic_store(&opener->handle, 0);
    atomic_store(&opener->tid, reader->tid);
    atomic_store(&opener->tgid, reader->tgid);
    atomic_store(&opener->handle, handle);
}

/* Whether the request comes from another process than the one that opened, for the first time. */
static bool is_handed_on(const struct sc_turn *turn, struct sc_opener *opener)
{
    uint64_t handle = turn->request.fh;
    int32_t tid = (int32_t)turn->request.tid;
    int32_t tgid = atomic_load(&opener->tgid);
    if (atomic_load(&opener->handle) != handle || atomic_load(&opener->tid) == tid)
        return false;
    if (handle == 0 || tid == 0 || tgid == 0)
        return false;
    /* A thread of the opener's own? The signal 0 tells it faster than /proc. */
    if (syscall(SYS_tgkill, tgid, tid, 0) == 0 || errno == EPERM)
        return false;
    return atomic_compare_exchange_strong(&opener->handle, &handle, 0);
}

bool sc_serve_note_reader(const struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_wire_request *request = &turn->request;
    if (!is_handed_on(turn, opener_of(serve, request->fh)))
        return true;
    struct sc_fuse_reader reader = {0};
    sc_identities_find(serve->readers, request->tid, request->uid, request->gid, &reader);
    const struct sc_noting handed_on = {request->node, request->fh & SC_HANDLE_VERSION,
                                        SC_RING_HANDED_ON, 0, &reader};
    return sc_serve_note(turn, &handed_on);
}
