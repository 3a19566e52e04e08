/* SPDX-License-Identifier: Apache-2.0
 *
 * OPEN is the gate: who asks, may it, note it (fuse/serve/note.c), answer. READ hands out one
 * version; see fuse/serve/serve.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/secret.h"
#include "fuse/serve/serve.h"

#include "core/banned.h"

#define NS_PER_MS   INT64_C(1000000)
#define OPENS_REACH 16

static void refuse(const struct sc_turn *turn, int error_number)
{
    SC_IGNORE(sc_wire_reply_error(turn->serve->fuse_fd, turn->request.unique, error_number));
}

/* ---- waiting for the agent ---- */

static bool is_overdue(const struct sc_turn *turn)
{
    return turn->parked != NULL && sc_journal_now() >= turn->parked->deadline;
}

void sc_serve_ring_bell(const struct sc_serve *serve)
{
    const uint64_t one = 1;
    if (serve->bell_fd >= 0)
        SC_IGNORE(write(serve->bell_fd, &one, sizeof(one)) < 0);
}

/* A worker that does not die at once is looked at again and again, and what it had taken with it.
 */
static bool waits_already(const struct sc_turn *turn, enum sc_ask ask)
{
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++) {
        const struct sc_journal_parked *slot = &turn->serve->bank->parked[i];
        if (atomic_load(&slot->state) == SC_PARKED_WAITING && slot->ask == ask &&
            sc_journal_unique(slot->request) == turn->request.unique)
            return true;
    }
    return false;
}

/* Copies the request to a parked slot and rings the agent. A request that waits already gets a new
 * slot if it now waits for something else; its old one is freed by the caller. */
static bool park(const struct sc_turn *turn, enum sc_ask ask, uint64_t version,
                 const unsigned char *container)
{
    struct sc_serve *serve = turn->serve;
    if (turn->len > SC_PARKED_REQUEST)
        return false;
    if (turn->replay && waits_already(turn, ask))
        return true;
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++) {
        struct sc_journal_parked *slot = &serve->bank->parked[i];
        uint32_t state = SC_PARKED_FREE;
        if (!atomic_compare_exchange_strong(&slot->state, &state, SC_PARKED_FILLING))
            continue;
        int64_t wait = ask == SC_ASK_VALUE ? SC_WAIT_VALUE_MS : SC_WAIT_CONTAINER_MS;
        slot->ask = ask;
        slot->node = turn->request.node;
        slot->version = version;
        memset(slot->container, 0, sizeof(slot->container));
        if (container != NULL)
            memcpy(slot->container, container, sizeof(slot->container));
        slot->asked_at = serve->view.seen;
        slot->deadline = sc_journal_now() + wait * NS_PER_MS;
        slot->size = (uint32_t)turn->len;
        memcpy(slot->request, turn->bytes, turn->len);
        atomic_store(&slot->state, SC_PARKED_WAITING);
        sc_serve_ring_bell(serve);
        sc_journal_wake(
            serve->journal); /* the thread that tends the parked must learn the deadline */
        return true;
    }
    return false;
}

/* The version's bytes. NULL: *ret_errno is 0 if the request was (or stays) parked, else the answer.
 */
static const struct sc_store_value *value_or_park(const struct sc_turn *turn, uint64_t version,
                                                  bool *ret_waits, int *ret_errno)
{
    struct sc_serve *serve = turn->serve;
    *ret_waits = false;
    *ret_errno = 0;
    const struct sc_store_value *value = sc_view_value(&serve->view, turn->request.node, version);
    if (value != NULL)
        return value;
    const struct sc_journal_parked *parked = turn->parked;
    const struct sc_view_node *node = sc_view_node(&serve->view, turn->request.node);
    bool asked = parked != NULL && parked->ask == SC_ASK_VALUE && parked->version == version;
    if (asked && node != NULL && node->failed_version == version &&
        node->failed_at >= parked->asked_at)
        *ret_errno = node->failed_errno;
    else if (asked && is_overdue(turn))
        *ret_errno = ENOKEY; /* there is nobody who could open the vault */
    else if (asked || park(turn, SC_ASK_VALUE, version, NULL))
        *ret_waits = true;
    else
        *ret_errno = EAGAIN;
    return NULL;
}

