/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords in SQL; see compose/judge/sql.h.
 *
 * Each quoted text is looked at once, and what stands in front of it says what it is.
 */
#include "compose/judge/sql.h"

#include <string.h>
#include <strings.h>

#include "core/macros.h"

#include "core/banned.h"

/* Bytes in front of a text in which its statement's verb stands. */
#define STATEMENT_REACH ((size_t)256)

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t in_front_of_blanks(const char *text, size_t start, size_t at)
{
    while (at > start && strchr(" \t\r\n", text[at - 1]) != NULL)
        at--;
    return at;
}

/* Whether the word that ends at *at is `word`; then *at is where it begins. */
static bool word_before(const char *text, size_t start, size_t *at, const char *word)
{
    size_t len = strlen(word);
    if (*at - start < len || strncasecmp(text + *at - len, word, len) != 0)
        return false;
    if (*at - len > start && is_word_char(text[*at - len - 1]))
        return false;
    *at -= len;
    return true;
}

/* Whether one of the words stands in what is in front of `at`. */
static bool has_word(const char *text, size_t start, size_t at, const char *const *words)
{
    size_t from = at - SC_MIN(at - start, STATEMENT_REACH);
    const char *before = memrchr(text + from, ';', at - from); /* another statement */
    for (size_t i = before == NULL ? from : (size_t)(before - text) + 1; i < at; i++) {
        if (i > start && is_word_char(text[i - 1]))
            continue;
        for (const char *const *word = words; *word != NULL; word++) {
            size_t len = strlen(*word);
            if (at - i > len && strncasecmp(text + i, *word, len) == 0 &&
                strchr(" \t\r\n", text[i + len]) != NULL)
                return true;
        }
    }
    return false;
}

/* Whether what stands in front of the quote at `at` makes its text a password. */
static bool is_password(const char *text, size_t start, size_t quote)
{
    /* What gives a password, not what asks for it, and not prose. */
    static const char *const identified[] = {"identified", NULL};
    static const char *const verbs[] = {"create", "alter", "set", "grant", NULL};
    size_t at = quote;
    at -= at > start + 1 && (text[at - 1] == 'N' || text[at - 1] == 'E') &&
          !is_word_char(text[at - 2]);
    at = in_front_of_blanks(text, start, at);
    if (word_before(text, start, &at, "by")) /* IDENTIFIED [WITH plugin] BY */
        return has_word(text, start, at, identified);
    if (text[quote] == '"')
        return false;
    bool sign = at > start && (text[at - 1] == '=' || text[at - 1] == '(');
    at = in_front_of_blanks(text, start, at - sign);
    if (sign && at > start && text[at - 1] == '=') /* = ('x') */
        at = in_front_of_blanks(text, start, at - 1);
    if (sign && (word_before(text, start, &at, "master_password") ||
                 word_before(text, start, &at, "source_password"))) /* CHANGE MASTER TO */
        return true;
    return word_before(text, start, &at, "password") && (!sign || has_word(text, start, at, verbs));
}

/* Behind the closing quote of the text that begins at `at`; quotes are doubled or escaped in it. */
static size_t closing_quote(const char *text, size_t at, size_t end, char quote)
{
    while (at < end) {
        if (text[at] == quote && !(at + 1 < end && text[at + 1] == quote))
            return at;
        if (text[at] == '\n')
            break; /* an apostrophe */
        at +=
            (text[at] == quote || text[at] == '\\') && at + 1 < end && text[at + 1] != '\n' ? 2 : 1;
    }
    return end;
}

int sc_sql_read(const char *text, struct sc_region region, sc_sql_fn fn, void *ctx,
                struct sc_error *err)
{
    size_t start = region.offset, end = region.offset + region.len;
    int rc = 0;
    for (size_t at = start; at < end && rc == 0; at++) {
        if (text[at] != '\'' && text[at] != '"')
            continue;
        if (!is_password(text, start, at)) {
            if (text[at] == '"')
                continue; /* around a whole statement, as a rule */
            size_t close = closing_quote(text, at + 1, end, text[at]);
            at = close < end ? close : at;
            continue;
        }
        size_t close = closing_quote(text, at + 1, end, text[at]);
        if (close >= end)
            continue;
        if (close > at + 1)
            rc = fn(ctx, (struct sc_region){at + 1, close - at - 1}, err);
        at = close;
    }
    return rc;
}
