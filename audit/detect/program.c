/* SPDX-License-Identifier: Apache-2.0
 *
 * Source code of programs, infrastructure and Jenkins pipelines: literals that are passwords.
 *
 * In a program a string beside a name like "password" is a caption, a column or an option as often
 * as a value. So only what no language would call a word counts, and outside of files named like
 * configuration only what is long enough and looks like nothing else.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/heredoc.h"
#include "audit/detect/language.h"
#include "audit/detect/mention.h"
#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "audit/detect/source.h"
#include "compose/credential.h"
#include "compose/judge/shape.h"
#include "core/str.h"

#include "core/banned.h"

#define PASSWORD_LEAST ((size_t)6)
#define PASSWORD_MOST  ((size_t)256)
#define MIXTURE_LEAST  ((size_t)32)
#define CHOSEN_LEAST   ((size_t)8)
#define TOKEN_LEAST    ((size_t)12)
/* A larger one was not written by hand. */
#define SOURCE_MAX ((size_t)256 * 1024)
/* Here documents without an end, each of which costs a look at all that follows. */
#define UNCLOSED_MAX ((size_t)64)

bool sc_text_is_program(const char *path)
{
    return sc_language_of(path) != NULL;
}

bool sc_program_is_read(const char *path, size_t size)
{
    const struct sc_language *language = sc_language_of(path);
    return language != NULL &&
           (language->family != SC_FAMILY_SOURCE ||
            (size <= SOURCE_MAX && (!language->settings_only || sc_language_is_settings(path))));
}

struct program {
    struct sc_detect *detect;
    const struct sc_language *language;
    struct sc_region region;
    bool settings; /* a file named like configuration */
};

static bool contains(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= len; at++) {
        if (strncasecmp(text + at, word, n) == 0)
            return true;
    }
    return false;
}

/* What startproject puts in front of a key. */
static bool is_django(const char *value, size_t len)
{
    static const char mark[] = "django-insecure-";
    return len > sizeof(mark) && memcmp(value, mark, sizeof(mark) - 1) == 0;
}

/* No word, no name, nothing that is filled in: letters with digits or signs among them. */
static bool is_made_up(const char *value, size_t len)
{
    static const char *const names[] = {"passw", "token", "secret", "key", "auth", "pwd", NULL};
    if (is_django(value, len))
        return true;
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
    return len >= MIXTURE_LEAST && upper && lower && digit && sign && !contains(value, len, "//") &&
           !contains(value, len, "${") && !contains(value, len, "a-z");
}

/* Of a token's kind: long enough, and nothing that is spelled. */
static bool is_tokenish(const char *value, size_t len)
{
    size_t digits = 0, runs = 0;
    bool in_run = false;
    for (size_t i = 0; i < len; i++) {
        bool digit = value[i] >= '0' && value[i] <= '9';
        digits += digit;
        runs += digit && !in_run;
        in_run = digit;
    }
    return len >= TOKEN_LEAST && digits >= 2 && runs >= 2;
}

/* In a program that is no configuration more must speak for a credential. */
static bool is_chosen(const char *value, size_t len)
{
    static const char *const names[] = {"passw",   "token",  "secret", "api", "test",
                                        "example", "abc123", "1234",   NULL};
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < len; i++) {
        digits += value[i] >= '0' && value[i] <= '9';
        letters += (value[i] | 0x20) >= 'a' && (value[i] | 0x20) <= 'z';
    }
    for (const char *const *name = names; *name != NULL; name++) {
        if (contains(value, len, *name))
            return false;
    }
    return len >= CHOSEN_LEAST && digits > 0 && letters >= 3;
}

