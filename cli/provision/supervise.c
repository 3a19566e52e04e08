/* SPDX-License-Identifier: Apache-2.0
 *
 * The process behind the agent; see cli/provision/supervise.h.
 */
#include "cli/provision/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/agent/agent.h"

#include "core/banned.h"

#define KEY_MAX       4096 /* bytes of a key's text; a pipe takes this much at once */
#define TICK_MS       500
#define LOOKS         50 /* for a keeper that is being replaced itself */
#define LOOK_PAUSE_US 100000
#define LIVED_LONG    60 /* seconds after which a crash is the first one again */
#define PAUSE_MAX     60

int sc_detach(struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || (setsid() < 0 && errno != EPERM) || chdir("/") < 0)
        return sc_fail_errno(err, "cannot go to the background");
    for (int fd = 0; fd <= 2; fd++) {
        if (dup2(null, fd) < 0)
            return sc_fail_errno(err, "cannot go to the background");
    }
    return 0;
}

/* ---- the key ---- */

static bool key_waits(const struct sc_supervised *io)
{
    struct pollfd waiting = {.fd = io->key[0], .events = POLLIN};
    return io->key[0] >= 0 && poll(&waiting, 1, 0) > 0;
}

int sc_supervised_take_key(const struct sc_supervised *io, struct sc_secret *ret,
                           struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    unsigned char *at = NULL;
    if (!key_waits(io))
        return 0;
    int rc = sc_secret_resize(&text, KEY_MAX, &at, err);
    if (rc < 0)
        return rc;
    ssize_t len = read(io->key[0], at, KEY_MAX);
    if (len <= 0)
        return sc_fail_errno(err, "cannot read the key of the agent before");
    /* Back at once: if this agent dies the next moment, another comes. */
    rc = sc_fd_write_all(io->key[1], at, (size_t)len, err);
    if (rc == 0)
        rc = sc_secret_append(ret, at, (size_t)len, err);
    if (rc == 0)
        sc_secret_strip_newline(ret);
    return rc;
}

int sc_supervised_leave_key(const struct sc_supervised *io, const struct sc_secret *key,
                            struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    if (io->key[1] < 0 || key_waits(io))
        return 0;
    int rc = 0;
    if (key->len > 0 && key->len < KEY_MAX)
        rc = sc_secret_append(&text, key->ptr, key->len, err);
    /* Never empty: that there is something to read is the sign. */
    if (rc == 0)
        rc = sc_secret_append(&text, "\n", 1, err);
    return rc < 0 ? rc : sc_secret_write_fd(&text, io->key[1], err);
}

/* ---- the process behind ---- */

struct supervisor {
    const char *directory;
    char folder[PATH_MAX]; /* where it was started; options may name files from there */
    struct sc_supervised io;
    pid_t child;
    int signal_fd;
    bool detached, stopping;
};

static void supervisor_done(struct supervisor *supervisor)
{
    sc_fd_closep(&supervisor->io.ready_fd);
    sc_fd_closep(&supervisor->io.key[0]);
    sc_fd_closep(&supervisor->io.key[1]);
    sc_fd_closep(&supervisor->signal_fd);
}

/* Whether the child has ended; reaps keepers and workers that lost their starter, too. */
static bool ended(struct supervisor *supervisor, int *ret_status)
{
    int status = 0;
    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid == supervisor->child) {
            *ret_status = status;
            return true;
        }
        if (pid <= 0)
            return pid < 0; /* ECHILD: cannot be, and there is nothing to wait for */
    }
}

/* The terminal is the child's until it serves: it may ask for a passphrase. */
static void detach_when_ready(struct supervisor *supervisor)
{
    if (supervisor->detached || !key_waits(&supervisor->io))
        return;
    supervisor->detached = true;
    SC_IGNORE(sc_detach(NULL));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    supervisor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int wait_for_end(struct supervisor *supervisor)
{
    int status = 0;
    while (!ended(supervisor, &status)) {
        struct pollfd next = {.fd = supervisor->detached ? supervisor->signal_fd
                                                         : supervisor->io.key[0],
                              .events = POLLIN};
        struct signalfd_siginfo info;
        poll(&next, 1, TICK_MS);
        detach_when_ready(supervisor);
        while (supervisor->signal_fd >= 0 &&
               read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
            if (info.ssi_signo == SIGCHLD)
                continue;
            supervisor->stopping = true;
            kill(supervisor->child, SIGTERM);
        }
    }
    return status;
}

/* Without a keeper there is nothing to go on with: the mount is lost, or was ended. */
static bool served(const struct supervisor *supervisor)
{
    struct sc_mount_status status;
    for (int i = 0; i < LOOKS; i++) {
        if (sc_mount_status(supervisor->directory, &status, NULL) == 0)
            return status.agent == 0 || status.agent == supervisor->child;
        usleep(LOOK_PAUSE_US);
    }
    return false;
}

static int run_child(struct supervisor *supervisor, sc_supervised_fn fn, void *ctx,
                     struct sc_error *err)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    sc_fd_closep(&supervisor->signal_fd);
    supervisor->signal_fd = -1;
    if (supervisor->io.again)
        SC_IGNORE(chdir(supervisor->folder) < 0);
    return fn(ctx, &supervisor->io, err);
}

int sc_supervise(struct sc_cli *cli, const char *directory, int ready_fd, sc_supervised_fn fn,
                 void *ctx, struct sc_error *err)
{
    SC_CLEANUP(supervisor_done)
    struct supervisor supervisor = {
        .directory = directory, .io = {.ready_fd = ready_fd, .key = {-1, -1}}, .signal_fd = -1};
    unsigned pause = 0;
    if (getcwd(supervisor.folder, sizeof(supervisor.folder)) == NULL)
        return sc_fail_errno(err, "cannot tell the working directory");
    if (pipe2(supervisor.io.key, O_CLOEXEC | O_NONBLOCK) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    SC_IGNORE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    for (;;) {
        time_t started = time(NULL);
        supervisor.child = fork();
        if (supervisor.child < 0)
            return sc_fail_errno(err, "cannot start the agent");
        if (supervisor.child == 0)
            return run_child(&supervisor, fn, ctx, err);
        sc_fd_closep(&supervisor.io.ready_fd);
        supervisor.io.ready_fd = -1;
        supervisor.io.again = true;
        int status = wait_for_end(&supervisor);
        cli->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (!WIFSIGNALED(status) || !supervisor.detached || supervisor.stopping)
            return 0;
        /* One that crashes again and again must not keep the machine busy. */
        pause = time(NULL) - started >= LIVED_LONG ? 0 : SC_MIN(pause * 2 + 1, PAUSE_MAX);
        sleep(pause > 1 ? pause : 0);
        if (!served(&supervisor))
            return 0;
    }
}
