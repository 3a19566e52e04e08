/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files; see compose/vars/envfile.h.
 *
 * The grammar is that of Docker Compose with its oddities: after a closing quote the next statement
 * begins at once, a blank and '#' begin a comment only in unquoted values, a name on the last line
 * without a line break becomes the value of the empty name.
 */
#include "compose/vars/envfile.h"

#include <string.h>

#include "compose/vars/text.h"
#include "core/str.h"

#include "core/banned.h"

struct parser {
    struct sc_model_pool *pool;
    const struct sc_envfile *in;
    struct sc_value *into;
    struct sc_scope scope;
    const char *text, *end;
    /* Position reached by place(): places are asked for in rising order, so lines are counted once.
     */
    const char *counted;
    uint32_t line, column;
};

static void count_to(struct parser *p, const char *at)
{
    for (; p->counted < at; p->counted++) {
        if (*p->counted == '\n') {
            p->line++;
            p->column = 1;
        } else if (((unsigned char)*p->counted & 0xc0) != 0x80) {
            p->column++;
        }
    }
}

static struct sc_place place(struct parser *p, const char *start, const char *end)
{
    count_to(p, start);
    return (struct sc_place){.file = p->in->file,
                             .line = p->line,
                             .column = p->column,
                             .start = (uint32_t)(start - p->text),
                             .end = (uint32_t)(end - p->text)};
}

static int fail_at(struct parser *p, const char *at, int code, const char *what,
                   struct sc_error *err)
{
    count_to(p, at);
    return sc_fail(err, code, "'%s' line %u, column %u: %s", p->in->file->display, p->line,
                   p->column, what);
}

/* White space but the line break. */
static bool blank_at(const char *c, const char *end, size_t *ret_bytes)
{
    return c < end && *c != '\n' && sc_space_at(c, (size_t)(end - c), ret_bytes) &&
           ((unsigned char)*c < 0x80 || (unsigned char)*c == 0xc2);
}

static const char *skip_blanks(const char *c, const char *end)
{
    size_t bytes = 0;
    while (blank_at(c, end, &bytes))
        c += bytes;
    return c;
}

/* To the next statement: over white space, line breaks and comments. */
static const char *skip_to_statement(const char *c, const char *end)
{
    for (;;) {
        size_t bytes = 0;
        while (sc_space_at(c, (size_t)(end - c), &bytes))
            c += bytes;
        if (c == end || *c != '#')
            return c;
        const char *newline = memchr(c, '\n', (size_t)(end - c));
        if (newline == NULL)
            return end;
        c = newline;
    }
}

/* Bytes of a letter or digit of any script at c, 0 for anything else. Beyond ASCII the blocks of
 * punctuation, symbols and private use are left out by range, which is what matters here. */
