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

#include "core/mask/canon.h"

#include "core/banned.h"

#define ESC           0x1b
#define SEQUENCE_MAX  ((size_t)64)
#define HELD_MASK_MIN ((size_t)8)

/* One step's view. */
struct window {
    size_t visible_len;
    size_t line;    /* visible start of the unfinished line */
    size_t hold;    /* visible; everything before is decided */
    size_t raw_end; /* raw bytes that were read: less than all when a sequence is unfinished */
    bool last;
};

int sc_mask_stream_init(struct sc_mask_stream *stream, const struct sc_mask_patterns *patterns,
                        const char *text, struct sc_error *err)
{
    /* Held: at most the longest pattern in each of its bytes' longest escape, or a sequence. */
    size_t longest = SC_MAX(patterns->exact.longest, patterns->canonical.longest) + 1;
    size_t cap = SC_MASK_FEED_MAX + longest * SC_CANON_UNIT_MAX + 64 * 1024;
    *stream = (struct sc_mask_stream){.patterns = patterns, .text = text, .raw_cap = cap};
    stream->raw = malloc(cap);
    stream->visible = malloc(cap);
    stream->canon = malloc(cap);
    stream->place = malloc((cap + 1) * sizeof(size_t));
    stream->canon_from = malloc((cap + 1) * sizeof(size_t));
    stream->canon_to = malloc((cap + 1) * sizeof(size_t));
    if (stream->raw == NULL || stream->visible == NULL || stream->canon == NULL ||
        stream->place == NULL || stream->canon_from == NULL || stream->canon_to == NULL) {
        sc_mask_stream_done(stream);
        return sc_fail_nomem(err);
    }
    return 0;
}

void sc_mask_stream_done(struct sc_mask_stream *stream)
{
    if (stream->raw != NULL)
        sc_wipe(stream->raw, stream->raw_cap);
    if (stream->visible != NULL)
        sc_wipe(stream->visible, stream->raw_cap);
    if (stream->canon != NULL)
        sc_wipe(stream->canon, stream->raw_cap);
    free(stream->raw);
    free(stream->visible);
    free(stream->canon);
    free(stream->place);
    free(stream->canon_from);
    free(stream->canon_to);
    free(stream->spans.items);
    *stream = (struct sc_mask_stream){0};
}

static int add_span(struct sc_mask_spans *spans, struct sc_mask_span span, struct sc_error *err)
{
    struct sc_mask_span *last = spans->count > 0 ? &spans->items[spans->count - 1] : NULL;
    if (last != NULL && span.from >= last->from && span.from <= last->to) {
        last->to = SC_MAX(last->to, span.to);
        return 0;
    }
    if (spans->count == spans->cap) {
        size_t cap = spans->cap == 0 ? 64 : spans->cap * 2;
        struct sc_mask_span *grown = realloc(spans->items, cap * sizeof(*grown));
        if (grown == NULL)
            return sc_fail_nomem(err);
        spans->items = grown;
        spans->cap = cap;
    }
    spans->items[spans->count++] = span;
    return 0;
}

/* Length of the terminal sequence at an ESC; 0 when more is needed to tell. Of strings (OSC, DCS
 * ...) only the introducer: titles and links are text that may hold a value. */
static size_t sequence_length(const unsigned char *text, size_t len)
{
    if (len < 2)
        return 0;
    if (text[1] == '[') {
        for (size_t i = 2; i < len; i++) {
            if (text[i] >= 0x40 && text[i] <= 0x7e)
                return i + 1;
            if (text[i] < 0x20 || i >= SEQUENCE_MAX)
                return 1; /* not a sequence: the ESC alone */
        }
        return 0;
    }
    size_t at = 1;
    while (at < len && at < SEQUENCE_MAX && text[at] >= 0x20 && text[at] <= 0x2f)
        at++;
    if (at == len)
        return 0;
    return text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : 1;
}

