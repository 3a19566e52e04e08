/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a reader is, asked of /proc while its request waits.
 *
 * A caller cannot leave before it is answered, so the thread id of a request names the caller and
 * not a later process of that number. The container id counts only where a path anchored at the
 * root of the hierarchy names it: a user who owns a subtree can make directories of any name below.
 * Who is in no such place, but in a pid namespace of its own or below a directory that is called
 * like a container, is of an engine that is not known here: neither the host nor anybody's service.
 * `exe` is a hint, not a wall: whoever may run a program may read through it.
 *
 * Readers that come again are remembered by an open /proc/TID, which stays with that one thread: a
 * later thread of the same number is not seen through it. What cannot change in a thread's life
 * (process, start time) is looked up once; what can (cgroup, executable) is
 * compared at every request, and one difference makes all be looked up anew.
 *
 * Threads: any.
 */
#ifndef SC_FUSE_SERVE_IDENTITY_H
#define SC_FUSE_SERVE_IDENTITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/macros.h"
#include "fuse/shared/ring.h"

/* Bytes of /proc/TID/cgroup that are looked at. */
#define SC_CGROUP_FILE_MAX 8192

/* Fills *ret for the thread; tgid stays 0 when it cannot be seen (another pid namespace). */
void sc_reader_identify(uint32_t tid, uint32_t uid, uint32_t gid, struct sc_fuse_reader *ret);

/* Readers remembered, and the longest cgroup file of one that is. Each holds two descriptors. */
#define SC_IDENTITY_KNOWN  128
#define SC_IDENTITY_CGROUP 1024

struct sc_identities {
    struct sc_identity {
        _Atomic bool busy;
        int dir, cgroup; /* /proc/TID and its cgroup file; -1 */
        struct sc_fuse_reader reader;
        size_t cgroup_len;
        char cgroup_text[SC_IDENTITY_CGROUP];
    } known[SC_IDENTITY_KNOWN];
};

/* NULL without memory: callers then look up each time. */
struct sc_identities *sc_identities_new(void) SC_NODISCARD;
void sc_identities_free(struct sc_identities *all);
/* The same as sc_reader_identify(), faster for a reader that comes again; `all` may be NULL. */
void sc_identities_find(struct sc_identities *all, uint32_t tid, uint32_t uid, uint32_t gid,
                        struct sc_fuse_reader *ret);

/* From the text of a cgroup file: the path that counts, and the container it names. `text` is
 * changed. */
void sc_reader_parse_cgroup(char *text, struct sc_fuse_reader *ret);

#endif
