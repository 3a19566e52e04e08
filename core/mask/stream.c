/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter; see core/mask/stream.h.
 *
 * One step looks at a window: what was held back, and the newest bytes. Positions are of three
 * kinds: raw (as it came), visible (without escape sequences), canonical (escapes of text undone).
 * Everything before the hold position, the first at which a pattern may still be beginning, is put
 * out and dropped; the hold position never lies inside an escape of any kind, so the next step sees
 * what this one would have seen with more text.
 */
#include "core/mask/stream.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/mask/canon.h"
#include "core/mask/find.h"

#include "core/banned.h"

#define HELD_MASK_MIN ((size_t)8)
#define SLACK         SC_CANON_SLACK

int sc_mask_stream_init(struct sc_mask_stream *stream, const struct sc_mask_patterns *patterns,
                        const char *text, struct sc_error *err)
{
    if (strlen(text) > SC_MASK_TEXT_MAX)
        return sc_fail(err, SC_E_USAGE, "the text for a value is over %d bytes", SC_MASK_TEXT_MAX);
    /* Held: at most the longest pattern in each of its bytes' longest escape, or a sequence. */
    size_t longest = SC_MAX(patterns->exact.longest, patterns->canonical.longest) + 1;
    size_t cap = SC_MASK_FEED_MAX + longest * SC_CANON_UNIT_MAX + 64 * 1024;
    *stream = (struct sc_mask_stream){.patterns = patterns, .text = text, .raw_cap = cap};
    /* The text may hold values before it is masked, so it lies where they do. */
    stream->raw = sc_arena_alloc(cap + SLACK, err);
    stream->plain = sc_arena_alloc(cap + SLACK, err);
    stream->canon = sc_arena_alloc(cap + SLACK, err);
    stream->runs = malloc((cap + 2) * sizeof(*stream->runs));
    stream->pieces = malloc((cap + 1) * sizeof(*stream->pieces));
    stream->escapes = malloc((cap + 1) * sizeof(*stream->escapes));
    if (stream->raw == NULL || stream->plain == NULL || stream->canon == NULL ||
        stream->runs == NULL || stream->pieces == NULL || stream->escapes == NULL) {
        sc_mask_stream_done(stream);
        return sc_fail_nomem(err);
    }
    return 0;
}

void sc_mask_stream_done(struct sc_mask_stream *stream)
{
    sc_arena_free(stream->raw);
    sc_arena_free(stream->plain);
    sc_arena_free(stream->canon);
    free(stream->runs);
    free(stream->pieces);
    free(stream->escapes);
    free(stream->spans.items);
    *stream = (struct sc_mask_stream){0};
}

/* Raw bytes [from, to) as they are, but what was put out already. */
static void copy_raw(const struct sc_mask_stream *stream, size_t from, size_t to,
                     struct sc_buf *out)
{
    from = SC_MAX(from, stream->released);
    if (from < to)
        sc_buf_append(out, stream->raw + from, to - from);
}

static void put_mark(struct sc_mask_stream *stream, uint32_t value, struct sc_buf *out)
{
    const char *own = stream->text_of != NULL ? stream->text_of(value, stream->text_ctx) : NULL;
    sc_buf_puts(out, own != NULL ? own : stream->text);
    stream->marks++;
}

/* The sequences between the visible bytes of a span go out in order; the bytes do not. */
static void copy_sequences(const struct sc_mask_stream *stream, const struct sc_mask_window *window,
                           struct sc_mask_span span, struct sc_buf *out)
{
    for (size_t i = 1; i < window->run_count; i++) {
        struct sc_mask_run before = stream->runs[i - 1];
        struct sc_mask_run run = stream->runs[i];
        if (run.visible > span.from && run.visible <= span.to)
            copy_raw(stream, before.raw + (run.visible - before.visible), run.raw, out);
    }
}

static void put_span(struct sc_mask_stream *stream, const struct sc_mask_window *window,
                     struct sc_mask_span span, struct sc_buf *out)
{
    /* A span that continues or touches an earlier mark, or that was seen whole already, has its
     * mark. */
    bool has_mark = span.from == 0 && stream->after_mark;
    bool seen = span.to > 0 && sc_mask_window_raw(stream, window, span.to - 1) < stream->released;
    if (!has_mark && !seen)
        put_mark(stream, span.value, out);
    copy_sequences(stream, window, span, out);
    stream->after_mark = !seen;
}

