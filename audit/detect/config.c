/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files and source: what compose/judge/lines.h reads becomes findings.
 */
#include "audit/detect/region.h"

#include <string.h>
#include <strings.h>

#include "compose/judge/lines.h"
#include "core/str.h"

#include "core/banned.h"

struct config {
    struct sc_detect *detect;
    enum sc_family family;
    bool translated; /* captions in a language */
};

/* locales/de.json, messages_fr.properties: what a form's fields are called. */
static bool is_translation(const char *file)
{
    static const char *const words[] = {"/locale",       "/i18n",     "/lang/",       "/langs/",
                                        "/translations", "/messages", "translation.", NULL};
    for (const char *const *word = words; *word != NULL; word++) {
        bool first = strncmp(file, *word + 1, strlen(*word) - 1) == 0 && **word == '/';
        if (first || strstr(file, *word) != NULL)
            return true;
    }
    return false;
}

static bool has_digit(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            return true;
    }
    return false;
}

/* ^1.2.3 of package.json. */
static bool is_range(const char *value, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (value[i] != '.' && (value[i] < '0' || value[i] > '9'))
            return false;
    }
    return len > 1 && (value[0] == '^' || value[0] == '~');
}

/* `password: Password` and prose: a label of a form, not a value. */
static bool is_caption(const struct sc_pair *pair, bool translated)
{
    size_t offset, length;
    if (sc_credential_in_url(pair->value, pair->value_len, &offset, &length))
        return false; /* a connection string */
    size_t scheme = sc_credential_scheme(pair->value, pair->value_len);
    if (scheme > 0) /* Bearer VALUE */
        return memchr(pair->value + scheme, ' ', pair->value_len - scheme) != NULL;
    if (memchr(pair->value, ' ', pair->value_len) != NULL)
        return true;
    if (is_range(pair->value, pair->value_len))
        return true;
    if (translated && !has_digit(pair->value, pair->value_len))
        return true;
    return pair->key != NULL && pair->value_len <= pair->key_len &&
           strncasecmp(pair->key + pair->key_len - pair->value_len, pair->value, pair->value_len) ==
               0;
}

/* `passwd: files` of nsswitch.conf: where accounts are looked up. */
static bool is_lookup(const struct sc_pair *pair)
{
    static const char *const databases[] = {"files", "compat", "db", "systemd", "sss", "ldap"};
    if (pair->key_len != 6 || memcmp(pair->key, "passwd", 6) != 0)
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(databases); i++) {
        if (pair->value_len == strlen(databases[i]) &&
            memcmp(pair->value, databases[i], pair->value_len) == 0)
            return true;
    }
    return false;
}

static int judge(void *ctx, struct sc_region key, struct sc_region value, struct sc_error *err)
{
    const struct config *c = ctx;
    const struct sc_pair pair = sc_detect_pair_of(c->detect, c->family, key, value);
    if (c->family == SC_FAMILY_CONFIG && (is_caption(&pair, c->translated) || is_lookup(&pair)))
        return 0;
    return sc_detect_pair(c->detect, &pair, err);
}

static bool next_word(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    while (*at < end && (text[*at] == ' ' || text[*at] == '\t'))
        ++*at;
    size_t start = *at;
    char quote = *at < end && (text[*at] == '"' || text[*at] == '\'') ? text[*at] : '\0';
    *at += quote != '\0';
    while (*at < end && text[*at] != '\r' &&
           (quote != '\0' ? text[*at] != quote : text[*at] != ' ' && text[*at] != '\t'))
        ++*at;
    *ret = (struct sc_region){start + (quote != '\0'), *at - start - (quote != '\0')};
    *at += quote != '\0' && *at < end;
    return ret->len > 0;
}

static bool is_any(const char *text, struct sc_region word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == word.len && memcmp(*names, text + word.offset, word.len) == 0)
            return true;
    }
    return false;
}

