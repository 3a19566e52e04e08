/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON with two blanks of indentation, as Go's encoder writes it; see compose/out/render.h.
 */
#include <string.h>

#include "compose/out/render.h"
#include "compose/tree/scalar.h"
#include "core/str.h"

#include "core/banned.h"

static void indent(struct sc_renderer *r, size_t depth)
{
    sc_buf_putc(r->out, '\n');
    for (size_t i = 0; i < depth; i++)
        sc_buf_puts(r->out, "  ");
}

static size_t utf8_length(const char *text, size_t n)
{
    unsigned char first = (unsigned char)*text;
    size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return bytes <= n && sc_str_is_utf8(text, bytes) ? bytes : 0;
}

static void put_escaped(struct sc_renderer *r, const char *text, size_t bytes)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char *const names[] = {"\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t"};
    unsigned char c = (unsigned char)*text;
    const char *name = c != '\0' ? strchr(named, c) : NULL;
    if (bytes == 0)
        sc_buf_puts(r->out, "\\ufffd");
    else if (name != NULL)
        sc_buf_puts(r->out, names[name - named]);
    else if (c < 0x20 || c == '<' || c == '>' || c == '&')
        sc_buf_printf(r->out, "\\u%04x", c);
    else if (bytes == 3 && c == 0xe2 && (unsigned char)text[1] == 0x80 &&
             ((unsigned char)text[2] & 0xfe) == 0xa8)
        sc_buf_printf(r->out, "\\u20%02x", (unsigned char)text[2] - 0x80);
    else
        sc_buf_append(r->out, text, bytes);
}

static void put_text(struct sc_renderer *r, const char *text, size_t n)
{
    sc_buf_putc(r->out, '"');
    while (n > 0) {
        size_t plain = 0;
        while (plain < n && (unsigned char)text[plain] >= 0x20 &&
               (unsigned char)text[plain] < 0x80 && strchr("\"\\<>&", text[plain]) == NULL)
            plain++;
        sc_buf_append(r->out, text, plain);
        text += plain;
        n -= plain;
        if (n == 0)
            break;
        size_t bytes = utf8_length(text, n);
        put_escaped(r, text, bytes);
        bytes = bytes > 0 ? bytes : 1;
        text += bytes;
        n -= bytes;
    }
    sc_buf_putc(r->out, '"');
}

static void put_scalar(struct sc_renderer *r, const struct sc_value *value)
{
    char number[SC_SCALAR_TEXT_SIZE];
    if (sc_render_hides(r, value)) {
        const char *text = sc_render_redacted(r);
        put_text(r, text, strlen(text));
        return;
    }
    if (value->kind != SC_VALUE_STRING)
        sc_render_plain(r, value);
    else if (value->single)
        put_text(r, number, strlen(sc_render_time(value, number)));
    else
        put_text(r, value->u.text, value->count);
}

static int put_value(struct sc_renderer *r, const struct sc_value *value, struct sc_error *err)
{
    bool map = value->kind == SC_VALUE_MAP;
    if (!map && value->kind != SC_VALUE_LIST) {
        put_scalar(r, value);
        return 0;
    }
    size_t level = r->depth;
    bool any = false;
    sc_buf_putc(r->out, map ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        const struct sc_value *child = map ? value->u.entries[i].value : value->u.items[i];
        if (sc_render_skips(r, child))
            continue;
        if (!sc_render_push(r, map ? value->u.entries[i].key : "[]"))
            return sc_fail(err, SC_E_TOOBIG, "the project is nested too deeply to be printed");
        if (any)
            sc_buf_putc(r->out, ',');
        any = true;
        indent(r, level + 1);
        if (map) {
            put_text(r, value->u.entries[i].key, strlen(value->u.entries[i].key));
            sc_buf_puts(r->out, ": ");
        }
        int rc = put_value(r, child, err);
        r->depth--;
        if (rc < 0)
            return rc;
    }
    if (any)
        indent(r, level);
    sc_buf_putc(r->out, map ? '}' : ']');
    return 0;
}

int sc_render_json(struct sc_renderer *r, const struct sc_value *root, struct sc_error *err)
{
    int rc = put_value(r, root, err);
    sc_buf_putc(r->out, '\n');
    return rc;
}
