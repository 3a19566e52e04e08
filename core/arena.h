/* SPDX-License-Identifier: Apache-2.0
 *
 * Locked memory: where every secret byte of this process lives.
 *
 * One arena per process, made at first use: pages between guard pages, from memfd_secret(2) where
 * the kernel grants it, else anonymous and mlock(2)ed; kept out of core dumps, wiped in a forked
 * child. Small blocks share a chunk, large blocks get pages of their own. Blocks carry a canary
 * that is checked when they are freed; a broken one ends the process, since memory can no longer be
 * trusted.
 *
 * sodium_malloc() is not used: it spends four mappings on each block and hides a failed mlock (see
 * docs/adr/001-locked-arena.md). Here a failed lock is visible in sc_arena_policy(), and fatal
 * where the caller says so.
 *
 * Threads: calls may come from any thread. Fork: a child sees zeroes, or no memory at all, where
 * its parent has blocks; it may free them (nothing happens) but not touch them, and allocate its
 * own.
 */
#ifndef SC_CORE_ARENA_H
#define SC_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Largest single block, in bytes: a 1 MiB value with room for framing and one growth step. */
#define SC_ARENA_BLOCK_MAX ((size_t)4 * 1024 * 1024)

struct sc_arena_policy {
    bool locked;        /* every page handed out so far was locked in memory */
    bool memfd_secret;  /* pages come from memfd_secret: invisible to the kernel's direct map too */
    bool dump_excluded; /* MADV_DONTDUMP took effect */
    bool fork_wiped;    /* MADV_WIPEONFORK (or DONTFORK for memfd_secret) took effect */
    size_t bytes;       /* bytes mapped now, guard pages not counted */
};

/* A zeroed block of `size` bytes (1 to SC_ARENA_BLOCK_MAX), 16-byte aligned; NULL with NOMEM or
 * TOOBIG. Free it with sc_arena_free(). */
void *sc_arena_alloc(size_t size, struct sc_error *err) SC_NODISCARD;

/* Wipes and releases; NULL is allowed. */
void sc_arena_free(void *block);

/* From now on memory that cannot be locked is refused (PERM) instead of used. For daemons. */
void sc_arena_require_lock(void);

/* What the arena could really get. Allocates once if nothing was allocated yet. */
struct sc_arena_policy sc_arena_policy(void);

/* ---- beside the arena ----
 * Pages for what tells values and cannot lie in it: because it is large, is handed to the kernel,
 * or must be seen by a forked child. Locked as far as the limit allows, and in no core dump. */

enum sc_arena_fork { SC_ARENA_FORK_WIPES, SC_ARENA_FORK_KEEPS };

/* `size` zeroed bytes, 1 or more, at a page boundary; NULL with NOMEM. */
void *sc_arena_pages_get(size_t size, enum sc_arena_fork fork, struct sc_error *err) SC_NODISCARD;

/* Wipes and releases; `size` as it was asked for. NULL is allowed. */
void sc_arena_pages_release(void *pages, size_t size);

#endif
