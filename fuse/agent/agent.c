/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's life; see fuse/agent/agent.h. What it does with a source is in feed.c, with readers'
 * questions and the log in duties.c.
 */
#include "fuse/agent/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/agent/state.h"
#include "fuse/hold/hold.h"
#include "fuse/hold/mount.h"
#include "fuse/hold/notify.h"

#include "core/banned.h"

/* Times that do not say their unit are in nanoseconds, as sc_journal_now() counts. */
#define START_WAIT_MS   20000
#define FORCE_WAIT_MS   3000
#define CONTROL_WAIT_MS 10000
#define AWAIT_LOG       INT64_C(2000000000)
#define AWAIT_PAUSE     10000 /* microseconds */
#define TICK_MS         200
/* Seldom where a change is told by the file system. */
#define SWEEP_EVERY     INT64_C(1000000000)
#define TELL_EVERY      INT64_C(1000000000)
#define LOOK_OFTEN      INT64_C(1000000000)
#define LOOK_SELDOM     INT64_C(30000000000)
#define RECONNECT_TRIES 100
#define RECONNECT_PAUSE 50000 /* microseconds */
#define LOST_LOOKS      4     /* tries for each look at the connection itself */
#define PRELOAD_MAX     256

/* ---- memory ---- */

/* One for each processor: more only wake each other up. Two are needed (a thread that touches its
 * own mount must find another to answer), and more than four find nothing to do. */
static unsigned default_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors <= 2 ? 2 : processors >= 4 ? 4 : (unsigned)processors;
}

static int fill_journal(struct sc_agent *agent, const struct sc_fuse_agent_options *options,
                        struct sc_error *err)
{
    struct sc_journal *journal = agent->journal;
    if (strlen(options->directory) >= sizeof(journal->directory))
        return sc_fail(err, SC_E_TOOBIG, "the path of the mount point is too long");
    snprintf(journal->directory, sizeof(journal->directory), "%s", options->directory);
    journal->allow_other = options->allow_other;
    journal->log_deny = options->log_deny;
    journal->resend = !options->no_resend;
    journal->threads = options->threads != 0 ? options->threads : default_threads();
    atomic_store(&journal->agent_pid, (int32_t)getpid());
    return sc_control_path(options->directory, journal->control, sizeof(journal->control), err);
}

static int make_memory(struct sc_agent *agent, const struct sc_fuse_agent_options *options,
                       struct sc_error *err)
{
    size_t size = options->store_size != 0 ? options->store_size : SC_STORE_DEFAULT;
    int rc = sc_journal_create(&agent->journal_fd, err);
    if (rc == 0)
        rc = sc_journal_map(agent->journal_fd, &agent->journal, err);
    if (rc == 0)
        rc = fill_journal(agent, options, err);
    if (rc < 0)
        return rc;
    rc = sc_store_create(size, &agent->store_fd, &agent->store_secret, err);
    if (rc < 0 && options->store_size == 0) {
        /* An ordinary user may lock 8 MiB: begin with the least, nobody has asked for more. */
        sc_error_clear(err);
        rc = sc_store_create(SC_STORE_MIN, &agent->store_fd, &agent->store_secret, err);
    }
    if (rc == 0 && options->require_lock && !agent->store_secret)
        rc = sc_fail(err, SC_E_PERM,
                     "this system refuses memory that cannot be swapped "
                     "(see 'ulimit -l', or use --allow-unlocked-memory)");
    if (rc < 0)
        return rc;
    agent->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (agent->bell_fd < 0)
        return sc_fail_errno(err, "cannot make an eventfd");
    return 0;
}

static int first_feed(struct sc_agent *agent, struct sc_error *err)
{
    bool changed = false;
    int rc = sc_feed_init(&agent->feed, agent->source, agent->journal, agent->store_fd, err);
    agent->feed.policy = agent->policy_view;
    agent->feed.policy_rules = agent->policy_rules;
    if (rc == 0)
        rc = sc_feed_policy(&agent->feed, err);
    if (rc == 0)
        rc = sc_feed_sync(&agent->feed, &changed, err);
    if (agent->feed.full) {
        sc_error_clear(err);
        rc = sc_agent_make_room(agent, err);
        if (rc == 0)
            rc = sc_feed_sync(&agent->feed, &changed, err);
    }
    agent->looked = sc_journal_now();
    return rc == SC_E_LOCKED ? 0 : rc;
}

/* ---- the keeper ---- */