static size_t letter_at(const char *c, const char *end)
{
    unsigned char first = (unsigned char)*c;
    if (first < 0x80) {
        bool ok = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                  (first >= '0' && first <= '9');
        return ok ? 1 : 0;
    }
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if ((size_t)(end - c) < bytes || !sc_str_is_utf8(c, bytes))
        return 0;
    uint32_t code = first & (0xffU >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        code = code << 6 | ((unsigned char)c[i] & 0x3fU);
    static const uint32_t other[][2] = {
        {0x80, 0xa9},        {0xab, 0xb1},     {0xb4, 0xb4},     {0xb6, 0xb8},
        {0xbb, 0xbb},        {0xbf, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},
        {0x2000, 0x206f},    {0x20a0, 0x20ff}, {0x2190, 0x245f}, {0x2500, 0x2775},
        {0x2794, 0x2bff},    {0x3000, 0x3004}, {0x3008, 0x3020}, {0xe000, 0xf8ff},
        {0xfe00, 0xfe6f},    {0xff00, 0xff0f}, {0xfff0, 0xffff}, {0x1f000, 0x1faff},
        {0xe0000, 0x10ffff},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(other); i++) {
        if (code >= other[i][0] && code <= other[i][1])
            return 0;
    }
    return bytes;
}

struct key {
    const char *start, *end; /* without blanks around it */
    const char *next;        /* behind the separator and blanks */
    bool inherited;          /* alone on its line */
};

static const char *skip_export(const char *c, const char *end)
{
    static const char word[] = "export";
    size_t len = sizeof(word) - 1;
    if ((size_t)(end - c) <= len || memcmp(c, word, len) != 0 ||
        strchr("\t\n\f\r ", c[len]) == NULL)
        return c;
    return skip_blanks(c + len, end);
}

static int take_key(struct parser *p, const char *c, struct key *ret, struct sc_error *err)
{
    c = skip_export(c, p->end);
    struct key key = {.start = c, .end = c, .next = c};
    while (c < p->end) {
        size_t bytes = 0;
        if (*c == '=' || *c == ':' || *c == '\n') {
            key.inherited = *c == '\n';
            key.end = key.start + sc_trim_end(key.start, (size_t)(c - key.start));
            key.next = skip_blanks(c + 1, p->end);
            break;
        }
        if (blank_at(c, p->end, &bytes) || (*c != '\0' && strchr("_.-[]", *c) != NULL)) {
            c += bytes > 0 ? bytes : 1;
            continue;
        }
        bytes = *c != '\0' ? letter_at(c, p->end) : 0;
        if (bytes == 0)
            return fail_at(p, c, SC_E_SYNTAX, "a character that no variable's name may have", err);
        c += bytes;
    }
    if (memchr(key.start, ' ', (size_t)(key.end - key.start)) != NULL)
        return fail_at(p, key.start, SC_E_SYNTAX, "a blank inside a variable's name", err);
    *ret = key;
    return 0;
}

/* ---- values ---- */

struct value {
    const char *start, *end; /* of the text with its quotes */
    const char *next;
    const char *text; /* content, before variables are put in */
    size_t len;
    bool expand;
};

static void take_unquoted(const char *c, const char *end, struct value *ret)
{
    const char *newline = memchr(c, '\n', (size_t)(end - c));
    const char *stop = newline != NULL ? newline : end;
    const char *comment = memmem(c, (size_t)(stop - c), " #", 2);
    size_t len = sc_trim_end(c, (size_t)((comment != NULL ? comment : stop) - c));
    *ret = (struct value){.start = c,
                          .end = c + len,
                          .next = newline != NULL ? newline + 1 : end,
                          .text = c,
                          .len = len,
                          .expand = true};
}

static bool octal(char c)
{
    return c >= '0' && c <= '7';
}

/* "\0NNN": that code point in UTF-8; shorter or larger ones lose the 0 and stay. Yields the bytes
 * used. */
static size_t expand_octal(struct sc_text *out, const char *c, size_t n)
{
    size_t digits = 0;
    while (digits < 3 && 2 + digits < n && c[2 + digits] >= '0' && c[2 + digits] <= '9')
        digits++;
    unsigned code = 0;
    bool valid = digits == 3;
    for (size_t i = 0; i < digits; i++) {
        valid = valid && octal(c[2 + i]);
        code = code * 8 + (unsigned)(c[2 + i] - '0');
    }
    if (!valid || code > 255) {
        sc_text_append(out, "\\", 1);
        sc_text_append(out, c + 2, digits);
    } else {
        unsigned char bytes[SC_UTF8_MAX];
        size_t len = sc_str_utf8(code, bytes);
        sc_text_append(out, (const char *)bytes, len);
    }
    return 2 + digits;
}

/* The escapes of a double-quoted value; `\$` becomes `$$`, which stands for a literal dollar. */
static void expand_escapes(struct sc_text *out, const char *text, size_t n)
{
    static const char names[] = "abfnrtv\\\"$";
    static const char *const values[] = {"\a", "\b", "\f", "\n", "\r",
                                         "\t", "\v", "\\", "\"", "$$"};
    size_t i = 0;
    while (i < n) {
        const char *slash = memchr(text + i, '\\', n - i);
        size_t plain = slash != NULL ? (size_t)(slash - (text + i)) : n - i;
        sc_text_append(out, text + i, plain);
        i += plain;
        if (slash == NULL)
            break;
        const char *name = i + 1 < n && text[i + 1] != '\0' ? strchr(names, text[i + 1]) : NULL;
        if (name != NULL) {
            sc_text_append(out, values[name - names], strlen(values[name - names]));
            i += 2;
        } else if (i + 1 < n && text[i + 1] == '0') {
            i += expand_octal(out, text + i, n - i);
        } else {
            sc_text_append(out, "\\", 1);
            i++;
        }
    }
}

static int take_quoted(struct parser *p, const char *c, struct value *ret, struct sc_error *err)
{
    char quote = *c;
    struct sc_text raw = {.pool = p->pool};
    bool escaped = false;
    const char *i = c + 1;
    for (; i < p->end && (*i != quote || escaped); i++) {
        if (*i == quote) {
            sc_text_append(&raw, i, 1);
            escaped = false;
        } else if (!escaped && *i == '\\') {
            escaped = true;
        } else {
            if (escaped)
                sc_text_append(&raw, "\\", 1);
            escaped = false;
            sc_text_append(&raw, i, 1);
        }
    }
    if (i == p->end)
        return fail_at(p, c, SC_E_SYNTAX, "a quoted value without its closing quote", err);
    struct value value = {.start = c, .end = i + 1, .next = i + 1, .expand = quote == '"'};
    struct sc_text out = raw;
    if (quote == '"') {
        out = (struct sc_text){.pool = p->pool, .failed = raw.failed};
        expand_escapes(&out, sc_text_get(&raw), raw.len);
    }
    value.text = sc_text_get(&out);
    value.len = out.len;
    *ret = value;
    return sc_text_status(&out, err);
}

/* ---- storing ---- */

static int store(struct parser *p, const struct key *key, const struct value *value,
                 const struct sc_interp_result *result, struct sc_error *err)
{
    struct sc_place at = place(p, key->start, key->end);
    struct sc_origin *origin = sc_model_pool_alloc(p->pool, sizeof(*origin));
    const char *name = sc_model_pool_ndup(p->pool, key->start, (size_t)(key->end - key->start));
    char *text = sc_model_pool_ndup(p->pool, result->text, result->len);
    if (origin == NULL || name == NULL || text == NULL)
        return sc_model_pool_fail(p->pool, err);
    if (p->into->count >= SC_ENVFILE_VARIABLES_MAX)
        return fail_at(p, key->start, SC_E_TOOBIG, "too many variables", err);
    origin->place = value != NULL ? place(p, value->start, value->end) : at;
    origin->routes = p->in->routes | result->routes;
    origin->uses = result->uses;
    struct sc_value *stored = sc_tree_text_n(p->pool, text, result->len, origin);
    return sc_tree_set(p->pool, p->into, name, stored, &at, err);
}

/* A name without a value: the one it has outside, if any. */
static int store_inherited(struct parser *p, const struct key *key, struct sc_error *err)
{
    const char *name = sc_model_pool_ndup(p->pool, key->start, (size_t)(key->end - key->start));
    if (name == NULL)
        return sc_model_pool_fail(p->pool, err);
    const struct sc_value *found = sc_scope_get(&p->in->scope, name);
    if (found == NULL)
        return 0;
    struct sc_interp_result result = {
        .text = found->u.text, .len = found->count, .routes = found->origin->routes};
    return store(p, key, NULL, &result, err);
}

static int take_statement(struct parser *p, const char **c, struct sc_error *err)
{
    struct key key = {0};
    int rc = take_key(p, *c, &key, err);
    if (rc < 0)
        return rc;
    *c = key.next;
    if (key.inherited)
        return store_inherited(p, &key, err);
    struct value value = {0};
    if (*c < p->end && (**c == '"' || **c == '\''))
        rc = take_quoted(p, *c, &value, err);
    else
        take_unquoted(*c, p->end, &value);
    if (rc < 0)
        return rc;
    struct sc_interp_result result = {.text = value.text, .len = value.len};
    if (value.expand) {
        struct sc_interp interp = {
            .pool = p->pool, .scope = &p->scope, .unset = p->in->unset, .ctx = p->in->ctx};
        rc = sc_interpolate(&interp, value.text, value.len, &result, err);
    }
    if (rc < 0) {
        count_to(p, value.start);
        return sc_wrap(err, rc, "'%s' line %u, column %u", p->in->file->display, p->line,
                       p->column);
    }
    *c = value.next;
    return store(p, &key, &value, &result, err);
}

static struct parser parser_new(struct sc_model_pool *pool, const struct sc_envfile *in,
                                struct sc_value *into)
{
    const char *text = in->file->text;
    struct parser p = {.pool = pool,
                       .in = in,
                       .into = into,
                       .scope = in->scope,
                       .text = text,
                       .end = text + in->file->size,
                       .counted = text,
                       .line = 1,
                       .column = 1};
    p.scope.maps[SC_SCOPE_MAPS - 1] = into;
    return p;
}

/* No variable of a process can hold one. */
static int refuse_nul(struct parser *p, const char *from, struct sc_error *err)
{
    const char *nul = memchr(from, '\0', (size_t)(p->end - from));
    return nul == NULL ? 0 : fail_at(p, nul, SC_E_SYNTAX, "a NUL byte in a file of variables", err);
}

static const char *skip_bom(struct parser *p)
{
    size_t n = p->end - p->text >= 3 && memcmp(p->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    p->counted = p->text + n;
    return p->text + n;
}

int sc_envfile_parse(struct sc_model_pool *pool, const struct sc_envfile *in, struct sc_value *into,
                     struct sc_error *err)
{
    struct parser p = parser_new(pool, in, into);
    const char *c = skip_bom(&p);
    int rc = refuse_nul(&p, c, err);
    c = skip_to_statement(c, p.end);
    while (rc == 0 && c < p.end) {
        rc = take_statement(&p, &c, err);
        c = skip_to_statement(c, p.end);
    }
    return rc;
}

/* ---- raw format ---- */

static int take_raw_line(struct parser *p, const char *c, const char *stop, struct sc_error *err)
{
    size_t bytes = 0;
    if ((size_t)(stop - c) > SC_ENVFILE_RAW_LINE_MAX)
        return fail_at(p, c, SC_E_TOOBIG, "a line of more than 64 KiB", err);
    if (!sc_str_is_utf8(c, (size_t)(stop - c)))
        return fail_at(p, c, SC_E_SYNTAX, "not valid UTF-8", err);
    while (sc_space_at(c, (size_t)(stop - c), &bytes))
        c += bytes;
    if (c == stop || *c == '#')
        return 0;
    const char *equals = memchr(c, '=', (size_t)(stop - c));
    struct key key = {.start = c, .end = equals != NULL ? equals : stop};
    if (key.start == key.end)
        return fail_at(p, c, SC_E_SYNTAX, "no variable's name before the '='", err);
    if (memchr(c, ' ', (size_t)(key.end - c)) != NULL ||
        memchr(c, '\t', (size_t)(key.end - c)) != NULL)
        return fail_at(p, c, SC_E_SYNTAX, "a blank in a variable's name", err);
    if (equals == NULL)
        return store_inherited(p, &key, err);
    struct value value = {.start = equals + 1, .end = stop};
    struct sc_interp_result result = {.text = equals + 1, .len = (size_t)(stop - equals) - 1};
    return store(p, &key, &value, &result, err);
}

int sc_envfile_parse_raw(struct sc_model_pool *pool, const struct sc_envfile *in,
                         struct sc_value *into, struct sc_error *err)
{
    struct parser p = parser_new(pool, in, into);
    const char *c = skip_bom(&p);
    int rc = refuse_nul(&p, c, err);
    while (rc == 0 && c < p.end) {
        const char *newline = memchr(c, '\n', (size_t)(p.end - c));
        const char *stop = newline != NULL ? newline : p.end;
        const char *content_end = stop > c && stop[-1] == '\r' ? stop - 1 : stop;
        rc = take_raw_line(&p, c, content_end, err);
        c = newline != NULL ? newline + 1 : p.end;
    }
    return rc;
}
