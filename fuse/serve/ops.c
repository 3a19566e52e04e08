/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that only look: names, attributes, and what is not supported; see fuse/serve/serve.h.
 */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "core/arena.h"
#include "fuse/serve/serve.h"

#include "core/banned.h"

/* FUSE_POLL_SCHEDULE_NOTIFY of the protocol. */
#define POLL_SCHEDULE_NOTIFY 1U

int sc_serve_init(struct sc_serve *serve, int fuse_fd, int store_fd, struct sc_journal *journal,
                  struct sc_error *err)
{
    *serve = (struct sc_serve){.fuse_fd = fuse_fd, .bell_fd = -1, .journal = journal};
    int rc = sc_store_map(store_fd, false, &serve->store, err);
    if (rc == 0)
        rc = sc_view_init(&serve->view, &serve->store, err);
    if (rc < 0)
        return rc;
    if (pthread_rwlock_init(&serve->lock, NULL) != 0)
        return sc_fail_nomem(err);
    serve->readers = sc_identities_new();
    serve->bank = sc_journal_claim(journal);
    if (serve->bank == NULL)
        return sc_fail(err, SC_E_BUSY, "too many servers overlap");
    return 0;
}

void sc_serve_done(struct sc_serve *serve)
{
    sc_view_done(&serve->view);
    sc_store_done(&serve->store);
    sc_identities_free(serve->readers);
    serve->readers = NULL;
    if (serve->bank != NULL)
        pthread_rwlock_destroy(&serve->lock);
    serve->bank = NULL;
}

#define BUFFER_SIZE (SC_WIRE_HEAD + SC_WIRE_REPLY_MAX)

unsigned char *sc_serve_buffer_new(struct sc_error *err)
{
    unsigned char *buffer = sc_arena_pages_get(BUFFER_SIZE, SC_ARENA_FORK_WIPES, err);
    return buffer != NULL ? buffer + SC_WIRE_HEAD : NULL;
}

void sc_serve_buffer_free(unsigned char *buffer)
{
    if (buffer != NULL)
        sc_arena_pages_release(buffer - SC_WIRE_HEAD, BUFFER_SIZE);
}

void sc_serve_attributes(const struct sc_view_node *node, struct sc_wire_attr *ret)
{
    *ret = (struct sc_wire_attr){
        .ino = node->id,
        .size = node->directory ? 0 : node->size,
        .mtime = node->mtime,
        .mode = node->mode | (node->directory ? S_IFDIR : S_IFREG),
        .uid = node->uid,
        .gid = node->gid,
        .links = node->directory ? 2 : 1,
    };
}

static void error(const struct sc_turn *turn, int error_number)
{
    SC_IGNORE(sc_wire_reply_error(turn->serve->fuse_fd, turn->request.unique, error_number));
}

static void lookup(const struct sc_turn *turn)
{
    const struct sc_view *view = &turn->serve->view;
    const struct sc_view_node *parent = sc_view_node(view, turn->request.node);
    const struct sc_view_node *node = NULL;
    if (parent != NULL && parent->directory)
        node = sc_view_child(view, parent, turn->request.name);
    if (node == NULL) {
        error(turn, ENOENT);
        return;
    }
    struct sc_wire_attr attr;
    sc_serve_attributes(node, &attr);
    SC_IGNORE(sc_wire_reply_entry(turn->serve->fuse_fd, turn->request.unique, &attr));
}

static void getattr(const struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_view_node *node = sc_view_node(&serve->view, turn->request.node);
    if (node == NULL || !node->live) {
        error(turn, ENOENT);
        return;
    }
    struct sc_wire_attr attr;
    sc_serve_attributes(node, &attr);
    /* Between the open and the fstat of one thread the value may rotate: it gets the size of what
     * it has opened. */
    uint64_t size = 0;
    if (!node->directory &&
        sc_journal_recent_size(serve->journal, turn->request.tid, node->id, &size))
        attr.size = size;
    if (!node->directory)
        sc_journal_note_told(serve->journal, turn->request.tid, node->id, attr.size);
    SC_IGNORE(sc_wire_reply_attr(serve->fuse_fd, turn->request.unique, &attr));
}

bool sc_serve_is_nudge(const struct sc_turn *turn)
{
    return turn->request.tid != 0 &&
           (int32_t)turn->request.tid == atomic_load(&turn->serve->journal->nudge_pid);
}

static void setattr(const struct sc_turn *turn)
{
    if (sc_serve_is_nudge(turn))
        getattr(turn);
    else
        error(turn, EROFS);
}

static void write_nothing(const struct sc_turn *turn)
{
    if (sc_serve_is_nudge(turn))
        SC_IGNORE(
            sc_wire_reply_written(turn->serve->fuse_fd, turn->request.unique, turn->request.size));
    else
        error(turn, EROFS);
}

