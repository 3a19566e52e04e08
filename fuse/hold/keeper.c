/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's life: mount, answer INIT, wait for events; see fuse/hold/hold.h and keeper.h.
 */
#include "fuse/hold/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/hold/hold.h"
#include "fuse/hold/mount.h"
#include "fuse/hold/notify.h"
#include "fuse/serve/wire.h"

#include "core/banned.h"

#define TICK_MS      500
#define POLL_MAX     (1 + SC_KEEPER_CLIENTS + 2 * SC_KEEPER_WORKERS)
#define INIT_WAIT_MS 5000

/* Out of reach of the OOM killer where that is granted, and never paged out: a keeper that waits
 * for a disk cannot start the next worker. */
static void settle(void)
{
    SC_CLEANUP(sc_fd_closep) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        SC_IGNORE(write(fd, "-900", 4) != 4);
    SC_IGNORE(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
    const struct sigaction children = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &children, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

/* The kernel's first request after the mount; nothing else comes before it is answered. */
static int answer_init(struct sc_keeper *keeper, struct sc_error *err)
{
    int fd = keeper->fds.fd[SC_HOLD_FUSE];
    unsigned char request[SC_JOURNAL_REQUEST] __attribute__((aligned(8)));
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    struct sc_wire_request init;
    struct sc_wire_protocol protocol;
    int lie = 0;
    if (poll(&waiting, 1, INIT_WAIT_MS) <= 0)
        return sc_fail(err, SC_E_IO, "the kernel does not begin to talk FUSE");
    ssize_t len = read(fd, request, sizeof(request));
    if (len <= 0)
        return sc_fail_errno(err, "cannot read from '/dev/fuse'");
    if (sc_wire_parse(request, (size_t)len, &init, &lie) < 0 || lie != 0 || init.op != SC_WIRE_INIT)
        return sc_fail(err, SC_E_UNSUPPORTED, "this kernel talks another FUSE");
    if (sc_wire_reply_init(fd, &init, &protocol) < 0 || init.minor < 31)
        return sc_fail(err, SC_E_UNSUPPORTED, "this kernel's FUSE is too old");
    keeper->journal->proto_minor = protocol.minor;
    keeper->journal->proto_flags = protocol.flags;
    return 0;
}

static int begin(struct sc_keeper *keeper, struct sc_error *err)
{
    struct sc_journal *journal = keeper->journal;
    int rc = sc_control_listen(journal->control, &keeper->fds.fd[SC_HOLD_LISTEN], err);
    if (rc < 0)
        return rc;
    struct stat st;
    bool resumed = fstat(keeper->fds.fd[SC_HOLD_FUSE], &st) == 0 && journal->proto_minor != 0;
    if (!resumed) {
        close(keeper->fds.fd[SC_HOLD_FUSE]);
        keeper->fds.fd[SC_HOLD_FUSE] = -1;
        rc = sc_mount_open(journal->directory, journal->allow_other, &keeper->fds.fd[SC_HOLD_FUSE],
                           err);
        if (rc == 0)
            rc = answer_init(keeper, err);
    }
    if (rc == 0)
        rc = sc_keeper_start_worker(keeper, err);
    return rc;
}

/* ---- events ---- */

struct events {
    struct pollfd fds[POLL_MAX];
    nfds_t count;
};

static short take_event(const struct events *events, nfds_t *at)
{
    return events->fds[(*at)++].revents;
}

static void collect(const struct sc_keeper *keeper, struct events *events)
{
    events->count = 0;
    events->fds[events->count++] =
        (struct pollfd){.fd = keeper->fds.fd[SC_HOLD_LISTEN], .events = POLLIN};
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++)
        events->fds[events->count++] =
            (struct pollfd){.fd = keeper->clients[i].fd, .events = POLLIN};
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        const struct sc_keeper_worker *worker = &keeper->workers[i];
        bool there = worker->state != SC_WORKER_NONE;
        events->fds[events->count++] =
            (struct pollfd){.fd = there ? worker->peer : -1, .events = POLLIN};
        events->fds[events->count++] =
            (struct pollfd){.fd = there ? worker->pidfd : -1, .events = POLLIN};
    }
}

