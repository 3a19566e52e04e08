/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory of one run; see cli/run/run.h.
 *
 * The guard is a process in a session of its own that blocks all signals, holds the directory and
 * one end of a socket, and acts at its end of file: so the files go when run ends, is killed, or
 * its whole process group is. No value is written before the guard has said that it is so far. Its
 * environment is empty, since CI systems hunt leftovers by a variable. Names carry the id of the
 * process and the time it started: what a guard that was killed too has left behind is removed by
 * the next run. A process of another pid namespace (a container that shares our /dev/shm) cannot be
 * looked up: run and its guard hold a lock on the directory.
 */
#include "cli/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/proc.h"
#include "provision/sweep.h"
#include "provision/tmpfs.h"

#include "core/banned.h"

#define PREFIX                    "secretsctl-run."
#define REMOVE_TRIES              50
#define REMOVE_PAUSE_MICROSECONDS 100000

/* True if it is gone, or is not ours. Takes no memory: there may be none. */
static bool remove_dir(int parent_fd, const char *name)
{
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
        return true;
    SC_IGNORE(sc_sweep_empty(fd, NULL) < 0);
    return unlinkat(parent_fd, name, AT_REMOVEDIR) == 0;
}

/* With a lock that the one who asks does not share. */
static bool is_locked(int parent_fd, const char *name)
{
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* Directories of runs that are no more. */
static void sweep(int parent_fd)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv names = {0};
    if (sc_sweep_list(parent_fd, &names, NULL) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        int pid = 0;
        unsigned long long started = 0;
        if (sscanf(names.items[i], PREFIX "%d.%llu", &pid, &started) == 2 &&
            sc_proc_start_time(pid) != started && !is_locked(parent_fd, names.items[i]))
            (void)remove_dir(parent_fd, names.items[i]); /* the next run tries again */
    }
}

/* Nothing of ours stays open in the guard but these: not the pipes a caller waits on, not the
 * vault. Takes no descriptor: there may be none. */
static void keep_only(int a, int b, int c)
{
    int low = SC_MIN(a, SC_MIN(b, c));
    int high = SC_MAX(a, SC_MAX(b, c));
    int middle = a + b + c - low - high;
    const int kept[] = {low, middle, high};
    unsigned from = 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(kept); i++) {
        if ((unsigned)kept[i] > from)
            close_range(from, (unsigned)kept[i] - 1, 0);
        from = (unsigned)kept[i] + 1;
    }
    close_range(from, ~0U, 0);
}

static void guard(int run_fd, int parent_fd, const char *name)
{
    sigset_t all;
    char byte;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    for (char **at = environ; *at != NULL; at++)
        sc_wipe(*at, strlen(*at)); /* what /proc shows */
    clearenv();
    SC_IGNORE(chdir("/")); /* it only keeps a mount busy otherwise */
    SC_IGNORE(write(run_fd, "", 1) < 0);
    while (read(run_fd, &byte, 1) < 0 && errno == EINTR)
        ;
    /* The command may have children that still write there; there is nobody to tell. */
    for (int i = 0; i < REMOVE_TRIES && !remove_dir(parent_fd, name); i++)
        usleep(REMOVE_PAUSE_MICROSECONDS);
    _exit(0);
}

