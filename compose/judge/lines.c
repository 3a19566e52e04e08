/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files and source, line by line; see compose/judge/lines.h.
 *
 * A line longer than LINE_MAX_LEN is machine-made; only token rules look at it.
 */
#include "compose/judge/lines.h"

#include <string.h>
#include <strings.h>

#include "compose/credential.h"
#include "compose/judge/shape.h"
#include "core/macros.h"
#include "core/str.h"

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

/* {{secret:NAME}} of a template: what stands there is put in later. */
static bool is_template(const char *text, size_t start, size_t at)
{
    while (at > start && text[at - 1] == ' ')
        at--;
    return at >= start + 2 && text[at - 1] == '{' && text[at - 2] == '{';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static size_t behind_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r'))
        at++;
    return at;
}

/* An object or a list, of JSON or the like: what it holds is named in there, and may stand on the
 * next lines. {SSHA}x is a value. */
static bool is_nested(const char *text, size_t at, size_t end)
{
    if (at >= end || (text[at] != '{' && text[at] != '['))
        return false;
    if (at + 1 < end && text[at] == '{' && text[at + 1] == '{')
        return false; /* another language's */
    at = behind_blanks(text, at + 1, end);
    if (at >= end || is_quote(text[at]) || strchr("{[]}", text[at]) != NULL)
        return true;
    size_t name = at;
    while (at < end && is_key_char(text[at]))
        at++;
    size_t sign = behind_blanks(text, at, end);
    return at > name && sign < end && (text[sign] == ':' || text[sign] == '=');
}

/* environment=NAME="x",NAME="y" of Supervisor: each is a pair of its own. */
static bool is_row(const char *text, size_t at, size_t end)
{
    size_t name = at;
    while (at < end && is_key_char(text[at]))
        at++;
    return at > name && at + 1 < end && text[at] == '=' && text[at + 1] == '"';
}

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '>' || text[at] == '='))
        at++;
    return at;
}

/* Where a value without quotes ends; behind a key in double quotes it is one of JSON. */
static size_t plain_end(const char *text, size_t at, size_t end, bool json)
{
    struct sc_shape_variable variable;
    size_t stop = at;
    while (
        stop < end && text[stop] != '\r' &&
        !((text[stop] == '#' || (text[stop] == ';' && stop + 1 < end && text[stop + 1] == ' ')) &&
          stop > at && text[stop - 1] == ' ') &&
        !(json && (text[stop] == ',' || text[stop] == '}' || text[stop] == ']')))
        stop += json && sc_shape_variable(text + stop, end - stop, &variable) ? variable.length : 1;
    return stop;
}

/* NAME=x NAME=y: of several pairs on a line each value ends where the next begins. */
static size_t pair_end(const char *text, size_t at, size_t end)
{
    const char *blank = memchr(text + at, ' ', end - at);
    size_t next = blank == NULL ? end : behind_blanks(text, (size_t)(blank - text), end);
    size_t sign = next;
    while (sign < end && is_key_char(text[sign]))
        sign++;
    return sign > next && sign < end && text[sign] == '=' ? (size_t)(blank - text) : end;
}

static bool value_behind(const char *text, size_t at, size_t end, bool json, struct assignment *ret)
{
    if (at < end && is_quote(text[at])) {
        char quote = text[at++];
        bool triple = at + 2 < end && text[at] == quote && text[at + 1] == quote;
        at += triple ? 2 : 0;
        size_t close = at;
        while (close < end && text[close] != quote)
            close += text[close] == '\\' && close + 1 < end ? 2 : 1;
        if (close >= end)
            return false;
        ret->value = (struct sc_region){at, close - at};
        return close > at;
    }
    size_t stop = plain_end(text, at, end, json);
    if (at > 0 && text[at - 1] == '=')
        stop = pair_end(text, at, stop);
    while (stop > at && strchr(" \t,;", text[stop - 1]) != NULL)
        stop--;
    ret->value = (struct sc_region){at, stop - at};
    return stop > at;
}

/* How far behind a name its value may stand: "name": "X", "value": "Y". */
#define NAME_REACH ((size_t)256)

/* Whom the pairs of a text are told. */
struct lines {
    const char *text;
    sc_lines_fn fn;
    void *ctx;
    struct sc_region named; /* what the last "name" says, or the last object's key */
    size_t counted;         /* of this line, for the quotes in it */
    bool open;
};

/* "NAME=value", an item of a list that began on another line: where the quote closes. */
static size_t item_end(struct lines *lines, struct sc_region key, size_t at, size_t end)
{
    for (; lines->counted < key.offset; lines->counted++)
        lines->open = lines->open != (lines->text[lines->counted] == '"');
    const char *close = lines->open ? memchr(lines->text + at, '"', end - at) : NULL;
    return close == NULL ? end : (size_t)(close - lines->text);
}

static bool is_any(const char *text, struct sc_region word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (((**names ^ text[word.offset]) & ~0x20) == 0 && strlen(*names) == word.len &&
            strncasecmp(*names, text + word.offset, word.len) == 0)
            return true;
    }
    return false;
}

/* "value": "VALUE" */
static bool is_same(const char *text, const struct assignment *found)
{
    return found->key.len == found->value.len &&
           strncasecmp(text + found->key.offset, text + found->value.offset, found->key.len) == 0;
}

