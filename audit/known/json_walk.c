/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON walker; see audit/known/json_walk.h. No recursion: the open containers are a stack.
 */
#include "audit/known/json_walk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/str.h"

#include "core/banned.h"

struct level {
    bool array;
    size_t index;       /* of the next item of an array */
    size_t pointer_len; /* of the container's own pointer */
};

struct walk {
    const unsigned char *text;
    size_t at, len;
    sc_json_walk_fn fn;
    void *ctx;
    struct level levels[SC_JSON_WALK_DEPTH_MAX];
    size_t depth;
    char pointer[SC_JSON_WALK_POINTER_MAX];
    size_t pointer_len;
    struct sc_secret decoded;
};

static int bad(const struct walk *walk, struct sc_error *err)
{
    return sc_fail(err, SC_E_SYNTAX, "not JSON at byte %zu", walk->at);
}

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->len && walk->text[walk->at] != '\0' &&
           strchr(" \t\r\n", walk->text[walk->at]) != NULL)
        walk->at++;
}

/* The byte at the place, or 0 at the end (where a NUL is no JSON either). */
static unsigned char peek(const struct walk *walk)
{
    return walk->at < walk->len ? walk->text[walk->at] : 0;
}

/* ---- strings ---- */

static int hex4(const struct walk *walk, size_t at, uint32_t *ret)
{
    uint32_t value = 0;
    if (walk->len - at < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = sc_hex_digit(walk->text[at + i]);
        if (digit < 0)
            return -1;
        value = value << 4 | (unsigned)digit;
    }
    *ret = value;
    return 0;
}

static int append_utf8(struct sc_secret *out, uint32_t point, struct sc_error *err)
{
    unsigned char bytes[SC_UTF8_MAX];
    size_t n = sc_str_utf8(point, bytes);
    return sc_secret_append(out, bytes, n, err);
}

/* Behind "\u": one or two escapes that make a code point. */
static int unicode_escape(struct walk *walk, struct sc_error *err)
{
    uint32_t point = 0, low = 0;
    if (hex4(walk, walk->at, &point) < 0)
        return bad(walk, err);
    walk->at += 4;
    bool pair = point >= 0xd800 && point < 0xdc00 && walk->len - walk->at >= 6 &&
                walk->text[walk->at] == '\\' && walk->text[walk->at + 1] == 'u' &&
                hex4(walk, walk->at + 2, &low) == 0 && low >= 0xdc00 && low < 0xe000;
    if (pair) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        walk->at += 6;
    }
    return append_utf8(&walk->decoded, point, err);
}

static int escape(struct walk *walk, struct sc_error *err)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    unsigned char c = peek(walk);
    const char *found = c == 0 ? NULL : strchr(letters, c);
    if (found == NULL && c != 'u')
        return bad(walk, err);
    walk->at++;
    if (found == NULL)
        return unicode_escape(walk, err);
    return sc_secret_append(&walk->decoded, bytes + (found - letters), 1, err);
}

/* A string, from its opening quote on, into walk->decoded. */
static int read_string(struct walk *walk, struct sc_error *err)
{
    sc_secret_truncate(&walk->decoded, 0);
    walk->at++;
    for (;;) {
        size_t start = walk->at;
        while (walk->at < walk->len && walk->text[walk->at] != '"' && walk->text[walk->at] != '\\')
            walk->at++;
        int rc = sc_secret_append(&walk->decoded, walk->text + start, walk->at - start, err);
        if (rc < 0)
            return rc;
        if (walk->at == walk->len)
            return bad(walk, err);
        if (walk->text[walk->at++] == '"')
            return 0;
        rc = escape(walk, err);
        if (rc < 0)
            return rc;
    }
}

/* ---- places ---- */

static void pointer_put(struct walk *walk, const char *text, size_t n)
{
    static const char cut[] = "...";
    size_t room = sizeof(walk->pointer) - sizeof(cut) - walk->pointer_len;
    if (walk->pointer_len >= sizeof(walk->pointer) - sizeof(cut))
        return;
    if (n > room) {
        memcpy(walk->pointer + walk->pointer_len, cut, sizeof(cut) - 1);
        walk->pointer_len += sizeof(cut) - 1;
    } else {
        memcpy(walk->pointer + walk->pointer_len, text, n);
        walk->pointer_len += n;
    }
    walk->pointer[walk->pointer_len] = '\0';
}

