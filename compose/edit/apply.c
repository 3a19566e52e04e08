/* SPDX-License-Identifier: Apache-2.0
 *
 * From changes of the tree to splices of the text; see compose/edit/edit.h.
 *
 * Block style works in whole lines, flow style between brackets and commas. What does not stand
 * alone on its lines (a key behind a dash, an entry behind a '?') is refused.
 */
#include <string.h>

#include "compose/edit/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* Bytes of one new piece of text. */
#define PIECE_MAX ((size_t)1024 * 1024)

struct work {
    const struct sc_yaml_stream *stream;
    const char *text;
    size_t len;
    const struct sc_edits *edits;
    struct sc_edit_style style;
    struct sc_splices *out;
};

static int refuse(const struct work *w, size_t offset, const char *why, struct sc_error *err)
{
    struct sc_yaml_position at = sc_yaml_position(w->stream, offset);
    return sc_fail(
        err, SC_E_UNSUPPORTED,
        "'%s' line %u, column %u: %s, which cannot be changed cleanly; write it otherwise",
        sc_yaml_name(w->stream), at.line, at.column, why);
}

static bool in_flow(const struct sc_yaml_node *node)
{
    for (node = node->parent; node != NULL; node = node->parent) {
        if (node->style == SC_YAML_FLOW)
            return true;
    }
    return false;
}

static size_t line_start(const struct work *w, size_t at)
{
    while (at > 0 && w->text[at - 1] != '\n')
        at--;
    return at == 0 && w->len >= 3 && memcmp(w->text, "\xef\xbb\xbf", 3) == 0 ? 3 : at;
}

/* Behind the newline of the line of `at`, or the end of the text. */
static size_t line_end(const struct work *w, size_t at)
{
    return SC_MIN(sc_str_line_end(w->text, at, w->len) + 1, w->len);
}

static bool only_blanks(const struct work *w, size_t from, size_t to)
{
    while (from < to && (w->text[from] == ' ' || w->text[from] == '\t' || w->text[from] == '\r' ||
                         w->text[from] == '\n'))
        from++;
    return from == to;
}

/* Whether nothing but blanks and a comment follows on the line. */
static bool line_is_over(const struct work *w, size_t at)
{
    while (at < w->len && (w->text[at] == ' ' || w->text[at] == '\t'))
        at++;
    return at == w->len || w->text[at] == '\n' || w->text[at] == '\r' || w->text[at] == '#';
}

static int splice(struct work *w, size_t start, size_t end, struct sc_buf *piece,
                  struct sc_error *err)
{
    int rc = sc_buf_status(piece, err);
    return rc < 0 ? rc : sc_splices_add(w->out, start, end, sc_buf_text(piece), err);
}

/* ---- scalars ---- */

static bool is_word(unsigned char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Exchanges pieces inside a block scalar, line by line as it stands. */
static int apply_pieces(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *node = e->node;
    for (size_t at = node->span.start; at < node->span.end;) {
        size_t n = 0;
        for (const char *const *piece = e->pieces; *piece != NULL && n == 0; piece += 2) {
            if (piece[0][0] != w->text[at])
                continue;
            size_t len = strlen(piece[0]);
            if (node->span.end - at < len || memcmp(w->text + at, piece[0], len) != 0 ||
                (is_word((unsigned char)piece[0][len - 1]) &&
                 is_word((unsigned char)w->text[at + len])))
                continue;
            int rc = sc_splices_add(w->out, at, at + len, piece[1], err);
            if (rc < 0)
                return rc;
            n = len;
        }
        at += SC_MAX(n, (size_t)1);
    }
    return 0;
}

/* Whether a plain text of a block collection can stay plain with other words in it: it begins like
 * a word, and nothing in it ends it, begins a comment or a mapping. */
static bool stays_plain(const struct sc_yaml_node *node, const char *text)
{
    size_t len = strlen(text);
    if (node->kind != SC_YAML_SCALAR || node->style != SC_YAML_PLAIN || node->is_key ||
        in_flow(node) || strchr(text, ' ') == NULL ||
        !(is_word((unsigned char)text[0]) || text[0] == '/') ||
        (text[0] >= '0' && text[0] <= '9') || text[len - 1] == ' ' || text[len - 1] == ':')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7f || (c == ':' && text[i + 1] == ' ') ||
            (c == ' ' && text[i + 1] == '#'))
            return false;
    }
    return true;
}

