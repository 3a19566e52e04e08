/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar reader that is fed, and that hands on every byte: headers, extended headers, content,
 * padding and what stands behind the end of the archive.
 *
 * Knows ustar, GNU long names and sparse files, and PAX (path, linkpath, size). Nothing is skipped:
 * a value can stand in a name, a link's target, an extended attribute or in the slack, and
 * duplicate paths all count. (libarchive would hide headers, padding and slack; see docs/adr/.)
 *
 * Memory is constant but for names. Threads: one reader, one thread.
 */
#ifndef SC_AUDIT_IMAGE_TAR_H
#define SC_AUDIT_IMAGE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Bytes of one extended header (long name, PAX). */
#define SC_TAR_EXTENSION_MAX ((size_t)1024 * 1024)

struct sc_tar_entry {
    const char *path; /* as it stands; never NULL */
    const char *link; /* target of a link, or NULL */
    char type;        /* '0' file, '1' hard link, '2' symbolic link, '5' directory, ... */
    uint64_t size;    /* bytes of content in the archive */
};

/* Called in order of the archive; a negative result stops and is passed on. */
struct sc_tar_ops {
    /* Bytes that are no content: "header", "pax", "name", "slack". Their entry comes later, if at
     * all. */
    int (*meta)(const char *what, struct sc_bytes bytes, void *ctx, struct sc_error *err);
    int (*entry)(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err);
    /* Content and, at its end, the padding up to the next block. */
    int (*content)(struct sc_bytes bytes, void *ctx, struct sc_error *err);
    int (*entry_end)(void *ctx, struct sc_error *err);
    /* The entry's content cannot be had, or not the rest of it; for archives that pack their
     * entries one by one (audit/image/zip/zip.h), else NULL. */
    int (*unreadable)(const char *reason, void *ctx, struct sc_error *err);
};

struct sc_tar;

struct sc_tar *sc_tar_new(const struct sc_tar_ops *ops, void *ctx,
                          struct sc_error *err) SC_NODISCARD;
void sc_tar_free(struct sc_tar *tar);

/* FORMAT for what is no tar, TOOBIG for an extended header over its limit. */
int sc_tar_write(struct sc_tar *tar, struct sc_bytes data, struct sc_error *err) SC_NODISCARD;

/* IO if the archive ends inside a header or a file. The reader can then be fed a new archive. */
int sc_tar_end(struct sc_tar *tar, struct sc_error *err) SC_NODISCARD;

/* Forgets where it was, for a new archive. */
void sc_tar_reset(struct sc_tar *tar);

/* Whether a file that begins like this is a tar: `len` may be less than a header. */
bool sc_tar_sniff(const unsigned char *start, size_t len);

#endif
