/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs in texts that are no lines of `name = value`: options of Java (`-Dname=value`), entries of
 * JAAS (`PlainLoginModule required password="x";`), definitions of PHP (`define('NAME', 'x');`);
 * and several pairs in one line, as lists of variables and of options are.
 */
#include <string.h>

#include "compose/credential.h"
#include "compose/judge/lines.h"
#include "compose/judge/shape.h"

#include "core/banned.h"

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static size_t name_end(const char *text, size_t at, size_t end)
{
    while (at < end && is_name_char(text[at]))
        at++;
    return at;
}

static size_t behind(const char *text, size_t at, size_t end, const char *of)
{
    while (at < end && strchr(of, text[at]) != NULL)
        at++;
    return at;
}

/* Where the text in quotes ends that begins behind the one at `at`; `end` if it is not closed. */
static size_t closing(const char *text, size_t at, size_t end)
{
    size_t stop = at + 1;
    while (stop < end && text[stop] != text[at])
        stop += text[stop] == '\\' && stop + 1 < end ? 2 : 1;
    return stop < end ? stop : end;
}

static int read_java(const char *text, size_t end, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    int rc = 0;
    for (size_t at = 0; at + 2 < end && rc == 0; at++) {
        if (text[at] != '-' || text[at + 1] != 'D' ||
            (at > 0 && strchr(" \t\n\"'", text[at - 1]) == NULL))
            continue;
        struct sc_region key = {at + 2, name_end(text, at + 2, end) - at - 2};
        size_t sign = key.offset + key.len, stop = sign + 1;
        if (key.len == 0 || sign >= end || text[sign] != '=')
            continue;
        while (stop < end && strchr(" \t\n\"'", text[stop]) == NULL)
            stop++;
        const struct sc_region value = {sign + 1, stop - sign - 1};
        rc = value.len > 0 ? fn(ctx, key, value, err) : 0;
        at = stop - 1;
    }
    return rc;
}

/* Of a server's entry `user_NAME` is the password of that user. */
static int read_jaas(const char *text, size_t end, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    int rc = 0;
    for (size_t at = 0; at + 1 < end && rc == 0; at++) {
        if (text[at] != '=' || text[at + 1] != '"')
            continue;
        size_t start = at, stop = closing(text, at + 1, end);
        while (start > 0 && is_name_char(text[start - 1]))
            start--;
        struct sc_region key = {start, at - start};
        const struct sc_region value = {at + 2, stop - at - 2};
        if (key.len > 5 && memcmp(text + start, "user_", 5) == 0)
            key.len = 0;
        if (stop < end && value.len > 0 && at > start)
            rc = fn(ctx, key, value, err);
        at = stop;
    }
    return rc;
}

static int read_php(const char *text, size_t end, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    static const char word[] = "define";
    const size_t n = sizeof(word) - 1;
    int rc = 0;
    for (size_t at = 0; at + n < end && rc == 0; at++) {
        if (memcmp(text + at, word, n) != 0)
            continue;
        size_t open = behind(text, at + n, end, " \t(");
        if (open >= end || strchr("\"'", text[open]) == NULL)
            continue;
        const struct sc_region key = {open + 1, name_end(text, open + 1, end) - open - 1};
        size_t next = behind(text, key.offset + key.len, end, "\"' \t,");
        if (next == 0 || next >= end || strchr("\"'", text[next - 1]) == NULL || key.len == 0)
            continue;
        next--; /* on the quote of the value */
        size_t stop = closing(text, next, end);
        const struct sc_region value = {next + 1, stop - next - 1};
        if (stop < end && value.len > 0)
            rc = fn(ctx, key, value, err);
        at = next;
    }
    return rc;
}

static bool has(const char *text, size_t len, const char *what)
{
    return memmem(text, len, what, strlen(what)) != NULL;
}

int sc_inner_read(const char *text, size_t len, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    int rc = has(text, len, "-D") ? read_java(text, len, fn, ctx, err) : 0;
    if (rc == 0 && has(text, len, "LoginModule"))
        rc = read_jaas(text, len, fn, ctx, err);
    return rc == 0 && has(text, len, "define") ? read_php(text, len, fn, ctx, err) : rc;
}

/* ---- pairs in one line ---- */

static bool names_credential(const char *text, struct sc_region name)
{
    enum sc_key_kind kind =
        name.len == 0 ? SC_KEY_OTHER : sc_key_classify(text + name.offset, name.len);
    return kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET;
}

/* The value at `at`: in quotes, else up to what ends one. False where there is none. */
static bool value_at(const char *text, size_t at, size_t end, const char *ends,
                     struct sc_region *ret)
{
    struct sc_shape_variable variable;
    size_t stop = at;
    if (at < end && strchr("\"'", text[at]) != NULL) {
        stop = closing(text, at++, end);
        if (stop == end)
            return false;
    }
    while (stop < end && text[stop] != '"' && text[stop] != '\'' &&
           strchr(ends, text[stop]) == NULL)
        stop += sc_shape_variable(text + stop, end - stop, &variable) ? variable.length : 1;
    *ret = (struct sc_region){at, stop - at};
    return stop > at;
}

/* --name value, --name=value; -name of one dash and the like are too often something else. */
static int read_options(const char *text, size_t end, sc_lines_fn fn, void *ctx,
                        struct sc_error *err)
{
    int rc = 0;
    for (size_t at = 0; at + 2 < end && rc == 0; at++) {
        if (text[at] != '-' || text[at + 1] != '-' ||
            (at > 0 && strchr(" \t\n\"'", text[at - 1]) == NULL))
            continue;
        const struct sc_region name = {at + 2, name_end(text, at + 2, end) - at - 2};
        size_t sign = name.offset + name.len;
        if (sign >= end || strchr("= ", text[sign]) == NULL || !names_credential(text, name))
            continue;
        size_t start = text[sign] == '=' ? sign + 1 : behind(text, sign, end, " ");
        struct sc_region value;
        if (start < end && text[start] != '-' && value_at(text, start, end, " \t\n", &value)) {
            rc = fn(ctx, name, value, err);
            at = value.offset + value.len - 1;
        }
    }
    return rc;
}

/* One NAME=value alone says too little: prose and filters have such. */
static int read_row(const char *text, size_t end, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    static const char ends[] = " \t\n,;&|";
    int rc = 0;
    for (size_t at = 0; at < end && rc == 0; at++) {
        if (text[at] != '=')
            continue;
        size_t start = at;
        while (start > 0 && is_name_char(text[start - 1]))
            start--;
        const struct sc_region name = {start, at - start};
        struct sc_region value;
        if ((start > 0 && strchr(ends, text[start - 1]) == NULL) || text[start] == '-' ||
            !names_credential(text, name) || !value_at(text, at + 1, end, ends, &value))
            continue;
        size_t stop = value.offset + value.len;
        if (memchr(text, '=', start) != NULL || memchr(text + stop, '=', end - stop) != NULL)
            rc = fn(ctx, name, value, err);
        at = stop - 1;
    }
    return rc;
}

int sc_inline_read(const char *text, size_t len, sc_lines_fn fn, void *ctx, struct sc_error *err)
{
    int rc = has(text, len, "--") ? read_options(text, len, fn, ctx, err) : 0;
    return rc == 0 && memchr(text, '=', len) != NULL ? read_row(text, len, fn, ctx, err) : rc;
}
