/* SPDX-License-Identifier: Apache-2.0
 *
 * Searches a file of any kind that is fed to it: as raw bytes, and, if it is packed or an archive,
 * everything inside, to a limit of nesting. Nothing is unpacked to disk.
 *
 * What cannot be unpacked (damaged, cut off, a bomb, a kind only recognised) is entered as skipped
 * and the search goes on behind it. Threads: one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_ARCHIVE_H
#define SC_AUDIT_IMAGE_ARCHIVE_H

#include "audit/image/tar.h"
#include "audit/known/ledger.h"

/* Packings and archives inside each other: a layer (gzip, tar), a file in it that is a .tar.gz (two
 * more), and one inside that. */
#define SC_ARCHIVE_DEPTH_MAX 8
/* What comes out of one file, over this many bytes, must not be more than SC_UNPACK_RATIO times
 * what went in: archives in archives multiply. */
#define SC_ARCHIVE_FREE ((uint64_t)16 * 1024 * 1024 * 1024)
/* Bytes of a path that are kept. */
#define SC_ARCHIVE_PATH_MAX ((size_t)64 * 1024)

struct sc_archive_options {
    const struct sc_searcher *searcher;
    struct sc_ledger *ledger;
    const char *surface; /* for what is skipped */
    uint64_t free;       /* instead of SC_ARCHIVE_FREE, for tests; or 0 */
    /* Called for each entry of the outermost tar, for those who keep a list; or NULL. */
    int (*on_entry)(const struct sc_tar_entry *entry, void *ctx, struct sc_error *err);
    /* Called with what the file itself unpacks to; or NULL. */
    void (*on_unpacked)(struct sc_bytes piece, void *ctx);
    void *ctx;
};

struct sc_archive;

struct sc_archive *sc_archive_new(const struct sc_archive_options *options,
                                  struct sc_error *err) SC_NODISCARD;
void sc_archive_free(struct sc_archive *archive);

/* Begins a file: the spot says how its leaks are reported; its strings must live until the end.
 * Paths inside are added behind the spot's own path, and "content" where it says nothing. */
void sc_archive_begin(struct sc_archive *archive, const struct sc_spot *spot);

int sc_archive_write(struct sc_archive *archive, struct sc_bytes data,
                     struct sc_error *err) SC_NODISCARD;

/* A run of NUL bytes, of any length: cheap where they are a hole of a file that is no archive. */
int sc_archive_zeroes(struct sc_archive *archive, uint64_t count,
                      struct sc_error *err) SC_NODISCARD;

/* Ends the file; ready for the next one. *ret_bytes (may be NULL) is what was searched, unpacked
 * bytes included. */
int sc_archive_end(struct sc_archive *archive, uint64_t *ret_bytes,
                   struct sc_error *err) SC_NODISCARD;

#endif
