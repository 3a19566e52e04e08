/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounting as root, unmounting, and what is mounted; see fuse/hold/mount.h.
 */
#include "fuse/hold/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "fuse/hold/fusermount.h"

#include "core/banned.h"

#define FUSE_TYPE      "fuse.secretsctl"
#define GUARD_SOURCE   "secretsctl-guard"
#define MOUNTINFO_MAX  ((size_t)4 * 1024 * 1024)
#define OPTIONS_MAX    256
#define LOST_WAIT_MS   2000
#define ABORT_PATH_MAX 96

/* One line of mountinfo: "36 35 98:0 /root /point options - type source super". */
struct line {
    unsigned minor;
    char *point;
    char *type;
    char *source;
};

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        bool octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
                     from[2] <= '7' && from[3] >= '0' && from[3] <= '7';
        if (octal) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static bool parse_line(char *text, struct line *ret)
{
    char *fields[8];
    size_t count = 0;
    char *tail = strstr(text, " - ");
    if (tail == NULL)
        return false;
    *tail = '\0';
    char *save = NULL;
    for (char *at = strtok_r(text, " ", &save); at != NULL && count < 5;
         at = strtok_r(NULL, " ", &save))
        fields[count++] = at;
    char *type = strtok_r(tail + 3, " ", &save);
    char *source = type != NULL ? strtok_r(NULL, " ", &save) : NULL;
    char *colon = count == 5 ? strchr(fields[2], ':') : NULL;
    uint64_t minor = 0;
    if (source == NULL || colon == NULL ||
        sc_parse_u64(colon + 1, UINT32_MAX, "minor", &minor, NULL) < 0)
        return false;
    *ret = (struct line){(unsigned)minor, fields[4], type, source};
    unescape(ret->point);
    return true;
}

static int read_mountinfo(const char *path, struct sc_buf *buf, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    return sc_buf_read_fd(buf, fd, err);
}

/* Whether the server is gone for good: then every request fails at once. One that is only slow
 * would make the asker wait, so a child asks, and is killed if it has to wait. */
static bool lost(const char *directory)
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
    if (child > 0) {
        kill(child, SIGKILL);
        SC_IGNORE(waitpid(child, NULL, 0) < 0);
    }
    return got == 1 && answer == 'L';
}

int sc_mount_look(const char *directory, enum sc_mount_state *ret_state, unsigned *ret_minor,
                  struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(MOUNTINFO_MAX);
    int rc = read_mountinfo("/proc/self/mountinfo", &buf, err);
    if (rc < 0)
        return rc;
    enum sc_mount_state state = SC_MOUNT_NONE;
    char *save = NULL;
    for (char *text = strtok_r(buf.data, "\n", &save); text != NULL;
         text = strtok_r(NULL, "\n", &save)) {
        struct line line;
        if (!parse_line(text, &line) || !sc_str_equal(line.point, directory))
            continue;
        state = SC_MOUNT_OTHER; /* the last line of a point is the one on top */
        if (sc_str_equal(line.type, FUSE_TYPE)) {
            state = SC_MOUNT_LIVE;
            *ret_minor = line.minor;
        } else if (sc_str_equal(line.source, GUARD_SOURCE)) {
            state = SC_MOUNT_GUARD;
        }
    }
    *ret_state = state;
    return 0;
}

void sc_mount_abort(unsigned minor)
{
    char path[ABORT_PATH_MAX];
    snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", minor);
    SC_CLEANUP(sc_fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        SC_IGNORE(write(fd, "1", 1) != 1);
}

/* The inode that names a mount namespace, 0 if the process is gone. */
static uint64_t namespace_of(const char *pid)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%.16s/ns/mnt", pid);
    return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

static bool holds_device(const char *pid, unsigned minor)
{
    char path[64];
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(MOUNTINFO_MAX);
    snprintf(path, sizeof(path), "/proc/%.16s/mountinfo", pid);
    if (read_mountinfo(path, &buf, NULL) < 0 || buf.data == NULL)
        return false;
    char *save = NULL;
    for (char *text = strtok_r(buf.data, "\n", &save); text != NULL;
         text = strtok_r(NULL, "\n", &save)) {
        struct line line;
        if (parse_line(text, &line) && line.minor == minor && sc_str_equal(line.type, FUSE_TYPE))
            return true;
    }
    return false;
}

int sc_mount_users(unsigned minor)
{
    enum { SEEN_MAX = 256 };
    uint64_t seen[SEEN_MAX];
    size_t count = 0;
    int users = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    seen[count++] = namespace_of("self");
    for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        uint64_t name =
            entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? namespace_of(entry->d_name) : 0;
        bool known = name == 0;
        for (size_t i = 0; i < count && !known; i++)
            known = seen[i] == name;
        if (known)
            continue;
        if (count < SEEN_MAX)
            seen[count++] = name;
        users += holds_device(entry->d_name, minor);
    }
    closedir(proc);
    return users;
}