static void pointer_key(struct walk *walk)
{
    pointer_put(walk, "/", 1);
    for (size_t i = 0; i < walk->decoded.len; i++) {
        char c = (char)walk->decoded.ptr[i];
        if (c == '~')
            pointer_put(walk, "~0", 2);
        else if (c == '/')
            pointer_put(walk, "~1", 2);
        else
            pointer_put(walk, c == '\0' ? "?" : &c, 1);
    }
}

static void pointer_index(struct walk *walk, size_t index)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "/%zu", index);
    pointer_put(walk, text, (size_t)n);
}

static void pointer_cut(struct walk *walk, size_t len)
{
    walk->pointer_len = len;
    walk->pointer[len] = '\0';
}

/* ---- values ---- */

static int report(struct walk *walk, enum sc_json_type type, struct sc_bytes text,
                  struct sc_error *err)
{
    const struct sc_json_scalar scalar = {walk->pointer, type, text};
    return walk->fn(&scalar, walk->ctx, err);
}

static int open_container(struct walk *walk, bool array, struct sc_error *err)
{
    if (walk->depth == SC_JSON_WALK_DEPTH_MAX)
        return sc_fail(err, SC_E_TOOBIG, "JSON nested deeper than %d at byte %zu",
                       SC_JSON_WALK_DEPTH_MAX, walk->at);
    walk->levels[walk->depth++] = (struct level){array, 0, walk->pointer_len};
    walk->at++;
    return 0;
}

static int read_bare(struct walk *walk, struct sc_error *err)
{
    size_t start = walk->at;
    for (unsigned char c = peek(walk); c != 0 && strchr(",]} \t\r\n\"[{:", c) == NULL;
         c = peek(walk))
        walk->at++;
    if (walk->at == start)
        return bad(walk, err);
    return report(walk, SC_JSON_OTHER, (struct sc_bytes){walk->text + start, walk->at - start},
                  err);
}

static int read_value(struct walk *walk, struct sc_error *err)
{
    skip_space(walk);
    unsigned char c = peek(walk);
    if (c == '{' || c == '[')
        return open_container(walk, c == '[', err);
    if (c != '"')
        return read_bare(walk, err);
    int rc = read_string(walk, err);
    return rc < 0 ? rc : report(walk, SC_JSON_STRING, sc_secret_view(&walk->decoded), err);
}

static int read_key(struct walk *walk, struct sc_error *err)
{
    if (peek(walk) != '"')
        return bad(walk, err);
    int rc = read_string(walk, err);
    if (rc < 0)
        return rc;
    pointer_key(walk);
    rc = report(walk, SC_JSON_KEY, sc_secret_view(&walk->decoded), err);
    if (rc < 0)
        return rc;
    skip_space(walk);
    if (peek(walk) != ':')
        return bad(walk, err);
    walk->at++;
    return 0;
}

/* The next item of the innermost container, or its end. */
static int step(struct walk *walk, struct sc_error *err)
{
    struct level *level = &walk->levels[walk->depth - 1];
    pointer_cut(walk, level->pointer_len);
    skip_space(walk);
    if (peek(walk) == (level->array ? ']' : '}')) {
        walk->at++;
        walk->depth--;
        return 0;
    }
    if (level->index > 0) {
        if (peek(walk) != ',')
            return bad(walk, err);
        walk->at++;
        skip_space(walk);
    }
    int rc = 0;
    if (level->array)
        pointer_index(walk, level->index);
    else
        rc = read_key(walk, err);
    level->index++;
    return rc < 0 ? rc : read_value(walk, err);
}

int sc_json_walk(struct sc_bytes json, sc_json_walk_fn fn, void *ctx, struct sc_error *err)
{
    struct walk walk = {.text = json.ptr, .len = json.len, .fn = fn, .ctx = ctx};
    int rc = read_value(&walk, err);
    while (rc == 0 && walk.depth > 0)
        rc = step(&walk, err);
    skip_space(&walk);
    if (rc == 0 && walk.at != walk.len)
        rc = bad(&walk, err);
    sc_secret_done(&walk.decoded);
    return rc;
}
