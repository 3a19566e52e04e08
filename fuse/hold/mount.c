/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounting as root, unmounting, and what is mounted; see fuse/hold/mount.h.
 */
#include "fuse/hold/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "fuse/hold/fusermount.h"
#include "fuse/hold/mountinfo.h"
#include "fuse/shared/node.h"

#include "core/banned.h"

#define GUARD_SOURCE   "secretsctl-guard"
#define OPTIONS_MAX    256
#define LOST_WAIT_MS   2000
#define ABORT_PATH_MAX 96

/* One that is only slow would make the asker wait, so a child asks, and is killed if it has to
 * wait. */
bool sc_mount_lost(const char *directory)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    SC_CLEANUP(sc_fd_closep) int read_end = ends[0];
    SC_CLEANUP(sc_fd_closep) int write_end = ends[1];
    pid_t child = fork();
    if (child == 0) {
        struct stat st;
        char answer = stat(directory, &st) < 0 && errno == ENOTCONN ? 'L' : 'S';
        _exit(write(write_end, &answer, 1) == 1 ? 0 : 1);
    }
    char answer = 'S';
    size_t got = 0;
    struct pollfd waiting = {.fd = read_end, .events = POLLIN};
    if (child > 0 && poll(&waiting, 1, LOST_WAIT_MS) > 0)
        SC_IGNORE(sc_fd_read_some(read_end, &answer, 1, &got, NULL));
    if (child > 0 && got == 0) /* else it is gone, and its number may be another's already */
        kill(child, SIGKILL);
    if (child > 0)
        SC_IGNORE(waitpid(child, NULL, 0) < 0);
    return got == 1 && answer == 'L';
}

struct look {
    const char *directory;
    struct sc_mount_found found;
};

/* "rw,user_id=1000,group_id=..." */
static uid_t user_of(const char *super_options)
{
    static const char key[] = "user_id=";
    const char *at = strstr(super_options, key);
    uint64_t user = 0;
    char text[16] = "";
    if (at != NULL)
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(at + sizeof(key) - 1, ","),
                 at + sizeof(key) - 1);
    return sc_parse_u64(text, UINT32_MAX, "user", &user, NULL) == 0 ? (uid_t)user : (uid_t)-1;
}

static bool look_at(const struct sc_mountinfo *line, void *ctx)
{
    struct look *look = ctx;
    if (!sc_str_equal(line->point, look->directory))
        return true;
    /* The last line of a point is the one on top. */
    look->found = (struct sc_mount_found){.state = SC_MOUNT_OTHER};
    if (sc_str_equal(line->type, SC_FUSE_TYPE))
        look->found =
            (struct sc_mount_found){SC_MOUNT_LIVE, line->minor, user_of(line->super_options)};
    else if (sc_str_equal(line->source, GUARD_SOURCE))
        look->found.state = SC_MOUNT_GUARD;
    return true;
}

int sc_mount_look(const char *directory, struct sc_mount_found *ret, struct sc_error *err)
{
    struct look look = {.directory = directory, .found = {.state = SC_MOUNT_NONE}};
    int rc = sc_mountinfo_each(0, look_at, &look, err);
    if (rc == 0)
        *ret = look.found;
    return rc;
}

/* Ends the connection for good: requests that wait fail, and nothing can hang on it. */
static void abort_connection(unsigned minor)
{
    char path[ABORT_PATH_MAX];
    snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", minor);
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        SC_IGNORE(write(fd, "1", 1) != 1);
}

/* ---- who else has it ---- */

#define COPIES_MAX 16
#define TYPE_SIZE  32

struct users {
    const char *directory;
    unsigned
        minor; /* of the device, and what it is: block devices have minor numbers of their own */
    char type[TYPE_SIZE];
    unsigned below;              /* here: id of what the directory's mount lies on */
    unsigned group;              /* that one's peers; 0 = none */
    unsigned copies[COPIES_MAX]; /* in the namespace that is looked at: ids of such peers */
    size_t copy_count;
    bool found;
    int count;
    char *bound; /* where it is in this namespace besides */
};

static bool is_device(const struct users *users, const struct sc_mountinfo *line)
{
    return line->minor == users->minor && sc_str_equal(line->type, users->type);
}

