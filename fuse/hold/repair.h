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

/* How many dead mounts of this program there are in other mount namespaces that were bound from
 * `directory`, which is mounted anew. Of those the caller may see: root, all. */
int sc_mount_dead(const char *directory, unsigned *ret_count, struct sc_error *err) SC_NODISCARD;

/* Replaces each of them whose path exists below `directory`. Root only: PERM. */
int sc_mount_repair(const char *directory, struct sc_repair_counts *ret,
                    struct sc_error *err) SC_NODISCARD;

#endif
