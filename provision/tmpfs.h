/* SPDX-License-Identifier: Apache-2.0
 *
 * Places that never reach a disk: a tmpfs with noswap where the kernel has it (6.4), else a ramfs,
 * which cannot swap but has no limit of its own, so the quota is kept by the writer.
 *
 * The top directory is 0700 by default. A bind mount reaches a file without walking the host's
 * path, so a container is not hindered, whatever its user; the host's ordinary users are stopped at
 * the top, whatever mode an entry has. What runs on the host itself under another uid, and an
 * engine with user-namespace remapping, need 0711. Everything below is 0755, so that a program in a
 * container may list the directory it was given.
 *
 * Ownership: struct sc_tmpfs owns its descriptor. Threads: any.
 */
#ifndef SC_PROVISION_TMPFS_H
#define SC_PROVISION_TMPFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

/* Bytes of all values together, unless told otherwise. */
#define SC_TMPFS_QUOTA_DEFAULT ((uint64_t)256 * 1024 * 1024)
#define SC_TMPFS_MODE_DEFAULT  ((mode_t)0700)

enum sc_tmpfs_swap {
    SC_TMPFS_SWAP_NEVER, /* noswap, or ramfs */
    SC_TMPFS_SWAP_NONE,  /* could swap, but no swap space is on now */
    SC_TMPFS_SWAP_MAYBE, /* could swap, and there is swap space */
};

/* How long another writer is waited for, in milliseconds, before BUSY. */
#define SC_TMPFS_LOCK_MS 5000

struct sc_tmpfs {
    int fd;     /* the directory */
    bool ramfs; /* else tmpfs */
    bool own;   /* the root of a mount, so the directory is ours alone */
    bool fresh; /* mounted by this call */
    enum sc_tmpfs_swap swap;
    uint64_t quota; /* bytes of all values together */
};

/* The zero value but for the descriptor. */
#define SC_TMPFS_INIT                                                                              \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* Makes the directory if it is missing, mounts on it unless something in memory is mounted there
 * already, and opens it with this mode. Without the privilege to mount, a directory that lies in
 * memory anyway is used as it is. EXISTS when something else is mounted there, UNSUPPORTED when it
 * would lie on a disk. */
int sc_tmpfs_mount(const char *dir, uint64_t quota, mode_t mode, struct sc_tmpfs *ret,
                   struct sc_error *err) SC_NODISCARD;

/* The same where others may do it at this moment, too: else two that begin together would mount one
 * over the other. BUSY if one of them does not come to an end. */
int sc_tmpfs_mount_once(const char *dir, uint64_t quota, mode_t mode, struct sc_tmpfs *ret,
                        struct sc_error *err) SC_NODISCARD;

/* Waits for its turn with an open directory, SC_TMPFS_LOCK_MS at most (BUSY). The lock is on the
 * directory itself, and ends with the descriptor. */
int sc_tmpfs_lock(int dir_fd, struct sc_error *err) SC_NODISCARD;

/* Opens an existing directory without mounting; UNSUPPORTED when it lies on a disk. */
int sc_tmpfs_open(const char *dir, uint64_t quota, struct sc_tmpfs *ret,
                  struct sc_error *err) SC_NODISCARD;

/* Whether sc_tmpfs_mount() has mounted what is there. */
bool sc_tmpfs_is_own(const char *dir);

/* Unmounts it, and so frees the values. BUSY while files are open, unless `force`: then it is gone
 * once they are closed. */
int sc_tmpfs_unmount(const char *dir, bool force, struct sc_error *err) SC_NODISCARD;

/* Bytes of the regular files below the directory. */
int sc_tmpfs_used(const struct sc_tmpfs *place, uint64_t *ret, struct sc_error *err) SC_NODISCARD;

/* "never", "none", "maybe". */
const char *sc_tmpfs_swap_name(enum sc_tmpfs_swap swap);

void sc_tmpfs_done(struct sc_tmpfs *place);

#endif
