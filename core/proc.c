/* SPDX-License-Identifier: Apache-2.0
 *
 * The process, its libraries and its children; see core/proc.h.
 */
#include "core/proc.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/parse.h"

#include "core/banned.h"

#define STAT_TEXT_MAX    1024
#define START_TIME_FIELD 22

int sc_proc_harden(unsigned *ret_umask, struct sc_error *err)
{
    *ret_umask = umask(077);
    const struct sigaction children = {.sa_handler = SIG_DFL};
    if (sigaction(SIGCHLD, &children, NULL) < 0)
        return sc_fail_errno(err, "cannot wait for children");
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) < 0)
        return sc_fail_errno(err, "cannot read the limit of core dumps");
    limit.rlim_cur = 0; /* the hard limit stays, so that a child may have its own core dumps */
    if (setrlimit(RLIMIT_CORE, &limit) < 0)
        return sc_fail_errno(err, "cannot switch core dumps off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return sc_fail_errno(err, "cannot switch tracing off");
    return 0;
}

/* The loader tells why in words only; they are not translated, as no locale is set. Where it has no
 * memory it says that it cannot create or allocate something. */
static int load_failed(const char *soname, const char *reason, struct sc_error *err)
{
    if (reason == NULL || strstr(reason, "cannot create") != NULL ||
        strstr(reason, "allocate") != NULL || strstr(reason, "out of memory") != NULL)
        return sc_fail_nomem(err);
    if (strstr(reason, "No such file") == NULL)
        return sc_fail(err, SC_E_IO, "cannot load a library: %s", reason);
    return sc_fail(err, SC_E_UNSUPPORTED, "this needs the library '%s', which is not installed",
                   soname);
}

int sc_proc_load_library(const char *soname, const struct sc_symbol *symbols, size_t count,
                         struct sc_error *err)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return load_failed(soname, dlerror(), err);
    for (size_t i = 0; i < count; i++) {
        *symbols[i].address = dlsym(library, symbols[i].name);
        if (*symbols[i].address == NULL)
            return sc_fail(err, SC_E_UNSUPPORTED, "the library '%s' lacks '%s'", soname,
                           symbols[i].name);
    }
    return 0;
}

static int spawn_with_pipe(char *const argv[], bool quiet, pid_t *ret_pid, int *ret_fd,
                           struct sc_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return sc_fail_errno(err, "cannot make a pipe");
    SC_CLEANUP(sc_fd_closep) int read_end = ends[0];
    SC_CLEANUP(sc_fd_closep) int write_end = ends[1];
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return sc_fail_nomem(err);
    pid_t pid = -1;
    errno = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (errno == 0)
        errno = posix_spawn_file_actions_adddup2(&actions, write_end, 1);
    if (errno == 0 && quiet)
        errno = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (errno == 0)
        errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    int failure = errno;
    posix_spawn_file_actions_destroy(&actions);
    errno = failure;
    if (failure != 0)
        return sc_fail_errno(err, "cannot run '%s'", argv[0]);
    *ret_pid = pid;
    *ret_fd = SC_TAKE_FD(read_end);
    return 0;
}

static int wait_for(pid_t pid, int *ret_status, struct sc_error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return sc_fail_errno(err, "cannot wait for a child");
    }
    *ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

int sc_proc_capture(char *const argv[], bool quiet, struct sc_buf *output, int *ret_status,
                    struct sc_error *err)
{
    pid_t pid = -1;
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = spawn_with_pipe(argv, quiet, &pid, &fd, err);
    if (rc < 0)
        return rc;
    rc = sc_buf_read_fd(output, fd, err);
    sc_fd_closep(&fd); /* a child that still writes gets SIGPIPE instead of blocking us */
    int waited = wait_for(pid, ret_status, rc < 0 ? NULL : err);
    return rc < 0 ? sc_wrap(err, rc, "output of '%s'", argv[0]) : waited;
}

int sc_proc_capture_secret(char *const argv[], bool quiet, size_t max, struct sc_secret *output,
                           int *ret_status, struct sc_error *err)
{
    pid_t pid = -1;
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    int rc = spawn_with_pipe(argv, quiet, &pid, &fd, err);
    if (rc < 0)
        return rc;
    rc = sc_secret_read_fd(output, fd, max, err);
    sc_fd_closep(&fd);
    int waited = wait_for(pid, ret_status, rc < 0 ? NULL : err);
    return rc < 0 ? sc_wrap(err, rc, "output of '%s'", argv[0]) : waited;
}

/* ---- which process it is ---- */

/* The name in parentheses may hold anything: fields are counted behind its end. */
uint64_t sc_proc_stat_start_time(char *text, bool *ret_ended)
{
    uint64_t start = 0;
    char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ')
        return 0;
    *ret_ended = at[2] == 'Z' || at[2] == 'X';
    for (int field = 2; field < START_TIME_FIELD && at != NULL; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return 0;
    at++;
    at[strcspn(at, " ")] = '\0';
    return sc_parse_u64(at, UINT64_MAX, "start time", &start, NULL) == 0 ? start : 0;
}

uint64_t sc_proc_start_time(int pid)
{
    char path[64];
    char text[STAT_TEXT_MAX];
    bool ended = false;
    size_t got = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || sc_fd_read_some(fd, text, sizeof(text) - 1, &got, NULL) < 0)
        return 0;
    text[got] = '\0';
    uint64_t start = sc_proc_stat_start_time(text, &ended);
    return ended ? 0 : start;
}