static int start_keeper(struct sc_agent *agent, struct sc_error *err)
{
    int ends[2];
    pid_t pid = -1;
    int rc = sc_message_pair(ends, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_fd_closep) int near_end = ends[0];
    SC_CLEANUP(sc_fd_closep) int far_end = ends[1];
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    fds.fd[SC_HOLD_FUSE] = agent->fuse_fd;
    fds.fd[SC_HOLD_JOURNAL] = agent->journal_fd;
    fds.fd[SC_HOLD_STORE] = agent->store_fd;
    fds.fd[SC_HOLD_BELL] = agent->bell_fd;
    fds.fd[SC_HOLD_PEER] = far_end;
    rc = sc_hold_spawn(NULL, SC_HOLD_KEEPER, SC_KEEPER_START, &fds, &pid, err);
    sc_fd_closep(&far_end);
    far_end = -1;
    if (rc < 0)
        return rc;
    struct sc_message message;
    rc = sc_message_receive(near_end, START_WAIT_MS, &message, NULL, err);
    if (rc < 0)
        return sc_wrap(err, rc, "the keeper did not start");
    if (message.kind != SC_MESSAGE_READY)
        return sc_message_error(&message, err);
    agent->keeper_fd = SC_TAKE_FD(near_end);
    return 0;
}

/* Opens a conversation with the keeper of a mount and gets its memory. */
static int join(const char *directory, enum sc_message_kind kind, int *ret_fd, int *ret_fds,
                struct sc_error *err)
{
    char path[SC_JOURNAL_PATH];
    struct sc_message message = {.kind = kind, .value = getpid()};
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = sc_control_path(directory, path, sizeof(path), err);
    if (rc == 0)
        rc = sc_control_connect(path, &fd, err);
    if (rc == 0)
        rc = sc_message_send(fd, &message, NULL, err);
    if (rc == 0)
        rc = sc_message_receive(fd, CONTROL_WAIT_MS, &message, ret_fds, err);
    if (rc < 0)
        return rc;
    if (message.kind != SC_MESSAGE_READY)
        return sc_message_error(&message, err);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

/* The journal of those who serve. Where this program cannot go on with it they serve on, and the
 * user is told the way out. */
static int map_journal(const char *directory, int fd, struct sc_journal **ret, struct sc_error *err)
{
    int rc = sc_journal_map(fd, ret, err);
    if (rc == SC_E_FORMAT)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s' is served on by a version that this one cannot take over from; to "
                       "change, with reads failing meanwhile: secretsctl umount --force '%s' && "
                       "secretsctl mount --repair '%s'",
                       directory, directory, directory);
    return rc;
}

/* On memory that an earlier agent has filled. */
static int go_on(struct sc_agent *agent, const char *directory, struct sc_error *err)
{
    int rc = map_journal(directory, agent->journal_fd, &agent->journal, err);
    if (rc == 0)
        rc = sc_feed_init(&agent->feed, agent->source, agent->journal, agent->store_fd, err);
    if (rc < 0)
        return rc;
    atomic_store(&agent->journal->agent_pid, (int32_t)getpid());
    agent->feed.policy = agent->policy_view;
    agent->feed.policy_rules = agent->policy_rules;
    rc = sc_feed_learn(&agent->feed, err);
    if (rc == 0)
        rc = sc_feed_policy(&agent->feed, err);
    if (rc == SC_E_TOOBIG) { /* a new store has it, too */
        sc_error_clear(err);
        rc = sc_agent_make_room(agent, err);
        agent->untold = rc == 0;
    }
    return rc;
}

/* A keeper serves already, but no agent: go on with its memory. NOTFOUND if there is none. */
static int attach(struct sc_agent *agent, const char *directory, struct sc_error *err)
{
    int fds[SC_MESSAGE_FDS];
    int rc = join(directory, SC_MESSAGE_ATTACH, &agent->keeper_fd, fds, err);
    if (rc < 0)
        return rc;
    agent->journal_fd = fds[0];
    agent->store_fd = fds[1];
    agent->bell_fd = fds[2];
    return go_on(agent, directory, err);
}

/* Those who served a connection that was ended may just be leaving. */
static int attach_or_outlast(struct sc_agent *agent, const char *directory, struct sc_error *err)
{
    int rc = attach(agent, directory, err);
    for (int i = 0; i < RECONNECT_TRIES && rc == SC_E_BUSY && sc_mount_lost(directory); i++) {
        usleep(RECONNECT_PAUSE);
        sc_error_clear(err);
        rc = attach(agent, directory, err);
    }
    return rc;
}

