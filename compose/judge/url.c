/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords inside URLs and connection strings; see compose/credential.h and compose/judge/shape.h.
 */
#include <string.h>
#include <strings.h>

#include "compose/credential.h"
#include "compose/judge/shape.h"
#include "core/macros.h"

#include "core/banned.h"

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#' || c == ' ' || c == '"' || c == '\'' || c == '`' ||
           c == ',' || c == '<' || c == '>' || c == '\n' || c == '\\' || c == '|';
}

/* Walks one character, or one ${...} as a whole. */
static size_t step(const char *value, size_t len, size_t at)
{
    struct sc_shape_variable variable;
    if (value[at] == '$' && sc_shape_variable(value + at, len - at, &variable))
        return at + variable.length;
    if (value[at] == '<') { /* <password> */
        const char *close = memchr(value + at, '>', len - at);
        if (close != NULL && (size_t)(close - value) - at < 40)
            return (size_t)(close - value) + 1;
    }
    return at + 1;
}

/* The userinfo of an authority that begins at `start`: its password, or a token alone. */
static bool userinfo_at(const char *value, size_t len, size_t start, size_t *ret_offset,
                        size_t *ret_length)
{
    size_t colon = 0, sign = 0;
    for (size_t at = start; at < len;) {
        size_t next = step(value, len, at);
        if (next == at + 1 && ends_authority(value[at]))
            break;
        if (value[at] == ':' && colon == 0)
            colon = at;
        if (value[at] == '@')
            sign = at;
        at = next;
    }
    if (sign == 0)
        return false;
    if (colon != 0 && colon + 1 < sign) {
        *ret_offset = colon + 1;
        *ret_length = sign - colon - 1;
        return true;
    }
    if (colon == 0 && sign - start >= 16 && sc_shape_is_random(value + start, sign - start)) {
        *ret_offset = start;
        *ret_length = sign - start;
        return true;
    }
    return false;
}

static bool parameter_name(const char *value, size_t equals, size_t *ret_start)
{
    static const char *const names[] = {"password",     "passwd",
                                        "pwd",          "pass",
                                        "accountkey",   "sharedaccesskey",
                                        "access_token", "api_key",
                                        "apikey",       "token",
                                        "secret",       "sslpassword",
                                        "secretkey",    "secret_key",
                                        "auth_token",   "secret_access_key",
                                        "sig",          NULL};
    size_t start = equals;
    while (start > 0 && (sc_shape_is_word_char(value[start - 1])))
        start--;
    for (const char *const *name = names; *name != NULL; name++) {
        if (strlen(*name) == equals - start &&
            strncasecmp(value + start, *name, equals - start) == 0) {
            *ret_start = start;
            return true;
        }
    }
    return false;
}

/* Where "x" ends whose quote stands at `at`, of words that follow each other: username="a"
 * password="x". 0: it is not such a thing. */
static size_t quoted_end(const char *value, size_t len, size_t at)
{
    if (at + 1 >= len || value[at] != '"' || memmem(value, at, "=\"", 2) == NULL)
        return 0;
    const char *close = memchr(value + at + 1, '"', len - at - 1);
    return close == NULL || close == value + at + 1 ? 0 : (size_t)(close - value);
}

/* scheme://user:password@host, from `from` on. */
static bool in_authority(const struct sc_passwords *walk, size_t *ret_offset, size_t *ret_length)
{
    const char *value = walk->value, *stop = value + walk->len, *sign = value + walk->at;
    while ((sign = memmem(sign, (size_t)(stop - sign), "://", 3)) != NULL) {
        if (sign > value && sc_shape_is_word_char(sign[-1]) &&
            userinfo_at(value, walk->len, (size_t)(sign - value) + 3, ret_offset, ret_length))
            return true;
        sign += 3;
    }
    return false;
}

/* user:password@tcp(host:3306)/db */
static bool in_tcp(const struct sc_passwords *walk, size_t *ret_offset, size_t *ret_length)
{
    const char *value = walk->value, *stop = value + walk->len;
    const char *from = value + walk->at; /* where the last one's "@tcp(" stands, if there was one */
    const char *tcp = from + (walk->at > 0);
    for (; (tcp = memmem(tcp, (size_t)(stop - tcp), "@tcp(", 5)) != NULL; from = tcp++) {
        const char *start = tcp;
        while (start > from && strchr(" ,;\t\n\"'", start[-1]) == NULL)
            start--;
        size_t len = (size_t)(tcp - start);
        const char *colon = memchr(start, ':', len);
        if (colon == NULL || colon + 1 >= tcp || memmem(start, len, "://", 3) != NULL)
            continue;
        *ret_offset = (size_t)(colon + 1 - value);
        *ret_length = (size_t)(tcp - colon - 1);
        return true;
    }
    return false;
}

