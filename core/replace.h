/* SPDX-License-Identifier: Apache-2.0
 *
 * Replacing several files, all or none, whatever happens in between.
 *
 * The new contents are written next to their targets and flushed, then a journal that names them,
 * then each is renamed over its target, then the journal goes. A process that dies before the
 * journal is there has changed nothing; after that sc_replace_recover() finishes the work at the
 * next start.
 *
 * Threads: any; two processes on the same files are kept apart by a lock on the journal's folder.
 */
#ifndef SC_CORE_REPLACE_H
#define SC_CORE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/secret.h"

/* Files of one replacement, at most. */
#define SC_REPLACE_FILES_MAX 1024

/* Name of the journal, in the folder of the first file. */
#define SC_REPLACE_JOURNAL ".secretsctl-replace"

struct sc_replace_file {
    const char *path; /* a regular file, real path; keeps its mode and owner */
    struct sc_bytes content;
    unsigned char before[SC_HASH_SIZE]; /* SHA-256 of what is replaced */
};

/* `ready` (may be NULL) is called when all new contents are on disk and nothing is replaced yet:
 * its failure undoes everything. BUSY when another process is at it, FAILED when a file is not what
 * it was (`before`). */
int sc_replace_all(const struct sc_replace_file *files, size_t count,
                   int (*ready)(void *ctx, struct sc_error *err), void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* Finishes a replacement that was interrupted; `path` is any file of it, the first one for sure.
 * One that died before its journal leaves staged files, which are removed for `path`.
 * *ret_count is the number of files put in place; 0 when there was nothing to do. TAMPERED for a
 * journal that this user did not write. */
int sc_replace_recover(const char *path, size_t *ret_count, struct sc_error *err) SC_NODISCARD;

#endif