/* All processes died, and the service manager gave back what they held. NOTFOUND when it did not,
 * or when the connection is gone all the same. */
static int resume(struct sc_agent *agent, const char *directory, struct sc_hold_fds *kept,
                  struct sc_error *err)
{
    struct sc_mount_found found;
    if (kept->fd[SC_HOLD_FUSE] < 0)
        return SC_E_NOTFOUND;
    struct pollfd connection = {.fd = kept->fd[SC_HOLD_FUSE]};
    if (sc_mount_look(directory, &found, NULL) < 0 || found.state != SC_MOUNT_LIVE ||
        poll(&connection, 1, 0) < 0 || (connection.revents & POLLERR) != 0) {
        sc_notify_forget(kept);
        return SC_E_NOTFOUND;
    }
    agent->fuse_fd = SC_TAKE_FD(kept->fd[SC_HOLD_FUSE]);
    agent->journal_fd = SC_TAKE_FD(kept->fd[SC_HOLD_JOURNAL]);
    agent->store_fd = SC_TAKE_FD(kept->fd[SC_HOLD_STORE]);
    agent->bell_fd = SC_TAKE_FD(kept->fd[SC_HOLD_BELL]);
    int rc = go_on(agent, directory, err);
    if (rc == 0 && strcmp(agent->journal->directory, directory) != 0)
        rc = sc_fail(err, SC_E_FAILED, "the service manager keeps another mount: '%s'",
                     agent->journal->directory);
    if (rc == 0)
        rc = start_keeper(agent, err);
    return rc;
}

/* The keeper was replaced: its successor listens at the same place. */
static int reconnect(struct sc_agent *agent, struct sc_error *err)
{
    sc_fd_closep(&agent->keeper_fd);
    agent->keeper_fd = -1;
    for (int i = 0; i < RECONNECT_TRIES; i++) {
        int fds[SC_MESSAGE_FDS] = {-1, -1, -1};
        int rc = join(agent->journal->directory, SC_MESSAGE_ATTACH, &agent->keeper_fd, fds, err);
        /* It may have died before all heard of the last store. */
        agent->untold = agent->untold || (rc == 0 && !sc_fd_same_file(fds[1], agent->store_fd));
        for (size_t j = 0; j < SC_MESSAGE_FDS; j++)
            sc_fd_closep(&fds[j]);
        if (rc == 0)
            return 0;
        struct sc_mount_found found;
        if (sc_mount_look(agent->journal->directory, &found, NULL) == 0 &&
            (found.state == SC_MOUNT_NONE || found.state == SC_MOUNT_GUARD))
            return sc_fail(err, SC_E_CANCELLED, "unmounted");
        if (i % LOST_LOOKS == LOST_LOOKS - 1 && sc_mount_lost(agent->journal->directory))
            break; /* no keeper can come: leave the log to the agent of the next mount */
        usleep(RECONNECT_PAUSE);
    }
    return sc_fail(err, SC_E_IO, "the mount on '%s' has lost its server",
                   agent->journal->directory);
}

/* ---- start ---- */

static int copy_options(struct sc_agent *agent, const struct sc_fuse_agent_options *options,
                        struct sc_error *err)
{
    int rc = 0;
    sc_buf_append(&agent->policy, options->policy.ptr, options->policy.len);
    rc = sc_buf_status(&agent->policy, err);
    agent->policy_view = sc_buf_view(&agent->policy);
    agent->policy_rules = options->policy_rules;
    if (options->engine != NULL) {
        agent->engine = sc_str_dup(options->engine, err);
        if (agent->engine == NULL)
            return SC_E_NOMEM;
    }
    return rc;
}

