/* SPDX-License-Identifier: Apache-2.0
 *
 * The worker process: serves until it is told to stop, and sees to it that there is a keeper; see
 * fuse/hold/hold.h.
 */
#include <signal.h>
#include <unistd.h>

#include "fuse/hold/hold.h"
#include "fuse/hold/process.h"
#include "fuse/serve/loop.h"

#include "core/banned.h"

#define TICK_MS         1000
#define KEEPER_PATIENCE INT64_C(5000000000)
#define SLEPT           INT64_C(2500000000) /* much more than a tick */

struct worker {
    struct sc_journal *journal;
    struct sc_hold_fds fds;
    struct sc_serve serve;
    struct sc_loop loop;
    int64_t heard; /* when the keeper last said something */
    bool stopped;
};

static int say(struct worker *worker, enum sc_message_kind kind)
{
    const struct sc_message message = {.kind = kind};
    return sc_message_send(worker->fds.fd[SC_HOLD_PEER], &message, NULL, NULL);
}

/* The keeper is gone: a new one gets everything this process holds, and adopts it. */
static void start_keeper(struct worker *worker)
{
    int ends[2];
    pid_t pid = -1;
    if (sc_message_pair(ends, NULL) < 0)
        return; /* tried again at the next tick */
    struct sc_hold_fds fds = worker->fds;
    fds.fd[SC_HOLD_PEER] = ends[1];
    atomic_store(&worker->journal->worker_pid, (int32_t)getpid());
    int rc = sc_hold_spawn(NULL, SC_HOLD_KEEPER, SC_KEEPER_ADOPT, &fds, &pid, NULL);
    close(ends[1]);
    if (rc < 0) {
        close(ends[0]);
        return;
    }
    close(worker->fds.fd[SC_HOLD_PEER]);
    worker->fds.fd[SC_HOLD_PEER] = ends[0];
    worker->heard = sc_journal_now();
    atomic_fetch_add(&worker->journal->restarts, 1);
}

/* A keeper that hangs is replaced like one that died. Who did not run itself has heard nothing
 * because of that. */
static void check_silence(struct worker *worker, int64_t listened)
{
    int keeper = atomic_load(&worker->journal->keeper_pid);
    if (sc_journal_now() - listened > SLEPT)
        worker->heard = sc_journal_now();
    if (sc_journal_now() - worker->heard < KEEPER_PATIENCE || keeper <= 1)
        return;
    kill(keeper, SIGKILL);
    worker->heard = sc_journal_now();
}

static void listen_once(struct worker *worker)
{
    struct sc_message message;
    int64_t now = sc_journal_now();
    int rc = sc_message_receive(worker->fds.fd[SC_HOLD_PEER], TICK_MS, &message, NULL, NULL);
    if (rc == SC_E_BUSY) {
        check_silence(worker, now);
        return;
    }
    if (rc < 0) {
        if (!atomic_load(&worker->loop.disconnected))
            start_keeper(worker);
        return;
    }
    worker->heard = sc_journal_now();
    if (message.kind == SC_MESSAGE_PING)
        SC_IGNORE(say(worker, SC_MESSAGE_PONG)); /* a keeper that is gone shows at the next read */
    worker->stopped = worker->stopped || message.kind == SC_MESSAGE_STOP;
}

static void reap(int signal_number)
{
    (void)signal_number;
}

int sc_worker_main(struct sc_error *err)
{
    struct worker worker = {.fds = SC_HOLD_FDS_NONE, .heard = sc_journal_now()};
    int rc = sc_hold_inherit(&worker.fds, err);
    if (rc < 0)
        return rc;
    /* A keeper started here is not waited for: SIGCHLD's default action with SA_NOCLDWAIT. */
    const struct sigaction children = {.sa_handler = reap, .sa_flags = SA_NOCLDWAIT | SA_RESTART};
    sigaction(SIGCHLD, &children, NULL);
    signal(SIGPIPE, SIG_IGN);
    rc = sc_journal_map(worker.fds.fd[SC_HOLD_JOURNAL], &worker.journal, err);
    if (rc == 0)
        rc = sc_serve_init(&worker.serve, worker.fds.fd[SC_HOLD_FUSE], worker.fds.fd[SC_HOLD_STORE],
                           worker.journal, err);
    worker.serve.bell_fd = worker.fds.fd[SC_HOLD_BELL];
    if (rc == 0)
        rc = sc_loop_start(&worker.loop, &worker.serve, worker.journal->threads, err);
    if (rc < 0)
        return rc; /* the keeper sees it end; the system takes back what it held */
    SC_IGNORE(say(&worker, SC_MESSAGE_READY));
    while (!worker.stopped && !atomic_load(&worker.loop.disconnected))
        listen_once(&worker);
    sc_loop_drain(&worker.loop);
    sc_serve_done(&worker.serve);
    sc_journal_unmap(&worker.journal);
    sc_hold_close(&worker.fds);
    return 0;
}
