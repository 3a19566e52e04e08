/* SPDX-License-Identifier: Apache-2.0
 *
 * Repair in place; see fuse/hold/repair.h.
 *
 * open_tree(2) clones the path of the new mount, a child enters the container's mount namespace and
 * moves the clone beneath the dead mount (6.5), which is then detached: at no time is nothing
 * there. Before 6.5 the clone goes on top.
 */
#include "fuse/hold/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "fuse/hold/mount.h"
#include "fuse/hold/mountinfo.h"

#include "core/banned.h"

#define MOUNTS_MAX 256 /* of this program on the host */
#define PATH_TEXT  64

#if !defined(MOVE_MOUNT_BENEATH)
#define MOVE_MOUNT_BENEATH 0x00000200
#endif

struct repair {
    const char *directory;
    bool count_only; /* as failed */
    char source[SC_MOUNT_SOURCE_SIZE];
    unsigned minor;            /* of the mount at `directory` */
    unsigned live[MOUNTS_MAX]; /* devices mounted on the host: not dead, or not ours to judge */
    size_t live_count;
    int pid; /* whose namespace is looked at */
    struct sc_repair_counts counts;
};

static bool note_live(const struct sc_mountinfo *line, void *ctx)
{
    struct repair *repair = ctx;
    if (sc_str_equal(line->type, SC_FUSE_TYPE) && repair->live_count < MOUNTS_MAX)
        repair->live[repair->live_count++] = line->minor;
    return true;
}

/* What a child tells by its exit status. */
enum outcome { REPLACED, FAILED, ALIVE };

/* In the child. `tree` is -1 where nothing is to be done. Another system on this machine (a
 * container that mounts for itself) may have mounted at a path of the same name: what is served is
 * not ours. */
static enum outcome replace(int pid, int tree, const char *point)
{
    char path[PATH_TEXT];
    snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
    SC_CLEANUP(sc_fd_closep) int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || setns(namespace, CLONE_NEWNS) < 0)
        return FAILED;
    if (!sc_mount_lost(point))
        return ALIVE;
    if (tree < 0)
        return FAILED;
    if (move_mount(tree, "", AT_FDCWD, point, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_BENEATH) == 0)
        return umount2(point, MNT_DETACH) < 0 ? FAILED : REPLACED;
    return move_mount(tree, "", AT_FDCWD, point, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? FAILED : REPLACED;
}

static enum outcome in_child(int pid, int tree, const char *point)
{
    pid_t child = fork();
    if (child == 0)
        _exit((int)replace(pid, tree, point));
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return FAILED;
    }
    return child > 0 && WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : FAILED;
}

/* The new mount's part that a line's mount was bound from; -1 if there is none. */
static int clone_tree(const struct repair *repair, const struct sc_mountinfo *line)
{
    SC_CLEANUP(sc_str_freep)
    char *path = sc_str_printf(NULL, "%s%s", repair->directory, line->root);
    if (path == NULL)
        return -1;
    SC_CLEANUP(sc_fd_closep)
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    /* In a user's directory a link may lead to where that user may not go. */
    struct stat st;
    if (tree < 0 || fstat(tree, &st) < 0 || minor(st.st_dev) != repair->minor)
        return -1;
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    if (strncmp(line->options, "ro", 2) == 0 &&
        (line->options[2] == ',' || line->options[2] == '\0'))
        attr.attr_set |= MOUNT_ATTR_RDONLY;
    if (mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
        return -1;
    return SC_TAKE_FD(tree);
}

static enum outcome heal(const struct repair *repair, const struct sc_mountinfo *line)
{
    SC_CLEANUP(sc_fd_closep) int tree = repair->count_only ? -1 : clone_tree(repair, line);
    return in_child(repair->pid, tree, line->point);
}

static bool look_at_line(const struct sc_mountinfo *line, void *ctx)
{
    struct repair *repair = ctx;
    /* What was bound from another mount is not to get this one's values. */
    if (!sc_str_equal(line->type, SC_FUSE_TYPE) || !sc_str_equal(line->source, repair->source))
        return true;
    for (size_t i = 0; i < repair->live_count; i++) {
        if (repair->live[i] == line->minor)
            return true;
    }
    enum outcome outcome = heal(repair, line);
    repair->counts.healed += outcome == REPLACED;
    repair->counts.failed += outcome == FAILED;
    return true;
}

static void look_at_namespace(int pid, void *ctx)
{
    struct repair *repair = ctx;
    repair->pid = pid;
    /* A process that has just ended took its namespace along. */
    SC_IGNORE(sc_mountinfo_each(pid, look_at_line, repair, NULL));
}

static int look_everywhere(struct repair *repair, struct sc_error *err)
{
    sc_mount_source(repair->directory, repair->source);
    /* Children are waited for here, whatever the caller does with its own. */
    const struct sigaction wait_for = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigaction(SIGCHLD, &wait_for, &before);
    int rc = sc_mountinfo_each(0, note_live, repair, err);
    if (rc == 0)
        rc = sc_mountinfo_namespaces(look_at_namespace, repair, err);
    sigaction(SIGCHLD, &before, NULL);
    return rc;
}

int sc_mount_dead(const char *directory, unsigned *ret_count, struct sc_error *err)
{
    struct repair repair = {.directory = directory, .count_only = true};
    int rc = look_everywhere(&repair, err);
    if (rc == 0)
        *ret_count = repair.counts.failed;
    return rc;
}

int sc_mount_repair(const char *directory, struct sc_repair_counts *ret, struct sc_error *err)
{
    struct repair repair = {.directory = directory};
    struct sc_mount_found found;
    if (geteuid() != 0)
        return sc_fail(err, SC_E_PERM,
                       "healing containers needs root; mount without --repair, then as root: "
                       "secretsctl mount --repair '%s'",
                       directory);
    int rc = sc_mount_look(directory, &found, err);
    if (rc == 0 && found.state != SC_MOUNT_LIVE)
        rc = sc_fail(err, SC_E_NOTFOUND, "nothing of this program is mounted on '%s'", directory);
    if (rc < 0)
        return rc;
    repair.minor = found.minor;
    rc = look_everywhere(&repair, err);
    if (rc == 0)
        *ret = repair.counts;
    return rc;
}
