/* SPDX-License-Identifier: Apache-2.0
 *
 * A SQLite VFS for tests, on top of the system's: it can fail the n-th operation, pretend that the
 * disk is full, and keep for each file what a power loss would leave of it.
 *
 * State is static: one test process, one thread.
 */
#ifndef SC_TESTS_VAULT_FAULT_VFS_H
#define SC_TESTS_VAULT_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>

/* Registers the VFS; `on` makes it the default, or the system's again. */
void fault_vfs_install(void);
void fault_vfs_default(bool on);

/* Fails the n-th read, write, truncation or sync from now (1 = the next); with `forever` also all
 * after it. 0 switches failing off. */
void fault_vfs_fail_at(long n, bool forever);
/* Operations since the last call of fault_vfs_fail_at(). */
long fault_vfs_operations(void);
/* Whether the failure was delivered. */
bool fault_vfs_failed(void);

/* Bytes all files together may have; negative: no limit. */
void fault_vfs_limit(long bytes);

/* Called after each operation that changes a file, while recording. */
typedef void (*fault_vfs_fn)(void *ctx);
void fault_vfs_record(fault_vfs_fn fn, void *ctx);

/* Writes into `to` what the disk may hold of the files in directory `from` after a power loss now:
 * all that was written, only what was synced, or what was synced and a random part of the rest,
 * torn at sectors. */
enum fault_image { FAULT_ALL, FAULT_SYNCED, FAULT_TORN, FAULT_IMAGE_MAX };
void fault_vfs_image(const char *from, const char *to, enum fault_image kind);

/* Forgets all files, or those in one directory. */
void fault_vfs_forget(const char *dir);

#endif
