/* SPDX-License-Identifier: Apache-2.0
 *
 * The search over pieces; see audit/known/stream.h.
 *
 * Each piece is searched in place. Only around a border bytes are copied: the last EDGE_MAX bytes
 * of the past and the first of the piece, of which only hits that cross the border count.
 */
#include "audit/known/stream.h"

#include <string.h>

#include "audit/known/wrapped.h"
#include "core/arena.h"

#include "core/banned.h"

#define EDGE_MAX (SC_KNOWN_FORM_MAX - 1)
/* What is searched at once: small enough to be still in the first level cache when the last of the
 * searches comes to it, large enough that edges do not count. */
#define PART_SIZE ((size_t)64 * 1024)

static int known_scan(const void *set, struct sc_bytes data, sc_known_fn fn, void *ctx,
                      struct sc_error *err)
{
    return sc_known_scan(set, data, fn, ctx, err);
}

static int known_compare(const void *set, struct sc_bytes token, sc_known_fn fn, void *ctx,
                         struct sc_error *err)
{
    return sc_known_compare(set, token, fn, ctx, err);
}

static size_t known_count(const void *set)
{
    return sc_known_count(set);
}

static const char *known_name(const void *set, size_t index)
{
    return sc_known_name(set, index);
}

static enum sc_known_standing known_standing(const void *set, size_t index)
{
    return sc_known_standing(set, index);
}

struct sc_searcher sc_known_searcher(const struct sc_known *known)
{
    return (struct sc_searcher){known_scan, known_compare,  known_count,
                                known_name, known_standing, known};
}

int sc_stream_init(struct sc_stream *stream, const struct sc_searcher *searcher, sc_known_fn fn,
                   void *ctx, struct sc_error *err)
{
    struct sc_stream made = {
        .searcher = searcher,
        .fn = fn,
        .ctx = ctx,
        .edge = sc_arena_alloc(2 * EDGE_MAX, err),
        .join = sc_arena_alloc(SC_STREAM_JOIN_MAX, err),
    };
    if (made.edge == NULL || made.join == NULL) {
        sc_stream_done(&made);
        return SC_E_NOMEM;
    }
    *stream = made;
    return 0;
}

void sc_stream_done(struct sc_stream *stream)
{
    if (stream == NULL)
        return;
    sc_arena_free(stream->edge);
    sc_arena_free(stream->join);
    *stream = (struct sc_stream){0};
}

/* ---- hits in one piece, and across the border before it ---- */

struct shift {
    struct sc_stream *stream;
    uint64_t base; /* offset of the buffer's first byte in the stream */
    size_t border; /* position of the border in the buffer; 0: all hits count */
};

static int pass_on(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    const struct shift *shift = ctx;
    if (shift->border > 0 &&
        (hit->offset >= shift->border || hit->offset + hit->len <= shift->border))
        return 0; /* seen, or to be seen, in its own piece */
    struct sc_known_hit moved = *hit;
    moved.offset += shift->base;
    return shift->stream->fn(&moved, shift->stream->ctx, err);
}

static int search_piece(struct sc_stream *stream, struct sc_bytes data, struct sc_error *err)
{
    const struct sc_searcher *searcher = stream->searcher;
    if (stream->edge_len > 0) {
        size_t add = SC_MIN(data.len, (size_t)EDGE_MAX);
        memcpy(stream->edge + stream->edge_len, data.ptr, add);
        struct shift across = {stream, stream->offset - stream->edge_len, stream->edge_len};
        struct sc_bytes both = {stream->edge, stream->edge_len + add};
        int rc = searcher->scan(searcher->set, both, pass_on, &across, err);
        if (rc < 0)
            return rc;
    }
    struct shift inside = {stream, stream->offset, 0};
    return searcher->scan(searcher->set, data, pass_on, &inside, err);
}

/* The edge becomes the last EDGE_MAX bytes of all that was written. */
static void keep_edge(struct sc_stream *stream, struct sc_bytes data)
{
    if (data.len >= EDGE_MAX) {
        memcpy(stream->edge, data.ptr + data.len - EDGE_MAX, EDGE_MAX);
        stream->edge_len = EDGE_MAX;
        return;
    }
    size_t keep = SC_MIN(stream->edge_len, EDGE_MAX - data.len);
    memmove(stream->edge, stream->edge + stream->edge_len - keep, keep);
    memcpy(stream->edge + keep, data.ptr, data.len);
    stream->edge_len = keep + data.len;
}

/* ---- base64 that is wrapped over lines ---- */

static int report_joined(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    struct sc_stream *stream = ctx;
    bool group = hit->encoding == SC_ENCODING_BASE64 || hit->encoding == SC_ENCODING_BASE64URL ||
                 hit->encoding == SC_ENCODING_BASE64_TWICE ||
                 hit->encoding == SC_ENCODING_BASE64_JSON ||
                 hit->encoding == SC_ENCODING_BASE64_PERCENT ||
                 hit->encoding == SC_ENCODING_BASE64_UTF16 || hit->encoding == SC_ENCODING_BASE32;
    if (!group)
        return 0;
    /* Where exactly the hit lies among the lines is not kept: the block's beginning stands for it.
     */
    struct sc_known_hit placed = *hit;
    placed.offset = stream->join_offset;
    return stream->fn(&placed, stream->ctx, err);
}

static int search_join(struct sc_stream *stream, struct sc_error *err)
{
    const struct sc_searcher *searcher = stream->searcher;
    struct sc_bytes joined = {stream->join, stream->join_len};
    return searcher->scan(searcher->set, joined, report_joined, stream, err);
}

