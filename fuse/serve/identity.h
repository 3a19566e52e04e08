/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a reader is, asked of /proc while its request waits.
 *
 * A caller cannot leave before it is answered, so the thread id of a request names the caller and
 * not a later process of that number. Nothing is cached. The container id counts only where a path
 * anchored at the root of the hierarchy names it: a user who owns a subtree can make directories of
 * any name below. `exe` is a hint, not a wall: whoever may run a program may read through it.
 *
 * Threads: any.
 */
#ifndef SC_FUSE_SERVE_IDENTITY_H
#define SC_FUSE_SERVE_IDENTITY_H

#include <stddef.h>

#include "fuse/shared/ring.h"

/* Bytes of /proc/TID/cgroup that are looked at. */
#define SC_CGROUP_FILE_MAX 8192

/* Fills *ret for the thread; tgid stays 0 when it cannot be seen (another pid namespace). */
void sc_reader_identify(uint32_t tid, uint32_t uid, uint32_t gid, struct sc_fuse_reader *ret);

/* From the text of a cgroup file: the path that counts, and the container it names. `text` is
 * changed. */
void sc_reader_parse_cgroup(char *text, struct sc_fuse_reader *ret);

#endif
