/* SPDX-License-Identifier: Apache-2.0
 *
 * Healing running containers after a connection was lost for good: their bind mounts of files show
 * the dead file system, and the new one is put in their place.
 */
#ifndef SC_FUSE_HOLD_REPAIR_H
#define SC_FUSE_HOLD_REPAIR_H

#include "core/error.h"

struct sc_repair_counts {
    unsigned healed, failed;
};

/* Replaces each dead mount of this program in other mount namespaces whose path exists below
 * `directory` (a live mount). Root only: PERM. */
int sc_mount_repair(const char *directory, struct sc_repair_counts *ret,
                    struct sc_error *err) SC_NODISCARD;

#endif
