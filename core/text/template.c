/* SPDX-License-Identifier: Apache-2.0
 *
 * Placeholders and filters; see core/text/template.h.
 */
#include "core/text/template.h"

#include <stdbool.h>
#include <string.h>

#include "core/macros.h"
#include "core/name.h"

#include "core/banned.h"

/* A reader over the text; every access is bounded by len. */
struct cursor {
    const char *text;
    size_t len;
    size_t at;
};

static bool take(struct cursor *cursor, const char *word)
{
    size_t n = strlen(word);
    if (cursor->len - cursor->at < n || memcmp(cursor->text + cursor->at, word, n) != 0)
        return false;
    cursor->at += n;
    return true;
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->len &&
           (cursor->text[cursor->at] == ' ' || cursor->text[cursor->at] == '\t'))
        cursor->at++;
}

static int fail_at(struct sc_template_part *ret, size_t offset, const char *reason)
{
    ret->offset = offset;
    ret->ptr = reason;
    ret->len = strlen(reason);
    return -1;
}

static bool is_name_byte(char c)
{
    return c == '/' || sc_name_part_valid(&c, 1) || c == '.';
}

static int parse_name(struct cursor *cursor, struct sc_template_part *ret)
{
    size_t start = cursor->at;
    size_t part = start;
    size_t parts = 0;
    for (;; cursor->at++) {
        bool inside = cursor->at < cursor->len && is_name_byte(cursor->text[cursor->at]);
        if (inside && cursor->text[cursor->at] != '/')
            continue;
        if (!sc_name_part_valid(cursor->text + part, cursor->at - part) ||
            ++parts > SC_NAME_PARTS_MAX)
            return fail_at(ret, part, "the name is not valid");
        if (!inside)
            break;
        part = cursor->at + 1;
    }
    ret->ptr = cursor->text + start;
    ret->len = cursor->at - start;
    return 0;
}

static int parse_filters(struct cursor *cursor, struct sc_template_part *ret)
{
    static const char *const names[SC_FILTER_COUNT] = {"url",    "json", "shell",
                                                       "base64", "xml",  "pgpass"};
    while (take(cursor, "|")) {
        size_t which = 0;
        while (which < SC_FILTER_COUNT && !take(cursor, names[which]))
            which++;
        if (which == SC_FILTER_COUNT)
            return fail_at(ret, cursor->at,
                           "the filter is none of url, json, shell, base64, xml, pgpass");
        if (ret->filter_count == SC_TEMPLATE_FILTERS_MAX)
            return fail_at(ret, cursor->at, "there are too many filters");
        ret->filters[ret->filter_count++] = (enum sc_template_filter)which;
    }
    return 0;
}

/* Whether a placeholder begins at the cursor, which then stands behind "kind:". */
static bool begins_placeholder(struct cursor *cursor, struct sc_template_part *ret)
{
    struct cursor probe = *cursor;
    if (!take(&probe, "{{"))
        return false;
    skip_blanks(&probe);
    if (take(&probe, "secret:"))
        ret->kind = SC_TEMPLATE_SECRET;
    else if (take(&probe, "config:"))
        ret->kind = SC_TEMPLATE_CONFIG;
    else
        return false;
    *cursor = probe;
    return true;
}

static int parse_placeholder(struct cursor *cursor, struct sc_template_part *ret)
{
    int rc = parse_name(cursor, ret);
    if (rc == 0)
        rc = parse_filters(cursor, ret);
    if (rc < 0)
        return rc;
    skip_blanks(cursor);
    if (!take(cursor, "}}"))
        return fail_at(ret, cursor->at, "'}}' is missing here");
    return 1;
}

