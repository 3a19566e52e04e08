/* SPDX-License-Identifier: Apache-2.0
 *
 * Source code of programs, infrastructure and Jenkins pipelines: literals that are passwords.
 *
 * In a program a string beside a name like "password" is a caption, a column or an option as often
 * as a value. So only files named like configuration are read, and there only what no language
 * would call a word counts; everywhere else token rules are enough.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "audit/detect/source.h"
#include "compose/credential.h"
#include "compose/judge/shape.h"

#include "core/banned.h"

#define PASSWORD_LEAST ((size_t)6)
#define PASSWORD_MOST  ((size_t)256)
#define MIXTURE_LEAST  ((size_t)32)
/* A larger one is no configuration. */
#define CONFIGURATION_MAX ((size_t)256 * 1024)

struct language {
    const char *suffix;
    unsigned traits;
    enum sc_family family; /* SOURCE: strict */
};

#define C_LIKE SC_SOURCE_SLASHES
#define HASHED SC_SOURCE_HASH

static const struct language languages[] = {
    {".py", HASHED | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE},
    {".rb", HASHED, SC_FAMILY_SOURCE},
    {".js", C_LIKE, SC_FAMILY_SOURCE},
    {".mjs", C_LIKE, SC_FAMILY_SOURCE},
    {".cjs", C_LIKE, SC_FAMILY_SOURCE},
    {".jsx", C_LIKE, SC_FAMILY_SOURCE},
    {".ts", C_LIKE, SC_FAMILY_SOURCE},
    {".tsx", C_LIKE, SC_FAMILY_SOURCE},
    {".go", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE},
    {".java", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE},
    {".kt", C_LIKE | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE},
    {".cs", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE},
    {".php", C_LIKE | HASHED, SC_FAMILY_SOURCE},
    {".xml", SC_SOURCE_XML, SC_FAMILY_SOURCE},
    {".config", SC_SOURCE_XML, SC_FAMILY_SOURCE},
    {".groovy", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE},
    {".gradle", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE},
    {".ps1", HASHED, SC_FAMILY_CONFIG},
    {".psm1", HASHED, SC_FAMILY_CONFIG},
    {".tf", C_LIKE | HASHED | SC_SOURCE_DOUBLE, SC_FAMILY_CONFIG},
    {".hcl", C_LIKE | HASHED | SC_SOURCE_DOUBLE, SC_FAMILY_CONFIG},
    {".jenkinsfile", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_CI},
};

static const struct language jenkins = {"", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_CI};

static bool contains(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= len; at++) {
        if (strncasecmp(text + at, word, n) == 0)
            return true;
    }
    return false;
}

/* settings.py, wp-config.php, knexfile.js, tomcat-users.xml */
static bool is_configuration(const char *name)
{
    static const char *const words[] = {
        "config",     "setting",      "database",    "credential", "secret",     "knex",
        "connection", "environment",  "constant",    "users",      "datasource", "persistence",
        "hibernate",  "context",      "application", "ormconfig",  "build.grad", "pom.xml",
        "parameters", "initializers", NULL};
    for (const char *const *word = words; *word != NULL; word++) {
        if (contains(name, strlen(name), *word))
            return true;
    }
    return false;
}

static const struct language *language_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (strncasecmp(name, "jenkinsfile", 11) == 0)
        return &jenkins;
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < SC_ARRAY_SIZE(languages); i++) {
        if (strcasecmp(languages[i].suffix, dot) == 0)
            return languages[i].family != SC_FAMILY_SOURCE || is_configuration(name) ? &languages[i]
                                                                                     : NULL;
    }
    return NULL;
}

bool sc_text_is_program(const char *path)
{
    return language_of(path) != NULL;
}

struct program {
    struct sc_detect *detect;
    const struct language *language;
};

/* No word, no name, nothing that is filled in: letters with digits or signs among them. */
static bool is_made_up(const char *value, size_t len)
{
    static const char *const names[] = {"passw", "token", "secret", "key", "auth", "pwd", NULL};
    size_t letters = 0, digits = 0, upper = 0, joints = 0, signs = 0;
    if (len < PASSWORD_LEAST || len > PASSWORD_MOST)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = value[i];
        if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7f ||
            strchr("{}<>()[]\\'\"`,;", c) != NULL)
            return false;
        upper += c >= 'A' && c <= 'Z';
        letters += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        digits += c >= '0' && c <= '9';
        joints += c == '_' || c == '-' || c == '.' || c == '/' || c == ':';
    }
    signs = len - letters - digits - joints;
    if (letters == 0 || digits + signs == 0)
        return false;
    for (const char *const *name = names; *name != NULL; name++) {
        if (joints > 0 && signs == 0 && (upper == 0 || upper == letters) &&
            contains(value, len, *name))
            return false; /* oauth2_token, x-api-key-1 */
    }
    return value[0] != '$' && value[0] != '@' && value[0] != '%' && value[0] != '#' &&
           memchr(value, '$', len - 1) == NULL && contains(value, len, "%s") == false;
}

/* AUTH_KEY of WordPress: all kinds of characters, and many. */
static bool is_mixture(const char *value, size_t len)
{
    bool upper = false, lower = false, digit = false, sign = false;
    for (size_t i = 0; i < len; i++) {
        upper = upper || (value[i] >= 'A' && value[i] <= 'Z');
        lower = lower || (value[i] >= 'a' && value[i] <= 'z');
        digit = digit || (value[i] >= '0' && value[i] <= '9');
        sign = sign || strchr("!#%&*+,;:?@^_|~$", value[i]) != NULL;
    }
    return len >= MIXTURE_LEAST && upper && lower && digit && sign &&
           memchr(value, '/', len) == NULL && contains(value, len, "${") == false;
}

