/* SPDX-License-Identifier: Apache-2.0
 *
 * fusermount3; see fuse/hold/fusermount.h.
 */
#include "fuse/hold/fusermount.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"

#include "core/banned.h"

#define PROGRAM     "fusermount3"
#define COMM_FD     3
#define OPTIONS_MAX 128

/* Runs it with the socket at COMM_FD (-1: none); its exit status. */
static int run_and_wait(char *const argv[], int comm_fd, int *ret_status, struct sc_error *err)
{
    char variable[] = "_FUSE_COMMFD=3";
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char *environment[] = {variable, path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    errno = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (errno == 0 && comm_fd >= 0)
        errno = posix_spawn_file_actions_adddup2(&actions, comm_fd, COMM_FD);
    pid_t pid = -1;
    if (errno == 0)
        errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environment);
    int failure = errno;
    posix_spawn_file_actions_destroy(&actions);
    if (failure == ENOENT)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "without root this needs " PROGRAM
                       " (package fuse3), or: secretsctl provision --tmpfs");
    errno = failure;
    if (failure != 0)
        return sc_fail_errno(err, "cannot run " PROGRAM);
    int status = 0;
    pid_t got = -1;
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return sc_fail_errno(err, "cannot wait for " PROGRAM);
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

/* Keeper and agent leave their children to the kernel, which then keeps no status of this one. */
static int run(char *const argv[], int comm_fd, int *ret_status, struct sc_error *err)
{
    const struct sigaction told = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigaction(SIGCHLD, &told, &before);
    int rc = run_and_wait(argv, comm_fd, ret_status, err);
    sigaction(SIGCHLD, &before, NULL);
    return rc;
}

/* The descriptor that came with one byte over the socket; -1 if none did. */
static int receive_descriptor(int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    if (recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
        return -1;
    const struct cmsghdr *item = CMSG_FIRSTHDR(&header);
    int got = -1;
    if (item != NULL && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS)
        memcpy(&got, CMSG_DATA(item), sizeof(got));
    return got;
}

static int explain(const char *directory, bool allow_other, struct sc_error *err)
{
    struct stat st;
    if (stat("/dev/fuse", &st) < 0)
        return sc_fail(err, SC_E_UNSUPPORTED, "there is no /dev/fuse here");
    if (access("/dev/fuse", R_OK | W_OK) < 0)
        return sc_fail(err, SC_E_PERM, "this user may not open /dev/fuse (mode 0666 is usual)");
    if (allow_other)
        return sc_fail(err, SC_E_PERM,
                       PROGRAM " refused '%s': for --allow-other "
                               "'user_allow_other' must stand in /etc/fuse.conf",
                       directory);
    return sc_fail(err, SC_E_PERM, PROGRAM " refused '%s': the directory must belong to this user",
                   directory);
}

int sc_fusermount_open(const char *directory, const char *source, bool allow_other, int *ret_fd,
                       struct sc_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return sc_fail_errno(err, "cannot make a socket pair");
    SC_CLEANUP(sc_fd_closep) int near_end = ends[0];
    /* Clear of the number it gets in the child: a dup2 onto itself would leave it close-on-exec. */
    SC_CLEANUP(sc_fd_closep) int far_end = fcntl(ends[1], F_DUPFD_CLOEXEC, COMM_FD + 1);
    close(ends[1]);
    char options[OPTIONS_MAX];
    snprintf(options, sizeof(options),
             "fsname=%s,subtype=secretsctl,nosuid,nodev,noexec,default_permissions%s", source,
             allow_other ? ",allow_other" : "");
    char program[] = PROGRAM, flag[] = "-o", end[] = "--";
    char *argv[] = {program, flag, options, end, (char *)(uintptr_t)directory, NULL};
    int status = 0;
    int rc = run(argv, far_end, &status, err);
    if (rc < 0)
        return rc;
    int fd = status == 0 ? receive_descriptor(near_end) : -1;
    if (fd < 0)
        return explain(directory, allow_other, err);
    *ret_fd = fd;
    return 0;
}

int sc_fusermount_close(const char *directory, bool lazy, struct sc_error *err)
{
    char program[] = PROGRAM, flag[] = "-u", lazy_flag[] = "-z", end[] = "--";
    char *path = (char *)(uintptr_t)directory;
    char *eager_argv[] = {program, flag, end, path, NULL};
    char *lazy_argv[] = {program, flag, lazy_flag, end, path, NULL};
    int status = 0;
    int rc = run(lazy ? lazy_argv : eager_argv, -1, &status, err);
    if (rc == 0 && status != 0)
        return sc_fail(err, SC_E_BUSY, "'%s' is in use; close its files, or use --force",
                       directory);
    return rc;
}