/* An element's text or an attribute of a server's configuration: a word is a password there. */
static bool is_xml_password(const struct program *p, const struct sc_pair *pair)
{
    for (size_t i = 0; i < pair->value_len; i++) {
        if ((unsigned char)pair->value[i] <= ' ' || (unsigned char)pair->value[i] >= 0x7f ||
            strchr("${}<>()\\%@", pair->value[i]) != NULL)
            return false;
    }
    return p->settings && (p->language->traits & SC_SOURCE_XML) != 0 &&
           sc_key_classify(pair->key, pair->key_len) == SC_KEY_PASSWORD &&
           !contains(pair->value, pair->value_len, "passw");
}

static bool is_credential(const struct program *p, const struct sc_pair *pair)
{
    enum sc_key_kind kind = sc_key_classify(pair->key, pair->key_len);
    if (kind != SC_KEY_PASSWORD && kind != SC_KEY_SECRET)
        return false;
    if (p->settings && kind == SC_KEY_SECRET && is_mixture(pair->value, pair->value_len))
        return true;
    if (!is_made_up(pair->value, pair->value_len))
        return is_xml_password(p, pair) || (p->settings && kind == SC_KEY_PASSWORD &&
                                            sc_shape_is_phrase(pair->value, pair->value_len));
    bool chosen = is_chosen(pair->value, pair->value_len);
    if (kind == SC_KEY_SECRET && !contains(pair->key, pair->key_len, "secret"))
        return chosen && is_tokenish(pair->value, pair->value_len);
    return p->settings || chosen;
}

/* Django's SECRET_KEY, the keys of WordPress. */
static bool is_key_of_settings(const struct program *p, const struct sc_pair *pair)
{
    return is_django(pair->value, pair->value_len) ||
           (p->settings && is_mixture(pair->value, pair->value_len) &&
            !sc_credential_is_placeholder(pair->value, pair->value_len));
}

static int add_literal(const struct program *p, const struct sc_pair *pair, struct sc_error *err)
{
    struct sc_judgement verdict = {NULL, SC_CLASS_LITERAL,
                                   sc_language_is_sample(p->detect->file) ? SC_SEVERITY_LOW
                                                                          : SC_SEVERITY_MEDIUM};
    return sc_detect_add(p->detect, verdict, pair, pair->raw, err);
}

/* "Bearer x" given to a header. */
static int judge_header(const struct program *p, const struct sc_pair *pair, size_t scheme,
                        struct sc_error *err)
{
    struct sc_pair carried = *pair;
    carried.value += scheme;
    carried.value_len -= scheme;
    carried.raw = (struct sc_region){pair->raw.offset + scheme, pair->raw.len - scheme};
    bool fits = contains(pair->key, pair->key_len, "authorization") &&
                is_made_up(carried.value, carried.value_len) &&
                is_chosen(carried.value, carried.value_len) &&
                is_tokenish(carried.value, carried.value_len);
    return fits ? add_literal(p, &carried, err) : 0;
}

static int judge_strict(const struct program *p, const struct sc_pair *pair, struct sc_error *err)
{
    struct sc_credential found;
    size_t scheme = sc_credential_scheme(pair->value, pair->value_len);
    if (scheme > 0)
        return judge_header(p, pair, scheme, err);
    if (is_credential(p, pair) && pair->value[0] != '$' && is_key_of_settings(p, pair))
        return add_literal(p, pair, err); /* a dollar is a sign like others there */
    if (!is_credential(p, pair) ||
        !sc_credential_judge(pair->key, pair->key_len, pair->value, pair->value_len, &found) ||
        found.shape != SC_SHAPE_LITERAL)
        return 0;
    return add_literal(p, pair, err);
}

/* password=x of a connection string, user:x@tcp(host) of Go: no token of a URL's parameters. */
static bool is_password_of_address(const struct sc_pair *pair, size_t offset, size_t length)
{
    static const char *const names[] = {"password=", "passwd=", "pwd="};
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++) {
        size_t len = strlen(names[i]);
        if (offset >= len && strncasecmp(pair->value + offset - len, names[i], len) == 0)
            return true;
    }
    size_t end = offset + length;
    return pair->value_len - end >= 5 && memcmp(pair->value + end, "@tcp(", 5) == 0;
}