static int start(struct sc_agent *agent, const struct sc_fuse_agent_options *options,
                 struct sc_error *err)
{
    int rc = copy_options(agent, options, err);
    if (rc < 0)
        return rc;
    /* Not needed where a keeper serves, and not to be held open: the kernel tells readers of the
     * death of all who serve when the last descriptor is closed. */
    SC_CLEANUP(sc_hold_close) struct sc_hold_fds kept = SC_HOLD_FDS_NONE;
    SC_IGNORE(sc_notify_take(&kept));
    rc = attach_or_outlast(agent, options->directory, err);
    if (rc == SC_E_NOTFOUND)
        rc = resume(agent, options->directory, &kept, err);
    bool fresh = rc == SC_E_NOTFOUND;
    /* Before the first look, so that no change falls between. Without inotify the source is looked
     * at every second. */
    if ((rc == 0 || fresh) && options->watch != NULL)
        SC_IGNORE(sc_watch_open(options->watch, &agent->watch, NULL));
    if (fresh)
        sc_error_clear(err);
    if ((rc == 0 || fresh) && options->access_log != NULL)
        rc = sc_access_log_open(options->access_log, &agent->log, err);
    if (fresh && (rc == 0 || options->access_log == NULL)) {
        rc = make_memory(agent, options, err);
        if (rc == 0)
            rc = first_feed(agent, err);
        if (rc == 0)
            rc = start_keeper(agent, err);
    }
    if (rc == 0 && agent->feed.count <= PRELOAD_MAX)
        SC_IGNORE(sc_feed_preload(&agent->feed, PRELOAD_MAX, NULL));
    return rc;
}

int sc_agent_start(const struct sc_fuse_agent_options *options, struct sc_source *source,
                   struct sc_agent **ret, struct sc_error *err)
{
    struct sc_agent *agent = malloc(sizeof(*agent));
    if (agent == NULL)
        return sc_fail_nomem(err);
    *agent = (struct sc_agent)SC_AGENT_EMPTY;
    agent->source = source;
    int rc = start(agent, options, err);
    if (rc < 0) {
        sc_agent_free(agent);
        return rc;
    }
    *ret = agent;
    return 0;
}

void sc_agent_free(struct sc_agent *agent)
{
    if (agent == NULL)
        return;
    sc_feed_done(&agent->feed);
    sc_watch_close(&agent->watch);
    sc_access_log_close(&agent->log);
    sc_journal_unmap(&agent->journal);
    sc_fd_closep(&agent->fuse_fd);
    sc_fd_closep(&agent->journal_fd);
    sc_fd_closep(&agent->store_fd);
    sc_fd_closep(&agent->bell_fd);
    sc_fd_closep(&agent->keeper_fd);
    sc_buf_done(&agent->policy);
    free(agent->engine);
    free(agent);
}

/* ---- work ---- */

static int step(struct sc_agent *agent, int stop_fd, bool *ret_stop, struct sc_error *err)
{
    enum { BELL, KEEPER, WATCH, STOP, COUNT };
    struct pollfd fds[COUNT] = {
        [BELL] = {.fd = agent->bell_fd, .events = POLLIN},
        [KEEPER] = {.fd = agent->keeper_fd, .events = POLLIN},
        [WATCH] = {.fd = agent->watch.fd, .events = POLLIN},
        [STOP] = {.fd = stop_fd, .events = POLLIN},
    };
    if (poll(fds, COUNT, TICK_MS) < 0 && errno != EINTR)
        return sc_fail_errno(err, "cannot wait");
    *ret_stop = fds[STOP].revents != 0;
    int rc = 0;
    if (fds[KEEPER].revents != 0)
        rc = reconnect(agent, err);
    if (rc == 0 && agent->untold && sc_journal_now() - agent->told > TELL_EVERY)
        sc_agent_hand_over(agent);
    uint64_t rings = 0;
    if (fds[BELL].revents != 0)
        SC_IGNORE(read(agent->bell_fd, &rings, sizeof(rings)) < 0);
    int64_t now = sc_journal_now();
    int64_t patience = agent->watch.fd >= 0 && !agent->retry ? LOOK_SELDOM : LOOK_OFTEN;
    bool look = sc_watch_take(&agent->watch) || now - agent->looked > patience;
    if (rc == 0 && look)
        rc = sc_agent_sync(agent, err);
    if (rc == 0)
        rc = sc_agent_answer(agent, err);
    if (rc == 0)
        rc = sc_agent_drain(agent, err);
    /* It looks at every value: not for each reader that asks. */
    if (now - agent->swept >= SWEEP_EVERY) {
        agent->swept = now;
        sc_feed_sweep(&agent->feed);
    }
    return rc;
}

int sc_agent_run(struct sc_agent *agent, int stop_fd, struct sc_error *err)
{
    bool stop = false;
    while (!stop) {
        int rc = step(agent, stop_fd, &stop, err);
        if (rc == SC_E_CANCELLED)
            return 0;
        if (rc < 0)
            return rc;
    }
    return sc_agent_drain(agent, err);
}

/* ---- commands ---- */

