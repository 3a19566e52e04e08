/* SPDX-License-Identifier: Apache-2.0
 *
 * One file that is open in a search of files inside files; private to archive.c and beside.c.
 *
 * Level 0 is the file that is fed, what it unpacks to or one file in it is level 1, and so on.
 * Threads: one archive, one thread.
 */
#ifndef SC_AUDIT_IMAGE_LEVEL_H
#define SC_AUDIT_IMAGE_LEVEL_H

#include "audit/image/archive.h"
#include "audit/image/base64.h"
#include "audit/image/git/git.h"
#include "audit/image/unpack/unpack.h"
#include "audit/image/zip/scan.h"
#include "audit/image/zip/zip.h"

/* Bytes that are held back until the kind is known. */
#define SC_LEVEL_SNIFF ((size_t)512)

enum sc_level_kind {
    SC_LEVEL_UNKNOWN,
    SC_LEVEL_RAW,
    SC_LEVEL_PACKED,
    SC_LEVEL_TAR,
    SC_LEVEL_ZIP,
    SC_LEVEL_GIT
};

struct sc_level {
    struct sc_archive *archive;
    unsigned depth;
    enum sc_level_kind kind;
    bool open;
    bool broken; /* its inside could not be read to the end: entered as skipped */
    unsigned char sniff[SC_LEVEL_SNIFF];
    size_t sniff_len;
    struct sc_stream stream;
    bool has_stream;
    struct sc_unpack *unpack;
    struct sc_tar *tar;
    struct sc_zip *zip;
    struct sc_git *git;
    struct sc_zip_scan scan;         /* for a zip behind other bytes */
    bool behind;                     /* one is being read */
    uint64_t behind_entries;         /* of the last one that was whole */
    struct sc_base64_scan base64;    /* for gzip as base64 */
    size_t header_first, header_end; /* leaks in the headers of the entry to come */
    struct sc_buf path; /* of the file this level is, inside the fed one; empty at the top */
    struct sc_spot spot;
};

/* ---- archive.c ---- */

/* The next level; NULL where it would be too deep. */
struct sc_level *sc_level_inner(struct sc_level *level);

int sc_level_begin(struct sc_level *level, const char *path, const char *entry,
                   struct sc_error *err) SC_NODISCARD;
int sc_level_write(struct sc_level *level, struct sc_bytes data, struct sc_error *err) SC_NODISCARD;
int sc_level_end(struct sc_level *level, struct sc_error *err) SC_NODISCARD;

/* A zip begins in it, the level of which is then of that kind. */
int sc_level_begin_zip(struct sc_level *level, enum sc_level_kind kind,
                       struct sc_error *err) SC_NODISCARD;

/* What readers call for the file inside; ctx is the level. */
int sc_level_content(struct sc_bytes bytes, void *ctx, struct sc_error *err) SC_NODISCARD;
int sc_level_entry_end(void *ctx, struct sc_error *err) SC_NODISCARD;

/* Failures of ours end the run; failures of the data are entered, and the search goes on. */
bool sc_level_is_ours(int rc);
/* Enters the level as not searched to its end. */
int sc_level_skip(struct sc_level *level, const char *reason, struct sc_error *err) SC_NODISCARD;
/* Turns a failure of the data into such an entry. */
int sc_level_tolerate(struct sc_level *level, int rc, const struct sc_error *why,
                      struct sc_error *err) SC_NODISCARD;

/* ---- beside.c ---- */

/* Bytes of a file of no known kind, which have been searched as they stand. */
int sc_beside_write(struct sc_level *level, struct sc_bytes data,
                    struct sc_error *err) SC_NODISCARD;
/* At the file's end: a zip that ends there too, and that was not read, is told. */
int sc_beside_settle(struct sc_level *level, struct sc_error *err) SC_NODISCARD;
/* What only looked like a zip leaves no trace but what was found in it. */
int sc_beside_end_zip(struct sc_level *level, struct sc_error *err) SC_NODISCARD;
int sc_beside_end_base64(struct sc_level *level, struct sc_error *err) SC_NODISCARD;

#endif