/* "host=db password=x", "user:x@tcp(db)" as they are handed to a driver. */
static int judge_address(const struct program *p, const struct sc_pair *pair, size_t offset,
                         size_t length, struct sc_error *err)
{
    static const char *const names[] = {"passw", "secret", "token", "xxx", "your", "pwd", NULL};
    const char *value = pair->value + offset;
    if (p->settings && pair->key_len > 0)
        return sc_detect_pair(p->detect, pair, err);
    if (length < PASSWORD_LEAST || memmem(pair->value, pair->value_len, "://", 3) != NULL ||
        !is_password_of_address(pair, offset, length))
        return 0; /* of URLs a token rule knows */
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] <= ' ' || strchr("%$&{}<>()[]*\\'\"`?,;:", value[i]) != NULL)
            return 0;
    }
    for (const char *const *name = names; *name != NULL; name++) {
        if (contains(value, length, *name))
            return 0;
    }
    struct sc_judgement verdict = {NULL, SC_CLASS_URL,
                                   sc_language_is_sample(p->detect->file) ? SC_SEVERITY_LOW
                                                                          : SC_SEVERITY_MEDIUM};
    struct sc_region region = {pair->raw.offset + offset, length};
    return sc_detect_add(p->detect, verdict, pair, region, err);
}

/* f(user, "x"): functions whose argument is a password by its place. */
static bool takes_password(const struct program *p, const struct sc_source_literal *literal)
{
    static const struct {
        const char *name;
        unsigned argument;
    } functions[] = {
        {"setpassword", 0},
        {"password", 0},
        {"withpassword", 0},
        {"setbasicauth", 1},
        {"networkcredential", 1},
        {"basicauthcredentials", 1},
        {"httpbasicauth", 1},
        {"usernamepasswordcredentials", 1},
        {"passwordauthentication", 1},
        {"basicauth", 1},
        {"login", 1},
        {"auth", 1}, /* auth=("user", "x") */
        {"mysqli_connect", 2},
        {"mysqli", 2},
        {"pdo", 2},
        {"getconnection", 2},
        {"connect", 2},
        {"sequelize", 2},
        {"jwt.sign", 1},
        {"jwt.verify", 1},
    };
    const char *text = p->detect->text;
    unsigned argument = 0;
    if (!is_made_up(text + literal->value.offset, literal->value.len))
        return false;
    struct sc_region name = sc_source_call(text, p->region, literal, &argument);
    const char *dot = memrchr(text + name.offset, '.', name.len);
    bool whole = name.len > 4 && strncasecmp(text + name.offset, "jwt.", 4) == 0;
    if (dot != NULL && !whole) {
        size_t passed = (size_t)(dot - text) + 1 - name.offset;
        name = (struct sc_region){name.offset + passed, name.len - passed};
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(functions); i++) {
        if (functions[i].argument == argument && strlen(functions[i].name) == name.len &&
            strncasecmp(text + name.offset, functions[i].name, name.len) == 0)
            return true;
    }
    return false;
}

/* storePassword "x" of Gradle, password 'x' of Chef: a method without its brackets. */
static bool names_by_word(const struct program *p, const struct sc_source_literal *literal)
{
    static const char *const suffixes[] = {".gradle", ".groovy", ".rb"};
    const char *text = p->detect->text;
    bool fits = literal->call.len > 0 && text[literal->call.offset + literal->call.len] == ' ' &&
                sc_key_classify(text + literal->call.offset, literal->call.len) == SC_KEY_PASSWORD;
    bool spoken = false;
    for (size_t i = 0; fits && i < SC_ARRAY_SIZE(suffixes); i++)
        spoken = spoken || strcmp(p->language->suffix, suffixes[i]) == 0;
    return spoken;
}

