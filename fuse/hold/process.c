/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting processes with descriptors in place; see fuse/hold/process.h.
 */
#include "fuse/hold/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"

#include "core/banned.h"

/* Inherited descriptors move to here or above, clear of the fixed numbers. */
#define CLEAR_FD        32
#define ENVIRONMENT_MAX 16

void sc_hold_close(struct sc_hold_fds *fds)
{
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        sc_fd_closep(&fds->fd[i]);
        fds->fd[i] = -1;
    }
}

int sc_hold_inherit(struct sc_hold_fds *ret, struct sc_error *err)
{
    struct sc_hold_fds fds = SC_HOLD_FDS_NONE;
    for (int i = 0; i < SC_HOLD_MAX; i++) {
        int from = SC_HOLD_FIRST_FD + i;
        fds.fd[i] = fcntl(from, F_DUPFD_CLOEXEC, CLEAR_FD);
        if (fds.fd[i] < 0) {
            int rc = sc_fail_errno(err, "this command is for the program's own use");
            sc_hold_close(&fds);
            return rc;
        }
        close(from);
    }
    *ret = fds;
    return 0;
}

/* What the processes of a mount may know of the environment. */
static void bare_environment(char *ret[ENVIRONMENT_MAX])
{
    static const char *const kept[] = {
        "PATH=", "NOTIFY_SOCKET=", "SECRETSCTL_FAULT=", "XDG_RUNTIME_DIR=", "DOCKER_HOST="};
    size_t count = 0;
    for (char **at = environ; *at != NULL && count < ENVIRONMENT_MAX - 1; at++) {
        for (size_t i = 0; i < SC_ARRAY_SIZE(kept); i++) {
            if (sc_str_has_prefix(*at, kept[i])) {
                ret[count++] = *at;
                break;
            }
        }
    }
    ret[count] = NULL;
}

static int add_descriptors(posix_spawn_file_actions_t *actions, const struct sc_hold_fds *fds)
{
    int failure = 0;
    /* Whoever started the mount may wait for the end of its output: it is not ours to keep open. */
    for (int i = 0; i <= STDERR_FILENO && failure == 0; i++)
        failure = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
    for (int i = 0; i < SC_HOLD_MAX && failure == 0; i++) {
        int to = SC_HOLD_FIRST_FD + i;
        if (fds->fd[i] >= 0)
            failure = posix_spawn_file_actions_adddup2(actions, fds->fd[i], to);
        else
            failure = posix_spawn_file_actions_addopen(actions, to, "/dev/null", O_RDWR, 0);
    }
    return failure;
}

/* A group of its own: ^C on the terminal of the agent must not reach those who serve. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigemptyset(&none);
    int failure = posix_spawnattr_setsigmask(attributes, &none);
    if (failure == 0)
        failure = posix_spawnattr_setpgroup(attributes, 0);
    if (failure == 0)
        failure =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    return failure;
}

int sc_hold_spawn(const char *program, const char *word, const char *mode,
                  const struct sc_hold_fds *fds, pid_t *ret_pid, struct sc_error *err)
{
    char name[] = "secretsctl";
    char word_copy[32];
    char mode_copy[PATH_MAX];
    snprintf(word_copy, sizeof(word_copy), "%s", word);
    snprintf(mode_copy, sizeof(mode_copy), "%s", mode);
    char *argv[] = {name, word_copy, mode_copy, NULL};
    char *environment[ENVIRONMENT_MAX];
    bare_environment(environment);
    /* Sources must not be among the numbers they are copied to. */
    struct sc_hold_fds clear = SC_HOLD_FDS_NONE;
    for (size_t i = 0; i < SC_HOLD_MAX; i++) {
        clear.fd[i] = fds->fd[i] < 0 ? -1 : fcntl(fds->fd[i], F_DUPFD_CLOEXEC, CLEAR_FD);
        if (fds->fd[i] >= 0 && clear.fd[i] < 0) {
            int rc = sc_fail_errno(err, "cannot copy a descriptor");
            sc_hold_close(&clear);
            return rc;
        }
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    pid_t pid = -1;
    errno = add_descriptors(&actions, &clear);
    if (errno == 0)
        errno = set_attributes(&attributes);
    if (errno == 0)
        errno = posix_spawn(&pid, program != NULL ? program : "/proc/self/exe", &actions,
                            &attributes, argv, environment);
    int failure = errno;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    sc_hold_close(&clear);
    errno = failure;
    if (failure != 0)
        return sc_fail_errno(err, "cannot start '%s'", program != NULL ? program : word);
    *ret_pid = pid;
    return 0;
}
