/* SPDX-License-Identifier: Apache-2.0
 *
 * The diff follows from the splices: each changes some whole lines, splices on neighbouring lines
 * make one change, changes less than twice the context apart make one hunk. No search for common
 * lines.
 */
#include "compose/edit/diff.h"

#include <stdlib.h>

#include "core/str.h"

#include "core/banned.h"

/* Old lines [first, last) become the new lines in text. */
struct change {
    size_t start, end; /* bytes of the old lines */
    size_t first, last;
    struct sc_buf text;
    size_t lines; /* new lines */
};

struct work {
    const struct sc_diff *diff;
    const char *text;
    size_t len;
    struct change *changes;
    size_t count;
};

static size_t back_to_line(const struct work *w, size_t at)
{
    while (at > 0 && w->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t next_line(const struct work *w, size_t at)
{
    return SC_MIN(sc_str_line_end(w->text, at, w->len) + 1, w->len);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines + (len > 0 && text[len - 1] != '\n');
}

/* The old bytes a splice touches, widened to whole lines. */
static void widen(const struct work *w, const struct sc_splice *s, size_t *start, size_t *end)
{
    bool whole = s->start == s->end && (s->start == 0 || w->text[s->start - 1] == '\n') &&
                 (s->len == 0 || s->text[s->len - 1] == '\n');
    *start = back_to_line(w, s->start);
    if (whole)
        *end = *start; /* new lines between two old ones */
    else if (s->end > s->start && w->text[s->end - 1] == '\n' &&
             (s->len == 0 || s->text[s->len - 1] == '\n'))
        *end = s->end;
    else
        *end = next_line(w, s->end);
}

/* Groups splices that touch the same or neighbouring lines, and builds the new text of each group.
 */
static int group(struct work *w, struct sc_error *err)
{
    const struct sc_splices *splices = w->diff->splices;
    w->changes = calloc(SC_MAX(splices->count, (size_t)1), sizeof(*w->changes));
    if (w->changes == NULL)
        return sc_fail_nomem(err);
    size_t lines_seen = 0, counted = 0;
    for (size_t i = 0; i < splices->count;) {
        struct change *c = &w->changes[w->count++];
        c->text = (struct sc_buf)SC_BUF_INIT(2 * SC_YAML_SIZE_MAX);
        widen(w, &splices->items[i], &c->start, &c->end);
        size_t next = i + 1, start = 0, end = 0;
        while (next < splices->count) {
            widen(w, &splices->items[next], &start, &end);
            if (start > c->end)
                break;
            c->end = SC_MAX(c->end, end);
            next++;
        }
        size_t at = c->start;
        for (; i < next; i++) {
            const struct sc_splice *s = &splices->items[i];
            sc_buf_append(&c->text, w->text + at, s->start - at);
            sc_buf_append(&c->text, s->text, s->len);
            at = s->end;
        }
        sc_buf_append(&c->text, w->text + at, c->end - at);
        lines_seen += count_lines(w->text + counted, c->start - counted);
        counted = c->start;
        c->first = lines_seen;
        c->last = c->first + count_lines(w->text + c->start, c->end - c->start);
        c->lines = count_lines(sc_buf_text(&c->text), c->text.len);
        int rc = sc_buf_status(&c->text, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- output ---- */

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void write_lines(const struct work *w, char mark, const char *text, size_t len, bool old,
                        struct sc_buf *out)
{
    const struct sc_diff_paint *paint = &w->diff->paint;
    const char *color = or_empty(mark == '-' ? paint->removed : mark == '+' ? paint->added : NULL);
    for (size_t at = 0; at < len;) {
        size_t n = sc_str_line_end(text, at, len) - at;
        sc_buf_puts(out, color);
        sc_buf_putc(out, mark);
        if (w->diff->show != NULL)
            w->diff->show(text + at, n, old ? (size_t)(text + at - w->text) : SIZE_MAX,
                          w->diff->ctx, out);
        else
            sc_buf_append(out, text + at, n);
        if (*color != '\0')
            sc_buf_puts(out, or_empty(paint->reset));
        sc_buf_putc(out, '\n');
        if (at + n == len)
            sc_buf_puts(out, "\\ No newline at end of file\n");
        at += n + 1;
    }
}

/* Up to SC_DIFF_CONTEXT lines before `at`, not before `floor`: where they begin. */
static size_t context_before(const struct work *w, size_t at, size_t floor, size_t *lines)
{
    for (*lines = 0; *lines < SC_DIFF_CONTEXT && at > floor; (*lines)++)
        at = back_to_line(w, at - 1);
    return at;
}

static size_t context_after(const struct work *w, size_t at, size_t *lines)
{
    for (*lines = 0; *lines < SC_DIFF_CONTEXT && at < w->len; (*lines)++)
        at = next_line(w, at);
    return at;
}

/* The number of lines between two changes is small enough to show them together. */
static bool joins(const struct change *a, const struct change *b)
{
    return b->first - a->last <= (size_t)2 * SC_DIFF_CONTEXT;
}

static void write_range(struct sc_buf *out, size_t start, size_t lines)
{
    /* an empty range names the line before it */
    sc_buf_printf(out, "%zu", lines == 0 ? start : start + 1);
    if (lines != 1)
        sc_buf_printf(out, ",%zu", lines);
}

static void write_hunk(const struct work *w, size_t from, size_t to, size_t shift_new,
                       struct sc_buf *out)
{
    const struct sc_diff_paint *paint = &w->diff->paint;
    const struct change *first = &w->changes[from], *last = &w->changes[to - 1];
    size_t before = 0, after = 0, added = 0;
    size_t start = context_before(w, first->start, 0, &before);
    size_t end = context_after(w, last->end, &after);
    for (size_t i = from; i < to; i++)
        added += w->changes[i].lines - (w->changes[i].last - w->changes[i].first);
    size_t old_lines = last->last - first->first + before + after;
    sc_buf_printf(out, "%s@@ -", or_empty(paint->hunk));
    write_range(out, first->first - before, old_lines);
    sc_buf_puts(out, " +");
    write_range(out, first->first - before + shift_new, old_lines + added);
    sc_buf_printf(out, " @@%s\n", or_empty(paint->hunk != NULL ? paint->reset : NULL));
    size_t at = start;
    for (size_t i = from; i < to; i++) {
        const struct change *c = &w->changes[i];
        write_lines(w, ' ', w->text + at, c->start - at, true, out);
        write_lines(w, '-', w->text + c->start, c->end - c->start, true, out);
        write_lines(w, '+', sc_buf_text(&c->text), c->text.len, false, out);
        at = c->end;
    }
    write_lines(w, ' ', w->text + at, end - at, true, out);
}

int sc_diff_write(const struct sc_diff *diff, struct sc_buf *out, struct sc_error *err)
{
    struct work w = {.diff = diff, .text = (const char *)diff->before.ptr, .len = diff->before.len};
    if (diff->splices->count == 0)
        return 0;
    int rc = group(&w, err);
    if (rc == 0) {
        sc_buf_printf(out, "%s--- a/%s%s\n%s+++ b/%s%s\n", or_empty(diff->paint.header), diff->name,
                      or_empty(diff->paint.reset), or_empty(diff->paint.header), diff->name,
                      or_empty(diff->paint.reset));
        size_t shift = 0;
        for (size_t i = 0; i < w.count;) {
            size_t to = i + 1;
            while (to < w.count && joins(&w.changes[to - 1], &w.changes[to]))
                to++;
            write_hunk(&w, i, to, shift, out);
            for (; i < to; i++)
                shift += w.changes[i].lines - (w.changes[i].last - w.changes[i].first);
        }
        rc = sc_buf_status(out, err);
    }
    for (size_t i = 0; i < w.count; i++)
        sc_buf_done(&w.changes[i].text);
    free(w.changes);
    return rc;
}