/* ---- policy ---- */

/* Counts an allowed open against the rule's limit; false when the limit is used up. */
static bool within_limit(const struct sc_turn *turn, const struct sc_rule *rule)
{
    struct sc_journal *journal = turn->serve->journal;
    uint64_t unique = turn->request.unique & ~SC_WIRE_RESENT;
    if (rule->opens == 0)
        return true;
    for (size_t i = 0; i < OPENS_REACH; i++) {
        struct sc_journal_opens *cell = &journal->opens[(rule->hash + i) % SC_JOURNAL_OPENS];
        uint64_t owner = 0;
        if (!atomic_compare_exchange_strong(&cell->rule, &owner, rule->hash) && owner != rule->hash)
            continue;
        /* Counted by a worker that died before it answered. */
        if (turn->replay && atomic_load(&cell->last) == unique)
            return true;
        if (atomic_fetch_add(&cell->count, 1) < rule->opens) {
            atomic_store(&cell->last, unique);
            return true;
        }
        atomic_fetch_sub(&cell->count, 1);
        return false;
    }
    return false; /* no counter is free: a limit that cannot be kept is not granted */
}

/* What is known of the reader's container, as far as the request has waited for it. */
static const struct sc_store_container *facts_of(const struct sc_turn *turn,
                                                 const struct sc_fuse_reader *reader,
                                                 bool *ret_known)
{
    uint64_t at = 0;
    const struct sc_store_container *facts = NULL;
    if (reader->in_container)
        facts = sc_view_container(&turn->serve->view, reader->container, &at);
    *ret_known = facts != NULL && facts->known != 0;
    /* "Cannot tell" answers those who asked before it was said; others ask anew. */
    if (facts != NULL && facts->known == 0 && (turn->parked == NULL || at < turn->parked->asked_at))
        return NULL;
    return facts;
}

enum gate { GATE_OPEN, GATE_SHUT, GATE_WAIT };

static enum gate judge(const struct sc_turn *turn, const struct sc_view_node *node,
                       const struct sc_fuse_reader *reader, uint32_t *ret_rule)
{
    const struct sc_policy *policy = &turn->serve->view.policy;
    bool known = false;
    const struct sc_store_container *facts = facts_of(turn, reader, &known);
    const struct sc_question question = {
        .name = node->name,
        .reader = reader,
        .container = known ? facts : NULL,
        .minute = sc_policy_minute(),
    };
    *ret_rule = 0;
    switch (sc_policy_decide(policy, &question, ret_rule)) {
    case SC_VERDICT_ALLOW:
        if (*ret_rule > 0 && !within_limit(turn, &policy->rules[*ret_rule - 1]))
            return GATE_SHUT;
        return GATE_OPEN;
    case SC_VERDICT_UNDECIDED:
        if (facts != NULL || is_overdue(turn))
            return GATE_SHUT;
        if (turn->parked != NULL && turn->parked->ask == SC_ASK_CONTAINER)
            return GATE_WAIT;
        return park(turn, SC_ASK_CONTAINER, 0, reader->container) ? GATE_WAIT : GATE_SHUT;
    case SC_VERDICT_REFUSE:
    default:
        return GATE_SHUT;
    }
}

/* ---- OPEN ---- */

/* The note of what a thread has opened must be there when its next question comes, so it is made
 * before the reply. Not so for a request that a dead worker may have answered already: its reader
 * has moved on, and a note of what it did not get would tell it a wrong size. */
static void grant(const struct sc_turn *turn, const struct sc_view_node *node,
                  const struct sc_store_value *value, const struct sc_fuse_reader *reader)
{
    struct sc_serve *serve = turn->serve;
    uint64_t handle = sc_journal_handle(serve->journal, turn->request.tid, value->version);
    const struct sc_journal_opened opened = {node->id, handle, value->len};
    if (!turn->replay)
        sc_journal_note_open(serve->journal, turn->request.tid, &opened);
    sc_journal_count_handle(serve->journal, node->id, value->version, 1);
    sc_serve_note_opener(serve, handle, reader);
    if (sc_wire_reply_open(serve->fuse_fd, turn->request.unique, handle, false) < 0) {
        /* The reader is gone, or got another worker's answer during a hand-over. */
        sc_journal_count_handle(serve->journal, node->id, value->version, -1);
        sc_journal_note_release(serve->journal, handle);
    } else if (turn->replay) {
        sc_journal_note_open(serve->journal, turn->request.tid, &opened);
    }
}

