/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of a worker: those that serve, and the one that tends what waits.
 *
 * Serving threads let the kernel write a request into their slot of the journal, answer it and
 * clear the slot. The tending thread answers what dead workers left behind, finishes parked
 * requests and wakes pollers. All threads read the same open file description: a cloned one would
 * take the requests it holds down with its worker.
 */
#ifndef SC_FUSE_SERVE_LOOP_H
#define SC_FUSE_SERVE_LOOP_H

#include "core/error.h"
#include "fuse/serve/serve.h"

struct sc_loop {
    struct sc_serve *serve;
    pthread_t threads[SC_JOURNAL_SLOTS];
    pthread_t tender;
    unsigned thread_count;
    bool tending;
    _Atomic unsigned running;  /* serving threads that have not left yet */
    _Atomic bool disconnected; /* the connection is gone: unmounted or aborted */
    struct sc_loop_thread {
        struct sc_loop *loop;
        struct sc_journal_slot *slot;
        unsigned char *reply;
    } contexts[SC_JOURNAL_SLOTS + 1];
};

/* Answers what dead workers left, asks the kernel to send again what it cannot tell is lost, and
 * starts `threads` serving threads (2 to SC_JOURNAL_SLOTS) and the tender. */
int sc_loop_start(struct sc_loop *loop, struct sc_serve *serve, unsigned threads,
                  struct sc_error *err) SC_NODISCARD;

/* Lets every thread finish its request and leave; returns when all have. Parked requests stay in
 * the journal for the next worker. */
void sc_loop_drain(struct sc_loop *loop);

/* ---- for the two halves: fuse/serve/loop.c and tend.c ---- */

void *sc_loop_tend(void *context);
/* Answers the requests in banks whose worker is dead or dying, frees the banks of the dead;
 * *ret_more tells whether a dying one is left. The number of requests answered. */
unsigned sc_loop_adopt(struct sc_serve *serve, unsigned char *reply, bool *ret_more);

#endif