/* The place is a test's or an example's. */
static bool is_sample(const char *path)
{
    static const char *const words[] = {"test", "spec", "example", "sample", "fixture",
                                        "mock", "demo", "dummy",   NULL};
    for (const char *const *word = words; *word != NULL; word++) {
        if (strcasestr(path, *word) != NULL)
            return true;
    }
    return false;
}

static int judge_strict(struct sc_detect *detect, const struct sc_pair *pair, struct sc_error *err)
{
    struct sc_credential found;
    enum sc_key_kind kind = sc_key_classify(pair->key, pair->key_len);
    bool secret = kind == SC_KEY_SECRET && contains(pair->key, pair->key_len, "secret");
    bool named = kind == SC_KEY_PASSWORD || secret;
    if (!(named && is_made_up(pair->value, pair->value_len)) &&
        !(kind == SC_KEY_SECRET && is_mixture(pair->value, pair->value_len)))
        return 0;
    if (!sc_credential_judge(pair->key, pair->key_len, pair->value, pair->value_len, &found) ||
        found.shape != SC_SHAPE_LITERAL)
        return 0;
    struct sc_judgement verdict = {NULL, SC_CLASS_LITERAL,
                                   is_sample(detect->file) ? SC_SEVERITY_LOW : SC_SEVERITY_MEDIUM};
    return sc_detect_add(detect, verdict, pair, pair->raw, err);
}

static int judge(const struct program *p, struct sc_region key, struct sc_region value,
                 struct sc_error *err)
{
    const char *text = p->detect->text;
    const struct sc_pair pair = {
        .family = p->language->family,
        .key = text + key.offset,
        .key_len = key.len,
        .value = text + value.offset,
        .value_len = value.len,
        .raw = value,
        .ignore_variables = true,
    };
    size_t offset, length;
    bool in_url = sc_credential_in_url(pair.value, pair.value_len, &offset, &length);
    if (key.len == 0 || value.len == 0)
        return 0;
    if (p->language->family == SC_FAMILY_SOURCE && !in_url)
        return judge_strict(p->detect, &pair, err);
    return sc_detect_pair(p->detect, &pair, NULL, err);
}

static bool is_call(const char *text, struct sc_region call, const char *const *names)
{
    for (; *names != NULL; names++) {
        size_t len = strlen(*names);
        if (call.len >= len && strncasecmp(text + call.offset + call.len - len, *names, len) == 0)
            return true;
    }
    return false;
}

/* withEnv(['NAME=x']): the text is a pair itself. */
static bool is_pair(const char *text, struct sc_region value, size_t *ret_split)
{
    size_t at = 0;
    while (at < value.len && (text[value.offset + at] == '_' ||
                              (text[value.offset + at] >= 'A' && text[value.offset + at] <= 'Z')))
        at++;
    *ret_split = at;
    return at > 0 && at < value.len && text[value.offset + at] == '=';
}

/* What only pipelines have: steps that are scripts. */
static int judge_step(const struct program *p, const struct sc_source_literal *literal,
                      bool *ret_done, struct sc_error *err)
{
    static const char *const shells[] = {"sh", "bat", "powershell", "withrun", "inside", NULL};
    static const struct sc_shell_context context = {
        .assign = SC_FAMILY_CI, .environ = SC_FAMILY_CI, .command = SC_FAMILY_CI};
    const char *text = p->detect->text;
    size_t split;
    *ret_done = true;
    if (is_call(text, literal->call, shells)) {
        struct sc_shell_context shell = context;
        shell.escaped = literal->quote == '"';
        return sc_detect_shell(p->detect, literal->value, &shell, err);
    }
    if (literal->key.len == 0 && is_pair(text, literal->value, &split)) {
        struct sc_region key = {literal->value.offset, split};
        struct sc_region value = {key.offset + split + 1, literal->value.len - split - 1};
        return judge(p, key, value, err);
    }
    *ret_done = false;
    return 0;
}

static int on_literal(void *ctx, const struct sc_source_literal *literal, struct sc_error *err)
{
    const struct program *p = ctx;
    static const char *const secure[] = {"ConvertTo-SecureString", NULL};
    bool done = false;
    int rc = 0;
    if (p->language->family == SC_FAMILY_CI)
        rc = judge_step(p, literal, &done, err);
    if (rc < 0 || done)
        return rc;
    if (p->language->family == SC_FAMILY_CONFIG &&
        is_call(p->detect->text, literal->call, secure)) {
        const struct sc_pair pair = {
            .family = SC_FAMILY_CONFIG,
            .key = "password",
            .key_len = 8,
            .value = p->detect->text + literal->value.offset,
            .value_len = literal->value.len,
            .raw = literal->value,
            .ignore_variables = true,
        };
        return sc_detect_pair(p->detect, &pair, NULL, err);
    }
    return judge(p, literal->key, literal->value, err);
}

int sc_detect_program(struct sc_detect *detect, struct sc_region region, const char *path,
                      struct sc_error *err)
{
    const struct language *language = language_of(path);
    struct program p = {detect, language};
    if (language == NULL ||
        (language->family == SC_FAMILY_SOURCE && region.len > CONFIGURATION_MAX))
        return 0;
    if (strcmp(language->suffix, ".ps1") == 0) {
        struct sc_shell_context shell = sc_shell_script;
        shell.escape = '`';
        int rc = sc_detect_shell(detect, region, &shell, err);
        if (rc < 0)
            return rc;
    }
    return sc_source_read(detect->text, region, language->traits, on_literal, &p, err);
}