/* user NAME insecure-password VALUE of HAProxy; user NAME on >VALUE ~* of Redis. */
static int read_user(struct config *c, size_t at, size_t end, struct sc_error *err)
{
    static const char *const clear[] = {"insecure-password", NULL};
    struct sc_region word;
    int rc = 0;
    for (bool given = false; rc == 0 && next_word(c->detect->text, &at, end, &word);) {
        bool redis = word.len > 1 && c->detect->text[word.offset] == '>';
        if (redis)
            word = (struct sc_region){word.offset + 1, word.len - 1};
        if (given || redis)
            rc = sc_detect_password(c->detect, c->family, word, err);
        given = is_any(c->detect->text, word, clear);
    }
    return rc;
}

/* stats auth USER:VALUE of HAProxy. */
static int read_stats(struct config *c, size_t at, size_t end, struct sc_error *err)
{
    static const char *const auth[] = {"auth", NULL};
    struct sc_region word;
    if (!next_word(c->detect->text, &at, end, &word) || !is_any(c->detect->text, word, auth) ||
        !next_word(c->detect->text, &at, end, &word))
        return 0;
    const char *colon = memchr(c->detect->text + word.offset, ':', word.len);
    if (colon == NULL)
        return 0;
    size_t passed = (size_t)(colon - c->detect->text) + 1 - word.offset;
    return sc_detect_password(c->detect, c->family,
                              (struct sc_region){word.offset + passed, word.len - passed}, err);
}

/* `requirepass VALUE`, `proxy_set_header Authorization "Bearer VALUE";`: words without a sign. */
static int read_directive(struct config *c, size_t at, size_t end, struct sc_error *err)
{
    static const char *const passwords[] = {
        "requirepass",     "masterauth",        "rootpw", "bindpw", "auth_pass", "wpa_passphrase",
        "remote_password", "tls-key-file-pass", NULL};
    static const char *const headers[] = {"proxy_set_header", "fastcgi_param", "header_up",
                                          "header_down", NULL};
    const char *text = c->detect->text;
    while (end > at && (text[end - 1] == ';' || text[end - 1] == '\r' || text[end - 1] == ' '))
        end--;
    struct sc_region key, value;
    if (!next_word(text, &at, end, &key))
        return 0;
    static const char *const users[] = {"user", NULL}, *const stats[] = {"stats", NULL};
    if (is_any(text, key, users))
        return read_user(c, at, end, err);
    if (is_any(text, key, stats))
        return read_stats(c, at, end, err);
    bool header = is_any(text, key, headers);
    if ((header && !next_word(text, &at, end, &key)) ||
        (!header && !is_any(text, key, passwords)) || !next_word(text, &at, end, &value) ||
        text[value.offset] == '=')
        return 0;
    return judge(c, key, value, err);
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
static int read_directives(struct config *c, size_t at, size_t end, struct sc_error *err)
{
    int rc = read_directive(c, at, end, err);
    for (size_t stop = segment_end(c->detect->text, at, end); stop < end && rc == 0;) {
        at = stop + 1;
        stop = segment_end(c->detect->text, at, end);
        rc = read_directive(c, at, stop, err);
    }
    return rc;
}

static bool takes_directives(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (strcasecmp(slash == NULL ? file : slash + 1, "caddyfile") == 0)
        return true;
    return sc_str_has_suffix(file, ".conf") || sc_str_has_suffix(file, ".cfg") ||
           sc_str_has_suffix(file, ".conf.template") || sc_str_has_suffix(file, ".acl") ||
           sc_str_has_suffix(file, ".yml") || sc_str_has_suffix(file, ".yaml"); /* in them */
}

int sc_detect_config(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    struct config c = {detect, family, is_translation(detect->file)};
    int rc = sc_lines_read(detect->text, region, judge, &c, err);
    size_t end = region.offset + region.len;
    bool config = family == SC_FAMILY_CONFIG || family == SC_FAMILY_COMPOSE_CONFIG;
    bool directives = config && takes_directives(detect->file);
    for (size_t at = region.offset; directives && at < end && rc == 0;) {
        const char *newline = memchr(detect->text + at, '\n', end - at);
        size_t stop = newline == NULL ? end : (size_t)(newline - detect->text);
        rc = read_directives(&c, at, stop, err);
        at = stop + 1;
    }
    return rc;
}
