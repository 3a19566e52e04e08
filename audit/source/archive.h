/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives and compressed files, streamed and never unpacked: tar, zip, 7z, cpio, gzip, xz, zstd,
 * bzip2, and archives inside archives.
 */
#ifndef SC_AUDIT_SOURCE_ARCHIVE_H
#define SC_AUDIT_SOURCE_ARCHIVE_H

#include "audit/worker.h"

/* Limits: what goes beyond is named as skipped. */
#define SC_AUDIT_ARCHIVE_DEPTH_MAX   3
#define SC_AUDIT_ARCHIVE_ENTRIES_MAX ((size_t)1000 * 1000)
#define SC_AUDIT_ARCHIVE_BYTES_MAX   ((uint64_t)16 * 1024 * 1024 * 1024)

/* By its first bytes. */
bool sc_archive_is(struct sc_bytes text);

/* Looks at every member of an archive in memory; members are named "NAME!MEMBER". */
int sc_archive_audit(struct sc_worker *worker, const char *name, struct sc_bytes text,
                     struct sc_error *err) SC_NODISCARD;

/* The same for a file of any size. */
int sc_archive_audit_file(struct sc_worker *worker, const char *path,
                          struct sc_error *err) SC_NODISCARD;

#endif