/* Why an empty value, or a key, stands nowhere: nothing can be put in its place. NULL if it can. */
static const char *has_no_place(const struct work *w, const struct sc_yaml_node *node)
{
    size_t at = node->span.start;
    if (at != node->span.end || node->full_start != at)
        return NULL;
    if (node->parent == NULL)
        return "an empty document";
    if (node->is_key)
        return "an empty key";
    if (node->key == NULL)
        return NULL;
    size_t colon =
        sc_yaml_skip_blanks(w->stream, node->key->span.end); /* none behind "? key", and in {key} */
    bool behind = colon < at && w->text[colon] == ':' && only_blanks(w, colon + 1, at);
    return behind ? NULL : "a key without its ':'";
}

static int apply_scalar(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *node = e->node;
    SC_CLEANUP(sc_buf_done) struct sc_buf piece = SC_BUF_INIT(PIECE_MAX);
    enum sc_yaml_style style = node->kind == SC_YAML_ALIAS ? SC_YAML_PLAIN : node->style;
    if (e->kind == SC_EDIT_RENAME && node->kind != SC_YAML_SCALAR)
        return refuse(w, node->span.start, "a key that is an alias cannot be renamed", err);
    const char *nowhere = has_no_place(w, node);
    if (nowhere != NULL)
        return refuse(w, node->span.start, nowhere, err);
    if (e->pieces != NULL && (style == SC_YAML_LITERAL || style == SC_YAML_FOLDED))
        return apply_pieces(w, e, err);
    if (node->tag != NULL && (e->kind == SC_EDIT_RENAME || node->anchor != NULL))
        return refuse(w, node->full_start, "a tag that would not fit the new text", err);
    size_t start = node->tag != NULL ? node->full_start : node->span.start;
    if (node->span.start == node->span.end || /* an empty value: right behind its colon */
        (start > node->full_start && !only_blanks(w, start - 1, start))) /* "&a:b": behind the a */
        sc_buf_putc(&piece, ' ');
    if (stays_plain(node, e->text))
        sc_buf_puts(&piece, e->text);
    else
        sc_edit_render_scalar(e->text, style, in_flow(node), &piece);
    return splice(w, start, node->span.end, &piece, err);
}

/* ---- deletions ---- */

static const struct sc_yaml_node *first_of(const struct sc_yaml_node *collection, size_t i)
{
    return collection->kind == SC_YAML_MAPPING ? collection->keys[i] : collection->values[i];
}

static bool deleted(const struct work *w, const struct sc_yaml_node *collection, size_t i)
{
    return sc_edits_find(w->edits, collection->values[i], SC_EDIT_DELETE) != NULL;
}

/* Whether the '?' of a key stands on a line before it. */
static bool question_mark_before(const struct work *w, const struct sc_yaml_node *map, size_t i)
{
    size_t from =
        i == 0 ? map->span.start : SC_MAX(map->values[i - 1]->span.end, map->keys[i - 1]->span.end);
    size_t token = sc_yaml_skip_blanks(w->stream, from);
    return token < map->keys[i]->full_start && w->text[token] == '?';
}

static bool is_block_text(const struct sc_yaml_node *node)
{
    return node->kind == SC_YAML_SCALAR &&
           (node->style == SC_YAML_LITERAL || node->style == SC_YAML_FOLDED);
}