/* A pair; where its key says no more than that it is a value, the name in front says whose. */
static int give(struct lines *lines, const struct assignment *found, bool json,
                struct sc_error *err)
{
    static const char *const names[] = {"name", "key", "id", NULL};
    static const char *const values[] = {"value", "default", "defaultvalue", NULL};
    const struct sc_region named = lines->named;
    if (!json)
        return lines->fn(lines->ctx, found->key, found->value, err);
    if (is_any(lines->text, found->key, names))
        lines->named = found->value;
    else if (named.len > 0 && !is_same(lines->text, found) &&
             found->key.offset - named.offset <= NAME_REACH &&
             is_any(lines->text, found->key, values))
        return lines->fn(lines->ctx, named, found->value, err);
    return lines->fn(lines->ctx, found->key, found->value, err);
}

/* An item of a list: NAME=value says itself what it is, "ENV NAME=value" too. Not a password with
 * a sign in it, nor what fills base64 up. */
static int give_item(struct lines *lines, const struct assignment *found, struct sc_error *err)
{
    const char *text = lines->text;
    size_t at = found->value.offset, end = at + found->value.len;
    at += end - at > 4 && memcmp(text + at, "ENV ", 4) == 0 ? 4 : 0;
    const size_t name = at;
    while (at < end && is_key_char(text[at]))
        at++;
    bool pair = at > name && at < end && text[at] == '=' && (at + 2 > end || text[at + 1] != '=') &&
                sc_key_classify(text + found->key.offset, found->key.len) != SC_KEY_PASSWORD;
    if (!pair || at + 1 == end)
        return lines->fn(lines->ctx, found->key, found->value, err);
    return lines->fn(lines->ctx, (struct sc_region){name, at - name},
                     (struct sc_region){at + 1, end - at - 1}, err);
}

/* ["x", "y"] behind a key: each text is what the key names. *at, on the sign behind the key, comes
 * to stand on the last one's end. */
static int read_list(struct lines *lines, struct assignment *found, size_t *at, size_t end,
                     struct sc_error *err)
{
    const char *text = lines->text;
    size_t item = behind_blanks(text, skip_blanks(text, *at + 1, end) + 1, end);
    int rc = 0;
    while (rc == 0 && item < end && is_quote(text[item])) {
        if (value_behind(text, item, end, true, found)) {
            rc = give_item(lines, found, err);
            *at = found->value.offset + found->value.len; /* its closing quote */
        } else if (item + 1 < end && text[item + 1] == text[item]) {
            *at = item + 1; /* an empty text */
        } else {
            break;
        }
        item = behind_blanks(text, *at + 1, end);
        if (item < end && text[item] == ',')
            item = behind_blanks(text, item + 1, end);
    }
    return rc;
}

static int read_line(struct lines *lines, size_t start, size_t end, struct sc_error *err)
{
    const char *text = lines->text;
    lines->counted = start;
    lines->open = false;
    for (size_t at = start; at < end; at++) {
        if (text[at] != '=' && (text[at] != ':' || (at + 1 < end && text[at + 1] == '_')))
            continue; /* of //registry/:_authToken the key comes behind the colon */
        struct assignment found;
        bool unless_set = text[at] == '=' && at > start && text[at - 1] == '?'; /* make's */
        if (!key_before(text, start, at - unless_set, &found.key) ||
            is_template(text, start, found.key.offset))
            continue;
        size_t behind = skip_blanks(text, at + 1, end);
        bool json = text[at] == ':' && text[found.key.offset + found.key.len] == '"';
        if (is_nested(text, behind, end)) {
            lines->named = found.key;
            int rc = text[behind] == '[' ? read_list(lines, &found, &at, end, err) : 0;
            if (rc < 0)
                return rc;
            continue;
        }
        if ((text[at] == '=' && is_row(text, behind, end)) ||
            !value_behind(text, behind,
                          text[at] == '=' ? item_end(lines, found.key, behind, end) : end, json,
                          &found))
            continue;
        int rc = give(lines, &found, json, err);
        if (rc < 0)
            return rc;
        at = SC_MAX(at, found.value.offset + found.value.len - 1);
    }
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool sc_lines_word(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    while (*at < end && is_blank(text[*at]))
        ++*at;
    char quote = *at < end && (text[*at] == '"' || text[*at] == '\'') ? text[*at] : '\0';
    size_t start = *at + (quote != '\0'), stop = start;
    while (stop < end &&
           (quote == '\0' ? !is_blank(text[stop]) : text[stop] != quote && text[stop] != '\n'))
        stop += quote != '\0' && text[stop] == '\\' && stop + 1 < end ? 2 : 1;
    *ret = (struct sc_region){start, stop - start};
    *at = stop + (quote != '\0' && stop < end);
    return stop > start;
}

bool sc_lines_is_any(const char *text, struct sc_region word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == word.len && memcmp(*names, text + word.offset, word.len) == 0)
            return true;
    }
    return false;
}

/* //registry/:_authToken=VALUE of an .npmrc is none. */
static bool is_comment(const char *line, size_t len)
{
    if (len == 0 || *line == '#' || *line == ';')
        return true;
    return len > 1 && line[0] == '/' && line[1] == '/' && memmem(line, len, "/:_", 3) == NULL;
}

int sc_lines_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                  struct sc_error *err)
{
    struct lines lines = {.text = text, .fn = fn, .ctx = ctx};
    size_t end = region.offset + region.len;
    for (size_t at = region.offset; at < end;) {
        size_t line_end = sc_str_line_end(text, at, end);
        size_t first = at;
        while (first < line_end && (text[first] == ' ' || text[first] == '\t'))
            first++;
        bool comment = is_comment(text + first, line_end - first);
        if (!comment && line_end - at <= LINE_MAX_LEN) {
            int rc = read_line(&lines, at, line_end, err);
            if (rc < 0)
                return rc;
        }
        at = line_end + 1;
    }
    return 0;
}
