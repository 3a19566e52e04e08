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

#include "core/banned.h"

#define ESC           0x1b
#define SEQUENCE_MAX  ((size_t)64)
#define HELD_MASK_MIN ((size_t)8)
#define SLACK         SC_CANON_SLACK
#define SHORT         ((size_t)16) /* at most SLACK */
#define LINES_SIZE    ((size_t)4096)

/* One step's view. */
struct window {
    const unsigned char *visible;
    size_t visible_len;
    size_t run_count; /* the last one stands for the end */
    size_t escape;    /* the first of the escapes that was not read yet; a last one is at the end */
    size_t line;      /* visible start of the unfinished line */
    size_t hold;      /* visible; everything before is decided */
    size_t raw_end;   /* raw bytes that were read: less than all when a sequence is unfinished */
    bool last;
};

int sc_mask_stream_init(struct sc_mask_stream *stream, const struct sc_mask_patterns *patterns,
                        const char *text, struct sc_error *err)
{
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

/* The visible byte `visible` (and those behind it) stands at `raw`. */
static void add_run(struct sc_mask_stream *stream, struct window *window, size_t visible,
                    size_t raw)
{
    size_t last = window->run_count;
    if (last == 0 || stream->runs[last - 1].visible != visible)
        window->run_count++;
    else
        last--; /* two sequences with nothing between them */
    stream->runs[last] = (struct sc_mask_run){(uint32_t)visible, (uint32_t)raw};
}

/* Where a visible byte, or the end, stands in the raw text. */
static size_t place(const struct sc_mask_stream *stream, const struct window *window,
                    size_t visible)
{
    size_t low = 0;
    size_t high = window->run_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (stream->runs[middle].visible <= visible)
            low = middle;
        else
            high = middle;
    }
    return stream->runs[low].raw + (visible - stream->runs[low].visible);
}

/* Fills visible and the runs. */
static void look_through(struct sc_mask_stream *stream, struct window *window)
{
    size_t len = 0;
    size_t at = 0;
    const unsigned char *esc = memchr(stream->raw, ESC, stream->raw_len);
    window->visible = esc == NULL ? stream->raw : stream->plain;
    add_run(stream, window, 0, 0);
    while (esc != NULL) {
        size_t until = (size_t)(esc - stream->raw);
        memcpy(stream->plain + len, stream->raw + at, until - at);
        len += until - at;
        at = until;
        size_t taken = sequence_length(esc, stream->raw_len - at);
        if (taken == 0 && !window->last)
            break; /* unfinished: the next step reads it */
        at += taken == 0 ? stream->raw_len - at : taken;
        add_run(stream, window, len, at);
        esc = memchr(stream->raw + at, ESC, stream->raw_len - at);
    }
    if (esc == NULL) {
        if (window->visible == stream->plain)
            memcpy(stream->plain + len, stream->raw + at, stream->raw_len - at);
        len += stream->raw_len - at;
        at = stream->raw_len;
    }
    window->raw_end = at;
    add_run(stream, window, len, at);
    window->visible_len = len;
    const unsigned char *end = len > 0 ? memrchr(window->visible, '\n', len) : NULL;
    window->line = end == NULL ? 0 : (size_t)(end - window->visible) + 1;
}

static int find_exact(struct sc_mask_stream *stream, struct window *window, struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->exact;
    const unsigned char *text = window->visible;
    size_t len = window->visible_len;
    struct sc_mask_search search = sc_mask_search(set, text, len);
    const struct sc_mask_pattern *found;
    size_t at = 0;
    while ((found = sc_mask_next(&search, &at)) != NULL) {
        struct sc_mask_span span = {at, at + found->len, found->value};
        int rc = add_span(&stream->spans, span, err);
        if (rc < 0)
            return rc;
    }
    if (!window->last)
        window->hold = window->line + sc_mask_hold(set, text + window->line, len - window->line);
    return 0;
}

static const bool escape_bytes[256] = {['\\'] = true, ['%'] = true, ['&'] = true, ['\''] = true,
                                       ['"'] = true,  ['`'] = true, ['+'] = true, ['\t'] = true};

/* Sixteen bytes at a time, which every processor has instructions for. */
typedef unsigned char lane __attribute__((vector_size(16)));

