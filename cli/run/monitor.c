/* SPDX-License-Identifier: Apache-2.0
 *
 * The monitor; see cli/run/monitor.h. Messages on the socket are ints: signals one way, statuses
 * the other.
 */
#include "cli/run/monitor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/fd.h"

#include "core/banned.h"

/* In the command's process; signals are still blocked, so TTOU does not stop it here. */
static void start_command(const struct sc_monitor_start *how)
{
    setpgid(0, 0);
    SC_IGNORE(tcsetpgrp(how->terminal, getpid()) < 0);
    how->become(how->ctx);
    _exit(1);
}

static void hang_up(pid_t command)
{
    kill(-command, SIGHUP);
    kill(-command, SIGCONT);
    _exit(0);
}

static void take_order(int fd, pid_t command)
{
    int number = 0;
    ssize_t got = read(fd, &number, sizeof(number));
    if (got < 0 && errno == EINTR)
        return;
    if (got != sizeof(number))
        hang_up(command);
    kill(number == SIGCONT ? -command : command, number);
}

/* Reports each stop and the end; does not return from the end. */
static void watch_command(int fd, pid_t command)
{
    int status = 0;
    while (waitpid(command, &status, WUNTRACED | WNOHANG) == command) {
        SC_IGNORE(write(fd, &status, sizeof(status)) < 0);
        if (!WIFSTOPPED(status))
            _exit(0);
    }
}

static void watch(int fd, int signal_fd, pid_t command)
{
    struct signalfd_siginfo info;
    for (;;) {
        struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (poll(fds, SC_ARRAY_SIZE(fds), -1) < 0)
            continue;
        if (fds[0].revents != 0 && read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
            if (info.ssi_signo == SIGHUP)
                hang_up(command);
            watch_command(fd, command);
        }
        if (fds[1].revents != 0)
            take_order(fd, command);
    }
}

static void monitor(const struct sc_monitor_start *how, int fd)
{
    sigset_t all;
    sigset_t awaited;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGHUP);
    setsid();
    SC_IGNORE(ioctl(how->terminal, TIOCSCTTY, 0)); /* without it there is no job control, no more */
    int signal_fd = signalfd(-1, &awaited, SFD_CLOEXEC);
    pid_t command = signal_fd < 0 ? -1 : fork();
    if (command == 0)
        start_command(how);
    if (command < 0)
        _exit(1);
    setpgid(command, command); /* whoever is first */
    how->forget(how->ctx);
    watch(fd, signal_fd, command);
}

int sc_monitor_start(const struct sc_monitor_start *how, struct sc_monitor *ret,
                     struct sc_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return sc_fail_errno(err, "cannot make a socket");
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        monitor(how, ends[1]);
    }
    int rc = pid < 0 ? sc_fail_errno(err, "cannot start a process") : 0;
    close(ends[1]);
    if (rc < 0)
        close(ends[0]);
    else
        *ret = (struct sc_monitor){pid, ends[0]};
    return rc;
}

void sc_monitor_signal(const struct sc_monitor *monitor, int number)
{
    SC_IGNORE(send(monitor->fd, &number, sizeof(number), MSG_NOSIGNAL) < 0); /* it has ended */
}

int sc_monitor_report(const struct sc_monitor *monitor)
{
    int status = 0;
    ssize_t got;
    do /* a reset says that it left an order unread, not that there is no report */
        got = read(monitor->fd, &status, sizeof(status));
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    return got == sizeof(status) ? status : SIGKILL;
}

void sc_monitor_done(struct sc_monitor *monitor)
{
    sc_fd_closep(&monitor->fd);
    if (monitor->pid > 0)
        while (waitpid(monitor->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    monitor->pid = -1;
}