/* Appends a run; what is full is searched, and its end kept for what may cross over. */
static int join_run(struct sc_stream *stream, struct sc_bytes run, uint64_t offset,
                    struct sc_error *err)
{
    while (run.len > 0) {
        if (stream->join_len == SC_STREAM_JOIN_MAX) {
            int rc = search_join(stream, err);
            if (rc < 0)
                return rc;
            memmove(stream->join, stream->join + SC_STREAM_JOIN_MAX - EDGE_MAX, EDGE_MAX);
            stream->join_len = EDGE_MAX;
            stream->join_offset = offset - SC_MIN(offset, (uint64_t)EDGE_MAX);
        }
        size_t n = SC_MIN(run.len, SC_STREAM_JOIN_MAX - stream->join_len);
        memcpy(stream->join + stream->join_len, run.ptr, n);
        stream->join_len += n;
        offset += n;
        run = (struct sc_bytes){run.ptr + n, run.len - n};
    }
    return 0;
}

/* What stands in the first line alone is found where it stands. */
static int end_join(struct sc_stream *stream, struct sc_error *err)
{
    bool joined = stream->state != SC_STREAM_TEXT && stream->join_len > stream->join_first;
    int rc = joined ? search_join(stream, err) : 0;
    stream->join_len = 0;
    stream->state = SC_STREAM_TEXT;
    return rc;
}

/* How much base64 stands before `end`, looked at up to `most`. */
static size_t run_before(const unsigned char *end, size_t most)
{
    size_t run = 0;
    while (run < most && sc_wrapped_is_base64(end[-1 - (ptrdiff_t)run]))
        run++;
    return run;
}

/* Behind a line's end and what a line is indented with, as far as the data goes: whether base64
 * goes on. */
static bool may_go_on(struct sc_bytes data, size_t newline)
{
    size_t at = newline + 1;
    while (at < data.len && (data.ptr[at] == ' ' || data.ptr[at] == '\t' || data.ptr[at] == '\r'))
        at++;
    return at == data.len || sc_wrapped_is_base64(data.ptr[at]) != 0;
}

/* At a line's end: whether base64 stands before it, and if so the join begins with it. The past is
 * in the edge. */
static void try_join(struct sc_stream *stream, struct sc_bytes data, size_t newline)
{
    size_t end = newline, past = stream->edge_len;
    if (!may_go_on(data, newline))
        return;
    if (end > 0)
        end -= data.ptr[end - 1] == '\r';
    else if (past > 0)
        past -= stream->edge[past - 1] == '\r';
    size_t here = run_before(data.ptr + end, SC_MIN(end, (size_t)EDGE_MAX / 2));
    size_t there = 0;
    if (here == end)
        there = run_before(stream->edge + past, SC_MIN(past, EDGE_MAX / 2 - here));
    size_t run = here + there;
    if (run < SC_WRAPPED_RUN_MIN)
        return;
    memcpy(stream->join, stream->edge + past - there, there);
    memcpy(stream->join + there, data.ptr + end - here, here);
    stream->join_len = run;
    stream->join_first = run;
    stream->join_offset = stream->offset + end - here - there;
    if (end == 0)
        stream->join_offset -= stream->edge_len - past;
    stream->state = SC_STREAM_INDENT;
}

/* Inside a block, from *at on: a run of base64, or the one byte that stands between two. */
static int continue_join(struct sc_stream *stream, struct sc_bytes data, size_t *at,
                         struct sc_error *err)
{
    const unsigned char *run = data.ptr + *at;
    size_t n = 0;
    while (n < data.len - *at && sc_wrapped_is_base64(run[n]))
        n++;
    if (n > 0) {
        stream->state = SC_STREAM_RUN;
        uint64_t offset = stream->offset + *at;
        *at += n;
        return join_run(stream, (struct sc_bytes){run, n}, offset, err);
    }
    unsigned char c = *run;
    bool blank = c == ' ' || c == '\t';
    if (c == '\n' && stream->state == SC_STREAM_RUN)
        stream->state = SC_STREAM_INDENT;
    else if (c != '\r' && !(blank && stream->state == SC_STREAM_INDENT))
        return end_join(stream, err); /* and the byte is looked at again, as text */
    ++*at;
    return 0;
}

static int search_wrapped(struct sc_stream *stream, struct sc_bytes data, struct sc_error *err)
{
    uint64_t ends[SC_WRAPPED_WORDS(PART_SIZE)];
    int rc = 0;
    sc_wrapped_find(data, ends);
    for (size_t at = 0; rc == 0 && at < data.len;) {
        if (stream->state != SC_STREAM_TEXT) {
            rc = continue_join(stream, data, &at, err);
            continue;
        }
        at = sc_wrapped_next(ends, data.len, at);
        if (at < data.len)
            try_join(stream, data, at++);
    }
    return rc;
}

int sc_stream_write(struct sc_stream *stream, struct sc_bytes data, struct sc_error *err)
{
    while (data.len > 0) {
        struct sc_bytes part = {data.ptr, SC_MIN(data.len, PART_SIZE)};
        int rc = search_wrapped(stream, part, err);
        if (rc == 0)
            rc = search_piece(stream, part, err);
        if (rc < 0)
            return rc;
        keep_edge(stream, part);
        stream->offset += part.len;
        data = (struct sc_bytes){data.ptr + part.len, data.len - part.len};
    }
    return 0;
}

int sc_stream_pass(struct sc_stream *stream, uint64_t count, struct sc_error *err)
{
    int rc = end_join(stream, err);
    stream->edge_len = 0;
    stream->offset += count;
    return rc;
}

int sc_stream_end(struct sc_stream *stream, struct sc_error *err)
{
    int rc = sc_stream_pass(stream, 0, err);
    stream->offset = 0;
    return rc;
}