/* What an open is refused for before anyone asks who it is; 0 if nothing. */
static int precheck(const struct sc_turn *turn, const struct sc_view_node *node)
{
    if (node == NULL || !node->live)
        return ENOENT;
    if (node->directory)
        return EISDIR;
    if ((turn->request.flags & O_ACCMODE) != O_RDONLY)
        return EROFS;
    struct sc_journal *journal = turn->serve->journal;
    const struct sc_journal_asked asked = {turn->request.unique, node->id, node->size,
                                           turn->request.tid};
    if (!sc_journal_told_wrong(journal, &asked))
        return 0;
    /* The value rotated between the kernel's question for the size and this: ESTALE makes the
     * kernel begin anew, which the caller does not see. It is not to hear of what it opened before
     * then; a replayed request may have been answered, and its caller be at its fstat. */
    if (!turn->replay)
        sc_journal_forget_open(journal, turn->request.tid, node->id);
    return ESTALE;
}

bool sc_serve_open(struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_view_node *node = sc_view_node(&serve->view, turn->request.node);
    int error_number = precheck(turn, node);
    if (error_number == EROFS && (turn->request.flags & O_ACCMODE) == O_WRONLY &&
        sc_serve_is_nudge(turn)) {
        /* Version 0: not a handle anybody counts, or reads from. */
        SC_IGNORE(sc_wire_reply_open(serve->fuse_fd, turn->request.unique, 0, false));
        return true;
    }
    if (error_number != 0) {
        refuse(turn, error_number);
        return true;
    }
    struct sc_fuse_reader reader = {
        .tid = (int32_t)turn->request.tid, .uid = turn->request.uid, .gid = turn->request.gid};
    if (serve->journal->identity)
        sc_identities_find(serve->readers, turn->request.tid, turn->request.uid, turn->request.gid,
                           &reader);
    const struct sc_store_value *value = NULL;
    uint32_t rule = 0;
    bool waits = false;
    if (atomic_load(&serve->journal->locked) != 0)
        error_number = ENOKEY;
    else
        value = value_or_park(turn, node->version, &waits, &error_number);
    if (waits)
        return false;
    if (error_number == 0) {
        enum gate gate = judge(turn, node, &reader, &rule);
        if (gate == GATE_WAIT)
            return false;
        error_number = gate == GATE_OPEN ? 0 : EACCES;
    }
    const struct sc_noting opened = {node->id, node->version, error_number, rule, &reader};
    if (!sc_serve_note(turn, &opened))
        error_number = EACCES;
    if (error_number != 0)
        refuse(turn, error_number);
    else
        grant(turn, node, value, &reader);
    return true;
}

/* ---- READ ---- */

bool sc_serve_read(struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_wire_request *request = &turn->request;
    bool waits = false;
    int error_number = 0;
    if (request->fh == 0) { /* of no open that was granted */
        refuse(turn, EBADF);
        return true;
    }
    const struct sc_store_value *value =
        value_or_park(turn, request->fh & SC_HANDLE_VERSION, &waits, &error_number);
    if (waits)
        return false;
    if (value == NULL) {
        refuse(turn, error_number == ENOENT ? ESTALE : error_number);
        return true;
    }
    size_t len = 0;
    if (request->offset < value->len)
        len = SC_MIN(value->len - (size_t)request->offset, (size_t)request->size);
    len = SC_MIN(len, SC_WIRE_REPLY_MAX);
    /* Pages of a memfd_secret cannot be handed to the kernel: copy, reply, wipe. */
    memcpy(turn->reply, value->bytes + (len > 0 ? request->offset : 0), len);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load(&value->dead) != 0)
        refuse(turn, ESTALE); /* wiped while it was being copied */
    else if (!sc_serve_note_reader(turn))
        refuse(turn, EACCES);
    else
        SC_IGNORE(sc_wire_reply_data(serve->fuse_fd, request->unique, turn->reply, len));
    sc_wipe(turn->reply, len);
    return true;
}
