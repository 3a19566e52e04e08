/* SPDX-License-Identifier: Apache-2.0
 *
 * What a value is, and the judgement over a pair; see compose/credential.h.
 */
#include "compose/credential.h"

#include <string.h>
#include <strings.h>

#include "compose/judge/lines.h"
#include "compose/judge/shape.h"
#include "core/macros.h"

#include "core/banned.h"

size_t sc_credential_scheme(const char *value, size_t len)
{
    static const char *const schemes[] = {"bearer ", "basic ", "token ", "apikey "};
    for (size_t i = 0; i < SC_ARRAY_SIZE(schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (len > n && strncasecmp(value, schemes[i], n) == 0)
            return n;
    }
    return 0;
}

static bool has_interpolation(const char *value, size_t len)
{
    if (memchr(value, '$', len) == NULL)
        return false;
    for (size_t i = 0; i + 1 < len; i++) {
        struct sc_shape_variable variable;
        if (value[i] == '$' && sc_shape_variable(value + i, len - i, &variable))
            return true;
        i += value[i] == '$' && value[i + 1] == '$'; /* an escaped dollar */
    }
    return false;
}

static enum sc_key_kind key_kind(const char *key, size_t len)
{
    return key == NULL ? SC_KEY_OTHER : sc_key_classify(key, len);
}

/* A key of kind WEAK needs a value that speaks for itself. */
static bool speaks_for_itself(const char *value, size_t len)
{
    size_t letters = 0;
    for (size_t i = 0; i < len; i++)
        letters += (value[i] | 0x20) >= 'a' && (value[i] | 0x20) <= 'z';
    if (letters < 3 && memchr(value, ':', len) != NULL)
        return false; /* 1979-05-27T07:32:00Z */
    if (sc_shape_is_random(value, len))
        return !sc_shape_is_plain_url(value, len);
    /* user:password and user/password, as NEO4J_AUTH and basic auth take it. */
    size_t split = 0;
    while (split < len && value[split] != ':' && value[split] != '/')
        split++;
    if (split == 0 || split + 1 >= len || memchr(value, ' ', len) != NULL ||
        memchr(value, '.', len) != NULL)
        return false;
    for (size_t i = 0; i < split; i++) {
        if (!sc_shape_is_word_char(value[i]))
            return false;
    }
    return split + 4 < len && memchr(value + split + 1, '/', len - split - 1) == NULL;
}

static bool literal_fits(enum sc_key_kind kind, const char *value, size_t len)
{
    if (len == 0 || sc_shape_is_switch(value, len))
        return false;
    switch (kind) {
    case SC_KEY_PASSWORD:
        return sc_shape_spaces(value, len) < 5;
    case SC_KEY_SECRET:
        return !sc_shape_is_quantity(value, len) && !sc_shape_is_plain_url(value, len) &&
               !sc_shape_is_key_file(value, len) && sc_shape_spaces(value, len) < 3;
    case SC_KEY_HALF:
        return len >= 4 && !sc_shape_is_quantity(value, len) &&
               !sc_shape_is_plain_url(value, len) && sc_shape_spaces(value, len) == 0;
    case SC_KEY_WEAK:
        return speaks_for_itself(value, len);
    case SC_KEY_OTHER:
    default:
        return false;
    }
}

/* The whole value is ${NAME...}. */
static bool judge_variable(enum sc_key_kind kind, const char *value, size_t len,
                           struct sc_credential *ret)
{
    struct sc_shape_variable variable;
    if (!sc_shape_variable(value, len, &variable) || variable.length != len)
        return false;
    enum sc_key_kind named = sc_key_classify(value + variable.name, variable.name_length);
    if (kind == SC_KEY_OTHER || kind == SC_KEY_WEAK)
        kind = named == SC_KEY_WEAK ? SC_KEY_OTHER : named;
    if (kind == SC_KEY_OTHER)
        return false;
    const char *fallback = value + variable.fallback;
    *ret = (struct sc_credential){SC_SHAPE_INTERPOLATED, kind, 0, len};
    if (variable.fallback_length == 0 || has_interpolation(fallback, variable.fallback_length))
        return true;
    if (sc_credential_is_reference(fallback, variable.fallback_length))
        return true;
    if (!literal_fits(kind, fallback, variable.fallback_length))
        return true;
    *ret =
        (struct sc_credential){SC_SHAPE_DEFAULT, kind, variable.fallback, variable.fallback_length};
    return true;
}

/* Text with variables in it: a credential if one of them is named like one. */
static bool judge_mixture(enum sc_key_kind kind, const char *value, size_t len,
                          struct sc_credential *ret)
{
    for (size_t i = 0; i + 1 < len; i++) {
        struct sc_shape_variable variable;
        if (value[i] != '$' || !sc_shape_variable(value + i, len - i, &variable)) {
            i += value[i] == '$' && value[i + 1] == '$';
            continue;
        }
        enum sc_key_kind named = sc_key_classify(value + i + variable.name, variable.name_length);
        if (named == SC_KEY_PASSWORD || named == SC_KEY_SECRET ||
            (kind == SC_KEY_PASSWORD && named == SC_KEY_OTHER)) {
            struct sc_credential inner;
            if (!judge_variable(SC_KEY_PASSWORD, value + i, variable.length, &inner))
                continue;
            *ret = inner;
            ret->offset += i;
            return true;
        }
        i += variable.length - 1;
    }
    return false;
}

/* What the password at this place of a URL is; false where none is left in the text. */
static bool judge_password(const char *value, size_t offset, size_t length,
                           struct sc_credential *ret)
{
    const char *secret = value + offset;
    struct sc_shape_variable variable;
    *ret = (struct sc_credential){SC_SHAPE_URL, SC_KEY_PASSWORD, offset, length};
    if (sc_shape_variable(secret, length, &variable) && variable.length == length) {
        ret->shape = SC_SHAPE_URL_INTERPOLATED;
        if (variable.fallback_length > 0 &&
            !sc_credential_is_reference(secret + variable.fallback, variable.fallback_length)) {
            ret->shape = SC_SHAPE_DEFAULT;
            ret->offset = offset + variable.fallback;
            ret->length = variable.fallback_length;
        }
        return true;
    }
    if (has_interpolation(secret, length)) {
        ret->shape = SC_SHAPE_URL_INTERPOLATED;
        return true;
    }
    if (sc_credential_is_reference(secret, length) || sc_shape_is_masked(secret, length))
        return false;
    if (sc_credential_is_placeholder(secret, length))
        ret->shape = SC_SHAPE_PLACEHOLDER;
    return true;
}

static bool judge_url(const char *key, size_t key_len, const char *value, size_t len,
                      struct sc_credential *ret)
{
    size_t offset = 0, length = 0;
    bool found = sc_credential_in_url(value, len, &offset, &length);
    if (!found && key != NULL && sc_shape_key_names_url(key, key_len))
        found = sc_shape_bare_userinfo(value, len, &offset, &length);
    return found && judge_password(value, offset, length, ret);
}

static bool judge_key_material(const char *value, size_t len, struct sc_credential *ret)
{
    size_t offset = 0, length = 0;
    if (!sc_shape_private_key(value, len, &offset, &length))
        return false;
    *ret = (struct sc_credential){SC_SHAPE_KEY_MATERIAL, SC_KEY_SECRET, offset, length};
    return true;
}

static bool is_header(const char *key, size_t len)
{
    static const char name[] = "authorization", value[] = "headervalue"; /* Grafana's */
    size_t n = sizeof(name) - 1, m = sizeof(value) - 1;
    if (key == NULL)
        return false;
    return (len >= n && strncasecmp(key + len - n, name, n) == 0) ||
           (len > m && strncasecmp(key + len - m - 1, value, m) == 0);
}

bool sc_credential_judge(const char *key, size_t key_len, const char *value, size_t value_len,
                         struct sc_credential *ret)
{
    size_t skipped = 0;
    while (value_len > 0 && (value[0] == ' ' || value[0] == '\t' || value[0] == '\n')) {
        value++;
        value_len--;
        skipped++;
    }
    while (value_len > 0 && strchr(" \t\r\n", value[value_len - 1]) != NULL)
        value_len--;
    size_t scheme = is_header(key, key_len) ? sc_credential_scheme(value, value_len) : 0;
    if (scheme > 0 && scheme < value_len) { /* Authorization: Bearer x */
        if (!sc_credential_judge("token", 5, value + scheme, value_len - scheme, ret))
            return false;
        ret->offset += skipped + scheme;
        return true;
    }
    if (value_len == 0)
        return false;
    struct sc_credential found;
    enum sc_key_kind kind = key_kind(key, key_len);
    bool is_credential = judge_key_material(value, value_len, &found) ||
                         judge_url(key, key_len, value, value_len, &found) ||
                         judge_variable(kind, value, value_len, &found);
    if (!is_credential && has_interpolation(value, value_len))
        is_credential = judge_mixture(kind, value, value_len, &found);
    else if (!is_credential && literal_fits(kind, value, value_len) &&
             !sc_credential_is_reference(value, value_len) &&
             !sc_shape_is_masked(value, value_len)) {
        found = (struct sc_credential){SC_SHAPE_LITERAL, kind, 0, value_len};
        if (sc_credential_is_placeholder(value, value_len))
            found.shape = SC_SHAPE_PLACEHOLDER;
        is_credential = true;
    }
    if (!is_credential)
        return false;
    found.offset += skipped;
    *ret = found;
    return true;
}

/* ---- several in one value ---- */

struct parts {
    const char *value;
    struct sc_credential_part *items;
    size_t count;
};

/* Keeps them in order; what lies in another one is that one. */
static void add_part(struct parts *parts, const struct sc_credential_part *part)
{
    const struct sc_credential *new = &part->credential;
    size_t at = 0, stored = SC_MIN(parts->count, (size_t)SC_CREDENTIAL_PARTS_MAX);
    for (; at < stored && parts->items[at].credential.offset < new->offset + new->length; at++) {
        const struct sc_credential *old = &parts->items[at].credential;
        if (new->offset < old->offset + old->length)
            return;
    }
    parts->count++;
    if (stored == SC_CREDENTIAL_PARTS_MAX)
        return;
    memmove(parts->items + at + 1, parts->items + at, (stored - at) * sizeof(*part));
    parts->items[at] = *part;
}

static int add_line(void *ctx, struct sc_region key, struct sc_region value, struct sc_error *err)
{
    (void)err;
    struct parts *parts = ctx;
    struct sc_credential_part part = {.key = key.offset,
                                      .key_len = key.len,
                                      .from = value.offset,
                                      .to = value.offset + value.len};
    bool named = key.len > 0; /* what has no name is said to be a password by its place */
    if (sc_credential_judge(named ? parts->value + key.offset : "password", named ? key.len : 8,
                            parts->value + value.offset, value.len, &part.credential)) {
        part.credential.offset += value.offset;
        add_part(parts, &part);
    }
    return 0;
}

/* Where a document begins: a file of several lines, JSON, or JSON behind something else; `len` if
 * there is none. */
static size_t document_at(const char *value, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", value[len - 1]) != NULL)
        len--;
    size_t at = 0;
    while (at < len && strchr(" \t\r\n", value[at]) != NULL)
        at++;
    if (memchr(value + at, '\n', len - at) != NULL)
        return 0;
    if (at < len && strchr("{[", value[at]) != NULL && memchr(value + at, '"', len - at) != NULL)
        return at;
    while (at + 1 < len && (strchr("{[", value[at]) == NULL || value[at + 1] != '"'))
        at++;
    return at + 1 < len ? at : len;
}

/* Whether all of the value is the one credential that was found in it. */
static bool is_whole(enum sc_key_kind kind, const char *value, size_t len,
                     const struct sc_credential *found)
{
    bool in_url = found->shape == SC_SHAPE_URL || found->shape == SC_SHAPE_URL_INTERPOLATED;
    if (found->shape == SC_SHAPE_KEY_MATERIAL || found->shape == SC_SHAPE_LITERAL)
        return true;
    return !in_url && memmem(value, len, "://", 3) == NULL &&
           (kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET || found->length == len);
}

/* Whether the text has one of the bytes without which it is none of those that hold others: lines,
 * documents, URLs, pairs, options, variables. Most have none. */
static bool may_hold_more(const char *value, size_t len)
{
    static const bool marks[256] = {['\n'] = true, ['{'] = true, ['['] = true,  ['='] = true,
                                    [':'] = true,  ['"'] = true, ['\''] = true, ['$'] = true};
    for (size_t i = 0; i < len; i++) {
        if (marks[(unsigned char)value[i]] || (value[i] == '-' && i > 0 && value[i - 1] == '-'))
            return true;
    }
    return false;
}

size_t sc_credential_parts(const char *key, size_t key_len, const char *value, size_t len,
                           struct sc_credential_part ret[SC_CREDENTIAL_PARTS_MAX])
{
    struct parts parts = {value, ret, 0};
    struct sc_credential_part part = {.to = len};
    bool found = sc_credential_judge(key, key_len, value, len, &part.credential);
    if (!may_hold_more(value, len)) {
        if (found)
            add_part(&parts, &part);
        return parts.count;
    }
    enum sc_key_kind kind = key_kind(key, key_len);
    if (found && is_whole(kind, value, len, &part.credential)) {
        add_part(&parts, &part);
        return parts.count;
    }
    struct sc_credential_part rest = {.to = len};
    const size_t document = document_at(value, len);
    const struct sc_region lines = {document, len - document};
    if (sc_lines_read(value, lines, add_line, &parts, NULL) < 0 ||
        sc_inner_read(value, len, add_line, &parts, NULL) < 0)
        return 0; /* add_line never fails */
    struct sc_passwords walk = {.value = value, .len = len};
    for (size_t at = 0, n = 0; sc_credential_next_in_url(&walk, &at, &n);) {
        if (judge_password(value, at, n, &rest.credential))
            add_part(&parts, &rest);
    }
    if (sc_inline_read(value, len, add_line, &parts, NULL) < 0)
        return 0;
    for (size_t at = 0; judge_mixture(kind, value + at, len - at, &rest.credential);
         at = rest.credential.offset + rest.credential.length) {
        rest.credential.offset += at;
        add_part(&parts, &rest);
    }
    if (found)
        add_part(&parts, &part);
    return parts.count;
}
