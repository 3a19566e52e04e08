/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns in a window; see core/mask/find.h.
 */
#include "core/mask/find.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/mask/canon.h"
#include "core/str.h"

#include "core/banned.h"

#define SHORT      ((size_t)16) /* at most SC_CANON_SLACK */
#define LINES_SIZE ((size_t)4096)

int sc_mask_spans_add(struct sc_mask_spans *spans, struct sc_mask_span span, struct sc_error *err)
{
    struct sc_mask_span *last = spans->count > 0 ? &spans->items[spans->count - 1] : NULL;
    if (last != NULL && span.from >= last->from && span.from <= last->to) {
        last->to = SC_MAX(last->to, span.to);
        return 0;
    }
    struct sc_mask_span *grown =
        sc_items_reserve(spans->items, &spans->cap, spans->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    spans->items = grown;
    spans->items[spans->count++] = span;
    return 0;
}

static int by_start(const void *left, const void *right)
{
    const struct sc_mask_span *a = left;
    const struct sc_mask_span *b = right;
    return (a->from > b->from) - (a->from < b->from);
}

void sc_mask_spans_unite(struct sc_mask_spans *spans)
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

int sc_mask_find_exact(struct sc_mask_stream *stream, struct sc_mask_window *window,
                       struct sc_error *err)
{
    const struct sc_mask_set *set = &stream->patterns->exact;
    const unsigned char *text = window->visible;
    size_t len = window->visible_len;
    struct sc_mask_search search = sc_mask_search(set, text, len);
    const struct sc_mask_pattern *found;
    size_t at = 0;
    while ((found = sc_mask_next(&search, &at)) != NULL) {
        struct sc_mask_span span = {at, at + found->len, found->value};
        int rc = sc_mask_spans_add(&stream->spans, span, err);
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
static void find_escapes(struct sc_mask_stream *stream, struct sc_mask_window *window, size_t from,
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
static struct reduced reduce(struct sc_mask_stream *stream, struct sc_mask_window *window,
                             size_t from, size_t to, bool open)
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
static int find_canonical(struct sc_mask_stream *stream, struct sc_mask_window *window, size_t from,
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
        int rc = escaped ? sc_mask_spans_add(&stream->spans, span, err) : 0;
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
static int find_in_each(struct sc_mask_stream *stream, struct sc_mask_window *window, size_t from,
                        size_t to, struct sc_error *err)
{
    int rc = 0;
    find_escapes(stream, window, from, to);
    for (size_t at = from; rc == 0 && at < to;) {
        size_t line = sc_str_line_end(window->visible, at, to);
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
static int find_unfinished(struct sc_mask_stream *stream, struct sc_mask_window *window,
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
int sc_mask_find_canonical(struct sc_mask_stream *stream, struct sc_mask_window *window,
                           struct sc_error *err)
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
