/* SPDX-License-Identifier: Apache-2.0
 *
 * One worker's state, and the answer to one request.
 *
 * A serving thread calls sc_serve_request() with the bytes the kernel gave it, and each request is
 * answered exactly once: at once, or, when the agent has to be asked, after it was copied to a
 * parked slot of the journal. Nothing here waits for disk, network or another process.
 *
 * The view is read under a lock shared by the serving threads and taken alone for updates.
 */
#ifndef SC_FUSE_SERVE_SERVE_H
#define SC_FUSE_SERVE_SERVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fuse/serve/identity.h"
#include "fuse/serve/view.h"
#include "fuse/serve/wire.h"
#include "fuse/shared/journal.h"
#include "fuse/shared/store.h"

/* How long a request waits for the agent: facts on a container, and a value. */
#define SC_WAIT_CONTAINER_MS 500
#define SC_WAIT_VALUE_MS     5000

/* What a thread was noted for last, so that the same again is only counted. */
#define SC_SERVE_NOTED 64
struct sc_noted {
    _Atomic bool busy;
    uint64_t position; /* in the ring */
    struct sc_ring_record record;
};

/* Who has opened a handle, until another handle takes its place or somebody else has read from it.
 */
struct sc_opener {
    _Atomic uint64_t handle; /* 0 = free */
    _Atomic int32_t tid, tgid;
};

struct sc_serve {
    int fuse_fd;
    int bell_fd; /* an eventfd: rings the agent; -1 in tests without one */
    struct sc_journal *journal;
    struct sc_journal_bank *bank;
    struct sc_store store;
    struct sc_view view;
    struct sc_identities *readers; /* NULL without memory */
    struct sc_noted noted[SC_SERVE_NOTED];
    struct sc_opener openers[SC_JOURNAL_RECENT];
    pthread_rwlock_t lock;
    _Atomic bool stop;
};

/* One request on its way, and the thread's buffer for replies: locked, wiped after use. */
struct sc_turn {
    struct sc_serve *serve;
    unsigned char *reply; /* SC_WIRE_REPLY_MAX bytes, and room for the header before */
    const unsigned char *bytes;
    size_t len;
    struct sc_wire_request request;
    const struct sc_journal_parked *parked; /* the slot it waited in, or NULL */
    bool replay; /* taken by a worker that died, and answered by it perhaps */
};

/* Maps store, builds the view, claims a bank. */
int sc_serve_init(struct sc_serve *serve, int fuse_fd, int store_fd, struct sc_journal *journal,
                  struct sc_error *err) SC_NODISCARD;
void sc_serve_done(struct sc_serve *serve);

/* The reply buffer of a thread; NULL with NOMEM. */
unsigned char *sc_serve_buffer_new(struct sc_error *err) SC_NODISCARD;
void sc_serve_buffer_free(unsigned char *buffer);

/* Answers (or parks) the request in turn->bytes; the caller sets all fields but `request`. True if
 * it was answered, or needs no answer; false if it waits (again) for the agent. */
bool sc_serve_request(struct sc_turn *turn);

/* The handlers, by kind: fuse/serve/ops.c, open.c, listing.c. Called with the lock held for
 * reading. */
bool sc_serve_open(struct sc_turn *turn);
bool sc_serve_read(struct sc_turn *turn);
void sc_serve_listing(struct sc_turn *turn);

/* What is to be noted of a request, and its reader. */
struct sc_noting {
    uint64_t node, version;
    int32_t result; /* as in struct sc_ring_record */
    uint32_t rule;
    const struct sc_fuse_reader *reader;
};
/* False if the request must be refused because it could not be noted. */
bool sc_serve_note(const struct sc_turn *turn, const struct sc_noting *noting);
/* Remembers who opened, before the reply; and notes a READ by another process, the first one. */
void sc_serve_note_opener(struct sc_serve *serve, uint64_t handle,
                          const struct sc_fuse_reader *reader);
bool sc_serve_note_reader(const struct sc_turn *turn);

/* Whether the request comes from the process that tells watchers of a rotation: it alone may open
 * for writing, and what it writes is dropped. Its number may be another's by now, so nothing is to
 * be read through what is opened that way. */
bool sc_serve_is_nudge(const struct sc_turn *turn);

/* The agent has something to do. */
void sc_serve_ring_bell(const struct sc_serve *serve);

void sc_serve_attributes(const struct sc_view_node *node, struct sc_wire_attr *ret);

#endif