/* The last text in a value, or its key where nothing stands there. */
static const struct sc_yaml_node *last_text(const struct sc_yaml_node *last)
{
    while (last->count > 0)
        last = last->values[last->count - 1];
    return !is_block_text(last) && last->key != NULL ? last->key : last;
}

/* The block text that would stand right before what is behind this entry once it is gone: blank
 * lines there would become part of it. NULL if another kind of value does. */
static const struct sc_yaml_node *block_text_before(const struct work *w,
                                                    const struct sc_yaml_node *node)
{
    size_t i = node->index;
    while (i > 0 && deleted(w, node->parent, i - 1))
        i--;
    if (i == 0)
        return NULL;
    const struct sc_yaml_node *last = last_text(node->parent->values[i - 1]);
    return is_block_text(last) ? last : NULL;
}

/* Where the entries of a block collection begin: at the dash, the key, or the '?' before a key. */
static size_t first_column(const struct work *w, const struct sc_yaml_node *c)
{
    bool dash = c->kind == SC_YAML_SEQUENCE || w->text[c->span.start] == '?';
    return sc_edit_column(w->stream, dash ? c->span.start : c->keys[0]->full_start);
}

/* Whether a line that follows this block text would be read as one of its own, '#' or not. */
static bool is_line_of(const struct work *w, const struct sc_yaml_node *block, size_t line)
{
    size_t at = line + strspn(w->text + line, " ");
    return w->text[at] == '#' && at - line > first_column(w, block->parent);
}

static int delete_lines(struct work *w, const struct sc_yaml_node *node, struct sc_error *err)
{
    const struct sc_yaml_node *parent = node->parent;
    size_t at = first_of(parent, node->index)->full_start;
    size_t start = line_start(w, at);
    size_t before = at;
    if (parent->kind == SC_YAML_SEQUENCE) { /* the dash in front of the item */
        while (before > start && (w->text[before - 1] == ' ' || w->text[before - 1] == '\t'))
            before--;
        if (before == start || w->text[before - 1] != '-')
            return refuse(w, at, "a list item that begins on another line than its dash", err);
        before--;
    }
    size_t end = SC_MAX(node->span.end, first_of(parent, node->index)->span.end);
    if (!only_blanks(w, start, before) || !line_is_over(w, end) ||
        (parent->kind == SC_YAML_MAPPING && question_mark_before(w, parent, node->index)))
        return refuse(w, at, "an entry that does not stand on lines of its own", err);
    SC_CLEANUP(sc_buf_done) struct sc_buf nothing = SC_BUF_INIT(1);
    const struct sc_yaml_node *block = block_text_before(w, node);
    size_t stop = line_end(w, end);
    while (block != NULL && stop < w->len && only_blanks(w, stop, line_end(w, stop)))
        stop = line_end(w, stop);
    if (block != NULL && is_line_of(w, block, stop))
        return refuse(w, stop, "a comment that would become part of the text before it", err);
    return splice(w, start, stop, &nothing, err);
}

/* All deletions inside one flow collection: each run takes one adjacent comma with it. */
static int delete_in_flow(struct work *w, const struct sc_yaml_node *c, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf nothing = SC_BUF_INIT(1);
    for (size_t i = 0; i < c->count; i++) {
        if (!deleted(w, c, i))
            continue;
        size_t last = i;
        while (last + 1 < c->count && deleted(w, c, last + 1))
            last++;
        size_t start = first_of(c, i)->full_start, end = c->values[last]->span.end;
        if (last + 1 < c->count)
            end = first_of(c, last + 1)->full_start;
        else if (i > 0)
            start = c->values[i - 1]->span.end;
        int rc = splice(w, start, end, &nothing, err);
        if (rc < 0)
            return rc;
        i = last;
    }
    return 0;
}

/* Nothing of it would be left, and it could not be folded into its parent's deletion. */
static bool all_deleted(const struct work *w, const struct sc_yaml_node *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!deleted(w, c, i))
            return false;
    }
    return true;
}

