/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files: NAME=value per line, `export` allowed, quotes as dotenv readers take them.
 */
#include "audit/detect/region.h"

#include <string.h>

#include "core/str.h"

#include "core/banned.h"

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* The bytes of the value that begins at `at` without its quotes; multi-line inside double quotes.
 */
static struct sc_region read_value(const char *text, size_t at, size_t line_end, size_t end,
                                   size_t *ret_next)
{
    char quote = at < line_end ? text[at] : '\0';
    *ret_next = line_end;
    if (quote == '"' || quote == '\'') {
        size_t close = at + 1;
        while (close < end && text[close] != quote)
            close += text[close] == '\\' && close + 1 < end ? 2 : 1;
        close = close < end ? close : line_end;
        *ret_next = close < line_end ? line_end : close;
        return (struct sc_region){at + 1, close - SC_MIN(at + 1, close)};
    }
    size_t stop = at;
    while (stop < line_end && !(text[stop] == '#' && stop > at && text[stop - 1] == ' '))
        stop++;
    while (stop > at && (text[stop - 1] == ' ' || text[stop - 1] == '\r' || text[stop - 1] == '\t'))
        stop--;
    return (struct sc_region){at, stop - at};
}

/* A line of the region, which may go on behind the line's end when a quote is open. */
struct line {
    size_t start, end;
    size_t region_end;
};

static int read_line(struct sc_detect *detect, const struct line *line, enum sc_family family,
                     size_t *ret_next, struct sc_error *err)
{
    size_t at = line->start, line_end = line->end, end = line->region_end;
    const char *text = detect->text;
    *ret_next = line_end;
    while (at < line_end && (text[at] == ' ' || text[at] == '\t'))
        at++;
    if (line_end - at > 7 && memcmp(text + at, "export ", 7) == 0)
        at += 7;
    size_t name = at;
    while (at < line_end && is_name_char(text[at]))
        at++;
    size_t name_len = at - name;
    while (at < line_end && text[at] == ' ')
        at++;
    if (name_len == 0 || at >= line_end || (text[at] != '=' && text[at] != ':'))
        return 0;
    at++;
    while (at < line_end && text[at] == ' ')
        at++;
    struct sc_region value = read_value(text, at, line_end, end, ret_next);
    bool single = at < line_end && text[at] == '\'';
    struct sc_pair pair = {
        .family = family,
        .key = text + name,
        .key_len = name_len,
        .value = text + value.offset,
        .value_len = value.len,
        .raw = value,
        .ignore_variables = true,
    };
    return sc_detect_quoted(detect, &pair, single, err);
}

int sc_detect_dotenv(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    size_t end = region.offset + region.len;
    for (size_t at = region.offset; at < end;) {
        size_t line_end = sc_str_line_end(detect->text, at, end);
        size_t next = line_end;
        struct line line = {at, line_end, end};
        int rc = read_line(detect, &line, family, &next, err);
        if (rc < 0)
            return rc;
        at = sc_str_line_end(detect->text, next, end) + 1;
    }
    return 0;
}
