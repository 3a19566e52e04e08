/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON writer; see core/json.h.
 */
#include "core/json.h"

#include <assert.h>
#include <string.h>

#include "core/parse.h"
#include "core/str.h"

#include "core/banned.h"

void sc_json_init(struct sc_json *json, struct sc_buf *buf)
{
    *json = (struct sc_json){.out = buf};
}

static void separate(struct sc_json *json)
{
    if (json->need_comma[json->depth])
        sc_buf_putc(json->out, ',');
    json->need_comma[json->depth] = true;
}

static void begin(struct sc_json *json, char bracket)
{
    separate(json);
    sc_buf_putc(json->out, bracket);
    assert(json->depth + 1 < SC_JSON_DEPTH_MAX);
    json->need_comma[++json->depth] = false;
}

static void end(struct sc_json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    sc_buf_putc(json->out, bracket);
}

void sc_json_object_begin(struct sc_json *json)
{
    begin(json, '{');
}

void sc_json_object_end(struct sc_json *json)
{
    end(json, '}');
}

void sc_json_array_begin(struct sc_json *json)
{
    begin(json, '[');
}

void sc_json_array_end(struct sc_json *json)
{
    end(json, ']');
}

/* One that is not plain. */
static void escape_byte(struct sc_buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        sc_buf_puts(out, "\\\"");
        break;
    case '\\':
        sc_buf_puts(out, "\\\\");
        break;
    case '\n':
        sc_buf_puts(out, "\\n");
        break;
    case '\r':
        sc_buf_puts(out, "\\r");
        break;
    case '\t':
        sc_buf_puts(out, "\\t");
        break;
    default:
        sc_buf_printf(out, "\\u%04x", (unsigned)c);
        break;
    }
}

/* How much of it stands in JSON as it is. */
static size_t plain_length(const char *text, size_t len)
{
    size_t plain = 0;
    while (plain < len && text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' &&
           text[plain] != '\\')
        plain++;
    return plain;
}

static void write_quoted(struct sc_buf *out, const char *text, size_t len)
{
    sc_buf_putc(out, '"');
    for (size_t i = 0; i < len;) {
        size_t plain = plain_length(text + i, len - i), step = 1;
        sc_buf_append(out, text + i, plain);
        i += plain;
        if (i == len)
            break;
        if ((unsigned char)text[i] < 0x80) {
            escape_byte(out, (unsigned char)text[i]);
        } else {
            step = 2;
            while (step <= 4 && (i + step > len || !sc_str_is_utf8(text + i, step)))
                step++;
            if (step <= 4) {
                sc_buf_append(out, text + i, step);
            } else {
                sc_buf_puts(out, "\xef\xbf\xbd");
                step = 1;
            }
        }
        i += step;
    }
    sc_buf_putc(out, '"');
}

void sc_json_key(struct sc_json *json, const char *key)
{
    separate(json);
    write_quoted(json->out, key, strlen(key));
    sc_buf_putc(json->out, ':');
    json->need_comma[json->depth] = false;
}

void sc_json_string(struct sc_json *json, const char *text)
{
    if (text == NULL)
        sc_json_null(json);
    else
        sc_json_string_n(json, text, strlen(text));
}

void sc_json_string_n(struct sc_json *json, const char *text, size_t len)
{
    separate(json);
    write_quoted(json->out, text, len);
}

static void put_number(struct sc_buf *out, uint64_t value)
{
    char text[SC_U64_TEXT_SIZE];
    sc_buf_append(out, text, sc_u64_text(text, value));
}

void sc_json_int(struct sc_json *json, int64_t value)
{
    separate(json);
    if (value < 0)
        sc_buf_putc(json->out, '-');
    put_number(json->out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void sc_json_uint(struct sc_json *json, uint64_t value)
{
    separate(json);
    put_number(json->out, value);
}

void sc_json_bool(struct sc_json *json, bool value)
{
    separate(json);
    sc_buf_puts(json->out, value ? "true" : "false");
}

void sc_json_null(struct sc_json *json)
{
    separate(json);
    sc_buf_puts(json->out, "null");
}

void sc_json_pair_string(struct sc_json *json, const char *key, const char *text)
{
    sc_json_key(json, key);
    sc_json_string(json, text);
}

void sc_json_pair_int(struct sc_json *json, const char *key, int64_t value)
{
    sc_json_key(json, key);
    sc_json_int(json, value);
}

void sc_json_pair_bool(struct sc_json *json, const char *key, bool value)
{
    sc_json_key(json, key);
    sc_json_bool(json, value);
}
