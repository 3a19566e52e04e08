/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting, watching and replacing workers; see fuse/hold/keeper.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse/hold/hold.h"
#include "fuse/hold/keeper.h"
#include "fuse/hold/notify.h"

#include "core/banned.h"

#define NS_PER_S    INT64_C(1000000000)
#define PING_EVERY  NS_PER_S
#define SILENCE_MAX (2 * NS_PER_S)
#define START_MAX   (10 * NS_PER_S)
/* Much more than is ever between two ticks of a keeper that runs. */
#define TICKS_APART   (3 * NS_PER_S / 2)
#define BACKOFF_AFTER 5

static struct sc_keeper_worker *find(struct sc_keeper *keeper, enum sc_worker_state state)
{
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        if (keeper->workers[i].state == state)
            return &keeper->workers[i];
    }
    return NULL;
}

static void enter(struct sc_keeper_worker *worker, enum sc_worker_state state)
{
    worker->state = state;
    worker->since = worker->heard = sc_journal_now();
}

static void fill(struct sc_keeper_worker *worker, pid_t pid, int peer, enum sc_worker_state state)
{
    *worker = (struct sc_keeper_worker){.pid = pid, .peer = peer};
    worker->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    enter(worker, state);
}

int sc_keeper_start_worker(struct sc_keeper *keeper, struct sc_error *err)
{
    const char *program = keeper->next[0] != '\0' ? keeper->next : NULL;
    struct sc_keeper_worker *place = find(keeper, SC_WORKER_NONE);
    if (place == NULL)
        return sc_fail(err, SC_E_BUSY, "too many servers are being replaced");
    int ends[2];
    pid_t pid = -1;
    int rc = sc_message_pair(ends, err);
    if (rc < 0)
        return rc;
    struct sc_hold_fds fds = keeper->fds;
    fds.fd[SC_HOLD_PEER] = ends[1];
    atomic_fetch_add(&keeper->journal->generation, 1);
    rc = sc_hold_spawn(program, SC_HOLD_WORKER, "serve", &fds, &pid, err);
    close(ends[1]);
    if (rc < 0) {
        close(ends[0]);
        return rc;
    }
    fill(place, pid, ends[0], SC_WORKER_STARTING);
    place->upgrade = program != NULL;
    return 0;
}

void sc_keeper_adopt_worker(struct sc_keeper *keeper, int peer)
{
    struct ucred maker = {.pid = atomic_load(&keeper->journal->worker_pid)};
    socklen_t size = sizeof(maker);
    SC_IGNORE(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0);
    fill(&keeper->workers[0], maker.pid, peer, SC_WORKER_SERVING);
    atomic_store(&keeper->journal->worker_pid, (int32_t)maker.pid);
}

static void became_ready(struct sc_keeper *keeper, struct sc_keeper_worker *ready)
{
    const struct sc_message stop = {.kind = SC_MESSAGE_STOP};
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        struct sc_keeper_worker *worker = &keeper->workers[i];
        if (worker == ready || worker->state != SC_WORKER_SERVING)
            continue;
        SC_IGNORE(
            sc_message_send(worker->peer, &stop, NULL, NULL)); /* a dead one shows by its pidfd */
        enter(worker, SC_WORKER_LEAVING);
    }
    enter(ready, SC_WORKER_SERVING);
    keeper->failures = 0;
    atomic_store(&keeper->journal->worker_pid, (int32_t)ready->pid);
    sc_notify_store(&keeper->fds);
    sc_keeper_answer(keeper, NULL);
}

bool sc_keeper_handed_over(struct sc_keeper *keeper)
{
    const struct sc_keeper_worker *serving = find(keeper, SC_WORKER_SERVING);
    return !keeper->ended && serving != NULL && serving->upgrade &&
           find(keeper, SC_WORKER_STARTING) == NULL;
}

void sc_keeper_worker_message(struct sc_keeper *keeper, struct sc_keeper_worker *worker)
{
    struct sc_message message;
    if (sc_message_receive(worker->peer, 0, &message, NULL, NULL) < 0) {
        /* Closed: its death shows by the pidfd; without one this is the only sign. */
        close(worker->peer);
        worker->peer = -1;
        if (worker->pidfd < 0)
            sc_keeper_worker_died(keeper, worker);
        return;
    }
    worker->heard = sc_journal_now();
    if (message.kind == SC_MESSAGE_READY && worker->state == SC_WORKER_STARTING)
        became_ready(keeper, worker);
}

