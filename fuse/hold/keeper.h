/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's state, shared by its three files: keeper.c (life and events), workers.c (starting
 * and replacing workers), clients.c (agent and commands).
 */
#ifndef SC_FUSE_HOLD_KEEPER_H
#define SC_FUSE_HOLD_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuse/hold/process.h"
#include "fuse/shared/journal.h"

#define SC_KEEPER_WORKERS 6
#define SC_KEEPER_CLIENTS 32

enum sc_worker_state { SC_WORKER_NONE, SC_WORKER_STARTING, SC_WORKER_SERVING, SC_WORKER_LEAVING };

struct sc_keeper_worker {
    enum sc_worker_state state;
    pid_t pid;
    int pidfd, peer;
    bool upgrade;  /* of the next program */
    int64_t since; /* when the state began */
    int64_t heard; /* when it last answered */
};

struct sc_keeper_client {
    int fd; /* -1 = free */
    bool agent;
    bool waits; /* for the next worker to be ready */
};

struct sc_keeper {
    struct sc_journal *journal;
    struct sc_hold_fds fds; /* the peer is a client or a worker's, not here */
    struct sc_keeper_worker workers[SC_KEEPER_WORKERS];
    struct sc_keeper_client clients[SC_KEEPER_CLIENTS];
    char next[SC_MESSAGE_TEXT]; /* the program of an upgrade, unless it did not get to serve */
    bool ended;                 /* unmounted or disconnected: leave */
    bool superseded;            /* leave, and so shall the workers: another keeper has its own */
    int64_t pinged, ticked;     /* when it did so last */
    int failures;               /* workers in a row that did not become ready */
};

/* workers.c */
/* Of the next program while there is an upgrade, else of this binary. */
int sc_keeper_start_worker(struct sc_keeper *keeper, struct sc_error *err) SC_NODISCARD;
/* A worker of the next program serves, which starts a keeper of its own when this one leaves. Not
 * yet while one starts, on other memory: it would do so, too. */
bool sc_keeper_handed_over(struct sc_keeper *keeper);
/* The worker that made the pair which `peer` is of. */
void sc_keeper_adopt_worker(struct sc_keeper *keeper, int peer);
void sc_keeper_worker_message(struct sc_keeper *keeper, struct sc_keeper_worker *worker);
void sc_keeper_worker_died(struct sc_keeper *keeper, struct sc_keeper_worker *worker);
/* Pings, kills the silent, starts one where none serves. */
void sc_keeper_tick(struct sc_keeper *keeper);
void sc_keeper_stop_workers(struct sc_keeper *keeper);

/* clients.c */
void sc_keeper_accept(struct sc_keeper *keeper);
void sc_keeper_client_message(struct sc_keeper *keeper, struct sc_keeper_client *client);
void sc_keeper_add_client(struct sc_keeper *keeper, int fd, bool agent, bool waits);
/* Answers those who wait for a worker: READY, or the error if err is not NULL. */
void sc_keeper_answer(struct sc_keeper *keeper, const struct sc_error *err);

#endif
