/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounting and checking places in memory; see provision/tmpfs.h.
 */
#include "provision/tmpfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

#define LOCK_STEP_MS  20
#define MOUNT_SOURCE  "secretsctl"
#define MOUNT_FLAGS   (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define NOSWAP        "noswap"
#define PROC_FILE_MAX ((size_t)4 * 1024 * 1024)
/* Levels below the top: the parts of a scope, a generation, and its files. */
#define WALK_DEPTH_MAX 12

enum medium { MEDIUM_OTHER, MEDIUM_TMPFS, MEDIUM_RAMFS };

static int medium_of(int fd, const char *dir, enum medium *ret, struct sc_error *err)
{
    struct statfs st;
    if (fstatfs(fd, &st) < 0)
        return sc_fail_errno(err, "cannot look at the file system of '%s'", dir);
    uint32_t type = (uint32_t)st.f_type; /* signed, and of another width on other processors */
    *ret = type == TMPFS_MAGIC ? MEDIUM_TMPFS : type == RAMFS_MAGIC ? MEDIUM_RAMFS : MEDIUM_OTHER;
    return 0;
}

static bool is_mount_root(int fd)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
        return false;
    return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* The options of the super block are the last word of a line; a path may have any name. */
static bool line_has_noswap(const char *line, size_t len)
{
    const char *space = memrchr(line, ' ', len);
    const char *end = line + len;
    for (const char *at = space; at != NULL && at < end;) {
        at++;
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t size = (size_t)((comma == NULL ? end : comma) - at);
        if (size == strlen(NOSWAP) && memcmp(at, NOSWAP, size) == 0)
            return true;
        at = comma;
    }
    return false;
}

static bool line_is_own(const char *line, size_t len)
{
    const char *type = memmem(line, len, " - ", 3);
    return type != NULL && (sc_str_has_prefix(type + 3, "tmpfs " MOUNT_SOURCE " ") ||
                            sc_str_has_prefix(type + 3, "ramfs " MOUNT_SOURCE " "));
}

static bool line_is_served(const char *line, size_t len)
{
    const char *type = memmem(line, len, " - ", 3);
    return type != NULL && sc_str_has_prefix(type + 3, "fuse.secretsctl ");
}

/* Whether mountinfo says so of the file system that holds fd. */
static bool is_mounted_as(int fd, bool (*says)(const char *line, size_t len))
{
    struct stat st;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(PROC_FILE_MAX);
    if (fstat(fd, &st) < 0 || sc_file_read("/proc/self/mountinfo", &text, NULL) < 0)
        return false;
    char device[64];
    snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
    for (const char *line = sc_buf_text(&text); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *found = memmem(line, len, device, strlen(device));
        if (found != NULL && says(line, len))
            return true;
        line += len + (line[len] == '\n');
    }
    return false;
}

static bool swap_is_on(void)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(PROC_FILE_MAX);
    if (sc_file_read("/proc/swaps", &text, NULL) < 0)
        return false; /* a kernel without swap has no such file */
    const char *end = strchr(sc_buf_text(&text), '\n');
    return end != NULL && end[1] != '\0'; /* more than the header */
}

static int open_dir(const char *dir, int *ret, struct sc_error *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open the directory '%s'", dir);
    *ret = fd;
    return 0;
}

int sc_tmpfs_open(const char *dir, uint64_t quota, struct sc_tmpfs *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    enum medium medium = MEDIUM_OTHER;
    int rc = open_dir(dir, &fd, err);
    if (rc == 0)
        rc = medium_of(fd, dir, &medium, err);
    if (rc < 0)
        return rc;
    if (medium == MEDIUM_OTHER)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s' is not on a file system in memory, values would reach a disk; give a "
                       "directory on a tmpfs, or run 'provision --tmpfs' as root, which mounts one",
                       dir);
    enum sc_tmpfs_swap swap = SC_TMPFS_SWAP_NEVER;
    if (medium == MEDIUM_TMPFS && !is_mounted_as(fd, line_has_noswap))
        swap = swap_is_on() ? SC_TMPFS_SWAP_MAYBE : SC_TMPFS_SWAP_NONE;
    *ret = (struct sc_tmpfs){
        .ramfs = medium == MEDIUM_RAMFS, .own = is_mount_root(fd), .swap = swap, .quota = quota};
    ret->fd = SC_TAKE_FD(fd);
    return 0;
}

/* Room for two generations and the directories; the quota itself is kept by the writer. */
static uint64_t size_for(uint64_t quota)
{
    return quota * 2 + quota / 4 + (1U << 20);
}

static int mount_memory(const char *dir, uint64_t quota, mode_t mode, struct sc_error *err)
{
    char options[128];
    snprintf(options, sizeof(options), "mode=%04o,size=%llu,nr_inodes=0," NOSWAP, (unsigned)mode,
             (unsigned long long)size_for(quota));
    if (mount(MOUNT_SOURCE, dir, "tmpfs", MOUNT_FLAGS, options) == 0)
        return 0;
    if (errno == EINVAL) { /* a kernel before 6.4, or a user namespace: no noswap */
        snprintf(options, sizeof(options), "mode=%04o", (unsigned)mode);
        if (mount(MOUNT_SOURCE, dir, "ramfs", MOUNT_FLAGS, options) == 0)
            return 0;
    }
    return sc_fail_errno(err, "cannot mount a tmpfs on '%s'", dir);
}

/* One of ours may be smaller than what it is to hold now. Where that cannot be changed, the writer
 * says when it is full. */
