/* SPDX-License-Identifier: Apache-2.0
 *
 * New YAML text in the manner of the file it goes into; see compose/edit/internal.h.
 */
#include "compose/edit/internal.h"

#include <ctype.h>
#include <string.h>

#include "core/banned.h"

/* ---- scalars ---- */

/* "--", "--option": no item of a list, no number and no start of a document. */
static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] == '-' && text[2] != '-';
}

/* Plain only where nobody could read anything but this string: begins with a letter, '/', '_' or
 * "--", holds no character with a meaning, and is none of the words that are not strings. */
static bool plain_is_safe(const char *text, bool in_flow)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on",
                                        "off",  "y",     "n",    "nan", "inf"};
    size_t len = strlen(text);
    if (len == 0 || len > 512 || text[len - 1] == ':' ||
        (isalpha((unsigned char)text[0]) == 0 && strchr("/_", text[0]) == NULL && !is_option(text)))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool ok = isalnum((unsigned char)text[i]) != 0 || strchr("_./=@+-", text[i]) != NULL ||
                  (!in_flow && strchr("{}|:,%", text[i]) != NULL && text[i] != '\0');
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return false;
    }
    return true;
}

static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

static void single_quoted(const char *text, struct sc_buf *out)
{
    sc_buf_putc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            sc_buf_putc(out, '\'');
        sc_buf_putc(out, *text);
    }
    sc_buf_putc(out, '\'');
}