static bool has_escapes(const unsigned char *text, size_t len)
{
    lane found = {0};
    size_t at = 0;
    for (; at + sizeof(lane) <= len; at += sizeof(lane)) {
        lane bytes;
        memcpy(&bytes, text + at, sizeof(bytes));
        found |= (lane)(bytes == '\\') | (lane)(bytes == '%') | (lane)(bytes == '&') |
                 (lane)(bytes == '\'') | (lane)(bytes == '"') | (lane)(bytes == '`') |
                 (lane)(bytes == '+') | (lane)(bytes == '\t');
    }
    uint64_t halves[2];
    memcpy(halves, &found, sizeof(halves));
    bool any = (halves[0] | halves[1]) != 0;
    for (; !any && at < len; at++)
        any = escape_bytes[text[at]];
    return any;
}

/* Lists the places from `from` on at which an escape may begin, and the end. */
static void find_escapes(struct sc_mask_stream *stream, struct window *window, size_t from,
                         size_t to)
{
    const unsigned char *text = window->visible;
    size_t count = 0;
    for (size_t i = from; i < to; i++) { /* without a branch that is hard to guess */
        stream->escapes[count] = (uint32_t)i;
        count += escape_bytes[text[i]];
    }
    stream->escapes[count] = (uint32_t)to;
    window->escape = 0;
}

/* The piece that a canonical byte belongs to. */
static struct sc_mask_piece piece_of(const struct sc_mask_stream *stream, size_t count,
                                     size_t canon)
{
    size_t low = 0;
    size_t high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (stream->pieces[middle].canon <= canon)
            low = middle;
        else
            high = middle;
    }
    return stream->pieces[low];
}

/* Where the visible bytes begin and end that a canonical byte stands for. */
static size_t canon_from(struct sc_mask_piece piece, size_t canon)
{
    return piece.taken > 0 ? piece.from : piece.from + (canon - piece.canon);
}

static size_t canon_to(struct sc_mask_piece piece, size_t canon)
{
    return piece.taken > 0 ? piece.from + piece.taken : canon_from(piece, canon) + 1;
}

/* A reduced part of the visible text. */
struct reduced {
    size_t len, piece_count;
    size_t end; /* visible: an escape that is not complete yet begins here, or the part's end */
    size_t boundary; /* the last beginning of a unit at or before the hold position */
};

/* Most runs between two escapes are short: a copy of fixed size beats a call. Both buffers have
 * SLACK bytes more than they need. */
static void copy_short(unsigned char *to, const unsigned char *from, size_t len)
{
    if (len <= SHORT)
        memcpy(to, from, SHORT);
    else
        memcpy(to, from, len);
}

/* With `open` more may follow the part. */
static struct reduced reduce(struct sc_mask_stream *stream, struct window *window, size_t from,
                             size_t to, bool open)
{
    struct reduced reduced = {.boundary = from};
    const unsigned char *text = window->visible;
    size_t at = from;
    while (at < to) {
        if (at <= window->hold)
            reduced.boundary = at;
        while (stream->escapes[window->escape] < at)
            window->escape++; /* inside of an escape */
        size_t plain = SC_MIN(stream->escapes[window->escape], to) - at;
        struct sc_canon_unit unit = {.taken = plain, .count = plain};
        if (plain > 0) { /* most bytes stand for themselves */
            copy_short(stream->canon + reduced.len, text + at, plain);
            if (at <= window->hold)
                reduced.boundary = SC_MIN(window->hold, at + plain - 1);
        } else {
            unit = sc_canon_next((struct sc_bytes){text + at, to - at}, !open);
            if (unit.taken == 0)
                break;
            memcpy(stream->canon + reduced.len, unit.out, unit.count);
        }
        if (unit.count > 0)
            stream->pieces[reduced.piece_count++] = (struct sc_mask_piece){
                (uint32_t)reduced.len, (uint32_t)at, plain > 0 ? 0 : (uint32_t)unit.taken};
        reduced.len += unit.count;
        at += unit.taken;
    }
    if (at <= window->hold)
        reduced.boundary = at;
    reduced.end = at;
    return reduced;
}

/* Reduces visible[from, to) and looks for canonical patterns in it. For the unfinished line it
 * moves the hold position down to the beginning of a unit. */
static int find_canonical(struct sc_mask_stream *stream, struct window *window, size_t from,
                          size_t to, struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->canonical;
    bool open = to == window->visible_len && !window->last;
    const struct reduced reduced = reduce(stream, window, from, to, open);
    size_t len = reduced.len;
    struct sc_mask_search search = sc_mask_search(set, stream->canon, len);
    const struct sc_mask_pattern *found;
    size_t i = 0;
    while ((found = sc_mask_next(&search, &i)) != NULL) {
        size_t end = i + found->len - 1;
        struct sc_mask_span span = {canon_from(piece_of(stream, reduced.piece_count, i), i),
                                    canon_to(piece_of(stream, reduced.piece_count, end), end),
                                    found->value};
        /* Without an escape the text is what it is, and the exact patterns have seen it. */
        bool escaped = has_escapes(window->visible + span.from, span.to - span.from);
        int rc = escaped ? add_span(&stream->spans, span, err) : 0;
        if (rc < 0)
            return rc;
    }
    if (!open)
        return 0;
    size_t hold = sc_mask_hold(set, stream->canon, len);
    size_t held =
        hold < len ? canon_from(piece_of(stream, reduced.piece_count, hold), hold) : reduced.end;
    window->hold = SC_MIN(reduced.boundary, held);
    return 0;
}

