/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting the child and standing between it and our descriptors; see cli/run/run.h.
 *
 * With a terminal on both ends the child gets a session on a terminal of its own, led by a monitor,
 * ours becomes raw, and bytes are copied both ways. When the child is stopped by ^Z, so are we, and
 * the shell's fg continues both. Else nothing is taken over: an output that is a terminal gets one
 * of its own without post-processing, any other a pipe, and the child stays in our process group,
 * so the keyboard's signals reach it by themselves. Standard output and error that are one file
 * share a channel, so their order is kept.
 */
#include "cli/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run/channel.h"
#include "cli/run/monitor.h"
#include "cli/run/outer.h"
#include "cli/run/waits.h"
#include "core/fd.h"

#include "core/banned.h"

#define SIGNAL_BASE 128
#define DRAIN_MS    300
/* Reads that more than empty a full pipe or terminal: what comes then is not the child's. */
#define DRAIN_READS   32
#define BACKGROUND_MS 500
#define CANNOT_EXEC   126
#define NOT_FOUND     127

/* An end or an error is something to read, too. */
#define READABLE (~(uint32_t)EPOLLOUT)

/* Places in the set of descriptors that are waited for. */
enum { WAIT_SIGNAL, WAIT_MONITOR, WAIT_INPUT, WAIT_CHANNEL }; /* and the second channel */

struct session {
    const struct sc_run_child *child;
    struct sc_channel channels[2];
    size_t channel_count;
    bool terminal; /* a full session: standard input is copied too */
    struct sc_outer outer;
    struct sc_monitor monitor; /* of a full session */
    sigset_t before;
    int signal_fd;
    struct sc_waits waits;
    pid_t pid;     /* the child, where there is no monitor */
    int ends[3];   /* the child's descriptors */
    int report[2]; /* the child's errno when its exec failed */
    bool ended;
    int raw_status;
};

/* ---- the child's side ---- */

