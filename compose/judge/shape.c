/* SPDX-License-Identifier: Apache-2.0
 *
 * Shapes of values; see compose/judge/shape.h. URLs are in compose/judge/url.c.
 */
#include "compose/judge/shape.h"

#include <string.h>
#include <strings.h>

#include "compose/credential.h"
#include "core/macros.h"

#include "core/banned.h"

#define VARIABLE_DEPTH_MAX 16

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_with(const char *value, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    return len >= n && strncasecmp(value, prefix, n) == 0;
}

static bool contains(const char *value, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++) {
        if (strncasecmp(value + i, word, n) == 0)
            return true;
    }
    return false;
}

static bool equals_any(const char *const *list, const char *value, size_t len)
{
    for (; *list != NULL; list++) {
        if ((**list | 0x20) == (*value | 0x20) && strlen(*list) == len &&
            strncasecmp(*list, value, len) == 0)
            return true;
    }
    return false;
}

static bool has_prefix_of(const char *const *list, const char *value, size_t len)
{
    for (; *list != NULL; list++) {
        if (starts_with(value, len, *list))
            return true;
    }
    return false;
}

bool sc_shape_is_word_char(char c)
{
    return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* The index behind the `}` that closes the brace opened before `at`, or 0. */
static size_t closing_brace(const char *text, size_t len, size_t at)
{
    size_t depth = 1;
    for (; at < len && depth <= VARIABLE_DEPTH_MAX; at++) {
        if (text[at] == '{' && at > 0 && text[at - 1] == '$')
            depth++;
        else if (text[at] == '}' && --depth == 0)
            return at + 1;
    }
    return 0;
}

/* ${env:X}, ${ssm:X}, ${localEnv:X}: where the value comes from. */
static bool is_resolver(const char *name, size_t len)
{
    static const char *const names[] = {"env",  "localEnv", "containerEnv", "opt",    "self",
                                        "ssm",  "sys",      "param",        "secret", "secrets",
                                        "file", "vault",    "input",        "config", NULL};
    return equals_any(names, name, len);
}

bool sc_shape_variable(const char *text, size_t len, struct sc_shape_variable *ret)
{
    if (len < 2 || text[0] != '$')
        return false;
    struct sc_shape_variable found = {0};
    bool braced = text[1] == '{';
    size_t at = braced ? 2 : 1;
    found.name = at;
    if (at >= len || !(is_alpha(text[at]) || text[at] == '_'))
        return false;
    while (at < len && (is_alpha(text[at]) || is_digit(text[at]) || text[at] == '_'))
        at++;
    found.name_length = at - found.name;
    found.length = at;
    if (braced) {
        size_t end = closing_brace(text, len, at);
        if (end == 0)
            return false;
        found.length = end;
        bool colon = at < len && text[at] == ':';
        at += colon;
        bool resolver = colon && is_resolver(text + found.name, found.name_length);
        if (colon && !resolver && is_alpha(text[at])) { /* Spring's ${X:default} */
            found.fallback = at;
            found.fallback_length = end - 1 - at;
        } else if (at < end - 1 && strchr("-+=", text[at]) != NULL) {
            found.fallback = at + 1;
            found.fallback_length = end - 1 - found.fallback;
        }
    }
    *ret = found;
    return true;
}

bool sc_shape_is_switch(const char *value, size_t len)
{
    static const char *const words[] = {
        "true", "false",  "yes",   "no",       "on",       "off",       "none",
        "null", "nil",    "0",     "1",        "~",        "enabled",   "disabled",
        "auto", "always", "never", "required", "optional", "undefined", "on_create",
        "{}",   "[]",     "\"\"",  "''",       NULL};
    return equals_any(words, value, len);
}

bool sc_shape_is_quantity(const char *value, size_t len)
{
    size_t digits = 0;
    if (len > 1 && strchr("^~", value[0]) != NULL && is_digit(value[1]))
        return true; /* ^4.0.0: a range of versions */
    while (digits < len && (is_digit(value[digits]) || value[digits] == '.'))
        digits++;
    if (digits == 0)
        return false;
    size_t unit = len - digits;
    for (size_t i = digits; i < len; i++) {
        if (!is_alpha(value[i]) && value[i] != ' ')
            return false;
    }
    return unit == 0 ? len < 8 : (digits < 8 && unit <= 7);
}

bool sc_shape_is_plain_url(const char *value, size_t len)
{
    const char *colon = memmem(value, len, "://", 3);
    if (colon != NULL && colon - value < 24) {
        size_t offset, length;
        return !sc_credential_in_url(value, len, &offset, &length);
    }
    const char *at = memchr(value, '@', len);
    return at != NULL && at > value && memchr(at, '.', (size_t)(value + len - at)) != NULL &&
           memchr(value, ':', len) == NULL &&
           memchr(at + 1, '@', (size_t)(value + len - at - 1)) == NULL;
}

bool sc_shape_is_key_file(const char *value, size_t len)
{
    static const char *const endings[] = {".pem", ".key", ".crt", ".cer", ".der",
                                          ".p12", ".pfx", ".jks", NULL};
    for (size_t i = 0; i < len; i++) {
        if (!sc_shape_is_word_char(value[i]) && value[i] != '/')
            return false;
    }
    return len > 4 && equals_any(endings, value + len - 4, 4);
}

bool sc_shape_is_masked(const char *value, size_t len)
{
    static const char *const words[] = {"[redacted]", "<redacted>", "[filtered]",     "[masked]",
                                        "<hidden>",   "[hidden]",   "***redacted***", NULL};
    static const char maskers[] = "*.xX-_#?\xe2\x80\xa2\xa6";
    if (len == 0 || equals_any(words, value, len) ||
        (len > 6 && memcmp(value + len - 3, "...", 3) == 0)) /* shown in part */
        return true;
    bool stars = false;
    for (size_t i = 0; i < len; i++) {
        if (strchr(maskers, value[i]) == NULL)
            return len > 8 && memmem(value, len, "****", 4) != NULL;
        stars = stars || value[i] != value[0];
    }
    return !stars || value[0] == '*' || value[0] == '.' || (unsigned char)value[0] == 0xe2;
}

bool sc_credential_is_placeholder(const char *value, size_t len)
{
    static const char *const parts[] = {
        "changeme",    "change_me",   "change-me",       "change me",  "changethis",  "change_this",
        "change-this", "change this", "changeit",        "replace",    "placeholder", "your_",
        "your-",       "your ",       "yourpass",        "yoursecret", "yourtoken",   "yourapi",
        "yourstrong",  "example",     "insert",          "fill_in",    "fill-in",     "dummy",
        "todo",        "fixme",       "set_me",          "setme",      "set-me",      "enter_",
        "enter-",      "put_your",    "-here",           "_here",      "some-secret", "some_secret",
        "redacted",    "xxxx",        "must_be_changed", "to_be_",     "foobar",      "<your",
        NULL};
    if (len >= 2 &&
        ((value[0] == '<' && value[len - 1] == '>') || (value[0] == '[' && value[len - 1] == ']')))
        return true;
    for (const char *const *part = parts; *part != NULL; part++) {
        if (contains(value, len, *part))
            return true;
    }
    return false;
}

/* /a/b, ./a, ../a, ~/a, C:\a. One slash alone may be base64, so a bare path needs a known root. */
static bool is_path(const char *value, size_t len)
{
    static const char *const roots[] = {
        "./",     "../",    "~/",     "/run/", "/etc/",   "/var/",    "/opt/",     "/app/",
        "/home/", "/root/", "/tmp/",  "/usr/", "/data/",  "/config/", "/secrets/", "/certs/",
        "/mnt/",  "/srv/",  "/keys/", "/ssl/", "/docker", "/vault/",  "/conf/",    "/storage/",
        "/work",  "/dev/",  "/proc/", "file:", "c:\\",    NULL};
    if (memchr(value, ' ', len) != NULL)
        return false;
    return has_prefix_of(roots, value, len);
}

/* `x7Kq...`: Gitea's manual quotes passwords with back quotes. A command has blanks, or no digits
 * among its letters. */
static bool is_quoted_word(const char *value, size_t len)
{
    bool letter = false, digit = false;
    for (size_t i = 1; i + 1 < len; i++) {
        if (strchr(" \t\n/|;&<>(", value[i]) != NULL)
            return false;
        letter = letter || is_alpha(value[i]);
        digit = digit || is_digit(value[i]);
    }
    return len >= 10 && value[0] == '`' && letter && digit;
}

/* {NAME}: what Python's format() and Frigate fill in. */
static bool is_field(const char *value, size_t len)
{
    if (len < 3 || value[0] != '{' || value[len - 1] != '}')
        return false;
    for (size_t i = 1; i + 1 < len; i++) {
        if (!sc_shape_is_word_char(value[i]))
            return false;
    }
    return true;
}

/* One {{ x }}, $(x), `x`, <% x %> from end to end. */
static bool is_template(const char *value, size_t len)
{
    static const char *const pairs[][2] = {{"${{", "}}"}, {"{{", "}}"}, {"$(", ")"},  {"`", "`"},
                                           {"<%", "%>"},  {"%{", "}"},  {"#{", "}"},  {"${", "}"},
                                           {"@@", "@@"},  {"$[", "]"},  {"((", "))"}, {"{%", "%}"}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(pairs); i++) {
        size_t open = strlen(pairs[i][0]), close = strlen(pairs[i][1]);
        if (len >= open + close && memcmp(value, pairs[i][0], open) == 0 &&
            memcmp(value + len - close, pairs[i][1], close) == 0)
            return !is_quoted_word(value, len);
    }
    return false;
}

bool sc_credential_is_reference(const char *value, size_t len)
{
    static const char *const schemes[] = {"vault:",
                                          "ref+",
                                          "op://",
                                          "arn:aws",
                                          "sm://",
                                          "ssm:",
                                          "awssm:",
                                          "gcpsm:",
                                          "azkv:",
                                          "bws:",
                                          "secretref:",
                                          "secret://",
                                          "keyring:",
                                          "env:",
                                          "enc[",
                                          "enc(",
                                          "{cipher}",
                                          "wcfma", /* base64 of a PGP message */
                                          "encrypted:",
                                          "projects/",
                                          "@microsoft.keyvault",
                                          "doppler:",
                                          "infisical:",
                                          "sops:",
                                          "akeyless:",
                                          "process.env",
                                          "os.environ",
                                          "import.meta.env",
                                          "os.getenv(",
                                          "getenv(",
                                          "env_var(",
                                          "env(",
                                          "system.getenv(",
                                          "env['",
                                          "env[\"",
                                          "env.fetch(",
                                          "file.read(",
                                          "io.read(",
                                          NULL};
    if (len == 0)
        return true;
    if (value[0] == '$' && len > 1) {
        size_t at = value[1] == '$' ? 2 : 1;
        size_t start = at;
        while (at < len && (is_alpha(value[at]) || is_digit(value[at]) || value[at] == '_'))
            at++;
        if (at > start && starts_with(value + at, len - at, "::")) /* $section::name of OpenSSL */
            return true;
        if (at == len && at > start)
            return true;
        if (value[1] == '$' && at == 2 && len > 3 && (value[2] == '{' || value[2] == '('))
            return true;
    }
    /* Argument of a script: %s, %VAR%; a path below %kernel.project_dir% of Symfony. */
    if (value[0] == '%' && len >= 2 &&
        (value[len - 1] == '%' || len == 2 || memmem(value, len, "%/", 2) != NULL))
        return true;
    if (value[0] == '<' && is_path(value + 1, len - 1)) /* what Dovecot reads from a file */
        return true;
    return is_template(value, len) || is_field(value, len) || is_path(value, len) ||
           has_prefix_of(schemes, value, len);
}

size_t sc_shape_spaces(const char *value, size_t len)
{
    size_t spaces = 0;
    for (size_t i = 0; i < len; i++)
        spaces += value[i] == ' ' || value[i] == '\n' || value[i] == '\t';
    return spaces;
}

bool sc_shape_is_phrase(const char *value, size_t len)
{
    static const char *const speech[] = {"passw", "character", "digit",   "least", "must",
                                         "minim", "secret",    "version", "token", NULL};
    size_t blanks = 0, digits = 0, letters = 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < ' ' || (unsigned char)value[i] >= 0x7f ||
            strchr("<>{}()[]$%:;,\"'\\=/|", value[i]) != NULL)
            return false;
        blanks += value[i] == ' ';
        digits += is_digit(value[i]);
        letters += is_alpha(value[i]);
    }
    for (const char *const *word = speech; *word != NULL; word++) {
        if (contains(value, len, *word))
            return false;
    }
    return blanks > 0 && blanks < 4 && digits > 0 && letters > 3 && is_alpha(value[0]) &&
           value[len - 1] != '.' && value[len - 1] != '?';
}

