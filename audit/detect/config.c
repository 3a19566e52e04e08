/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files and source, line by line: key = value, key: value, "key": "value".
 *
 * A line longer than LINE_MAX_LEN is machine-made; only token rules look at it.
 */
#include "audit/detect/region.h"

#include <string.h>
#include <strings.h>

#include "core/banned.h"

#define LINE_MAX_LEN ((size_t)4096)

static bool is_key_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '/';
}

struct assignment {
    struct sc_region key, value;
};

/* The key in front of the separator at `sign`. */
static bool key_before(const char *text, size_t start, size_t sign, struct sc_region *ret)
{
    size_t end = sign;
    while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    if (end > start && (text[end - 1] == '"' || text[end - 1] == '\'' || text[end - 1] == ']'))
        end--;
    if (end > start && (text[end - 1] == '"' || text[end - 1] == '\''))
        end--;
    size_t at = end;
    while (at > start && is_key_char(text[at - 1]))
        at--;
    *ret = (struct sc_region){at, end - at};
    return end > at;
}

static bool value_behind(const char *text, size_t at, size_t end, struct assignment *ret)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '>' || text[at] == '='))
        at++;
    if (at < end && (text[at] == '"' || text[at] == '\'' || text[at] == '`')) {
        char quote = text[at++];
        size_t close = at;
        while (close < end && text[close] != quote)
            close += text[close] == '\\' && close + 1 < end ? 2 : 1;
        if (close >= end)
            return false;
        ret->value = (struct sc_region){at, close - at};
        return close > at;
    }
    size_t stop = at;
    while (stop < end && text[stop] != '\r' &&
           !(text[stop] == '#' && stop > at && text[stop - 1] == ' '))
        stop++;
    while (stop > at && strchr(" \t,;", text[stop - 1]) != NULL)
        stop--;
    ret->value = (struct sc_region){at, stop - at};
    return stop > at;
}

/* `password: Password` and prose: a label of a form, not a value. */
static bool is_caption(const struct sc_pair *pair)
{
    if (memchr(pair->value, ' ', pair->value_len) != NULL)
        return true;
    return pair->value_len <= pair->key_len &&
           strncasecmp(pair->key + pair->key_len - pair->value_len, pair->value, pair->value_len) ==
               0;
}

static int judge(struct sc_detect *detect, const struct assignment *found, enum sc_family family,
                 struct sc_error *err)
{
    const char *value = detect->text + found->value.offset;
    struct sc_pair pair = {
        .family = family,
        .key = detect->text + found->key.offset,
        .key_len = found->key.len,
        .value = value,
        .value_len = found->value.len,
        .raw = found->value,
        .ignore_variables = true,
    };
    if (family == SC_FAMILY_CONFIG && is_caption(&pair))
        return 0;
    return sc_detect_pair(detect, &pair, NULL, err);
}

static int read_line(struct sc_detect *detect, size_t start, size_t end, enum sc_family family,
                     struct sc_error *err)
{
    const char *text = detect->text;
    for (size_t at = start; at < end; at++) {
        if (text[at] != '=' && text[at] != ':')
            continue;
        struct assignment found;
        if (!key_before(text, start, at, &found.key) || !value_behind(text, at + 1, end, &found))
            continue;
        int rc = judge(detect, &found, family, err);
        if (rc < 0)
            return rc;
        at = SC_MAX(at, found.value.offset + found.value.len - 1);
    }
    return 0;
}

int sc_detect_config(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    size_t end = region.offset + region.len;
    for (size_t at = region.offset; at < end;) {
        const char *newline = memchr(detect->text + at, '\n', end - at);
        size_t line_end = newline == NULL ? end : (size_t)(newline - detect->text);
        size_t first = at;
        while (first < line_end && (detect->text[first] == ' ' || detect->text[first] == '\t'))
            first++;
        bool comment =
            first < line_end && (detect->text[first] == '#' || detect->text[first] == ';' ||
                                 (line_end - first > 1 && detect->text[first] == '/' &&
                                  detect->text[first + 1] == '/'));
        if (!comment && line_end - at <= LINE_MAX_LEN) {
            int rc = read_line(detect, at, line_end, family, err);
            if (rc < 0)
                return rc;
        }
        at = line_end + 1;
    }
    return 0;
}