/* The last line of a point is the one on top. */
static bool note_mount(const struct sc_mountinfo *line, void *ctx)
{
    struct users *users = ctx;
    if (!sc_str_equal(line->point, users->directory))
        return true;
    users->minor = line->minor;
    users->below = line->parent;
    snprintf(users->type, sizeof(users->type), "%s", line->type);
    return true;
}

static bool note_group(const struct sc_mountinfo *line, void *ctx)
{
    struct users *users = ctx;
    if (line->id == users->below)
        users->group = line->shared;
    return line->id != users->below;
}

/* What the kernel mounted in a namespace because it was mounted here, it also unmounts with it:
 * services of this host have such copies, and nobody uses them for that. */
static bool goes_along(const struct users *users, const struct sc_mountinfo *line)
{
    bool copied = false;
    for (size_t i = 0; i < users->copy_count; i++)
        copied = copied || users->copies[i] == line->parent;
    return copied && sc_str_equal(line->point, users->directory);
}

static void note_peer(struct users *users, const struct sc_mountinfo *line)
{
    bool peer = users->group != 0 && (line->shared == users->group || line->master == users->group);
    if (peer && users->copy_count < COPIES_MAX)
        users->copies[users->copy_count++] = line->id;
}

/* Here a copy has another path, below a bind of what the directory lies in. */
static bool look_for_bind(const struct sc_mountinfo *line, void *ctx)
{
    struct users *users = ctx;
    note_peer(users, line);
    bool along = sc_str_equal(line->point, users->directory);
    for (size_t i = 0; i < users->copy_count && !along; i++)
        along = users->copies[i] == line->parent && sc_str_equal(line->root, "/");
    if (!is_device(users, line) || along)
        return true;
    users->bound = sc_str_dup(line->point, NULL);
    return users->bound == NULL;
}

static bool look_for_user(const struct sc_mountinfo *line, void *ctx)
{
    struct users *users = ctx;
    note_peer(users, line);
    users->found = is_device(users, line) && !goes_along(users, line);
    return !users->found;
}

static void count_user(int pid, void *ctx)
{
    struct users *users = ctx;
    users->found = false;
    users->copy_count = 0;
    if (sc_mountinfo_each(pid, look_for_user, users, NULL) == 0)
        users->count += users->found;
}

int sc_mount_unused(const char *directory, struct sc_error *err)
{
    struct users users = {.directory = directory};
    /* Where /proc cannot be read nobody is counted, and umount(2) itself decides. */
    SC_IGNORE(sc_mountinfo_each(0, note_mount, &users, NULL) < 0 ||
              sc_mountinfo_each(0, note_group, &users, NULL) < 0 ||
              sc_mountinfo_each(0, look_for_bind, &users, NULL) < 0 ||
              sc_mountinfo_namespaces(count_user, &users, NULL) < 0);
    SC_CLEANUP(sc_str_freep) char *bound = users.bound;
    if (bound != NULL)
        return sc_fail(err, SC_E_BUSY,
                       "'%s' is in use: it is bound at '%s', too; unmount that, or use --force",
                       directory, bound);
    if (users.count == 0)
        return 0;
    const char *plural = users.count == 1 ? "" : "s";
    return sc_fail(err, SC_E_BUSY,
                   "'%s' is in use by %d container%s or other mount namespace%s; stop them, or use "
                   "--force",
                   directory, users.count, plural, plural);
}

/* ---- making ---- */

/* Another user's is left alone: what is bound of it must not get this user's values. */
static int detach_dead(const char *directory, uid_t user, struct sc_error *err)
{
    if (user != geteuid())
        return sc_fail(err, SC_E_PERM,
                       "the dead mount on '%s' is of user %u, who must mount again first",
                       directory, (unsigned)user);
    if (geteuid() != 0)
        return sc_fusermount_close(directory, true, err);
    if (umount2(directory, MNT_DETACH) < 0)
        return sc_fail_errno(err, "cannot detach the dead mount on '%s'", directory);
    return 0;
}

