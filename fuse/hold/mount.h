/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and ending the mount.
 *
 * Below the FUSE mount lies a small read-only tmpfs, so that a container engine that finds nothing
 * mounted cannot create a directory in place of a missing secret. Nothing here touches a path
 * inside the mount: that would wait for a server that may not be there.
 */
#ifndef SC_FUSE_HOLD_MOUNT_H
#define SC_FUSE_HOLD_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

enum sc_mount_state {
    SC_MOUNT_NONE,  /* no file system of ours there */
    SC_MOUNT_GUARD, /* our guard alone */
    SC_MOUNT_LIVE,  /* or its server is gone: sc_mount_lost() */
    SC_MOUNT_OTHER  /* something else is mounted there */
};

struct sc_mount_found {
    enum sc_mount_state state;
    unsigned minor; /* of the device, if it is LIVE */
    uid_t user;     /* who mounted it, if it is LIVE */
};

/* What is mounted at the directory (absolute, without links), from mountinfo. */
int sc_mount_look(const char *directory, struct sc_mount_found *ret,
                  struct sc_error *err) SC_NODISCARD;

/* Whether the server of what is mounted there is gone for good: then every request fails at once.
 */
bool sc_mount_lost(const char *directory);

/* Prepares the directory (made if missing, must be empty; a dead mount there is detached), and
 * mounts: as root by mount(2), else by fusermount3. *ret_fd is the FUSE descriptor; INIT waits in
 * it. */
int sc_mount_open(const char *directory, bool allow_other, int *ret_fd,
                  struct sc_error *err) SC_NODISCARD;

/* BUSY while other mount namespaces (containers), or other places of this one, have what is mounted
 * on the directory, of whatever kind; copies that go along with an unmount do not count. */
int sc_mount_unused(const char *directory, struct sc_error *err) SC_NODISCARD;

/* Unmounts. BUSY while it is in use, unless `force`: then the connection is aborted first and every
 * reader gets an error. Takes the guard away too. */
int sc_mount_close(const char *directory, bool force, struct sc_error *err) SC_NODISCARD;

/* What is named as the source of a mount on this directory, in every namespace it is bound in: so
 * dead binds can be told from those of another mount. */
#define SC_MOUNT_SOURCE_SIZE 32
void sc_mount_source(const char *directory, char out[SC_MOUNT_SOURCE_SIZE]);

#endif