/* `literal`: where the value stands in a call; or NULL. */
static int judge(const struct program *p, const struct sc_source_literal *literal,
                 struct sc_region key, struct sc_region value, struct sc_error *err)
{
    struct sc_pair pair = sc_detect_pair_of(p->detect, p->language->family, key, value);
    size_t offset, length;
    if (value.len == 0)
        return 0;
    if (p->language->family != SC_FAMILY_SOURCE)
        return key.len == 0 ? 0 : sc_detect_pair(p->detect, &pair, err);
    if (sc_credential_in_url(pair.value, pair.value_len, &offset, &length))
        return judge_address(p, &pair, offset, length, err);
    if (key.len == 0 && literal != NULL && takes_password(p, literal)) {
        pair.key = "password";
        pair.key_len = strlen(pair.key);
    }
    if (key.len == 0 && literal != NULL && names_by_word(p, literal)) {
        pair.key = p->detect->text + literal->call.offset;
        pair.key_len = literal->call.len;
    }
    return pair.key_len == 0 ? 0 : judge_strict(p, &pair, err);
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
        return judge(p, NULL, key, value, err);
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
    if (p->language->family == SC_FAMILY_CONFIG && is_call(p->detect->text, literal->call, secure))
        return sc_detect_password(p->detect, SC_FAMILY_CONFIG, literal->value, err);
    size_t split;
    if (p->language->family == SC_FAMILY_CONFIG &&
        is_pair(p->detect->text, literal->value, &split)) { /* env = ["NAME=x"] */
        struct sc_region key = {literal->value.offset, split};
        struct sc_region value = {key.offset + split + 1, literal->value.len - split - 1};
        return judge(p, NULL, key, value, err);
    }
    return judge(p, literal, literal->key, literal->value, err);
}

static bool is_hcl(const struct sc_language *language)
{
    static const char *const suffixes[] = {".tf", ".hcl", ".nomad"};
    bool hcl = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(suffixes); i++)
        hcl = hcl || strcmp(language->suffix, suffixes[i]) == 0;
    return hcl;
}

/* <<EOF of HCL: a script for a machine's first start, the variables of a Nomad task. With all its
 * lines, and the mark, moved in behind blanks, as a rule. */
static int read_heredocs(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text;
    size_t at = region.offset, end = region.offset + region.len, unclosed = 0;
    struct sc_region mark, body;
    int rc = 0;
    while (rc == 0 && unclosed < UNCLOSED_MAX && sc_heredoc_next(text, &at, end, &mark)) {
        size_t from = SC_MIN(sc_str_line_end(text, at, end) + 1, end);
        at = sc_heredoc_body(text, mark, (struct sc_region){from, end - from}, " \t", &body);
        unclosed += at == from;
        size_t first = body.offset, last = body.offset + body.len;
        while (first < last && (text[first] == ' ' || text[first] == '\t'))
            first++;
        enum sc_text_kind kind = sc_text_kind(
            "document", (struct sc_bytes){(const unsigned char *)text + first, last - first});
        rc = sc_detect_region(detect, body, kind == SC_TEXT_OTHER ? SC_TEXT_DOTENV : kind, err);
    }
    return rc;
}

int sc_detect_program(struct sc_detect *detect, struct sc_region region, const char *path,
                      struct sc_error *err)
{
    const struct sc_language *language = sc_language_of(path);
    if (!sc_program_is_read(path, region.len))
        return 0;
    struct program p = {detect, language, region, sc_language_is_settings(path)};
    struct sc_bytes text = {(const unsigned char *)detect->text + region.offset, region.len};
    bool gated = !p.settings || language->settings_only;
    if (language->family == SC_FAMILY_SOURCE && gated && !sc_mention_any(text))
        return 0;
    int rc = is_hcl(language) ? read_heredocs(detect, region, err) : 0;
    if (rc == 0 && strcmp(language->suffix, ".ps1") == 0) {
        struct sc_shell_context shell = sc_shell_script;
        shell.escape = '`';
        rc = sc_detect_shell(detect, region, &shell, err);
    }
    if (rc < 0)
        return rc;
    return sc_source_read(detect->text, region, language->traits, on_literal, &p, err);
}