int sc_template_next(const char *text, size_t len, size_t *position, struct sc_template_part *ret)
{
    struct cursor cursor = {text, len, *position};
    *ret = (struct sc_template_part){.offset = *position};
    if (cursor.at >= len)
        return 0;
    if (begins_placeholder(&cursor, ret)) {
        int rc = parse_placeholder(&cursor, ret);
        if (rc > 0)
            *position = cursor.at;
        return rc;
    }
    ret->kind = SC_TEMPLATE_TEXT;
    ret->ptr = text + *position;
    if (take(&cursor, "{{open}}")) {
        ret->len = 2;
        *position = cursor.at;
        return 1;
    }
    /* Text up to the next place that means something. */
    struct sc_template_part ignored;
    for (cursor.at++; cursor.at < len; cursor.at++) {
        const char *brace = memchr(text + cursor.at, '{', len - cursor.at);
        cursor.at = brace == NULL ? len : (size_t)(brace - text);
        struct cursor probe = cursor;
        if (begins_placeholder(&probe, &ignored) || take(&probe, "{{open}}"))
            break;
    }
    if (cursor.at > len)
        cursor.at = len;
    ret->len = cursor.at - *position;
    *position = cursor.at;
    return 1;
}

/* ---- filters ---- */

/* Where the result goes: counted always, stored when there is room. */
struct sink {
    char *out;
    size_t len;
};

static void put(struct sink *sink, const char *bytes, size_t n)
{
    if (sink->out != NULL)
        memcpy(sink->out + sink->len, bytes, n);
    sink->len += n;
}

static void put_text(struct sink *sink, const char *text)
{
    put(sink, text, strlen(text));
}

static void put_hex(struct sink *sink, const char *prefix, unsigned char c, const char *digits)
{
    const char pair[2] = {digits[c >> 4], digits[c & 15]};
    put_text(sink, prefix);
    put(sink, pair, 2);
}

static void put_url(struct sink *sink, unsigned char c)
{
    const char byte = (char)c;
    bool unreserved = sc_name_part_valid(&byte, 1) || c == '.' || c == '~';
    if (unreserved)
        put(sink, &byte, 1);
    else
        put_hex(sink, "%", c, "0123456789ABCDEF");
}

static void put_json(struct sink *sink, unsigned char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    const char byte = (char)c;
    const char *known = c == 0 ? NULL : strchr(plain, c);
    if (known != NULL) {
        put_text(sink, "\\");
        put(sink, &names[known - plain], 1);
    } else if (c < 0x20) {
        put_hex(sink, "\\u00", c, "0123456789abcdef");
    } else {
        put(sink, &byte, 1);
    }
}

static void put_xml(struct sink *sink, unsigned char c)
{
    static const char marks[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    const char byte = (char)c;
    const char *known = c == 0 ? NULL : strchr(marks, c);
    if (known != NULL)
        put_text(sink, entities[known - marks]);
    else
        put(sink, &byte, 1);
}

static void put_pgpass(struct sink *sink, unsigned char c)
{
    const char byte = (char)c;
    if (c == ':' || c == '\\')
        put_text(sink, "\\");
    put(sink, &byte, 1);
}

static void put_shell(struct sink *sink, unsigned char c)
{
    const char byte = (char)c;
    if (c == '\'')
        put_text(sink, "'\\''");
    else
        put(sink, &byte, 1);
}

static void put_base64(struct sink *sink, const unsigned char *value, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        size_t n = SC_MIN((size_t)3, len - i);
        unsigned long group = (unsigned long)value[i] << 16;
        group |= n > 1 ? (unsigned long)value[i + 1] << 8 : 0;
        group |= n > 2 ? value[i + 2] : 0;
        char four[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63],
                        n > 1 ? alphabet[group >> 6 & 63] : '=',
                        n > 2 ? alphabet[group & 63] : '='};
        put(sink, four, 4);
    }
}

size_t sc_template_filter(enum sc_template_filter filter, const void *value, size_t len, char *out)
{
    static void (*const by_byte[SC_FILTER_COUNT])(struct sink *, unsigned char) = {
        [SC_FILTER_URL] = put_url, [SC_FILTER_JSON] = put_json,     [SC_FILTER_SHELL] = put_shell,
        [SC_FILTER_XML] = put_xml, [SC_FILTER_PGPASS] = put_pgpass,
    };
    struct sink sink = {out, 0};
    const unsigned char *bytes = value;
    if (filter == SC_FILTER_BASE64) {
        put_base64(&sink, bytes, len);
        return sink.len;
    }
    if (filter == SC_FILTER_SHELL)
        put_text(&sink, "'");
    for (size_t i = 0; i < len; i++)
        by_byte[filter](&sink, bytes[i]);
    if (filter == SC_FILTER_SHELL)
        put_text(&sink, "'");
    return sink.len;
}