/* Fills visible and place. */
static void look_through(struct sc_mask_stream *stream, struct window *window)
{
    size_t len = 0;
    size_t at = 0;
    while (at < stream->raw_len) {
        const unsigned char *esc = memchr(stream->raw + at, ESC, stream->raw_len - at);
        size_t until = esc == NULL ? stream->raw_len : (size_t)(esc - stream->raw);
        memcpy(stream->visible + len, stream->raw + at, until - at);
        if (at == len) { /* no sequence yet: what earlier steps filled in still holds */
            for (size_t i = stream->plain_until; i < until; i++)
                stream->place[i] = i;
            stream->plain_until = SC_MAX(stream->plain_until, until);
            len = at = until;
        }
        while (at < until)
            stream->place[len++] = at++;
        if (esc == NULL)
            break;
        size_t taken = sequence_length(esc, stream->raw_len - at);
        if (taken == 0 && !window->last)
            break; /* unfinished: the next step reads it */
        at += taken == 0 ? stream->raw_len - at : taken;
        stream->plain_until = SC_MIN(stream->plain_until, len);
    }
    window->raw_end = SC_MIN(at, stream->raw_len);
    stream->place[len] = window->raw_end;
    window->visible_len = len;
    const unsigned char *end = len > 0 ? memrchr(stream->visible, '\n', len) : NULL;
    window->line = end == NULL ? 0 : (size_t)(end - stream->visible) + 1;
}

static int find_exact(struct sc_mask_stream *stream, struct window *window, struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->exact;
    const unsigned char *text = stream->visible;
    size_t len = window->visible_len;
    for (size_t at = sc_mask_candidate(set, text, 0, len); at < len;
         at = sc_mask_candidate(set, text, at + 1, len)) {
        const struct sc_mask_pattern *found = sc_mask_longest(set, text + at, len - at);
        struct sc_mask_span span = {at, found != NULL ? at + found->len : 0,
                                    found != NULL ? found->value : 0};
        int rc = found != NULL ? add_span(&stream->spans, span, err) : 0;
        if (rc < 0)
            return rc;
    }
    if (!window->last)
        window->hold = window->line + sc_mask_hold(set, text + window->line, len - window->line);
    return 0;
}

static const bool escape_bytes[256] = {['\\'] = true, ['%'] = true, ['&'] = true, ['\''] = true,
                                       ['"'] = true,  ['`'] = true, ['+'] = true, ['\t'] = true};

static bool is_escape_byte(unsigned char c)
{
    return escape_bytes[c];
}

/* A canonical form counts only where an escape stands: without one the text is what it is, and the
 * exact patterns have seen it. */
static bool has_escape(const struct sc_mask_stream *stream, struct sc_mask_span span)
{
    for (size_t i = span.from; i < span.to; i++)
        if (is_escape_byte(stream->visible[i]))
            return true;
    return false;
}

/* Reduces visible[from, to) and looks for canonical patterns in it. For the unfinished line it
 * moves the hold position down to the beginning of a unit. */
static int find_canonical(struct sc_mask_stream *stream, struct window *window, size_t from,
                          size_t to, struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->canonical;
    bool open = to == window->visible_len && !window->last;
    size_t len = 0;
    size_t at = from;
    size_t boundary = from; /* the last beginning of a unit at or before the hold position */
    while (at < to) {
        if (at <= window->hold)
            boundary = at;
        unsigned char c = stream->visible[at];
        if (!is_escape_byte(c)) { /* most bytes stand for themselves */
            stream->canon[len] = c;
            stream->canon_from[len] = at;
            stream->canon_to[len++] = ++at;
            continue;
        }
        struct sc_canon_unit unit =
            sc_canon_next((struct sc_bytes){stream->visible + at, to - at}, !open);
        if (unit.taken == 0)
            break; /* an escape that is not complete yet */
        for (size_t i = 0; i < unit.count; i++) {
            stream->canon[len] = unit.out[i];
            stream->canon_from[len] = at;
            stream->canon_to[len++] = at + unit.taken;
        }
        at += unit.taken;
    }
    if (open && at <= window->hold)
        boundary = at;
    for (size_t i = sc_mask_candidate(set, stream->canon, 0, len); i < len;
         i = sc_mask_candidate(set, stream->canon, i + 1, len)) {
        const struct sc_mask_pattern *found = sc_mask_longest(set, stream->canon + i, len - i);
        if (found == NULL)
            continue;
        struct sc_mask_span span = {stream->canon_from[i], stream->canon_to[i + found->len - 1],
                                    found->value};
        int rc = has_escape(stream, span) ? add_span(&stream->spans, span, err) : 0;
        if (rc < 0)
            return rc;
    }
    if (!open)
        return 0;
    size_t hold = sc_mask_hold(set, stream->canon, len);
    window->hold = SC_MIN(boundary, hold < len ? stream->canon_from[hold] : at);
    return 0;
}