static int prepare(const char *directory, struct sc_error *err)
{
    struct sc_mount_found found;
    int rc = sc_mount_look(directory, &found, err);
    if (rc < 0)
        return rc;
    if (found.state == SC_MOUNT_LIVE && sc_mount_lost(directory)) {
        rc = detach_dead(directory, found.user, err);
        if (rc == 0) /* below it may lie the guard */
            rc = sc_mount_look(directory, &found, err);
        if (rc < 0)
            return rc;
    }
    if (found.state == SC_MOUNT_LIVE)
        return sc_fail(err, SC_E_BUSY, "'%s' is mounted already; see: secretsctl umount",
                       directory);
    if (found.state == SC_MOUNT_OTHER)
        return sc_fail(err, SC_E_BUSY,
                       "something else is mounted on '%s'; unmount it first (what 'provision' "
                       "mounted: secretsctl umount)",
                       directory);
    mode_t mask = umask(022);
    rc = found.state == SC_MOUNT_NONE ? sc_dir_make(directory, 0755, err) : 0;
    umask(mask);
    if (rc == 0)
        rc = sc_dir_check_empty(directory, err);
    return rc;
}

static int open_device(int *ret_fd, struct sc_error *err)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "there is no /dev/fuse here (load the module 'fuse', "
                       "or use: secretsctl provision --tmpfs)");
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '/dev/fuse'");
    *ret_fd = fd;
    return 0;
}

void sc_mount_source(const char *directory, char out[SC_MOUNT_SOURCE_SIZE])
{
    snprintf(out, SC_MOUNT_SOURCE_SIZE, "secretsctl-%016llx",
             (unsigned long long)sc_node_id(SC_NODE_DIR, directory, strlen(directory)));
}

static int mount_as_root(const char *directory, bool allow_other, int *ret_fd, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    struct sc_mount_found found;
    int rc = open_device(&fd, err);
    if (rc == 0)
        rc = sc_mount_look(directory, &found, err);
    if (rc < 0)
        return rc;
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (found.state != SC_MOUNT_GUARD &&
        mount(GUARD_SOURCE, directory, "tmpfs", flags | MS_RDONLY, "size=4k,mode=755") < 0)
        return sc_fail_errno(err, "cannot mount the guard on '%s'", directory);
    char options[OPTIONS_MAX];
    snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0%s%s", fd,
             allow_other ? ",allow_other" : "", ",default_permissions");
    char source[SC_MOUNT_SOURCE_SIZE];
    sc_mount_source(directory, source);
    if (mount(source, directory, SC_FUSE_TYPE, flags, options) < 0) {
        rc = sc_fail_errno(err, "cannot mount on '%s'", directory);
        if (found.state != SC_MOUNT_GUARD)
            umount2(directory, MNT_DETACH);
        return rc;
    }
    /* The control files of FUSE: the last resort when something hangs. Refused where it is mounted.
     */
    SC_IGNORE(mount("fusectl", "/sys/fs/fuse/connections", "fusectl", flags, NULL));
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_mount_open(const char *directory, bool allow_other, int *ret_fd, struct sc_error *err)
{
    int rc = prepare(directory, err);
    if (rc < 0)
        return rc;
    if (geteuid() == 0)
        return mount_as_root(directory, allow_other, ret_fd, err);
    char source[SC_MOUNT_SOURCE_SIZE];
    sc_mount_source(directory, source);
    return sc_fusermount_open(directory, source, allow_other, ret_fd, err);
}

/* ---- ending ---- */

static void drop_guard(const char *directory)
{
    struct sc_mount_found found;
    if (geteuid() == 0 && sc_mount_look(directory, &found, NULL) == 0 &&
        found.state == SC_MOUNT_GUARD)
        umount2(directory, MNT_DETACH);
}

int sc_mount_close(const char *directory, bool force, struct sc_error *err)
{
    struct sc_mount_found found;
    int rc = sc_mount_look(directory, &found, err);
    if (rc < 0)
        return rc;
    if (found.state != SC_MOUNT_LIVE) {
        drop_guard(directory);
        return 0;
    }
    rc = force ? 0 : sc_mount_unused(directory, err);
    if (rc < 0)
        return rc;
    if (force)
        abort_connection(found.minor);
    if (geteuid() != 0)
        return sc_fusermount_close(directory, force, err);
    if (umount2(directory, force ? MNT_DETACH : 0) < 0) {
        if (errno == EBUSY)
            return sc_fail(err, SC_E_BUSY, "'%s' is in use; close its files, or use --force",
                           directory);
        return sc_fail_errno(err, "cannot unmount '%s'", directory);
    }
    drop_guard(directory);
    return 0;
}