struct classes {
    size_t lower, upper, digit, other, distinct, vowels, changes;
};

static struct classes count_classes(const char *value, size_t len)
{
    struct classes n = {0};
    bool seen[256] = {false};
    int last = -1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        int class = is_digit((char)c)        ? 0
                    : (c >= 'a' && c <= 'z') ? 1
                    : (c >= 'A' && c <= 'Z') ? 2
                                             : 3;
        n.digit += class == 0;
        n.lower += class == 1;
        n.upper += class == 2;
        n.other += class == 3;
        n.changes += last >= 0 && class != last;
        n.vowels += strchr("aeiouAEIOU", c) != NULL;
        n.distinct += !seen[c];
        seen[c] = true;
        last = class;
    }
    return n;
}

bool sc_shape_is_random(const char *value, size_t len)
{
    if (len < 16 || len > 512)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!sc_shape_is_word_char(value[i]) && strchr("+/=~:!@%^&*", value[i]) == NULL)
            return false;
    }
    struct classes n = count_classes(value, len);
    if (n.distinct < SC_MIN(len / 2, (size_t)8) || n.digit == 0)
        return false;
    /* Words joined by dashes or dots change class seldom and are mostly lower case. */
    return n.changes * 5 >= len || (n.upper > 0 && n.lower > 0 && n.digit * 12 >= len);
}

bool sc_shape_private_key(const char *value, size_t len, size_t *ret_offset, size_t *ret_length)
{
    static const char begin[] = "-----BEGIN ", kind[] = "PRIVATE KEY", end[] = "-----END ";
    const char *at = value, *stop = value + len;
    if (len <= 80)
        return false;
    while ((at = memmem(at, (size_t)(stop - at), begin, sizeof(begin) - 1)) != NULL) {
        const char *dashes =
            memmem(at + 11, SC_MIN((size_t)(stop - at - 11), (size_t)48), "-----", 5);
        if (dashes == NULL || memmem(at, (size_t)(dashes - at), kind, sizeof(kind) - 1) == NULL) {
            at += sizeof(begin) - 1;
            continue;
        }
        const char *last = memmem(dashes, (size_t)(stop - dashes), end, sizeof(end) - 1);
        *ret_offset = (size_t)(at - value);
        *ret_length = (size_t)((last == NULL ? stop : last) - at);
        return *ret_length > 80; /* a header alone is documentation */
    }
    return false;
}