static int apply_delete(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *parent = e->node->parent;
    if (parent == NULL || e->node->is_key)
        return refuse(w, e->node->span.start, "only an entry can be deleted", err);
    bool filled =
        parent->style == SC_YAML_FLOW && sc_edits_find(w->edits, parent, SC_EDIT_ADD) != NULL;
    if (all_deleted(w, parent) && !filled)
        return refuse(w, e->node->span.start, "nothing would be left of the collection", err);
    if (parent->style != SC_YAML_FLOW)
        return delete_lines(w, e->node, err);
    for (size_t i = 0; i < e->node->index; i++) {
        if (deleted(w, parent, i))
            return 0; /* done with the first one */
    }
    return delete_in_flow(w, parent, err);
}

/* Something inside an entry that goes away as a whole needs no splice of its own. */
static bool inside_deleted(const struct work *w, const struct sc_yaml_node *node, bool self)
{
    if (node->is_key && node->parent != NULL && deleted(w, node->parent, node->index))
        return true;
    for (const struct sc_yaml_node *n = self ? node : node->parent; n != NULL; n = n->parent) {
        if (sc_edits_find(w->edits, n, SC_EDIT_DELETE) != NULL)
            return true;
    }
    return false;
}

/* ---- additions ---- */

static int add_in_flow(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *c = e->node;
    SC_CLEANUP(sc_buf_done) struct sc_buf piece = SC_BUF_INIT(PIECE_MAX);
    size_t at = c->span.start + 1;
    if (w->text[c->span.start] != '{' && w->text[c->span.start] != '[')
        return refuse(w, c->span.start, "an entry without braces cannot be extended", err);
    size_t kept = c->count; /* entries up to the last one that stays */
    while (kept > 0 && deleted(w, c, kept - 1))
        kept--;
    bool json = c->count > 0 && first_of(c, 0)->style == SC_YAML_DOUBLE;
    if (kept > 0)
        at = SC_MAX(c->values[kept - 1]->span.end, first_of(c, kept - 1)->span.end);
    else if (c->count > 0)
        at = first_of(c, 0)->full_start;
    size_t number = kept;
    for (; e != NULL; e = sc_edits_next(w->edits, e), number++) {
        if (number > 0)
            sc_buf_puts(&piece, ", ");
        sc_edit_render_flow(e->text, &e->value, json, &piece);
    }
    return splice(w, at, at, &piece, err);
}

/* Lines to put behind the line of `at`. */
static int insert_lines(struct work *w, size_t at, struct sc_buf *lines, struct sc_error *err)
{
    size_t end = line_end(w, at);
    if (!line_is_over(w, at))
        return refuse(w, at, "something follows on the line to insert behind", err);
    if (end == w->len && (w->len == 0 || w->text[w->len - 1] != '\n')) {
        SC_CLEANUP(sc_buf_done) struct sc_buf moved = SC_BUF_INIT(PIECE_MAX);
        size_t newline = strlen(w->style.newline);
        sc_buf_puts(&moved, w->style.newline);
        sc_buf_append(&moved, lines->data, lines->len - newline);
        return splice(w, w->len, w->len, &moved, err);
    }
    return splice(w, end, end, lines, err);
}

/* The manner of the file, with what lies in an entry indented as in the last one that is there. */
static struct sc_edit_style style_beside(const struct work *w, const struct sc_yaml_node *c)
{
    struct sc_edit_style style = w->style;
    size_t indent = first_column(w, c);
    for (size_t i = c->count; c->kind == SC_YAML_MAPPING && i-- > 0;) {
        const struct sc_yaml_node *map = c->values[i];
        size_t column =
            map->kind == SC_YAML_MAPPING && map->style == SC_YAML_BLOCK && map->count > 0
                ? first_column(w, map)
                : 0;
        if (column > indent) {
            style.step = column - indent;
            break;
        }
    }
    return style;
}