static void make_larger(const char *dir, int fd, uint64_t size)
{
    struct statfs st;
    char options[64];
    snprintf(options, sizeof(options), "size=%llu", (unsigned long long)size);
    if (is_mounted_as(fd, line_is_own) && fstatfs(fd, &st) == 0 &&
        (uint64_t)st.f_blocks * (uint64_t)st.f_bsize < size)
        SC_IGNORE(mount(NULL, dir, NULL, MS_REMOUNT | MOUNT_FLAGS, options) < 0);
}

static int make_place(const char *dir, struct sc_error *err)
{
    struct stat st;
    if (stat(dir, &st) < 0 && errno == ENOTCONN)
        return sc_fail(err, SC_E_FAILED,
                       "'%s' is a mount whose server is gone; to have it again: secretsctl mount "
                       "--repair; for files in memory in its place, first: secretsctl umount",
                       dir);
    return sc_dir_make(dir, 0700, err);
}

int sc_tmpfs_mount(const char *dir, uint64_t quota, mode_t mode, struct sc_tmpfs *ret,
                   struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    enum medium medium = MEDIUM_OTHER;
    int rc = make_place(dir, err);
    if (rc == 0)
        rc = open_dir(dir, &fd, err);
    if (rc == 0)
        rc = medium_of(fd, dir, &medium, err);
    if (rc < 0)
        return rc;
    bool mounted = is_mount_root(fd);
    if (mounted && is_mounted_as(fd, line_is_served))
        return sc_fail(err, SC_E_EXISTS,
                       "'%s' is served by a mount, which shows the present values by itself; for "
                       "files in memory in its place, first: secretsctl umount",
                       dir);
    if (mounted && medium == MEDIUM_OTHER)
        return sc_fail(err, SC_E_EXISTS, "something else is mounted on '%s'; unmount it first",
                       dir);
    /* Others cannot mount, and are told below that it is no memory. */
    if (!mounted && medium == MEDIUM_OTHER && geteuid() == 0)
        rc = sc_dir_check_empty(dir, err);
    if (rc < 0)
        return rc;
    bool fresh = false;
    if (mounted && medium == MEDIUM_TMPFS)
        make_larger(dir, fd, size_for(quota));
    if (!mounted) {
        sc_fd_closep(&fd);
        rc = mount_memory(dir, quota, mode, err);
        if (rc < 0 && rc != SC_E_PERM)
            return rc;
        fresh = rc == 0; /* without the privilege, what is there must do */
        sc_error_clear(err);
    }
    rc = sc_tmpfs_open(dir, quota, ret, err);
    if (rc < 0)
        return rc;
    ret->fresh = fresh;
    if (fchmod(ret->fd, mode) < 0) {
        rc = sc_fail_errno(err, "cannot set the mode of '%s'", dir);
        sc_tmpfs_done(ret);
    }
    return rc;
}

int sc_tmpfs_lock(int dir_fd, struct sc_error *err)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000L * 1000L};
    for (int waited = 0; flock(dir_fd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK)
            return sc_fail_errno(err, "cannot lock the directory");
        if (waited >= SC_TMPFS_LOCK_MS)
            return sc_fail(err, SC_E_BUSY, "another secretsctl is writing to the directory");
        nanosleep(&step, NULL);
    }
    return 0;
}

int sc_tmpfs_mount_once(const char *dir, uint64_t quota, mode_t mode, struct sc_tmpfs *ret,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int lock = -1;
    int rc = make_place(dir, err);
    if (rc == 0)
        rc = open_dir(dir, &lock, err);
    if (rc == 0 && !is_mount_root(lock))
        rc = sc_tmpfs_lock(lock, err);
    return rc == 0 ? sc_tmpfs_mount(dir, quota, mode, ret, err) : rc;
}

bool sc_tmpfs_is_own(const char *dir)
{
    SC_CLEANUP(sc_fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && is_mount_root(fd) && is_mounted_as(fd, line_is_own);
}

int sc_tmpfs_unmount(const char *dir, bool force, struct sc_error *err)
{
    if (umount2(dir, UMOUNT_NOFOLLOW | (force ? MNT_DETACH : 0)) == 0)
        return 0;
    if (errno == EBUSY)
        return sc_fail(err, SC_E_BUSY, "'%s' is in use; close its files, or use --force", dir);
    return sc_fail_errno(err, "cannot unmount '%s'", dir);
}

/* Adds up what lies below; takes over the descriptor. */
static int add_used(int dir_fd, int depth, uint64_t *total, struct sc_error *err)
{
    DIR *stream = fdopendir(dir_fd);
    if (stream == NULL) {
        int rc = sc_fail_errno(err, "cannot list a directory");
        close(dir_fd);
        return rc;
    }
    int rc = 0;
    for (struct dirent *item; rc == 0 && (item = readdir(stream)) != NULL;) {
        struct stat st;
        if (sc_str_equal(item->d_name, ".") || sc_str_equal(item->d_name, "..") ||
            fstatat(dirfd(stream), item->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (S_ISREG(st.st_mode))
            *total += (uint64_t)st.st_size;
        if (!S_ISDIR(st.st_mode) || depth >= WALK_DEPTH_MAX)
            continue;
        int below =
            openat(dirfd(stream), item->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0)
            rc = add_used(below, depth + 1, total, err);
    }
    closedir(stream);
    return rc;
}

int sc_tmpfs_used(const struct sc_tmpfs *place, uint64_t *ret, struct sc_error *err)
{
    int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sc_fail_errno(err, "cannot open the directory again");
    uint64_t total = 0;
    int rc = add_used(fd, 0, &total, err);
    if (rc == 0)
        *ret = total;
    return rc;
}

const char *sc_tmpfs_swap_name(enum sc_tmpfs_swap swap)
{
    static const char *const names[] = {"never", "none", "maybe"};
    return names[swap];
}

void sc_tmpfs_done(struct sc_tmpfs *place)
{
    if (place == NULL)
        return;
    sc_fd_closep(&place->fd);
}
