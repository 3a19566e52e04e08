/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting the child and standing between it and our descriptors; see cli/run/run.h.
 *
 * With a terminal on both ends the child gets a session on a terminal of its own, ours becomes raw,
 * and bytes are copied both ways. Else nothing is taken over: an output that is a terminal gets one
 * of its own without post-processing, any other a pipe, and the child stays in our process group,
 * so the keyboard's signals reach it by themselves. Standard output and error that are one file
 * share a channel, so their order is kept.
 */
#include "cli/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/run/channel.h"
#include "core/fd.h"

#include "core/banned.h"

#define SIGNAL_BASE 128
#define DRAIN_MS    300
#define TICK_MS     50
#define CANNOT_EXEC 126
#define NOT_FOUND   127

struct session {
    const struct sc_run_child *child;
    struct sc_channel channels[2];
    size_t channel_count;
    bool terminal; /* a full session: standard input is copied too */
    bool raw;      /* our terminal is raw and has to be restored */
    struct termios saved;
    sigset_t before;
    int signal_fd;
    pid_t pid;
    int exec_fd; /* the child's errno when its exec failed */
};

/* ---- the child's side ---- */

static void become_child(const struct session *session, const int ends[3], int report_fd)
{
    if (session->terminal) {
        setsid();
        SC_IGNORE(ioctl(ends[0], TIOCSCTTY, 0)); /* without it there is no job control, no more */
    }
    for (int fd = 0; fd <= 2; fd++)
        if (ends[fd] >= 0)
            SC_IGNORE(dup2(ends[fd], fd) < 0);
    /* All else is closed by the exec; what others left to us, too. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigprocmask(SIG_SETMASK, &session->before, NULL);
    execvpe(session->child->argv[0], session->child->argv, session->child->environment);
    int number = errno;
    SC_IGNORE(write(report_fd, &number, sizeof(number)) < 0);
    _exit(number == ENOENT ? NOT_FOUND : CANNOT_EXEC);
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

static int start(struct session *session, int ends[3], struct sc_error *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    session->pid = fork();
    if (session->pid == 0)
        become_child(session, ends, report[1]);
    close(report[1]);
    session->exec_fd = report[0];
    if (session->pid < 0)
        return sc_fail_errno(err, "cannot start a process");
    return 0;
}

/* ---- channels ---- */

static bool same_file(int a, int b)
{
    struct stat x;
    struct stat y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

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

static int make_channels(struct session *session, int ends[3], struct sc_error *err)
{
    if (session->child->patterns == NULL)
        return 0;
    session->terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int rc = add_channel(session, STDOUT_FILENO, session->terminal, &ends[1], err);
    if (rc < 0)
        return rc;
    if (session->terminal)
        ends[0] = ends[1];
    if (same_file(STDOUT_FILENO, STDERR_FILENO)) {
        ends[2] = ends[1];
        return 0;
    }
    return add_channel(session, STDERR_FILENO, false, &ends[2], err);
}

static void make_raw(struct session *session)
{
    if (!session->terminal || tcgetattr(STDIN_FILENO, &session->saved) < 0)
        return;
    struct termios raw = session->saved;
    cfmakeraw(&raw);
    session->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void restore_terminal(struct session *session)
{
    if (session->raw)
        SC_IGNORE(tcsetattr(STDIN_FILENO, TCSADRAIN, &session->saved) < 0);
    session->raw = false;
}

/* ---- the loop ---- */

static void pass_signal(const struct session *session)
{
    struct signalfd_siginfo info;
    if (read(session->signal_fd, &info, sizeof(info)) != sizeof(info))
        return;
    int number = (int)info.ssi_signo;
    if (number == SIGWINCH) {
        for (size_t i = 0; i < session->channel_count; i++)
            sc_channel_resize(&session->channels[i]);
    } else if (number != SIGCHLD && (session->terminal || info.ssi_code <= 0)) {
        /* Signals of the keyboard have reached the child already: it is in our group. */
        kill(session->pid, number);
    }
}

static void copy_input(const struct session *session, bool *open)
{
    char room[4096];
    ssize_t got = read(STDIN_FILENO, room, sizeof(room));
    if (got > 0)
        SC_IGNORE(sc_fd_write_all(session->channels[0].fd, room, (size_t)got, NULL));
    else if (got == 0 || errno != EINTR)
        *open = false;
    sc_wipe(room, sizeof(room)); /* a person may have typed a password */
}

static bool any_open(const struct session *session)
{
    for (size_t i = 0; i < session->channel_count; i++)
        if (session->channels[i].fd >= 0)
            return true;
    return false;
}

static bool has_ended(const struct session *session, int *raw_status)
{
    return waitpid(session->pid, raw_status, WNOHANG) == session->pid;
}

static bool any_held(const struct session *session)
{
    for (size_t i = 0; i < session->channel_count; i++)
        if (sc_mask_stream_held(&session->channels[i].stream) > 0)
            return true;
    return false;
}

/* One turn; *ret_moved tells whether a byte came. */
static int turn(struct session *session, int timeout, bool *input_open, bool *ret_moved,
                struct sc_error *err)
{
    struct pollfd fds[4] = {
        {.fd = session->signal_fd, .events = POLLIN},
        {.fd = session->terminal && *input_open ? STDIN_FILENO : -1, .events = POLLIN}};
    for (size_t i = 0; i < 2; i++)
        fds[2 + i] = (struct pollfd){
            .fd = i < session->channel_count ? session->channels[i].fd : -1, .events = POLLIN};
    *ret_moved = false;
    int ready = poll(fds, 4, timeout);
    if (ready < 0 && errno != EINTR)
        return sc_fail_errno(err, "cannot wait for the child");
    if (ready > 0 && fds[0].revents != 0)
        pass_signal(session);
    if (ready > 0 && fds[1].revents != 0)
        copy_input(session, input_open);
    for (size_t i = 0; i < session->channel_count; i++) {
        bool readable = ready > 0 && fds[2 + i].revents != 0;
        int rc = readable ? sc_channel_read(&session->channels[i], err)
                          : sc_channel_tick(&session->channels[i], err);
        if (rc < 0)
            return rc;
        *ret_moved = *ret_moved || readable;
    }
    return 0;
}

static int loop(struct session *session, int *raw_status, struct sc_error *err)
{
    bool ended = false;
    bool input_open = true;
    int rc = 0;
    while (rc == 0) {
        bool moved = false;
        int timeout = ended ? DRAIN_MS : any_held(session) ? TICK_MS : -1;
        rc = turn(session, timeout, &input_open, &moved, err);
        if (ended && (!moved || !any_open(session)))
            break;
        if (!ended)
            ended = has_ended(session, raw_status);
        if (ended && !any_open(session))
            break;
    }
    for (size_t i = 0; rc == 0 && i < session->channel_count; i++)
        rc = sc_channel_end(&session->channels[i], err);
    if (!ended) { /* our own failure: the child shall not go on unmasked */
        kill(session->pid, SIGKILL);
        SC_IGNORE(waitpid(session->pid, raw_status, 0) < 0);
    }
    return rc;
}

static int block_signals(struct session *session, struct sc_error *err)
{
    static const int passed[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT,
                                 SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < SC_ARRAY_SIZE(passed); i++)
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
    if (read(session->exec_fd, &number, sizeof(number)) != sizeof(number))
        return 0;
    errno = number;
    *ret_status = number == ENOENT ? NOT_FOUND : CANNOT_EXEC;
    return sc_fail_errno(err, "cannot run '%s'", session->child->argv[0]);
}

int sc_run_child(const struct sc_run_child *child, int *ret_status, struct sc_error *err)
{
    struct session session = {.child = child, .signal_fd = -1, .exec_fd = -1, .pid = -1};
    int ends[3] = {-1, -1, -1};
    int raw_status = 0;
    int rc = block_signals(&session, err);
    if (rc == 0)
        rc = make_channels(&session, ends, err);
    if (rc == 0)
        rc = start(&session, ends, err);
    close_ends(ends);
    if (rc == 0) {
        make_raw(&session);
        rc = loop(&session, &raw_status, err);
        restore_terminal(&session);
        *ret_status =
            WIFSIGNALED(raw_status) ? SIGNAL_BASE + WTERMSIG(raw_status) : WEXITSTATUS(raw_status);
    }
    if (rc == 0)
        rc = exec_failure(&session, ret_status, err);
    for (size_t i = 0; i < session.channel_count; i++)
        sc_channel_done(&session.channels[i]);
    sc_fd_closep(&session.signal_fd);
    sc_fd_closep(&session.exec_fd);
    return rc;
}