static void release(const struct sc_turn *turn)
{
    uint64_t handle = turn->request.fh;
    sc_journal_note_release(turn->serve->journal, handle);
    /* Counted only when somebody waited for the answer: a replayed one was counted already. */
    if (sc_wire_reply_error(turn->serve->fuse_fd, turn->request.unique, 0) == 0)
        sc_journal_count_handle(turn->serve->journal, turn->request.node,
                                handle & SC_HANDLE_VERSION, -1);
}

/* Remembers who polls, so that a rotation can wake it: fuse/serve/tend.c. */
static void remember_poll(struct sc_journal *journal, const struct sc_wire_request *request)
{
    struct sc_journal_poll *free_cell = NULL;
    for (size_t i = 0; i < SC_JOURNAL_POLLS; i++) {
        struct sc_journal_poll *cell = &journal->polls[i];
        uint64_t node = atomic_load(&cell->node);
        if (node == request->node && atomic_load(&cell->kh) == request->kh)
            return;
        if (node == 0 && free_cell == NULL)
            free_cell = cell;
    }
    uint64_t none = 0;
    if (free_cell == NULL ||
        !atomic_compare_exchange_strong(&free_cell->node, &none, SC_POLL_TAKEN))
        return; /* no room: this reader is not woken, but sees the change when it looks */
    atomic_store(&free_cell->version, request->fh & SC_HANDLE_VERSION);
    atomic_store(&free_cell->kh, request->kh);
    atomic_store(&free_cell->node, request->node);
}

static void poll_file(const struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    const struct sc_view_node *node = sc_view_node(&serve->view, turn->request.node);
    uint32_t events = POLLIN | POLLRDNORM;
    if (node == NULL || !node->live || node->version != (turn->request.fh & SC_HANDLE_VERSION))
        events |= POLLPRI;
    if ((turn->request.flags & POLL_SCHEDULE_NOTIFY) != 0)
        remember_poll(serve->journal, &turn->request);
    SC_IGNORE(sc_wire_reply_poll(serve->fuse_fd, turn->request.unique, events));
}

static bool dispatch(struct sc_turn *turn)
{
    const struct sc_wire_request *request = &turn->request;
    int fd = turn->serve->fuse_fd;
    switch (request->op) {
    case SC_WIRE_NO_REPLY:
        return true;
    case SC_WIRE_LOOKUP:
        lookup(turn);
        return true;
    case SC_WIRE_GETATTR:
        getattr(turn);
        return true;
    case SC_WIRE_OPEN:
        return sc_serve_open(turn);
    case SC_WIRE_READ:
        return sc_serve_read(turn);
    case SC_WIRE_RELEASE:
        release(turn);
        return true;
    case SC_WIRE_OPENDIR:
        SC_IGNORE(sc_wire_reply_open(fd, request->unique, 0, true));
        return true;
    case SC_WIRE_READDIR:
        sc_serve_listing(turn);
        return true;
    case SC_WIRE_RELEASEDIR:
        error(turn, 0);
        return true;
    case SC_WIRE_STATFS:
        SC_IGNORE(sc_wire_reply_statfs(fd, request->unique, turn->serve->view.live_files));
        return true;
    case SC_WIRE_POLL:
        poll_file(turn);
        return true;
    case SC_WIRE_SETATTR:
        setattr(turn);
        return true;
    case SC_WIRE_WRITE:
        write_nothing(turn);
        return true;
    case SC_WIRE_READ_ONLY:
        error(turn, EROFS);
        return true;
    case SC_WIRE_DESTROY:
        error(turn, 0);
        return true;
    case SC_WIRE_INIT: /* the keeper's business; a second one never comes */
    case SC_WIRE_UNSUPPORTED:
    default:
        error(turn, ENOSYS);
        return true;
    }
}

/* Brings the view up to date with the store: one look at a counter when there is nothing new. */
static void refresh(struct sc_serve *serve)
{
    pthread_rwlock_rdlock(&serve->lock);
    bool current = sc_view_current(&serve->view);
    pthread_rwlock_unlock(&serve->lock);
    if (current)
        return;
    pthread_rwlock_wrlock(&serve->lock);
    SC_IGNORE(
        sc_view_update(&serve->view, NULL)); /* out of memory: tried again at the next request */
    pthread_rwlock_unlock(&serve->lock);
}

bool sc_serve_request(struct sc_turn *turn)
{
    struct sc_serve *serve = turn->serve;
    int error_number = 0;
    if (sc_wire_parse(turn->bytes, turn->len, &turn->request, &error_number) < 0)
        return true; /* not a request: nobody to answer */
    atomic_fetch_add_explicit(&serve->journal->requests, 1, memory_order_relaxed);
    if (error_number != 0) {
        if (turn->request.op != SC_WIRE_NO_REPLY)
            error(turn, error_number);
        return true;
    }
    refresh(serve);
    pthread_rwlock_rdlock(&serve->lock);
    bool answered = dispatch(turn);
    pthread_rwlock_unlock(&serve->lock);
    return answered;
}
