/* SPDX-License-Identifier: Apache-2.0
 *
 * Directives of servers, a name and words behind it; see compose/judge/lines.h.
 */
#include "compose/judge/lines.h"

#include <string.h>

#include "compose/credential.h"
#include "core/str.h"

#include "core/banned.h"

/* A longer one is no directive. */
#define LINE_MOST ((size_t)512)

struct directives {
    const char *text;
    sc_lines_fn fn;
    void *ctx;
};

static size_t behind_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t'))
        at++;
    return at;
}

/* user NAME insecure-password VALUE of HAProxy; user NAME on >VALUE ~* of Redis. */
static int read_user(const struct directives *d, size_t at, size_t end, struct sc_error *err)
{
    static const char *const clear[] = {"insecure-password", NULL};
    struct sc_region word;
    int rc = 0;
    for (bool given = false; rc == 0 && sc_lines_word(d->text, &at, end, &word);) {
        bool redis = word.len > 1 && d->text[word.offset] == '>';
        if (redis)
            word = (struct sc_region){word.offset + 1, word.len - 1};
        if (given || redis)
            rc = d->fn(d->ctx, (struct sc_region){0}, word, err);
        given = sc_lines_is_any(d->text, word, clear);
    }
    return rc;
}

/* stats auth USER:VALUE of HAProxy. */
static int read_stats(const struct directives *d, size_t at, size_t end, struct sc_error *err)
{
    static const char *const auth[] = {"auth", NULL};
    struct sc_region word;
    if (!sc_lines_word(d->text, &at, end, &word) || !sc_lines_is_any(d->text, word, auth) ||
        !sc_lines_word(d->text, &at, end, &word))
        return 0;
    const char *colon = memchr(d->text + word.offset, ':', word.len);
    if (colon == NULL)
        return 0;
    size_t passed = (size_t)(colon - d->text) + 1 - word.offset;
    return d->fn(d->ctx, (struct sc_region){0},
                 (struct sc_region){word.offset + passed, word.len - passed}, err);
}

/* `requirepass VALUE`, `proxy_set_header Authorization "Bearer VALUE";`: words without a sign. */
static int read_directive(const struct directives *d, size_t at, size_t end, struct sc_error *err)
{
    static const char *const passwords[] = {
        "requirepass",     "masterauth",        "rootpw", "bindpw", "auth_pass", "wpa_passphrase",
        "remote_password", "tls-key-file-pass", NULL};
    static const char *const headers[] = {"proxy_set_header", "fastcgi_param", "header_up",
                                          "header_down", NULL};
    const char *text = d->text;
    while (end > at && (text[end - 1] == ';' || text[end - 1] == '\r' || text[end - 1] == ' '))
        end--;
    struct sc_region key, value;
    if (!sc_lines_word(text, &at, end, &key))
        return 0;
    static const char *const users[] = {"user", NULL}, *const stats[] = {"stats", NULL};
    if (sc_lines_is_any(text, key, users))
        return read_user(d, at, end, err);
    if (sc_lines_is_any(text, key, stats))
        return read_stats(d, at, end, err);
    bool header = sc_lines_is_any(text, key, headers);
    if ((header && !sc_lines_word(text, &at, end, &key)) ||
        (!header && !sc_lines_is_any(text, key, passwords)) ||
        !sc_lines_word(text, &at, end, &value) || text[value.offset] == '=')
        return 0;
    return d->fn(d->ctx, key, value, err);
}

/* From `at` to the next ';' or '{' that stands in no quotes. */
static size_t segment_end(const char *text, size_t at, size_t end)
{
    char quote = '\0';
    for (; at < end; at++) {
        if (quote != '\0')
            quote = text[at] == quote ? '\0' : quote;
        else if (text[at] == '"' || text[at] == '\'')
            quote = text[at];
        else if (text[at] == ';' || text[at] == '{')
            break;
    }
    return at;
}

