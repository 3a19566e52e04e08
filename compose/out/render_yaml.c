/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML that a person reads and every YAML library understands; see compose/out/render.h.
 *
 * Texts stand plain where no reader could take them for anything else, in double quotes where YAML
 * would see another type, as a block where they have several lines.
 */
#include <string.h>

#include "compose/out/render.h"
#include "compose/tree/scalar.h"
#include "core/str.h"

#include "core/banned.h"

static void indent(struct sc_renderer *r, size_t depth)
{
    static const char blanks[] = "                                ";
    for (size_t left = depth * 2; left > 0;) {
        size_t n = SC_MIN(left, sizeof(blanks) - 1);
        sc_buf_append(r->out, blanks, n);
        left -= n;
    }
}

/* Words that YAML 1.1 readers take for booleans. */
static bool old_boolean(const char *text)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if ((*text | 0x20) == *words[i] && sc_str_equal_nocase(text, words[i]))
            return true;
    }
    return false;
}

/* Whether a plain scalar with this text would be no string: then the text needs quotes. Judged by
 * the first byte, which may quote a little more than needed. */
static bool looks_typed(const char *text)
{
    return strchr("+-.0123456789~=", *text) != NULL || old_boolean(text);
}

static bool is_plain(const char *text, size_t n)
{
    static const char indicators[] = "-?:,[]{}#&*!|>'\"%@`<";
    if (n == 0 || looks_typed(text) || strchr(indicators, *text) != NULL || text[n - 1] == ' ' ||
        text[n - 1] == ':' || *text == ' ')
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f || c >= 0x80)
            return false;
        if ((c == ':' && text[i + 1] == ' ') || (c == '#' && i > 0 && text[i - 1] == ' '))
            return false;
    }
    return true;
}

/* Several lines without anything that a literal block cannot hold or a reader would not see. */
static bool is_block(const char *text, size_t n)
{
    if (memchr(text, '\n', n) == NULL || !sc_str_is_utf8(text, n) || *text == '\n' || *text == ' ')
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool blank_end = c == ' ' && (i + 1 == n || text[i + 1] == '\n');
        if ((c < 0x20 && c != '\n') || c == 0x7f || c >= 0x80 || blank_end)
            return false;
    }
    return true;
}

/* Characters that readers take for a line break, or drop: written by their escape. Yields the bytes
 * used, 0 for any other character. */
static size_t put_invisible(struct sc_renderer *r, const char *text, size_t n)
{
    static const struct {
        const char *bytes, *escape;
    } characters[] = {{"\xc2\x85", "\\N"},
                      {"\xe2\x80\xa8", "\\L"},
                      {"\xe2\x80\xa9", "\\P"},
                      {"\xef\xbb\xbf", "\\uFEFF"}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(characters); i++) {
        size_t len = strlen(characters[i].bytes);
        if (n >= len && memcmp(text, characters[i].bytes, len) == 0) {
            sc_buf_puts(r->out, characters[i].escape);
            return len;
        }
    }
    return 0;
}

static void put_quoted(struct sc_renderer *r, const char *text, size_t n)
{
    static const char named[] = "\"\\\n\r\t";
    static const char *const names[] = {"\\\"", "\\\\", "\\n", "\\r", "\\t"};
    bool utf8 = sc_str_is_utf8(text, n);
    sc_buf_putc(r->out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        const char *name = c != '\0' ? strchr(named, c) : NULL;
        size_t invisible = c >= 0x80 ? put_invisible(r, text + i, n - i) : 0;
        if (invisible > 0)
            i += invisible - 1;
        else if (name != NULL)
            sc_buf_puts(r->out, names[name - named]);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            sc_buf_printf(r->out, "\\x%02x", c);
        else
            sc_buf_putc(r->out, (char)c);
    }
    sc_buf_putc(r->out, '"');
}

static void put_block(struct sc_renderer *r, const char *text, size_t n, size_t depth)
{
    size_t newlines = 0;
    while (newlines < n && text[n - newlines - 1] == '\n')
        newlines++;
    sc_buf_puts(r->out, newlines == 0 ? "|-" : newlines == 1 ? "|" : "|+");
    const char *end = text + n;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((newline != NULL ? newline : end) - text);
        sc_buf_putc(r->out, '\n');
        if (len > 0) {
            indent(r, depth);
            sc_buf_append(r->out, text, len);
        }
        text += len + (newline != NULL ? 1 : 0);
    }
}

static void put_text(struct sc_renderer *r, const char *text, size_t n, size_t depth)
{
    if (is_plain(text, n))
        sc_buf_append(r->out, text, n);
    else if (is_block(text, n))
        put_block(r, text, n, depth);
    else
        put_quoted(r, text, n);
}

static void put_scalar(struct sc_renderer *r, const struct sc_value *value, size_t depth)
{
    char number[SC_SCALAR_TEXT_SIZE];
    if (sc_render_hides(r, value)) {
        put_quoted(r, sc_render_redacted(r), strlen(sc_render_redacted(r)));
        return;
    }
    if (value->kind != SC_VALUE_STRING)
        sc_render_plain(r, value);
    else if (value->single)
        sc_buf_puts(r->out, sc_render_time(value, number));
    else
        put_text(r, value->u.text, value->count, depth);
}

static int put_children(struct sc_renderer *r, const struct sc_value *value, size_t depth,
                        bool inline_first, struct sc_error *err);

/* A value behind "key:" or "-". */
static int put_value(struct sc_renderer *r, const struct sc_value *value, size_t depth, bool item,
                     struct sc_error *err)
{
    bool collection = value->kind == SC_VALUE_MAP || value->kind == SC_VALUE_LIST;
    if (!collection) {
        sc_buf_putc(r->out, ' ');
        put_scalar(r, value, depth);
        sc_buf_putc(r->out, '\n');
        return 0;
    }
    if (sc_render_count(r, value) == 0) {
        sc_buf_puts(r->out, value->kind == SC_VALUE_MAP ? " {}\n" : " []\n");
        return 0;
    }
    if (item) {
        sc_buf_putc(r->out, ' ');
        return put_children(r, value, depth, true, err);
    }
    sc_buf_putc(r->out, '\n');
    return put_children(r, value, depth, false, err);
}

static int put_children(struct sc_renderer *r, const struct sc_value *value, size_t depth,
                        bool inline_first, struct sc_error *err)
{
    bool map = value->kind == SC_VALUE_MAP;
    for (size_t i = 0; i < value->count; i++) {
        const struct sc_value *child = map ? value->u.entries[i].value : value->u.items[i];
        if (sc_render_skips(r, child))
            continue;
        if (!inline_first)
            indent(r, depth);
        inline_first = false;
        if (!sc_render_push(r, map ? value->u.entries[i].key : "[]"))
            return sc_fail(err, SC_E_TOOBIG, "the project is nested too deeply to be printed");
        if (map) {
            const char *key = value->u.entries[i].key;
            size_t n = strlen(key);
            if (is_plain(key, n))
                sc_buf_append(r->out, key, n);
            else
                put_quoted(r, key, n);
            sc_buf_putc(r->out, ':');
        } else {
            sc_buf_putc(r->out, '-');
        }
        int rc = put_value(r, child, depth + 1, !map, err);
        r->depth--;
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_render_yaml(struct sc_renderer *r, const struct sc_value *root, struct sc_error *err)
{
    return put_children(r, root, 0, false, err);
}
