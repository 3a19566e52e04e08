/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files and source: what compose/judge/lines.h reads becomes findings.
 */
#include "audit/detect/region.h"

#include <string.h>
#include <strings.h>

#include "compose/judge/lines.h"
#include "compose/judge/shape.h"
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

static bool is_passphrase(const struct sc_pair *pair)
{
    return pair->key != NULL && sc_shape_is_phrase(pair->value, pair->value_len) &&
           sc_key_classify(pair->key, pair->key_len) == SC_KEY_PASSWORD;
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
        return translated || !is_passphrase(pair);
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
    if (key.len == 0) /* a password by its place */
        return sc_detect_password(c->detect, c->family, value, err);
    const struct sc_pair pair = sc_detect_pair_of(c->detect, c->family, key, value);
    if (c->family == SC_FAMILY_CONFIG && (is_caption(&pair, c->translated) || is_lookup(&pair)))
        return 0;
    return sc_detect_pair(c->detect, &pair, err);
}

static bool is_caddyfile(const char *file)
{
    const char *slash = strrchr(file, '/');
    return strcasecmp(slash == NULL ? file : slash + 1, "caddyfile") == 0;
}

static bool takes_directives(const char *file)
{
    return is_caddyfile(file) || sc_str_has_suffix(file, ".conf") ||
           sc_str_has_suffix(file, ".cfg") || sc_str_has_suffix(file, ".conf.template") ||
           sc_str_has_suffix(file, ".acl") || sc_str_has_suffix(file, ".yml") ||
           sc_str_has_suffix(file, ".yaml"); /* in them */
}

/* Servers, routers and monitors: `password x`, `secret "x";`. */
static bool takes_names(const char *file)
{
    static const char *const endings[] = {".conf", ".cfg", ".keys", "monitrc", NULL};
    bool found = is_caddyfile(file);
    for (const char *const *ending = endings; *ending != NULL; ending++)
        found = found || sc_str_has_suffix(file, *ending);
    return found;
}

int sc_detect_config(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    struct config c = {detect, family, is_translation(detect->file)};
    bool config = family == SC_FAMILY_CONFIG || family == SC_FAMILY_COMPOSE_CONFIG;
    int rc = sc_lines_read(detect->text, region, judge, &c, err);
    if (rc == 0 && config && takes_directives(detect->file))
        rc = sc_directives_read(detect->text, region, judge, &c, err);
    if (rc == 0 && family == SC_FAMILY_CONFIG && takes_names(detect->file))
        rc = sc_named_directives_read(detect->text, region, judge, &c, err);
    return rc;
}

int sc_detect_logins(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err)
{
    struct config c = {detect, family, false};
    return sc_logins_read(detect->text, region, judge, &c, err);
}