/* Puts out everything before the hold position. */
static void put_decided(struct sc_mask_stream *stream, const struct sc_mask_window *window,
                        struct sc_buf *out)
{
    size_t at = 0;
    size_t raw_at = 0;
    size_t carry = window->hold == 0 ? stream->carry : 0;
    for (size_t i = 0; i < stream->spans.count; i++) {
        struct sc_mask_span span = stream->spans.items[i];
        if (span.from >= window->hold)
            break;
        if (span.from > at)
            stream->after_mark = false;
        copy_raw(stream, raw_at, sc_mask_window_raw(stream, window, span.from), out);
        if (span.to > window->hold) {
            carry = span.to - window->hold;
            stream->carry_value = span.value;
            span.to = window->hold;
        }
        put_span(stream, window, span, out);
        at = span.to;
        raw_at = sc_mask_window_raw(stream, window, at);
    }
    stream->carry = carry;
    if (window->hold > at)
        stream->after_mark = false;
    size_t end = sc_mask_window_raw(stream, window, window->hold);
    copy_raw(stream, raw_at, end, out);
    memmove(stream->raw, stream->raw + end, stream->raw_len - end);
    stream->raw_len -= end;
    stream->released -= SC_MIN(stream->released, end);
}

static int step(struct sc_mask_stream *stream, bool last, struct sc_buf *out, struct sc_error *err)
{
    struct sc_mask_window window = {.last = last};
    sc_mask_window_open(stream, &window);
    window.hold = window.visible_len;
    stream->spans.count = 0;
    int rc = 0;
    if (stream->carry > 0)
        rc = sc_mask_spans_add(&stream->spans,
                               (struct sc_mask_span){0, stream->carry, stream->carry_value}, err);
    if (rc == 0)
        rc = sc_mask_find_exact(stream, &window, err);
    if (rc == 0)
        rc = sc_mask_find_canonical(stream, &window, err);
    if (rc < 0)
        return rc;
    sc_mask_spans_unite(&stream->spans);
    put_decided(stream, &window, out);
    return sc_buf_status(out, err);
}

/* The search takes text apart in registers and on the stack: it may be a value, and hours before
 * there is more. */
static int step_and_wipe(struct sc_mask_stream *stream, bool last, struct sc_buf *out,
                         struct sc_error *err)
{
    int rc = step(stream, last, out, err);
    sc_wipe_stack();
    return rc;
}

int sc_mask_stream_feed(struct sc_mask_stream *stream, const void *bytes, size_t len,
                        struct sc_buf *out, struct sc_error *err)
{
    const unsigned char *at = bytes;
    while (len > 0) {
        size_t n = SC_MIN(len, SC_MIN(SC_MASK_FEED_MAX, stream->raw_cap - stream->raw_len));
        if (n == 0) { /* cannot be: what is held is bounded. Masked, not lost, if it ever is. */
            int ended = sc_mask_stream_end(stream, out, err);
            if (ended < 0)
                return ended;
            continue;
        }
        memcpy(stream->raw + stream->raw_len, at, n);
        stream->raw_len += n;
        at += n;
        len -= n;
        int rc = step_and_wipe(stream, false, out, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

size_t sc_mask_stream_held(const struct sc_mask_stream *stream)
{
    return stream->raw_len - stream->released;
}

void sc_mask_stream_release(struct sc_mask_stream *stream, struct sc_buf *out)
{
    if (stream->carry > 0)
        return; /* part of a value: it stays */
    copy_raw(stream, 0, stream->raw_len, out);
    stream->released = stream->raw_len;
    stream->after_mark = false;
}

int sc_mask_stream_end(struct sc_mask_stream *stream, struct sc_buf *out, struct sc_error *err)
{
    if (sc_mask_stream_held(stream) >= HELD_MASK_MIN && stream->carry == 0) {
        /* What is held begins a value; cut by a kill it still shows most of one. */
        put_mark(stream, 0, out);
        stream->raw_len = 0;
        stream->released = 0;
        return sc_buf_status(out, err);
    }
    return step_and_wipe(stream, true, out, err);
}