/* Each of these lines by itself; the last may be unfinished. */
static int find_in_each(struct sc_mask_stream *stream, struct window *window, size_t from,
                        size_t to, struct sc_error *err)
{
    int rc = 0;
    find_escapes(stream, window, from, to);
    for (size_t at = from; rc == 0 && at < to;) {
        const unsigned char *end = memchr(window->visible + at, '\n', to - at);
        size_t line = end == NULL ? to : (size_t)(end - window->visible);
        rc = find_canonical(stream, window, at, line, err);
        at = line + 1;
    }
    return rc;
}

/* Whether a canonical pattern stands in these lines, wherever it came from. */
static bool holds_canonical(struct sc_mask_stream *stream, struct sc_bytes lines)
{
    size_t at = 0;
    size_t len = sc_canon_lines(lines, stream->canon);
    struct sc_mask_search search = sc_mask_search(&stream->patterns->canonical, stream->canon, len);
    return sc_mask_next(&search, &at) != NULL;
}

/* The unfinished line may get its first escape only after the beginning of a value. */
static int find_unfinished(struct sc_mask_stream *stream, struct window *window,
                           struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->canonical;
    const unsigned char *text = window->visible + window->line;
    size_t len = window->visible_len - window->line;
    if (has_escapes(text, len))
        return find_in_each(stream, window, window->line, window->visible_len, err);
    window->hold = SC_MIN(window->hold, window->line + sc_mask_hold(set, text, len));
    return 0;
}

/* Finished lines are looked at many at once: nearly always there is nothing in them, and then it
 * does not matter which byte came from where. */
static int find_in_lines(struct sc_mask_stream *stream, struct window *window, struct sc_error *err)
{
    if (stream->patterns->canonical.count == 0)
        return 0;
    const unsigned char *text = window->visible;
    size_t finished = window->last ? window->visible_len : window->line;
    int rc = 0;
    for (size_t at = 0, to = 0; rc == 0 && at < finished; at = to) {
        to = SC_MIN(at + LINES_SIZE, finished);
        const unsigned char *end = memchr(text + to, '\n', finished - to);
        to = end == NULL ? finished : (size_t)(end - text) + 1;
        /* Without an escape the text is what it is, and the exact patterns have seen it. */
        struct sc_bytes lines = {text + at, to - at};
        if (has_escapes(lines.ptr, lines.len) && holds_canonical(stream, lines))
            rc = find_in_each(stream, window, at, to, err);
    }
    return rc == 0 && finished < window->visible_len ? find_unfinished(stream, window, err) : rc;
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
static void copy_sequences(const struct sc_mask_stream *stream, const struct window *window,
                           struct sc_mask_span span, struct sc_buf *out)
{
    for (size_t i = 1; i < window->run_count; i++) {
        struct sc_mask_run before = stream->runs[i - 1];
        struct sc_mask_run run = stream->runs[i];
        if (run.visible > span.from && run.visible <= span.to)
            copy_raw(stream, before.raw + (run.visible - before.visible), run.raw, out);
    }
}

static void put_span(struct sc_mask_stream *stream, const struct window *window,
                     struct sc_mask_span span, struct sc_buf *out)
{
    /* A span that continues or touches an earlier mark, or that was seen whole already, has its
     * mark. */
    bool has_mark = span.from == 0 && stream->after_mark;
    bool seen = span.to > 0 && place(stream, window, span.to - 1) < stream->released;
    if (!has_mark && !seen)
        put_mark(stream, span.value, out);
    copy_sequences(stream, window, span, out);
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
        copy_raw(stream, raw_at, place(stream, window, span.from), out);
        if (span.to > window->hold) {
            carry = span.to - window->hold;
            stream->carry_value = span.value;
            span.to = window->hold;
        }
        put_span(stream, window, span, out);
        at = span.to;
        raw_at = place(stream, window, at);
    }
    stream->carry = carry;
    if (window->hold > at)
        stream->after_mark = false;
    size_t end = place(stream, window, window->hold);
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