static int add_in_block(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *c = e->node;
    SC_CLEANUP(sc_buf_done) struct sc_buf lines = SC_BUF_INIT(PIECE_MAX);
    const struct sc_edit_style style = style_beside(w, c);
    size_t indent = first_column(w, c);
    if (sc_edit_sets_apart(w->stream, c) && !is_block_text(last_text(c)))
        sc_buf_puts(&lines, w->style.newline);
    for (; e != NULL; e = sc_edits_next(w->edits, e))
        sc_edit_render_block(e->text, &e->value, indent, &style, &lines);
    return insert_lines(w, c->span.end, &lines, err);
}

/* The same between braces: "{a: }" becomes "{a: {b: c}}". */
static int add_to_nothing_in_flow(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *node = e->node;
    const bool map = e->text != NULL, json = node->key->style == SC_YAML_DOUBLE;
    SC_CLEANUP(sc_buf_done) struct sc_buf piece = SC_BUF_INIT(PIECE_MAX);
    sc_buf_puts(&piece, w->text[node->span.start - 1] == ':' ? " " : "");
    sc_buf_putc(&piece, map ? '{' : '[');
    for (; e != NULL; e = sc_edits_next(w->edits, e)) {
        sc_edit_render_flow(e->text, &e->value, json, &piece);
        if (sc_edits_next(w->edits, e) != NULL)
            sc_buf_puts(&piece, ", ");
    }
    sc_buf_putc(&piece, map ? '}' : ']');
    return splice(w, node->span.start, node->span.end, &piece, err);
}

/* "key: {}" and "key: []" among lines: what comes there gets lines of its own, as by hand. */
static bool is_empty_flow(const struct work *w, const struct sc_yaml_node *node)
{
    return node->kind != SC_YAML_SCALAR && node->style == SC_YAML_FLOW && node->count == 0 &&
           node->key != NULL && node->full_start == node->span.start && !in_flow(node) &&
           node->span.end - node->span.start >= 2 &&
           only_blanks(w, node->span.start + 1, node->span.end - 1) &&
           line_is_over(w, node->span.end);
}

/* `key:` with nothing, `null` or an empty collection behind it becomes a collection of lines. */
static int add_to_nothing(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *node = e->node;
    if (node->key == NULL || (node->kind == SC_YAML_SCALAR && !sc_yaml_is_null(node)) ||
        node->full_start != node->span.start || has_no_place(w, node) != NULL)
        return refuse(w, node->span.start, "this value cannot become a collection", err);
    if (in_flow(node))
        return add_to_nothing_in_flow(w, e, err);
    SC_CLEANUP(sc_buf_done) struct sc_buf nothing = SC_BUF_INIT(1), lines = SC_BUF_INIT(PIECE_MAX);
    size_t indent = sc_edit_column(w->stream, node->key->full_start) +
                    (e->text == NULL ? w->style.sequence_step : w->style.step);
    for (; e != NULL; e = sc_edits_next(w->edits, e))
        sc_edit_render_block(e->text, &e->value, indent, &w->style, &lines);
    size_t blanks = node->span.start; /* in front of the null that goes */
    while (node->span.end > node->span.start && w->text[blanks - 1] == ' ')
        blanks--;
    int rc = blanks < node->span.end ? splice(w, blanks, node->span.end, &nothing, err) : 0;
    return rc < 0 ? rc : insert_lines(w, node->span.end, &lines, err);
}

static int apply_add(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *node = e->node;
    if (e->order != sc_edits_find(w->edits, node, SC_EDIT_ADD)->order)
        return 0; /* done with the first one */
    if (node->kind == SC_YAML_ALIAS)
        return refuse(w, node->span.start, "a collection behind an alias cannot be extended", err);
    if (node->kind == SC_YAML_SCALAR || is_empty_flow(w, node))
        return add_to_nothing(w, e, err);
    return node->style == SC_YAML_FLOW ? add_in_flow(w, e, err) : add_in_block(w, e, err);
}