static void become_child(void *ctx)
{
    const struct session *session = ctx;
    const struct sc_run_child *child = session->child;
    for (int fd = 0; fd <= 2; fd++)
        if (session->ends[fd] >= 0)
            SC_IGNORE(dup2(session->ends[fd], fd) < 0);
    /* All else is closed by the exec; what others left to us, too. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int i = 0; i < child->keep_count; i++)
        SC_IGNORE(fcntl(child->keep_first + i, F_SETFD, 0) < 0);
    umask(child->umask);
    sigprocmask(SIG_SETMASK, &session->before, NULL);
    execvpe(child->argv[0], child->argv, child->environment->items);
    int number = errno;
    SC_IGNORE(write(session->report[1], &number, sizeof(number)) < 0);
    _exit(number == ENOENT ? NOT_FOUND : CANNOT_EXEC);
}

/* What the monitor does not need: it stays as long as the command does. */
static void forget(void *ctx)
{
    const struct session *session = ctx;
    sc_run_environment_done(session->child->environment);
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    for (int i = 0; i < session->child->keep_count; i++)
        close(session->child->keep_first + i);
    close(session->report[0]);
    close(session->report[1]);
    for (size_t i = 0; i < session->channel_count; i++)
        close(session->channels[i].fd);
}

static void close_ends(int ends[3])
{
    for (int fd = 0; fd <= 2; fd++)
        for (int other = 2; other > fd; other--)
            if (ends[other] == ends[fd])
                ends[other] = -1;
    for (int fd = 0; fd <= 2; fd++)
        sc_fd_closep(&ends[fd]);
}

static int start_plain(struct session *session, struct sc_error *err)
{
    session->pid = fork();
    if (session->pid == 0)
        become_child(session);
    return session->pid < 0 ? sc_fail_errno(err, "cannot start a process") : 0;
}

static int start(struct session *session, struct sc_error *err)
{
    if (pipe2(session->report, O_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    const struct sc_monitor_start how = {session->ends[0], become_child, forget, session};
    int rc = session->terminal ? sc_monitor_start(&how, &session->monitor, err)
                               : start_plain(session, err);
    sc_fd_closep(&session->report[1]);
    sc_run_environment_done(session->child->environment);
    return rc;
}

/* ---- channels ---- */

static int add_channel(struct session *session, int target, bool full, int *ret_end,
                       struct sc_error *err)
{
    struct sc_channel *channel = &session->channels[session->channel_count];
    const struct sc_channel_options options = {target, full, session->child->patterns,
                                               session->child->mask_text};
    int rc = sc_channel_open(channel, &options, ret_end, err);
    if (rc == 0)
        session->channel_count++;
    return rc;
}

static int make_channels(struct session *session, struct sc_error *err)
{
    int *ends = session->ends;
    if (session->child->patterns == NULL)
        return 0;
    int rc = add_channel(session, STDOUT_FILENO, session->terminal, &ends[1], err);
    if (rc < 0)
        return rc;
    if (session->terminal)
        ends[0] = ends[1];
    if (sc_fd_same_file(STDOUT_FILENO, STDERR_FILENO)) {
        ends[2] = ends[1];
        return 0;
    }
    return add_channel(session, STDERR_FILENO, false, &ends[2], err);
}

/* ---- the loop ---- */

static void resize(const struct session *session)
{
    for (size_t i = 0; i < session->channel_count; i++)
        sc_channel_resize(&session->channels[i]);
}

/* The terminal is ours (again), and so is the child's. */
static void resume(struct session *session)
{
    sc_outer_enter(&session->outer);
    resize(session);
    sc_monitor_signal(&session->monitor, SIGCONT);
}

/* As the first process of a container we are the parent of what others have left, too. */
static void reap(struct session *session)
{
    bool first = getpid() == 1;
    int raw = 0;
    pid_t pid = first || session->pid > 0 ? 1 : -1;
    while (pid > 0) {
        pid = waitpid(first ? -1 : session->pid, &raw, WNOHANG);
        if (pid > 0 && pid == session->pid) {
            session->ended = true;
            session->raw_status = raw;
        }
    }
}

static void pass_signal(struct session *session)
{
    struct signalfd_siginfo info;
    if (read(session->signal_fd, &info, sizeof(info)) != sizeof(info)) {
        reap(session); /* it may have said that the command ended, and would not say so again */
        return;
    }
    int number = (int)info.ssi_signo;
    if (number == SIGWINCH)
        resize(session);
    else if (number == SIGCONT)
        resume(session);
    else if (number == SIGCHLD)
        reap(session);
    else if (session->terminal)
        sc_monitor_signal(&session->monitor, number);
    else if (!session->ended && info.ssi_code <= 0)
        /* Signals of the keyboard have reached the child already: it is in our group. */
        kill(session->pid, number);
}

static bool any_open(const struct session *session)
{
    for (size_t i = 0; i < session->channel_count; i++)
        if (session->channels[i].fd >= 0)
            return true;
    return false;
}

static bool any_held(const struct session *session)
{
    for (size_t i = 0; i < session->channel_count; i++)
        if (sc_mask_stream_held(&session->channels[i].stream) > 0)
            return true;
    return false;
}

/* What a program wrote before it stopped (a restored screen) goes out before we stop too. */
static int take_what_is_there(struct session *session, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < session->channel_count; i++) {
        struct pollfd one = {.fd = session->channels[i].fd, .events = POLLIN};
        for (int n = 0; rc == 0 && n < DRAIN_READS && one.fd >= 0 && poll(&one, 1, 0) > 0; n++) {
            rc = sc_channel_read(&session->channels[i], err);
            one.fd = session->channels[i].fd;
        }
    }
    return rc;
}

static int take_report(struct session *session, struct sc_error *err)
{
    int status = sc_monitor_report(&session->monitor);
    if (!WIFSTOPPED(status)) {
        session->ended = true;
        session->raw_status = status;
        return 0;
    }
    int rc = take_what_is_there(session, err);
    sc_outer_stop(&session->outer);
    resume(session);
    return rc;
}

static int choose_waits(struct session *session, struct sc_error *err)
{
    const struct sc_outer *outer = &session->outer;
    struct sc_waits *waits = &session->waits;
    bool reads = session->terminal && sc_outer_reads(outer);
    int rc = sc_waits_set(waits, WAIT_SIGNAL, session->signal_fd, EPOLLIN, err);
    if (rc == 0)
        rc = sc_waits_set(waits, WAIT_MONITOR, session->ended ? -1 : session->monitor.fd, EPOLLIN,
                          err);
    if (rc == 0)
        rc = sc_waits_set(waits, WAIT_INPUT, reads ? STDIN_FILENO : -1, EPOLLIN, err);
    for (size_t i = 0; rc == 0 && i < session->channel_count; i++) {
        uint32_t writes = i == 0 && sc_outer_writes(outer) ? EPOLLOUT : 0;
        rc = sc_waits_set(waits, WAIT_CHANNEL + i, session->channels[i].fd, EPOLLIN | writes, err);
    }
    return rc;
}

static int serve_channel(struct session *session, size_t i, uint32_t events, struct sc_error *err)
{
    if ((events & EPOLLOUT) != 0)
        sc_outer_write(&session->outer, session->channels[i].fd);
    return (events & READABLE) != 0 ? sc_channel_read(&session->channels[i], err)
                                    : sc_channel_tick(&session->channels[i], err);
}

/* One turn; *ret_moved tells whether a byte came. */
static int turn(struct session *session, int timeout, bool *ret_moved, struct sc_error *err)
{
    uint32_t ready[SC_WAITS_MAX];
    *ret_moved = false;
    int rc = choose_waits(session, err);
    if (rc == 0)
        rc = sc_waits_wait(&session->waits, timeout, ready, err);
    if (rc < 0)
        return rc;
    if (ready[WAIT_INPUT] != 0) {
        sc_outer_read(&session->outer);
        sc_outer_write(&session->outer, session->channels[0].fd);
    }
    for (size_t i = 0; rc == 0 && i < session->channel_count; i++) {
        rc = serve_channel(session, i, ready[WAIT_CHANNEL + i], err);
        *ret_moved = *ret_moved || (ready[WAIT_CHANNEL + i] & READABLE) != 0;
    }
    if (ready[WAIT_SIGNAL] != 0)
        pass_signal(session);
    if (rc == 0 && ready[WAIT_MONITOR] != 0)
        rc = take_report(session, err);
    return rc;
}

/* How long to wait for something to happen. */
static int patience(const struct session *session)
{
    if (session->ended)
        return DRAIN_MS;
    if (any_held(session))
        return SC_CHANNEL_TICK_MS;
    /* A shell brings a running job to the foreground without telling it. */
    return session->terminal && !session->outer.raw ? BACKGROUND_MS : -1;
}

static int loop(struct session *session, struct sc_error *err)
{
    int rc = sc_waits_init(&session->waits, err);
    int drained = 0;
    while (rc == 0 && drained < DRAIN_READS) {
        bool was_ended = session->ended;
        drained += was_ended;
        bool moved = false;
        if (session->terminal && !session->ended)
            sc_outer_enter(&session->outer);
        rc = turn(session, patience(session), &moved, err);
        if (was_ended && (!moved || !any_open(session)))
            break;
        if (session->ended && !any_open(session))
            break;
    }
    for (size_t i = 0; rc == 0 && i < session->channel_count; i++)
        rc = sc_channel_end(&session->channels[i], err);
    if (!session->ended) { /* our own failure: the child shall not go on unmasked */
        if (session->terminal)
            sc_monitor_signal(&session->monitor, SIGKILL);
        else
            kill(session->pid, SIGKILL);
    }
    if (session->terminal)
        sc_monitor_done(&session->monitor);
    else if (!session->ended)
        SC_IGNORE(waitpid(session->pid, &session->raw_status, 0) < 0);
    return rc;
}

static int block_signals(struct session *session, struct sc_error *err)
{
    static const int passed[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT, SIGUSR1,
                                 SIGUSR2, SIGCHLD, SIGWINCH, SIGCONT, SIGTSTP};
    /* Without a terminal of its own the child is stopped and continued together with us. */
    size_t count = SC_ARRAY_SIZE(passed) - (session->terminal ? 0 : 2);
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, passed[i]);
    sigprocmask(SIG_BLOCK, &set, &session->before);
    session->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (session->signal_fd < 0)
        return sc_fail_errno(err, "cannot listen for signals");
    return 0;
}

static int exec_failure(const struct session *session, int *ret_status, struct sc_error *err)
{
    int number = 0;
    if (read(session->report[0], &number, sizeof(number)) != sizeof(number))
        return 0;
    errno = number;
    *ret_status = number == ENOENT ? NOT_FOUND : CANNOT_EXEC;
    if (number == E2BIG)
        return sc_fail(err, SC_E_TOOBIG,
                       "arguments and variables are more than the kernel takes; choose values with "
                       "--only");
    return sc_fail_errno(err, "cannot run '%s'", session->child->argv[0]);
}

int sc_run_child(const struct sc_run_child *child, struct sc_run_end *ret, struct sc_error *err)
{
    struct session session = {.child = child,
                              .monitor = {-1, -1},
                              .signal_fd = -1,
                              .waits = {.fd = -1},
                              .pid = -1,
                              .ends = {-1, -1, -1},
                              .report = {-1, -1}};
    session.terminal = child->patterns != NULL && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int rc = block_signals(&session, err);
    if (rc == 0)
        rc = make_channels(&session, err);
    if (rc == 0)
        rc = start(&session, err);
    close_ends(session.ends);
    if (rc == 0) {
        rc = loop(&session, err);
        sc_outer_leave(&session.outer);
    }
    if (rc == 0) {
        int raw = session.raw_status;
        ret->status = WIFSIGNALED(raw) ? SIGNAL_BASE + WTERMSIG(raw) : WEXITSTATUS(raw);
        ret->left = any_open(&session);
        rc = exec_failure(&session, &ret->status, err);
    }
    for (size_t i = 0; i < session.channel_count; i++)
        sc_channel_done(&session.channels[i]);
    sc_waits_done(&session.waits);
    sc_fd_closep(&session.signal_fd);
    sc_fd_closep(&session.report[0]);
    return rc;
}