static void handle(struct sc_keeper *keeper, const struct events *events)
{
    nfds_t at = 0;
    bool accept_one = take_event(events, &at) != 0;
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++) {
        if (take_event(events, &at) != 0)
            sc_keeper_client_message(keeper, &keeper->clients[i]);
    }
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        struct sc_keeper_worker *worker = &keeper->workers[i];
        if (take_event(events, &at) != 0)
            sc_keeper_worker_message(keeper, worker);
        if (take_event(events, &at) != 0 && worker->state != SC_WORKER_NONE)
            sc_keeper_worker_died(keeper, worker);
    }
    if (accept_one)
        sc_keeper_accept(keeper);
}

static bool any_worker(const struct sc_keeper *keeper)
{
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++) {
        if (keeper->workers[i].state != SC_WORKER_NONE)
            return true;
    }
    return false;
}

/* When a keeper dies while two workers overlap, each of them starts the next one. Who came later
 * keeps; this one leaves with its worker, which may serve older memory. */
static bool is_superseded(const struct sc_keeper *keeper)
{
    int last = atomic_load(&keeper->journal->keeper_pid);
    return last > 0 && last != getpid() && kill(last, 0) == 0;
}

static void run(struct sc_keeper *keeper)
{
    struct events events;
    int64_t leave_by = 0;
    while (!sc_keeper_handed_over(keeper) && !keeper->superseded) {
        if (keeper->ended && leave_by == 0)
            leave_by = sc_journal_now() + INT64_C(2000000000);
        if (keeper->ended && (!any_worker(keeper) || sc_journal_now() > leave_by))
            break;
        collect(keeper, &events);
        if (poll(events.fds, events.count, TICK_MS) > 0)
            handle(keeper, &events);
        keeper->superseded = is_superseded(keeper);
        if (!keeper->ended && !keeper->superseded)
            sc_keeper_tick(keeper);
    }
}

static void leave(struct sc_keeper *keeper)
{
    if (sc_keeper_handed_over(keeper))
        return; /* the new worker sees the end of file and starts its own keeper */
    if (!keeper->superseded) {
        unlink(keeper->journal->control);
        sc_notify_forget(&keeper->fds);
    }
    sc_keeper_stop_workers(keeper);
}

int sc_keeper_main(const char *mode, struct sc_error *err)
{
    struct sc_keeper keeper = {.fds = SC_HOLD_FDS_NONE};
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++)
        keeper.clients[i].fd = -1;
    for (size_t i = 0; i < SC_KEEPER_WORKERS; i++)
        keeper.workers[i].peer = keeper.workers[i].pidfd = -1;
    int rc = sc_hold_inherit(&keeper.fds, err);
    if (rc == 0)
        rc = sc_journal_map(keeper.fds.fd[SC_HOLD_JOURNAL], &keeper.journal, err);
    if (rc < 0)
        return rc;
    settle();
    int peer = SC_TAKE_FD(keeper.fds.fd[SC_HOLD_PEER]);
    atomic_store(&keeper.journal->keeper_pid, (int32_t)getpid());
    if (strcmp(mode, SC_KEEPER_ADOPT) == 0) {
        sc_keeper_adopt_worker(&keeper, peer);
    } else {
        sc_keeper_add_client(&keeper, peer, true, true);
        rc = begin(&keeper, err);
        if (rc < 0) {
            sc_keeper_answer(&keeper, err);
            return rc;
        }
    }
    run(&keeper);
    leave(&keeper);
    sc_journal_unmap(&keeper.journal);
    sc_hold_close(&keeper.fds);
    return 0;
}
