/* SPDX-License-Identifier: Apache-2.0
 *
 * --init: the parent that forwards signals, reaps orphans, passes the status on, and tells the
 * child of values that changed.
 *
 * All signals are blocked before the child exists, so none is lost; the child gets back the mask
 * that we were started with. Values are wiped from the parent as soon as the child has them.
 */
#include "shim/shim.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/macros.h"
#include "shim/file.h"

#include "core/banned.h"

#define STOP_SECONDS 10
#define PAUSE_MAX    63
/* Of the kernel's struct sigaction, and more; all zeros is SIG_DFL. */
#define SIGACTION_SIZE 64
#define KERNEL_SIGSET  8

struct init {
    struct shim *shim;
    sigset_t before; /* the mask to give to children */
    char chld[SIGACTION_SIZE];
    sigset_t waited;
    pid_t child;
    time_t kill_at; /* monotonic; 0 = no deadline */
    bool restart;   /* start again when the child has ended */
    char **next;    /* the environment for that */
    unsigned late;  /* looks until a change is acted on that could not be; 0 = there is none */
    unsigned pause; /* the same, the last time */
};

static time_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Where it is ignored, and whoever started us may have done so, no end of a child is told. A bare
 * system call: the library's wrapper is larger than what is said by it. */
static void act_on_chld(const char *action, char *ret_before)
{
    syscall(SYS_rt_sigaction, SIGCHLD, action, ret_before, KERNEL_SIGSET);
}

/* Its own group, and the foreground one if standard input is our terminal: ^C reaches the child's
 * group, not us. TTOU is blocked in here, so the change is not stopped. */
static void take_terminal(void)
{
    setpgid(0, 0);
    if (isatty(STDIN_FILENO))
        SC_IGNORE(tcsetpgrp(STDIN_FILENO, getpgrp())); /* not our terminal: nothing to give */
}

static bool start_child(struct init *init, char **environment)
{
    pid_t pid = fork();
    if (pid < 0) {
        shim_say("cannot start a process: ", shim_errno_text(errno), NULL);
        return false;
    }
    if (pid == 0) {
        take_terminal();
        if (!shim_become_user(init->shim))
            _exit(SHIM_OWN_FAILURE);
        act_on_chld(init->chld, NULL);
        sigprocmask(SIG_SETMASK, &init->before, NULL);
        _exit(shim_exec(init->shim->options.command, environment));
    }
    init->child = pid;
    shim_arena_wipe(&init->shim->values);
    return true;
}

static int status_of(int raw)
{
    return WIFSIGNALED(raw) ? SHIM_SIGNAL_BASE + WTERMSIG(raw) : WEXITSTATUS(raw);
}

/* Takes all that have ended; the child's status, or -1 while it runs. */
static int reap(const struct init *init)
{
    int status = -1;
    int raw = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &raw, WNOHANG)) > 0)
        if (pid == init->child)
            status = status_of(raw);
    return status;
}

static void stop_child(struct init *init)
{
    kill(init->child, SIGTERM);
    init->kill_at = now() + STOP_SECONDS;
}

/* The new environment first: when a value cannot be had now, the old child goes on. */
static void begin_restart(struct init *init)
{
    if (!shim_build_environment(init->shim, &init->next)) {
        shim_say("the program goes on with the old values", NULL);
        shim_arena_wipe(&init->shim->values);
        init->pause = SC_MIN(init->pause * 2 + 1, (unsigned)PAUSE_MAX);
        init->late = init->pause;
        return;
    }
    init->pause = 0;
    init->restart = true;
    stop_child(init);
}

static void act_on_change(struct init *init, bool detached)
{
    if (init->kill_at != 0) { /* it is being stopped already; its successor may have the old one */
        init->late = 1;
        return;
    }
    switch (init->shim->options.change) {
    case SHIM_CHANGE_EXIT:
        shim_say("a value changed; ending, to be started again with the new one", NULL);
        stop_child(init);
        break;
    case SHIM_CHANGE_SIGNAL:
        if (!detached)
            kill(init->child, init->shim->options.change_signal);
        break;
    case SHIM_CHANGE_RESTART:
        if (!detached)
            begin_restart(init);
        break;
    case SHIM_CHANGE_IGNORE:
    default:
        break;
    }
    if (detached && init->shim->options.change != SHIM_CHANGE_EXIT)
        shim_say("a value was replaced on the host, but this container is bound to the old file "
                 "until it is started again",
                 NULL);
}

static void look_for_changes(struct init *init)
{
    bool changed = init->late > 0 && --init->late == 0;
    bool detached = false;
    for (size_t i = 0; i < init->shim->source_count; i++) {
        enum shim_news news = shim_source_news(&init->shim->sources[i]);
        changed = changed || news == SHIM_NEWS_CHANGED;
        detached = detached || news == SHIM_NEWS_DETACHED;
    }
    if (changed || detached)
        act_on_change(init, !changed);
}

/* TTIN and TTOU are about our own terminal access; faults are our own. */
static void choose_signals(sigset_t *set)
{
    static const int kept[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < SC_ARRAY_SIZE(kept); i++)
        sigdelset(set, kept[i]);
}

static void handle_signal(const struct init *init, int number)
{
    if (number > 0 && number != SIGCHLD && number != SIGTTIN && number != SIGTTOU)
        kill(init->child, number);
}

/* Waits for a signal, or for the time to look at the files; 0 for the latter. */
static int wait_for_signal(const struct init *init, time_t next_look)
{
    bool looking = init->shim->options.change != SHIM_CHANGE_IGNORE;
    time_t until = looking ? next_look : 0;
    if (init->kill_at != 0 && (until == 0 || init->kill_at < until))
        until = init->kill_at;
    if (until == 0)
        return sigwaitinfo(&init->waited, NULL);
    struct timespec span = {SC_MAX(until - now(), (time_t)0), 0};
    int got = sigtimedwait(&init->waited, NULL, &span);
    return got > 0 ? got : 0;
}

/* Until the child has ended for good; its status. */
static int loop(struct init *init)
{
    time_t next_look = now() + (time_t)init->shim->options.watch;
    for (;;) {
        handle_signal(init, wait_for_signal(init, next_look));
        int status = reap(init);
        if (status >= 0 && !init->restart)
            return status;
        if (status >= 0) {
            init->restart = false;
            init->kill_at = 0;
            if (!start_child(init, init->next))
                return SHIM_OWN_FAILURE;
        }
        if (init->kill_at != 0 && now() >= init->kill_at) {
            kill(init->child, SIGKILL);
            init->kill_at = now() + STOP_SECONDS;
        }
        if (init->shim->options.change != SHIM_CHANGE_IGNORE && now() >= next_look) {
            look_for_changes(init);
            next_look = now() + (time_t)init->shim->options.watch;
        }
    }
}

int shim_run_init(struct shim *shim, char **environment)
{
    struct init init = {.shim = shim};
    shim->options.wait = 0; /* from here on there is a child to look after meanwhile */
    choose_signals(&init.waited);
    sigprocmask(SIG_BLOCK, &init.waited, &init.before);
    static const char by_default[SIGACTION_SIZE];
    act_on_chld(by_default, init.chld);
    if (getpid() != 1)
        SC_IGNORE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); /* orphans then go elsewhere */
    int status = start_child(&init, environment) ? loop(&init) : SHIM_OWN_FAILURE;
    shim_remove_files(shim);
    return status;
}