static int start_guard(struct sc_run_place *place, int parent_fd, const char *name,
                       struct sc_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return sc_fail_errno(err, "cannot make a pair of sockets");
    pid_t pid = fork();
    if (pid < 0) {
        int rc = sc_fail_errno(err, "cannot start the guard");
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    if (pid == 0) {
        keep_only(parent_fd, ends[0], place->lock_fd);
        guard(ends[0], parent_fd, name);
    }
    close(ends[0]);
    place->guard = pid;
    place->guard_fd = ends[1];
    return 0;
}

static int wait_for_guard(const struct sc_run_place *place, struct sc_error *err)
{
    char byte;
    ssize_t got;
    do
        got = read(place->guard_fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? 0 : sc_fail(err, SC_E_FAILED, "the guard of the files has ended");
}

static int write_file(int dir_fd, const char *dir, struct sc_run_value *item, struct sc_error *err)
{
    const char *leaf = sc_name_leaf(item->name);
    SC_CLEANUP(sc_fd_closep)
    int fd = openat(dir_fd, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (fd < 0)
        return sc_fail_errno(err, "cannot make the file of '%s'", item->name);
    int rc = sc_secret_write_fd(&item->value, fd, err);
    if (rc < 0)
        return sc_wrap(err, rc, "cannot write '%s'", item->name);
    item->path = sc_path_join(dir, leaf, err);
    return item->path != NULL ? 0 : SC_E_NOMEM;
}

/* Makes the directory and the guard; the guard first: from the first value on there is one who
 * removes it. */
static int make_guarded(struct sc_run_place *place, int parent_fd, const char *name,
                        struct sc_error *err)
{
    if (mkdirat(parent_fd, name, 0700) < 0)
        return sc_fail_errno(err, "cannot make the directory '%s'", place->dir);
    place->lock_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc = place->lock_fd < 0 || flock(place->lock_fd, LOCK_SH) < 0
                 ? sc_fail_errno(err, "cannot lock the directory '%s'", place->dir)
                 : start_guard(place, parent_fd, name, err);
    if (rc < 0)
        unlinkat(parent_fd, name, AT_REMOVEDIR);
    return rc;
}

static int write_line(const char *path, const char *line, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? sc_fail_errno(err, "cannot open '%s'", path)
                  : sc_fd_write_all(fd, line, strlen(line), err);
}

/* A user namespace in which we are who we are: enough to mount, nothing after the exec. */
static int become_mounter(uid_t uid, gid_t gid, struct sc_error *err)
{
    char map[64];
    snprintf(map, sizeof(map), "%u %u 1", (unsigned)uid, (unsigned)uid);
    int rc = write_line("/proc/self/uid_map", map, err);
    if (rc == 0)
        rc = write_line("/proc/self/setgroups", "deny", err);
    snprintf(map, sizeof(map), "%u %u 1", (unsigned)gid, (unsigned)gid);
    return rc < 0 ? rc : write_line("/proc/self/gid_map", map, err);
}

/* From here on mounts of ours are seen by us and the command only; those of the host still come. */
static int leave_namespace(struct sc_error *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int rc = 0;
    if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0)
        return sc_fail_errno(err, "this system does not let us make a mount namespace; leave "
                                  "--private out");
    if (uid != 0) {
        /* The files below /proc/self are root's as long as we are not dumpable. */
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        rc = become_mounter(uid, gid, err);
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
    if (rc == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        rc = sc_fail_errno(err, "cannot detach the mounts");
    return rc;
}

static int mount_private(const char *dir, struct sc_error *err)
{
    struct sc_tmpfs memory = SC_TMPFS_INIT;
    int rc = leave_namespace(err);
    if (rc == 0)
        rc = sc_tmpfs_mount(dir, SC_TMPFS_QUOTA_DEFAULT, SC_TMPFS_MODE_DEFAULT, &memory, err);
    if (rc == 0 && !memory.fresh)
        rc = sc_fail(err, SC_E_PERM, "cannot mount on '%s'", dir);
    sc_tmpfs_done(&memory);
    return rc;
}

static int fill(const char *dir, struct sc_run_values *values, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s'", dir);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < values->count; i++)
        if (values->items[i].variable != NULL && !values->items[i].text)
            rc = write_file(fd, dir, &values->items[i], err);
    return rc;
}

/* Where to make the directory: as asked, else $XDG_RUNTIME_DIR if that is memory, else /dev/shm. */
static int open_parent(const char *asked, const char **ret_path, struct sc_tmpfs *ret,
                       struct sc_error *err)
{
    const char *runtime = sc_env_directory("XDG_RUNTIME_DIR");
    if (asked == NULL && runtime != NULL &&
        sc_tmpfs_open(runtime, SC_TMPFS_QUOTA_DEFAULT, ret, NULL) == 0) {
        *ret_path = runtime;
        return 0;
    }
    *ret_path = asked != NULL ? asked : "/dev/shm";
    int rc = sc_tmpfs_open(*ret_path, SC_TMPFS_QUOTA_DEFAULT, ret, err);
    return rc < 0 && asked == NULL ? sc_fail(err, SC_E_UNSUPPORTED,
                                             "there is no file system in memory on '%s'; give a "
                                             "directory on one with --dir, or use --memfd or --env",
                                             *ret_path)
                                   : rc;
}

int sc_run_place_make(enum sc_run_where where, const char *parent, struct sc_run_values *values,
                      struct sc_run_place *ret, struct sc_error *err)
{
    struct sc_tmpfs memory = SC_TMPFS_INIT;
    char name[128];
    *ret = (struct sc_run_place)SC_RUN_PLACE_INIT;
    if (where == SC_RUN_MEMFD)
        return sc_run_memfd_make(values, ret, err);
    int rc = open_parent(parent, &parent, &memory, err);
    if (rc < 0)
        return rc;
    sweep(memory.fd);
    snprintf(name, sizeof(name), PREFIX "%d.%llu", (int)getpid(),
             (unsigned long long)sc_proc_start_time(getpid()));
    ret->dir = sc_path_join(parent, name, err);
    rc = ret->dir == NULL ? SC_E_NOMEM : make_guarded(ret, memory.fd, name, err);
    sc_tmpfs_done(&memory);
    if (rc == 0 && where == SC_RUN_PRIVATE)
        rc = mount_private(ret->dir, err);
    if (rc == 0)
        rc = wait_for_guard(ret, err);
    if (rc == 0)
        rc = fill(ret->dir, values, err);
    if (rc < 0)
        sc_run_place_done(ret);
    return rc;
}

void sc_run_place_done(struct sc_run_place *place)
{
    sc_run_memfd_done(place);
    sc_fd_closep(&place->lock_fd);
    sc_fd_closep(&place->guard_fd);
    if (place->guard > 0)
        while (waitpid(place->guard, NULL, 0) < 0 && errno == EINTR)
            ;
    free(place->dir);
    *place = (struct sc_run_place)SC_RUN_PLACE_INIT;
}
