/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompression that is fed: gzip, zstd, xz and bzip2, with several members or frames one after the
 * other.
 *
 * Limits: output per byte of input, so that a bomb ends as an error and not as a full disk or an
 * endless run. Memory is constant. Threads: one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_UNPACK_H
#define SC_AUDIT_IMAGE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

/* Bytes of a file's beginning that tell its kind. */
#define SC_UNPACK_SNIFF 6
/* Output over this many bytes must not be more than SC_UNPACK_RATIO times the input. */
#define SC_UNPACK_FREE  ((uint64_t)1024 * 1024 * 1024)
#define SC_UNPACK_RATIO ((uint64_t)2000)

enum sc_packing {
    SC_PACKING_NONE,
    SC_PACKING_GZIP,
    SC_PACKING_ZSTD,
    SC_PACKING_XZ,
    SC_PACKING_BZIP2,
    SC_PACKING_DEFLATE, /* bare: has no magic number, stands inside other files */
    SC_PACKING_ZIP      /* an archive: see audit/image/zip/zip.h */
};

/* By magic number, never by name or media type. */
enum sc_packing sc_packing_sniff(const unsigned char *start, size_t len);

/* The name of a packing that is known but not read ("7z"), or NULL. */
const char *sc_packing_foreign(const unsigned char *start, size_t len);

/* A piece of unpacked bytes; a negative result stops and is passed on. */
typedef int (*sc_unpack_fn)(struct sc_bytes piece, void *ctx, struct sc_error *err);

struct sc_unpack;

/* UNSUPPORTED for a packing that is only recognised. */
struct sc_unpack *sc_unpack_new(enum sc_packing packing, sc_unpack_fn fn, void *ctx,
                                struct sc_error *err) SC_NODISCARD;
void sc_unpack_free(struct sc_unpack *unpack);

/* Makes *unpack (NULL, or from before) ready for new data: to make one anew takes longer than to
 * unpack a small file. */
int sc_unpack_begin(struct sc_unpack **unpack, enum sc_packing packing, sc_unpack_fn fn, void *ctx,
                    struct sc_error *err) SC_NODISCARD;

/* SYNTAX for damaged data, TOOBIG for a bomb. */
int sc_unpack_write(struct sc_unpack *unpack, struct sc_bytes data,
                    struct sc_error *err) SC_NODISCARD;

/* Whether the bytes that were written last may hold anything that was not unpacked: a header, what
 * stands between members or behind them, skippable frames, damage. */
bool sc_unpack_outside(const struct sc_unpack *unpack);

/* sc_unpack_write() up to the end of the first member: *data is what stands behind it (all used up,
 * unless *ret_ended is set). */
int sc_unpack_member(struct sc_unpack *unpack, struct sc_bytes *data, bool *ret_ended,
                     struct sc_error *err) SC_NODISCARD;

/* Forgets where it was, for new data. NOMEM. */
int sc_unpack_reset(struct sc_unpack *unpack, struct sc_error *err) SC_NODISCARD;

/* IO if the data ends inside a member. */
int sc_unpack_end(struct sc_unpack *unpack, struct sc_error *err) SC_NODISCARD;

#endif