/* Lines without a byte that escapes use hold no canonical form. */
static int find_in_lines(struct sc_mask_stream *stream, struct window *window, struct sc_error *err)
{
    if (stream->patterns->canonical.count == 0)
        return 0;
    int rc = 0;
    for (size_t from = 0; rc == 0 && from < window->visible_len;) {
        size_t to = from;
        bool escapes = false;
        while (to < window->visible_len && stream->visible[to] != '\n')
            escapes = is_escape_byte(stream->visible[to++]) || escapes;
        /* The unfinished line may get its first escape only after the beginning of a value. */
        bool open = to == window->visible_len && !window->last;
        if (escapes || open)
            rc = find_canonical(stream, window, from, to, err);
        from = to + (to < window->visible_len);
    }
    return rc;
}

static int by_start(const void *left, const void *right)
{
    const struct sc_mask_span *a = left;
    const struct sc_mask_span *b = right;
    return (a->from > b->from) - (a->from < b->from);
}

/* One sorted list of spans that do not touch. */
static void unite(struct sc_mask_spans *spans)
{
    if (spans->count < 2)
        return;
    qsort(spans->items, spans->count, sizeof(spans->items[0]), by_start);
    size_t kept = 0;
    for (size_t i = 1; i < spans->count; i++) {
        struct sc_mask_span *last = &spans->items[kept];
        if (spans->items[i].from <= last->to)
            last->to = SC_MAX(last->to, spans->items[i].to);
        else
            spans->items[++kept] = spans->items[i];
    }
    spans->count = kept + 1;
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
static void copy_sequences(const struct sc_mask_stream *stream, size_t from, size_t to,
                           struct sc_buf *out)
{
    for (size_t i = from; i < to; i++)
        copy_raw(stream, stream->place[i] + 1, stream->place[i + 1], out);
}

static void put_span(struct sc_mask_stream *stream, struct sc_mask_span span, size_t to,
                     struct sc_buf *out)
{
    /* A span that continues or touches an earlier mark, or that was seen whole already, has its
     * mark. */
    bool has_mark = span.from == 0 && stream->after_mark;
    bool seen = to > 0 && stream->place[to - 1] < stream->released;
    if (!has_mark && !seen)
        put_mark(stream, span.value, out);
    copy_sequences(stream, span.from, to, out);
    stream->after_mark = !seen;
}

/* Puts out everything before the hold position. */
static void put_decided(struct sc_mask_stream *stream, const struct window *window,
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
        copy_raw(stream, raw_at, stream->place[span.from], out);
        size_t to = SC_MIN(span.to, window->hold);
        put_span(stream, span, to, out);
        if (span.to > window->hold) {
            carry = span.to - window->hold;
            stream->carry_value = span.value;
        }
        at = to;
        raw_at = stream->place[to];
    }
    stream->carry = carry;
    if (window->hold > at)
        stream->after_mark = false;
    size_t end = stream->place[window->hold];
    copy_raw(stream, raw_at, end, out);
    memmove(stream->raw, stream->raw + end, stream->raw_len - end);
    stream->raw_len -= end;
    stream->released -= SC_MIN(stream->released, end);
}

static int step(struct sc_mask_stream *stream, bool last, struct sc_buf *out, struct sc_error *err)
{
    struct window window = {.last = last};
    look_through(stream, &window);
    window.hold = window.visible_len;
    stream->spans.count = 0;
    int rc = 0;
    if (stream->carry > 0)
        rc = add_span(&stream->spans, (struct sc_mask_span){0, stream->carry, stream->carry_value},
                      err);
    if (rc == 0)
        rc = find_exact(stream, &window, err);
    if (rc == 0)
        rc = find_in_lines(stream, &window, err);
    if (rc < 0)
        return rc;
    unite(&stream->spans);
    put_decided(stream, &window, out);
    return sc_buf_status(out, err);
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
        int rc = step(stream, false, out, err);
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
    return step(stream, true, out, err);
}