/* Whether the mount itself is gone: unmounted by hand, or aborted. */
static bool disconnected(const struct sc_keeper *keeper)
{
    struct pollfd fuse = {.fd = keeper->fds.fd[SC_HOLD_FUSE]};
    return poll(&fuse, 1, 0) > 0 && (fuse.revents & POLLERR) != 0;
}

static void start_or_fail(struct sc_keeper *keeper)
{
    struct sc_error err = {0};
    if (sc_keeper_start_worker(keeper, &err) < 0) {
        keeper->failures++;
        sc_keeper_answer(keeper, &err);
    }
}

/* Of a worker that did not get to serve. The next one is of this binary again. */
static void tell_failure(struct sc_keeper *keeper, const char *text)
{
    struct sc_error err = {0};
    keeper->next[0] = '\0';
    SC_IGNORE(sc_fail(&err, SC_E_FAILED, "%s", text));
    sc_keeper_answer(keeper, &err);
}

void sc_keeper_worker_died(struct sc_keeper *keeper, struct sc_keeper_worker *worker)
{
    enum sc_worker_state state = worker->state;
    while (waitpid(worker->pid, NULL, WNOHANG) < 0 && errno == EINTR)
        ;
    if (worker->pidfd >= 0)
        close(worker->pidfd);
    if (worker->peer >= 0)
        close(worker->peer);
    *worker = (struct sc_keeper_worker){.peer = -1, .pidfd = -1};
    if (keeper->ended || state == SC_WORKER_LEAVING)
        return;
    if (disconnected(keeper)) {
        keeper->ended = true;
        return;
    }
    if (state == SC_WORKER_STARTING) {
        tell_failure(keeper, "the new server ended before it was ready");
        keeper->failures++;
    } else {
        atomic_fetch_add(&keeper->journal->restarts, 1);
    }
    bool covered =
        find(keeper, SC_WORKER_SERVING) != NULL || find(keeper, SC_WORKER_STARTING) != NULL;
    if (!covered && keeper->failures < BACKOFF_AFTER)
        start_or_fail(keeper);
}

/* SIGKILL, and go on without waiting: a thread that sleeps in the kernel keeps its process from
 * dying until the next worker answers what it waits for. */
static void replace(struct sc_keeper *keeper, struct sc_keeper_worker *worker)
{
    bool only = worker->state == SC_WORKER_SERVING && find(keeper, SC_WORKER_STARTING) == NULL;
    if (worker->state == SC_WORKER_STARTING)
        tell_failure(keeper, "the new server was not ready in time");
    sc_journal_mark_killed(keeper->journal, worker->pid);
    if (worker->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, worker->pidfd, SIGKILL, NULL, 0);
    else
        kill(worker->pid, SIGKILL);
    enter(worker, SC_WORKER_LEAVING);
    atomic_fetch_add(&keeper->journal->restarts, 1);
    if (only)
        start_or_fail(keeper);
}

/* Who did not run (stopped, in a frozen group, on a paused machine) has heard nothing because of
 * that. Worker and keeper begin again together then, and must not kill each other. */
static void listen_anew(struct sc_keeper *keeper, int64_t now)
{
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++)
        keeper->workers[i].heard = keeper->workers[i].since = now;
}

void sc_keeper_tick(struct sc_keeper *keeper)
{
    int64_t now = sc_journal_now();
    if (now - keeper->ticked > TICKS_APART)
        listen_anew(keeper, now);
    keeper->ticked = now;
    bool ping = now - keeper->pinged >= PING_EVERY;
    const struct sc_message message = {.kind = SC_MESSAGE_PING};
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        struct sc_keeper_worker *worker = &keeper->workers[i];
        if (worker->state == SC_WORKER_SERVING && ping)
            SC_IGNORE(sc_message_send(worker->peer, &message, NULL, NULL));
        if ((worker->state == SC_WORKER_SERVING && now - worker->heard > SILENCE_MAX) ||
            (worker->state == SC_WORKER_STARTING && now - worker->since > START_MAX) ||
            (worker->state == SC_WORKER_LEAVING && now - worker->since > START_MAX &&
             now - worker->heard > START_MAX))
            replace(keeper, worker);
    }
    if (ping)
        keeper->pinged = now;
    if (find(keeper, SC_WORKER_SERVING) == NULL && find(keeper, SC_WORKER_STARTING) == NULL &&
        !keeper->ended)
        start_or_fail(keeper);
}

void sc_keeper_stop_workers(struct sc_keeper *keeper)
{
    const struct sc_message stop = {.kind = SC_MESSAGE_STOP};
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        if (keeper->workers[i].state != SC_WORKER_NONE)
            SC_IGNORE(sc_message_send(keeper->workers[i].peer, &stop, NULL, NULL));
    }
}