static void double_quoted(const char *text, struct sc_buf *out)
{
    sc_buf_putc(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            sc_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            sc_buf_puts(out, "\\n");
        else if (c == '\t')
            sc_buf_puts(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            sc_buf_printf(out, "\\x%02x", c);
        else
            sc_buf_putc(out, (char)c);
    }
    sc_buf_putc(out, '"');
}

void sc_edit_render_scalar(const char *text, enum sc_yaml_style style, bool in_flow,
                           struct sc_buf *out)
{
    if (style == SC_YAML_DOUBLE || !printable(text))
        double_quoted(text, out);
    else if (style == SC_YAML_SINGLE || !plain_is_safe(text, in_flow))
        single_quoted(text, out);
    else
        sc_buf_puts(out, text);
}

/* ---- collections ---- */

static void spaces(size_t count, struct sc_buf *out)
{
    while (count-- > 0)
        sc_buf_putc(out, ' ');
}

static void block_children(const struct sc_edit_value *value, size_t indent,
                           const struct sc_edit_style *style, struct sc_buf *out)
{
    for (size_t i = 0; i < value->count; i++)
        sc_edit_render_block(value->kind == SC_YAML_MAPPING ? value->keys[i] : NULL,
                             &value->values[i], indent, style, out);
}

void sc_edit_render_block(const char *key, const struct sc_edit_value *value, size_t indent,
                          const struct sc_edit_style *style, struct sc_buf *out)
{
    spaces(indent, out);
    if (key == NULL) {
        sc_buf_puts(out, "- ");
        if (value->kind == SC_YAML_MAPPING && value->count > 0) {
            /* the first key stands behind the dash, the others below it */
            SC_CLEANUP(sc_buf_done) struct sc_buf rest = SC_BUF_INIT(SC_YAML_SIZE_MAX);
            block_children(value, indent + 2, style, &rest);
            sc_buf_append(out, sc_buf_text(&rest) + indent + 2, rest.len - indent - 2);
            return;
        }
    } else {
        sc_edit_render_scalar(key, SC_YAML_PLAIN, false, out);
        sc_buf_putc(out, ':');
    }
    if (value->kind != SC_YAML_SCALAR && value->count > 0 && key != NULL) {
        sc_buf_puts(out, style->newline);
        size_t step = value->kind == SC_YAML_MAPPING ? style->step : style->sequence_step;
        block_children(value, indent + step, style, out);
        return;
    }
    if (key != NULL)
        sc_buf_putc(out, ' ');
    if (value->bare)
        sc_buf_puts(out, value->text);
    else if (value->kind == SC_YAML_SCALAR)
        sc_edit_render_scalar(value->text, SC_YAML_PLAIN, false, out);
    else
        sc_edit_render_flow(NULL, value, false, out);
    sc_buf_puts(out, style->newline);
}

void sc_edit_render_flow(const char *key, const struct sc_edit_value *value, bool quoted,
                         struct sc_buf *out)
{
    enum sc_yaml_style style = quoted ? SC_YAML_DOUBLE : SC_YAML_PLAIN;
    if (key != NULL) {
        sc_edit_render_scalar(key, style, true, out);
        sc_buf_puts(out, ": ");
    }
    if (value->bare) {
        sc_buf_puts(out, value->text);
        return;
    }
    if (value->kind == SC_YAML_SCALAR) {
        sc_edit_render_scalar(value->text, style, true, out);
        return;
    }
    bool map = value->kind == SC_YAML_MAPPING;
    sc_buf_putc(out, map ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            sc_buf_puts(out, ", ");
        sc_edit_render_flow(map ? value->keys[i] : NULL, &value->values[i], quoted, out);
    }
    sc_buf_putc(out, map ? '}' : ']');
}

/* ---- the manner of a file ---- */

size_t sc_edit_column(const struct sc_yaml_stream *stream, size_t offset)
{
    const unsigned char *text = sc_yaml_text(stream).ptr;
    size_t line = offset;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    if (line == 0 && offset >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        line = 3; /* the byte order mark has no width */
    return offset - line;
}

/* Looks at block collections inside block mappings until both measures are known. */
static void measure(const struct sc_yaml_stream *stream, const struct sc_yaml_node *map,
                    struct sc_edit_style *style, bool seen[2])
{
    if (!sc_yaml_is(map, SC_YAML_MAPPING) || map->style != SC_YAML_BLOCK)
        return;
    for (size_t i = 0; i < map->count && !(seen[0] && seen[1]); i++) {
        const struct sc_yaml_node *value = map->values[i];
        bool list = value->kind == SC_YAML_SEQUENCE;
        if ((!list && value->kind != SC_YAML_MAPPING) || value->style != SC_YAML_BLOCK ||
            value->count == 0)
            continue;
        size_t outer = sc_edit_column(stream, map->keys[i]->full_start);
        size_t inner =
            sc_edit_column(stream, list ? value->span.start : value->keys[0]->full_start);
        if (!seen[list] && inner >= outer && (list || inner > outer)) {
            *(list ? &style->sequence_step : &style->step) = inner - outer;
            seen[list] = true;
        }
        measure(stream, value, style, seen);
    }
}

/* Whether an entry that is not the first has a blank line before it, above its comments. */
static bool stands_apart(const struct sc_yaml_stream *stream, const struct sc_yaml_node *map)
{
    const char *text = (const char *)sc_yaml_text(stream).ptr;
    if (!sc_yaml_is(map, SC_YAML_MAPPING) || map->style != SC_YAML_BLOCK || map->count < 2)
        return false;
    size_t at = map->keys[map->count - 1]->full_start, first = at;
    do { /* a line up */
        while (at > 0 && text[at - 1] != '\n')
            at--;
        if (at == 0)
            return false;
        at--;
        while (at > 0 && text[at - 1] != '\n')
            at--;
        first = at + strspn(text + at, " \t\r");
    } while (text[first] == '#');
    return text[first] == '\n';
}

bool sc_edit_sets_apart(const struct sc_yaml_stream *stream, const struct sc_yaml_node *root)
{
    const struct sc_yaml_node *last = root->count > 0 ? root->values[root->count - 1] : NULL;
    return root->parent == NULL &&
           (stands_apart(stream, root) || (last != NULL && stands_apart(stream, last)));
}

struct sc_edit_style sc_edit_style_of(const struct sc_yaml_stream *stream)
{
    struct sc_edit_style style = {.newline = "\n", .step = 2, .sequence_step = SIZE_MAX};
    struct sc_bytes text = sc_yaml_text(stream);
    const unsigned char *first = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    if (first != NULL && first > text.ptr && first[-1] == '\r')
        style.newline = "\r\n";
    bool seen[2] = {false, false};
    for (size_t i = 0; i < sc_yaml_count(stream); i++)
        measure(stream, sc_yaml_document(stream, i)->root, &style, seen);
    if (style.sequence_step == SIZE_MAX)
        style.sequence_step = style.step;
    return style;
}