/* In front of the first item: its line, or its place between brackets. */
static int apply_lead(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    const struct sc_yaml_node *c = e->node;
    SC_CLEANUP(sc_buf_done) struct sc_buf piece = SC_BUF_INIT(PIECE_MAX);
    if (e->order != sc_edits_find(w->edits, c, SC_EDIT_LEAD)->order)
        return 0; /* done with the first one */
    if (c->kind != SC_YAML_SEQUENCE || c->count == 0)
        return refuse(w, c->span.start, "no list with items", err);
    const bool flow = c->style == SC_YAML_FLOW, json = c->values[0]->style == SC_YAML_DOUBLE;
    const size_t dash = c->span.start;
    const size_t at = flow ? c->values[0]->full_start : line_start(w, dash);
    if (!flow && !only_blanks(w, at, dash))
        return refuse(w, dash, "a list that does not begin on a line of its own", err);
    for (; e != NULL; e = sc_edits_next(w->edits, e)) {
        if (!flow) {
            sc_edit_render_block(NULL, &e->value, dash - at, &w->style, &piece);
            continue;
        }
        sc_edit_render_flow(NULL, &e->value, json, &piece);
        sc_buf_puts(&piece, ", ");
    }
    return splice(w, at, at, &piece, err);
}

static int apply_one(struct work *w, const struct sc_edit *e, struct sc_error *err)
{
    if (inside_deleted(w, e->node, e->kind != SC_EDIT_DELETE))
        return 0;
    switch (e->kind) {
    case SC_EDIT_DELETE:
        return apply_delete(w, e, err);
    case SC_EDIT_ADD:
        return apply_add(w, e, err);
    case SC_EDIT_LEAD:
        return apply_lead(w, e, err);
    case SC_EDIT_SET:
    case SC_EDIT_RENAME:
    default:
        return apply_scalar(w, e, err);
    }
}

/* To YAML a line ends at a lone carriage return, NEL, LS or PS too; here lines are what editors and
 * diff(1) take for lines. */
static size_t strange_line_end(const struct work *w)
{
    static const char *const ends[] = {"\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(ends); i++) {
        for (const char *at = w->text; (at = strstr(at, ends[i])) != NULL; at++) {
            if (*at != '\r' || at[1] != '\n')
                return (size_t)(at - w->text);
        }
    }
    return w->len;
}

static size_t depth_of(const struct sc_yaml_node *node)
{
    size_t depth = 0;
    for (; node->parent != NULL; node = node->parent)
        depth++;
    return depth;
}

int sc_edit_apply(const struct sc_yaml_stream *stream, struct sc_edits *edits,
                  struct sc_splices *splices, struct sc_buf *out, struct sc_error *err)
{
    struct sc_bytes text = sc_yaml_text(stream);
    struct work w = {
        .stream = stream,
        .text = (const char *)text.ptr,
        .len = text.len,
        .edits = edits,
        .style = sc_edit_style_of(stream),
        .out = splices,
    };
    size_t strange = strange_line_end(&w);
    if (strange < w.len)
        return refuse(&w, strange, "a line that ends otherwise than in LF or CR LF", err);
    int rc = sc_edits_settle(edits, err);
    /* where several collections end on one line, what is added to the inner one comes first */
    for (size_t depth = SC_YAML_DEPTH_MAX + 1; depth-- > 0;) {
        for (size_t i = 0; i < edits->count && rc == 0; i++) {
            if (depth_of(edits->items[i].node) == depth)
                rc = apply_one(&w, &edits->items[i], err);
        }
    }
    if (rc == 0)
        rc = sc_edit_mend_ending(stream, splices, err);
    return rc < 0 ? rc : sc_splices_apply(splices, text, sc_yaml_name(stream), out, err);
}