static int command(const char *directory, const struct sc_message *order, int patience,
                   struct sc_error *err)
{
    char path[SC_JOURNAL_PATH];
    struct sc_message message;
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = sc_control_path(directory, path, sizeof(path), err);
    if (rc == 0)
        rc = sc_control_connect(path, &fd, err);
    if (rc == 0) {
        rc = sc_message_send(fd, order, NULL, err);
        /* The keeper was ending when we connected: as if it had not been there. */
        if (rc < 0 && (errno == EPIPE || errno == ECONNRESET))
            return sc_fail(err, SC_E_NOTFOUND, "the server of '%s' has just ended", directory);
    }
    if (rc == 0)
        rc = sc_message_receive(fd, patience, &message, NULL, err);
    if (rc == 0 && message.kind == SC_MESSAGE_FAILED)
        rc = sc_message_error(&message, err);
    /* "Unmounted" is said when all is gone: the keeper's end of the socket goes with the keeper. */
    if (rc == 0 && order->kind == SC_MESSAGE_UNMOUNT)
        SC_IGNORE(sc_message_receive(fd, patience, &message, NULL, NULL));
    return rc;
}

int sc_mount_end(const char *directory, bool force, struct sc_error *err)
{
    const struct sc_message order = {.kind = SC_MESSAGE_UNMOUNT, .value = force};
    int rc = command(directory, &order, force ? FORCE_WAIT_MS : START_WAIT_MS, err);
    if (rc != SC_E_NOTFOUND && !(force && rc == SC_E_BUSY))
        return rc;
    /* No keeper, or one that hangs: what is left is a dead mount or a guard. */
    struct sc_mount_found found;
    rc = sc_mount_look(directory, &found, err);
    if (rc == 0 && (found.state == SC_MOUNT_NONE || found.state == SC_MOUNT_OTHER))
        rc = sc_fail(err, SC_E_NOTFOUND, "nothing of this program is mounted on '%s'", directory);
    return rc == 0 ? sc_mount_close(directory, true, err) : rc;
}

int sc_mount_upgrade(const char *directory, const char *program, struct sc_error *err)
{
    struct sc_message order = {.kind = SC_MESSAGE_UPGRADE};
    if ((size_t)snprintf(order.text, sizeof(order.text), "%s", program) >= sizeof(order.text))
        return sc_fail(err, SC_E_TOOBIG, "the path of the program is too long");
    return command(directory, &order, START_WAIT_MS, err);
}

/* The journal of a mount that somebody else serves. */
static int look_into(const char *directory, struct sc_journal **ret, struct sc_error *err)
{
    int fds[SC_MESSAGE_FDS] = {-1, -1, -1};
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = join(directory, SC_MESSAGE_LOOK, &fd, fds, err);
    if (rc == 0)
        rc = map_journal(directory, fds[0], ret, err);
    for (size_t i = 0; i < SC_MESSAGE_FDS; i++)
        sc_fd_closep(&fds[i]);
    return rc;
}

int sc_mount_status(const char *directory, struct sc_mount_status *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_journal_unmap) struct sc_journal *journal = NULL;
    int rc = look_into(directory, &journal, err);
    if (rc == 0)
        *ret = (struct sc_mount_status){
            .keeper = atomic_load(&journal->keeper_pid),
            .worker = atomic_load(&journal->worker_pid),
            .agent = atomic_load(&journal->agent_pid),
            .generation = atomic_load(&journal->generation),
            .requests = atomic_load(&journal->requests),
            .replayed = atomic_load(&journal->replayed),
            .restarts = atomic_load(&journal->restarts),
            .lost = atomic_load(&journal->ring.lost),
        };
    return rc;
}

int sc_mount_handles(const char *directory, const char *name, uint64_t version, int64_t *ret_count,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_journal_unmap) struct sc_journal *journal = NULL;
    int rc = look_into(directory, &journal, err);
    if (rc == 0)
        *ret_count =
            sc_journal_handles(journal, sc_node_id(SC_NODE_FILE, name, strlen(name)), version);
    return rc;
}

int sc_mount_await_log(const char *directory, struct sc_error *err)
{
    SC_CLEANUP(sc_journal_unmap) struct sc_journal *journal = NULL;
    int rc = look_into(directory, &journal, err);
    if (rc < 0)
        return rc;
    uint64_t end = atomic_load(&journal->ring.head);
    int64_t until = sc_journal_now() + AWAIT_LOG;
    while (atomic_load(&journal->ring.logged) < end && sc_journal_now() < until)
        usleep(AWAIT_PAUSE);
    return 0;
}