/* password=... as a part of a connection string: there must be other parts around it. */
static bool in_parameters(const struct sc_passwords *walk, size_t *ret_offset, size_t *ret_length)
{
    const char *value = walk->value;
    const size_t len = walk->len;
    for (size_t at = SC_MAX(walk->at, (size_t)1); at < len; at++) {
        size_t start = 0;
        if (value[at] != '=' || !parameter_name(value, at, &start))
            continue;
        char before = start > 0 ? value[start - 1] : '\0';
        bool among_others = before != '\0' && strchr("?&; ,", before) != NULL;
        if (!among_others && start > 0)
            continue;
        size_t end = at + 1;
        size_t quoted = quoted_end(value, len, end);
        if (quoted > 0 && (before == ' ' || before == ';' || before == ',')) {
            *ret_offset = end + 1;
            *ret_length = quoted - end - 1;
            return true;
        }
        while (end < len && strchr(";&'\"", value[end]) == NULL &&
               !(before != ';' && value[end] == ' ') && value[end] != ',')
            end = step(value, len, end);
        if (start == 0 && end < len)
            among_others = value[end] == ';' || memchr(value + end, '=', len - end) != NULL;
        if (!among_others || end == at + 1)
            continue;
        /* Prose and shell tests are no connection strings: one more NAME= must stand before or
         * behind. */
        if (before == ' ' && memchr(value, '=', start) == NULL &&
            memchr(value + end, '=', len - end) == NULL)
            continue;
        *ret_offset = at + 1;
        *ret_length = end - at - 1;
        return true;
    }
    return false;
}

bool sc_credential_next_in_url(struct sc_passwords *walk, size_t *ret_offset, size_t *ret_length)
{
    static bool (*const forms[])(const struct sc_passwords *, size_t *,
                                 size_t *) = {in_authority, in_tcp, in_parameters};
    /* All forms have one of these; most texts have neither. */
    if (memchr(walk->value, ':', walk->len) == NULL && memchr(walk->value, '=', walk->len) == NULL)
        return false;
    for (; walk->form < SC_ARRAY_SIZE(forms); walk->form++, walk->at = 0) {
        if (forms[walk->form](walk, ret_offset, ret_length)) {
            walk->at = *ret_offset + *ret_length;
            return true;
        }
    }
    return false;
}

bool sc_credential_in_url(const char *value, size_t len, size_t *ret_offset, size_t *ret_length)
{
    struct sc_passwords walk = {.value = value, .len = len};
    return sc_credential_next_in_url(&walk, ret_offset, ret_length);
}

bool sc_shape_key_names_url(const char *key, size_t len)
{
    static const char *const tails[] = {
        "url", "dsn", "uri", "connection", "connectionstring", "conn", "connection_string", NULL};
    for (const char *const *tail = tails; *tail != NULL; tail++) {
        size_t n = strlen(*tail);
        if (len >= n && strncasecmp(key + len - n, *tail, n) == 0)
            return true;
    }
    return false;
}

bool sc_shape_bare_userinfo(const char *value, size_t len, size_t *ret_offset, size_t *ret_length)
{
    if (memchr(value, ' ', len) != NULL || memmem(value, len, "://", 3) != NULL ||
        (len > 7 && strncasecmp(value, "mailto:", 7) == 0) ||
        (len > 4 && strncasecmp(value, "pkg:", 4) == 0)) /* the address of a package */
        return false;
    const char *colon = memchr(value, ':', len);
    const char *at = memrchr(value, '@', len);
    if (colon == NULL || at == NULL || colon == value || colon + 1 >= at)
        return false;
    for (const char *c = value; c < colon; c++) {
        if (!sc_shape_is_word_char(*c))
            return false;
    }
    *ret_offset = (size_t)(colon + 1 - value);
    *ret_length = (size_t)(at - colon - 1);
    return true;
}
