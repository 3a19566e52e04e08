/* SPDX-License-Identifier: Apache-2.0
 *
 * A file without a last newline: what was put behind it or taken from it, so that the new file has
 * none either and the text in front of it stays what it was; see compose/edit/internal.h.
 *
 * A block scalar is the one value that a newline behind it belongs to: "a: |" with "x" as the last
 * line of a file is "x", and "x\n" once another line follows, unless its header says `|-`.
 */
#include <string.h>

#include "compose/edit/internal.h"

#include "core/banned.h"

struct ending {
    const struct sc_yaml_stream *stream;
    const char *text;
    size_t len;
    struct sc_splices *splices;
};

/* The last scalar that begins in front of the place: what the bytes before it end. */
static const struct sc_yaml_node *leaf_before(const struct ending *e, size_t at)
{
    const struct sc_yaml_node *n = NULL;
    for (size_t i = sc_yaml_count(e->stream); i-- > 0 && n == NULL;) {
        n = sc_yaml_document(e->stream, i)->root;
        if (n != NULL && n->full_start >= at)
            n = NULL;
    }
    while (n != NULL && n->count > 0) {
        const struct sc_yaml_node *last = NULL;
        for (size_t i = n->count; i-- > 0 && last == NULL;) {
            if (n->values[i]->full_start < at)
                last = n->values[i];
            else if (n->keys != NULL && n->keys[i]->full_start < at)
                last = n->keys[i];
        }
        n = last;
    }
    return n;
}

static bool is_block_text(const struct sc_yaml_node *n)
{
    return sc_yaml_is(n, SC_YAML_SCALAR) &&
           (n->style == SC_YAML_LITERAL || n->style == SC_YAML_FOLDED);
}

static bool touched(const struct ending *e, size_t at)
{
    for (size_t i = 0; i < e->splices->count; i++) {
        const struct sc_splice *s = &e->splices->items[i];
        if (s->start <= at && at < s->end)
            return true;
    }
    return false;
}

/* Lines come behind the last one: a block text there shall not get a newline by that. */
static int close_block_text(struct ending *e, struct sc_error *err)
{
    const struct sc_yaml_node *n = leaf_before(e, e->len + 1); /* nothing, behind the last `-` */
    if (!is_block_text(n) || touched(e, n->span.start))
        return 0;
    size_t at = n->span.start + 1;
    size_t end = at + strspn(e->text + at, "+-0123456789");
    for (size_t i = at; i < end; i++) {
        if (e->text[i] == '-')
            return 0;
        if (e->text[i] == '+')
            return sc_splices_add(e->splices, i, i + 1, "-", err);
    }
    int rc = sc_splices_add(e->splices, at, at, "-", err);
    for (size_t i = 0; i < e->splices->count && rc == 0; i++) /* before the lines put there too */
        e->splices->items[i].order =
            i + 1 == e->splices->count ? 0 : e->splices->items[i].order + 1;
    return rc;
}

/* The first of the removals that reach the end of the file; NULL when its last line stays. */
static struct sc_splice *first_gone(const struct ending *e)
{
    struct sc_splice *first = NULL;
    size_t until = e->len;
    for (size_t i = e->splices->count; i-- > 0;) {
        struct sc_splice *s = &e->splices->items[i];
        if (s->start == e->len)
            continue; /* put behind it */
        if (s->end != until || s->len > 0 || s->start == s->end)
            break;
        first = s;
        until = s->start;
    }
    bool lines = until == 0 || e->text[until - 1] == '\n';
    return lines ? first : NULL; /* the rest of a line goes, and the line stays */
}

static size_t last_newline(const char *text, size_t len)
{
    if (len == 0 || text[len - 1] != '\n')
        return 0;
    return len > 1 && text[len - 2] == '\r' ? 2 : 1;
}

/* Nothing comes behind what goes: the newline in front of it goes too. */
static void open_last_line(const struct ending *e, struct sc_splice *gone)
{
    struct sc_splice *before = gone > e->splices->items ? gone - 1 : NULL;
    if (before != NULL && before->start == gone->start)
        before->len -= last_newline(before->text, before->len);
    else if (!is_block_text(leaf_before(e, gone->start)))
        gone->start -= last_newline(e->text, gone->start);
}

int sc_edit_mend_ending(const struct sc_yaml_stream *stream, struct sc_splices *splices,
                        struct sc_error *err)
{
    struct sc_bytes text = sc_yaml_text(stream);
    struct ending e = {stream, (const char *)text.ptr, text.len, splices};
    if (e.len == 0 || e.text[e.len - 1] == '\n' || splices->count == 0)
        return 0;
    sc_splices_sort(splices);
    struct sc_splice *gone = first_gone(&e), *put = NULL;
    for (size_t i = 0; i < splices->count && put == NULL; i++)
        put = splices->items[i].start == e.len ? &splices->items[i] : NULL;
    if (gone == NULL)
        return put != NULL ? close_block_text(&e, err) : 0;
    if (put == NULL) {
        open_last_line(&e, gone);
        return 0;
    }
    size_t newline = strspn(put->text, "\r\n"); /* the one in front of what goes serves */
    put->text += newline;
    put->len -= newline;
    return 0;
}