/* One a line; of nginx several, and blocks: `location / { a "b"; c d; }`. */
static int read_directives(const struct directives *d, size_t at, size_t end, struct sc_error *err)
{
    int rc = read_directive(d, at, end, err);
    for (size_t stop = segment_end(d->text, at, end); stop < end && rc == 0;) {
        at = stop + 1;
        stop = segment_end(d->text, at, end);
        rc = read_directive(d, at, stop, err);
    }
    return rc;
}

/* Chosen by somebody: a word of prose has neither digits nor signs. */
static bool is_chosen(const char *text, struct sc_region word)
{
    bool letter = false, other = false;
    for (size_t i = 0; i < word.len; i++) {
        char c = text[word.offset + i], low = (char)(c | 0x20);
        if ((c == '=' && i + 2 < word.len) || c == '<' || c == '{' || c == '(' || c == '/' ||
            c == '$')
            return false;
        letter = letter || (low >= 'a' && low <= 'z');
        other = other || (c >= '0' && c <= '9');
    }
    return word.len >= 6 && letter && other;
}

/* The value of "Bearer VALUE", which is what it is wherever it stands; else of no length. */
static struct sc_region behind_scheme(const char *text, struct sc_region word)
{
    size_t scheme = sc_credential_scheme(text + word.offset, word.len);
    struct sc_region value = {word.offset + scheme, word.len - scheme};
    bool alone = scheme > 0 && memchr(text + value.offset, ' ', value.len) == NULL;
    return alone && is_chosen(text, value) ? value : (struct sc_region){0};
}

/* NAME VALUE and nothing else; password "VALUE", password 0 VALUE and ($http_x_api_key != "VALUE")
 * behind other words. */
static int read_named(const struct directives *d, size_t at, size_t end, struct sc_error *err)
{
    static const char *const passwords[] = {"password", "passwd", NULL};
    static const char *const signs[] = {"=", "!=", NULL};
    const char *text = d->text;
    const size_t start = at;
    while (end > at && strchr("; \t\r", text[end - 1]) != NULL && text[end - 1] != '\0')
        end--;
    struct sc_region key = {0}, value = {0};
    bool compared = false;
    for (size_t words = 0; sc_lines_word(text, &at, end, &value); words++) {
        bool quoted = value.offset > start && text[value.offset - 1] == '"';
        struct sc_region header = quoted ? behind_scheme(text, value) : (struct sc_region){0};
        if (header.len > 0)
            return d->fn(d->ctx, (struct sc_region){0}, header, err);
        bool coded = value.len == 1 && (text[value.offset] == '0' || text[value.offset] == '7');
        bool password = words > 0 && sc_lines_is_any(text, key, passwords);
        if (password && coded && sc_lines_word(text, &at, end, &value))
            return d->fn(d->ctx, key, value, err);
        size_t next = behind_blanks(text, at, end);
        bool alone = words == 1 && (next >= end || strchr("#;", text[next]) != NULL);
        if (((quoted && (password || compared)) || alone) && is_chosen(text, value)) {
            enum sc_key_kind kind = sc_key_classify(text + key.offset, key.len);
            return kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET ? d->fn(d->ctx, key, value, err)
                                                                    : 0;
        }
        compared = sc_lines_is_any(text, value, signs);
        if (compared)
            continue;
        for (key = value; key.len > 1 && memchr("($", text[key.offset], 2) != NULL; key.len--)
            key.offset++;
    }
    return 0;
}

int sc_named_directives_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                             struct sc_error *err)
{
    const struct directives d = {text, fn, ctx};
    size_t end = region.offset + region.len;
    int rc = 0;
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(text, at, end);
        size_t first = behind_blanks(text, at, stop);
        if (first < stop && strchr("#;!/", text[first]) == NULL && stop - first < LINE_MOST)
            rc = read_named(&d, first, stop, err);
        at = stop + 1;
    }
    return rc;
}

int sc_directives_read(const char *text, struct sc_region region, sc_lines_fn fn, void *ctx,
                       struct sc_error *err)
{
    const struct directives d = {text, fn, ctx};
    size_t end = region.offset + region.len;
    int rc = 0;
    for (size_t at = region.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(text, at, end);
        rc = read_directives(&d, at, stop, err);
        at = stop + 1;
    }
    return rc;
}