/* ---- making ---- */

static int check_empty(const char *directory, struct sc_error *err)
{
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return sc_fail_errno(err, "cannot open '%s'", directory);
    bool empty = true;
    for (struct dirent *entry = readdir(dir); entry != NULL && empty; entry = readdir(dir))
        empty = sc_str_equal(entry->d_name, ".") || sc_str_equal(entry->d_name, "..");
    closedir(dir);
    if (!empty)
        return sc_fail(err, SC_E_EXISTS, "'%s' is not empty; give an empty or a new directory",
                       directory);
    return 0;
}

static int prepare(const char *directory, struct sc_error *err)
{
    enum sc_mount_state state = SC_MOUNT_NONE;
    unsigned minor = 0;
    int rc = sc_mount_look(directory, &state, &minor, err);
    if (rc < 0)
        return rc;
    if (state == SC_MOUNT_LIVE && lost(directory))
        state = SC_MOUNT_DEAD;
    if (state == SC_MOUNT_LIVE)
        return sc_fail(err, SC_E_BUSY, "'%s' is mounted already; see: secretsctl umount",
                       directory);
    if (state == SC_MOUNT_OTHER)
        return sc_fail(err, SC_E_BUSY, "another file system is mounted on '%s'", directory);
    if (state == SC_MOUNT_DEAD && umount2(directory, MNT_DETACH) < 0)
        return sc_fail_errno(err, "cannot detach the dead mount on '%s'", directory);
    mode_t mask = umask(022);
    rc = state == SC_MOUNT_NONE ? sc_dir_make(directory, 0755, err) : 0;
    umask(mask);
    if (rc == 0)
        rc = check_empty(directory, err);
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

static int mount_as_root(const char *directory, bool allow_other, int *ret_fd, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    enum sc_mount_state state = SC_MOUNT_NONE;
    unsigned minor = 0;
    int rc = open_device(&fd, err);
    if (rc == 0)
        rc = sc_mount_look(directory, &state, &minor, err);
    if (rc < 0)
        return rc;
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (state != SC_MOUNT_GUARD &&
        mount(GUARD_SOURCE, directory, "tmpfs", flags | MS_RDONLY, "size=4k,mode=755") < 0)
        return sc_fail_errno(err, "cannot mount the guard on '%s'", directory);
    char options[OPTIONS_MAX];
    snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0%s%s", fd,
             allow_other ? ",allow_other" : "", ",default_permissions");
    if (mount("secretsctl", directory, FUSE_TYPE, flags, options) < 0) {
        rc = sc_fail_errno(err, "cannot mount on '%s'", directory);
        if (state != SC_MOUNT_GUARD)
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
    return sc_fusermount_open(directory, allow_other, ret_fd, err);
}

/* ---- ending ---- */

static void drop_guard(const char *directory)
{
    enum sc_mount_state state = SC_MOUNT_NONE;
    unsigned minor = 0;
    if (geteuid() == 0 && sc_mount_look(directory, &state, &minor, NULL) == 0 &&
        state == SC_MOUNT_GUARD)
        umount2(directory, MNT_DETACH);
}

int sc_mount_close(const char *directory, bool force, struct sc_error *err)
{
    enum sc_mount_state state = SC_MOUNT_NONE;
    unsigned minor = 0;
    int rc = sc_mount_look(directory, &state, &minor, err);
    if (rc < 0)
        return rc;
    if (state != SC_MOUNT_LIVE) {
        drop_guard(directory);
        return 0;
    }
    int users = force ? 0 : sc_mount_users(minor);
    if (users > 0)
        return sc_fail(err, SC_E_BUSY,
                       "'%s' is in use by %d container%s or other mount namespace%s; stop them, or "
                       "use --force",
                       directory, users, users == 1 ? "" : "s", users == 1 ? "" : "s");
    if (force)
        sc_mount_abort(minor);
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
