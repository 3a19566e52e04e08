/* SPDX-License-Identifier: Apache-2.0
 *
 * The search over data that comes in pieces, of any sizes and of any total length.
 *
 * Hits across the border of two pieces are found, and so are base64 forms that are wrapped over
 * several lines, indented or not. Memory is constant. Threads: one stream belongs to one thread.
 */
#ifndef SC_AUDIT_KNOWN_STREAM_H
#define SC_AUDIT_KNOWN_STREAM_H

#include "audit/known/known.h"

/* Bytes of joined base64 lines that are looked at together. */
#define SC_STREAM_JOIN_MAX ((size_t)8192)

/* Where hits come from: known values now, fingerprints in audit/known/fingerprint.h. */
struct sc_searcher {
    int (*scan)(const void *set, struct sc_bytes data, sc_known_fn fn, void *ctx,
                struct sc_error *err);
    int (*compare)(const void *set, struct sc_bytes token, sc_known_fn fn, void *ctx,
                   struct sc_error *err);
    size_t (*count)(const void *set);
    const char *(*name)(const void *set, size_t index);
    enum sc_known_standing (*standing)(const void *set, size_t index);
    const void *set;
};

/* Borrowed: the set must be built and must outlive the searcher. */
struct sc_searcher sc_known_searcher(const struct sc_known *known);

/* Where the search for wrapped base64 stands. */
enum sc_stream_state { SC_STREAM_TEXT, SC_STREAM_INDENT, SC_STREAM_RUN };

struct sc_stream {
    const struct sc_searcher *searcher;
    sc_known_fn fn;
    void *ctx;
    uint64_t offset;     /* of the next byte */
    unsigned char *edge; /* the last bytes of what came before, then the first of the next piece */
    size_t edge_len;
    unsigned char *join;         /* base64 runs with their line ends left out */
    size_t join_len, join_first; /* of it, the first run */
    uint64_t join_offset;        /* of the first joined byte */
    enum sc_stream_state state;
};

/* Hits carry offsets from the first byte written. */
int sc_stream_init(struct sc_stream *stream, const struct sc_searcher *searcher, sc_known_fn fn,
                   void *ctx, struct sc_error *err) SC_NODISCARD;

int sc_stream_write(struct sc_stream *stream, struct sc_bytes data,
                    struct sc_error *err) SC_NODISCARD;

/* Leaves out bytes that cannot be part of a hit. */
int sc_stream_pass(struct sc_stream *stream, uint64_t count, struct sc_error *err) SC_NODISCARD;

/* Ends the data; the stream can then be written again from offset 0. */
int sc_stream_end(struct sc_stream *stream, struct sc_error *err) SC_NODISCARD;

void sc_stream_done(struct sc_stream *stream);

#endif
