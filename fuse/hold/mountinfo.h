/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of /proc/PID/mountinfo.
 */
#ifndef SC_FUSE_HOLD_MOUNTINFO_H
#define SC_FUSE_HOLD_MOUNTINFO_H

#include <stdbool.h>

#include "core/error.h"

#define SC_FUSE_TYPE "fuse.secretsctl"

/* Texts live for one call. */
struct sc_mountinfo {
    unsigned id, parent; /* of the mount, and of the one it is mounted on */
    unsigned shared;     /* peer group that it is in; what is mounted on it is on all of them */
    unsigned master;     /* peer group that it follows; of both 0 = none */
    unsigned minor;      /* of the device */
    const char *root;    /* which part of the file system */
    const char *point;   /* where */
    const char *options; /* of this mount: "ro,nosuid,..." */
    const char *type;
    const char *source;
    const char *super_options; /* of the file system: "rw,user_id=0,..." */
};

/* Calls fn for each line in order until it returns false. pid 0 is this process. */
int sc_mountinfo_each(int pid, bool (*fn)(const struct sc_mountinfo *line, void *ctx), void *ctx,
                      struct sc_error *err) SC_NODISCARD;

/* Calls fn with one process of each mount namespace but this one's. */
int sc_mountinfo_namespaces(void (*fn)(int pid, void *ctx), void *ctx,
                            struct sc_error *err) SC_NODISCARD;

#endif
