/* SPDX-License-Identifier: Apache-2.0
 *
 * Which reader a text gets; see audit/detect/region.h.
 */
#include "audit/detect/region.h"

#include <string.h>
#include <strings.h>

#include "audit/detect/shell.h"
#include "compose/judge/lines.h"
#include "core/str.h"

#include "core/banned.h"

/* Bytes at the start of a text that are looked at to tell its kind. */
#define SNIFF_MAX ((size_t)64 * 1024)
/* Lines of a text that has only assignments in small letters. */
#define ENV_LINES ((size_t)16)

struct suffix {
    const char *text;
    enum sc_text_kind kind;
};

static const struct suffix suffixes[] = {
    {".yml", SC_TEXT_YAML},          {".yaml", SC_TEXT_YAML},
    {".env", SC_TEXT_DOTENV},        {".dockerfile", SC_TEXT_DOCKERFILE},
    {".sh", SC_TEXT_SHELL},          {".bash", SC_TEXT_SHELL},
    {".zsh", SC_TEXT_SHELL},         {".ksh", SC_TEXT_SHELL},
    {".md", SC_TEXT_MARKDOWN},       {".markdown", SC_TEXT_MARKDOWN},
    {".mdx", SC_TEXT_MARKDOWN},      {".ini", SC_TEXT_CONFIG},
    {".cfg", SC_TEXT_CONFIG},        {".conf", SC_TEXT_CONFIG},
    {".cnf", SC_TEXT_CONFIG},        {".toml", SC_TEXT_CONFIG},
    {".properties", SC_TEXT_CONFIG}, {".json", SC_TEXT_CONFIG},
    {".tfvars", SC_TEXT_CONFIG},     {".sql", SC_TEXT_SQL},
    {".mk", SC_TEXT_MAKEFILE},       {".service", SC_TEXT_UNIT},
    {".acl", SC_TEXT_CONFIG},        {".container", SC_TEXT_UNIT},
    {".bat", SC_TEXT_BATCH},         {".cmd", SC_TEXT_BATCH},
    {".caddyfile", SC_TEXT_CONFIG},  {".sls", SC_TEXT_YAML},
    {".http", SC_TEXT_CONFIG},       {".rest", SC_TEXT_CONFIG},
    {".json5", SC_TEXT_CONFIG},      {".jsonc", SC_TEXT_CONFIG},
    {".tfstate", SC_TEXT_CONFIG},    {".ldif", SC_TEXT_CONFIG},
    {".keys", SC_TEXT_CONFIG},       {".renviron", SC_TEXT_DOTENV},
    {".fish", SC_TEXT_SHELL},        {".rsc", SC_TEXT_CONFIG},
    {".pod", SC_TEXT_UNIT},          {".kube", SC_TEXT_UNIT},
    {".build", SC_TEXT_UNIT},        {".ipynb", SC_TEXT_NOTEBOOK},
};

static const struct suffix names[] = {
    {".bashrc", SC_TEXT_SHELL},          {".profile", SC_TEXT_SHELL},
    {".bash_aliases", SC_TEXT_SHELL},    {".bash_login", SC_TEXT_SHELL},
    {".zprofile", SC_TEXT_SHELL},        {".zshenv", SC_TEXT_SHELL},
    {".psql_history", SC_TEXT_SQL},      {".mysql_history", SC_TEXT_SQL},
    {".mariadb_history", SC_TEXT_SQL},   {".renviron", SC_TEXT_DOTENV},
    {".wgetrc", SC_TEXT_CONFIG},         {"monitrc", SC_TEXT_CONFIG},
    {"upsd.users", SC_TEXT_CONFIG},      {"earthfile", SC_TEXT_DOCKERFILE},
    {".bash_profile", SC_TEXT_SHELL},    {".zshrc", SC_TEXT_SHELL},
    {".bash_history", SC_TEXT_SHELL},    {".zsh_history", SC_TEXT_SHELL},
    {".npmrc", SC_TEXT_CONFIG},          {".pypirc", SC_TEXT_CONFIG},
    {".s3cfg", SC_TEXT_CONFIG},          {".boto", SC_TEXT_CONFIG},
    {".smbcredentials", SC_TEXT_CONFIG}, {"makefile", SC_TEXT_MAKEFILE},
    {"gnumakefile", SC_TEXT_MAKEFILE},   {"justfile", SC_TEXT_MAKEFILE},
    {".justfile", SC_TEXT_MAKEFILE},     {"caddyfile", SC_TEXT_CONFIG},
    {".caddyfile", SC_TEXT_CONFIG},      {"kubeconfig", SC_TEXT_YAML},
};

static bool starts_nocase(const char *text, const char *prefix)
{
    return ((*text ^ *prefix) & ~0x20) == 0 && strncasecmp(text, prefix, strlen(prefix)) == 0;
}

enum sc_text_kind sc_text_kind_of_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (starts_nocase(name, "dockerfile") || starts_nocase(name, "containerfile")) {
        const char *rest = name + (starts_nocase(name, "dockerfile") ? 10 : 13);
        bool parted = *rest == '\0' || *rest == '.' || *rest == '-' || *rest == '_';
        if (parted && !sc_str_has_suffix(rest, ".go") && !sc_str_has_suffix(rest, ".py"))
            return SC_TEXT_DOCKERFILE;
    }
    if (starts_nocase(name, ".env") &&
        (name[4] == '\0' || name[4] == '.' || name[4] == '-' || name[4] == '_'))
        return SC_TEXT_DOTENV;
    bool program = sc_text_is_program(name); /* env.php */
    if ((starts_nocase(name, "env.") && !program) || strcasecmp(name, ".envrc") == 0)
        return SC_TEXT_DOTENV;
    if (sc_logins_named(name))
        return SC_TEXT_LOGINS;
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++) {
        if (sc_str_equal_nocase(name, names[i].text))
            return names[i].kind;
    }
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && dot != name && i < SC_ARRAY_SIZE(suffixes); i++) {
        if (sc_str_equal_nocase(dot + 1, suffixes[i].text + 1))
            return suffixes[i].kind;
    }
    if (sc_str_has_suffix(path, ".aws/credentials"))
        return SC_TEXT_CONFIG;
    return program ? SC_TEXT_PROGRAM : SC_TEXT_OTHER;
}

/* What `kubectl get -o json` writes. YAML takes no tabs. */
static bool is_json_manifest(const char *path, const char *text, size_t len)
{
    return sc_str_has_suffix(path, ".json") && memmem(text, len, "\"apiVersion\"", 12) != NULL &&
           memmem(text, len, "\"kind\"", 6) != NULL && memchr(text, '\t', len) == NULL;
}

static bool begins_with(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len > n && memcmp(text, word, n) == 0;
}

static enum sc_text_kind kind_behind_comments(const char *text, size_t len)
{
    while (len > 0 && (*text == '#' || *text == '\n')) {
        const char *newline = memchr(text, '\n', len);
        size_t line = newline != NULL ? (size_t)(newline - text) + 1 : len;
        text += line;
        len -= line;
    }
    return sc_text_kind_of_start(text, len);
}

/* [section] of an ini file, alone on its line. */
static bool is_section(const char *line, size_t len)
{
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
        len--;
    return len > 2 && line[0] == '[' && line[len - 1] == ']' && memchr(line, ',', len) == NULL &&
           memchr(line, '"', len) == NULL;
}

/* NAME=, also behind `export`. *ret_small: there are small letters in the name. */
static bool is_assignment(const char *line, size_t len, bool *ret_small)
{
    static const char export[] = "export ";
    if (len > sizeof(export) && memcmp(line, export, sizeof(export) - 1) == 0) {
        line += sizeof(export) - 1;
        len -= sizeof(export) - 1;
    }
    size_t name = 0;
    *ret_small = false;
    while (name < len &&
           (((line[name] | 0x20) >= 'a' && (line[name] | 0x20) <= 'z') || line[name] == '_' ||
            (name > 0 && line[name] >= '0' && line[name] <= '9'))) {
        *ret_small = *ret_small || (line[name] >= 'a' && line[name] <= 'z');
        name++;
    }
    return name > 1 && name < len && line[name] == '=';
}

/* { and then " */
static bool is_object(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    return text[0] == '{' && at < len && text[at] == '"';
}

/* Assignments only, as far as the start of the text tells: a shell writes small names too, but not
 * nothing else. */
static bool is_env(const char *text, size_t len)
{
    bool small = true;
    for (size_t at = 0, lines = 0; at < len && small && lines < ENV_LINES; lines++) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t line = (newline != NULL ? (size_t)(newline - text) : len) - at;
        if (line > 0 && text[at] != '#' && !is_assignment(text + at, line, &small))
            return false;
        at += line + 1;
    }
    return true;
}

/* Of a file whose name says nothing: how its first line that is no comment looks. */
static enum sc_text_kind kind_of_first_line(const char *text, size_t len, bool plain)
{
    while (len > 0 && strchr("#;\r\n", *text) != NULL && *text != '\0') {
        const char *newline = memchr(text, '\n', len);
        size_t line = newline != NULL ? (size_t)(newline - text) + 1 : len;
        text += line;
        len -= line;
    }
    const char *newline = memchr(text, '\n', len);
    size_t line = newline != NULL ? (size_t)(newline - text) : len;
    if (len > 0 && (is_section(text, line) || is_object(text, len)))
        return SC_TEXT_CONFIG;
    return plain && len > 0 && is_env(text, len) ? SC_TEXT_DOTENV : SC_TEXT_OTHER;
}

enum sc_text_kind sc_text_kind(const char *path, struct sc_bytes text)
{
    enum sc_text_kind kind = sc_text_kind_of_name(path);
    const char *bytes = (const char *)text.ptr;
    size_t len = SC_MIN(text.len, SNIFF_MAX);
    if (kind == SC_TEXT_CONFIG && is_json_manifest(path, bytes, len))
        return SC_TEXT_YAML;
    if (kind != SC_TEXT_OTHER)
        return kind;
    if (begins_with(bytes, len, "#cloud-config") || begins_with(bytes, len, "apiVersion: "))
        return SC_TEXT_YAML;
    if (len > 2 && memcmp(bytes, "#!", 2) == 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t line = newline == NULL ? len : (size_t)(newline - bytes);
        if (memmem(bytes, line, "sh", 2) != NULL)
            return SC_TEXT_SHELL;
        return SC_TEXT_OTHER;
    }
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash == NULL ? path : slash, '.');
    bool is_text = dot == NULL || strcasecmp(dot, ".txt") == 0 || strcasecmp(dot, ".rst") == 0;
    if (is_text &&
        (memmem(bytes, len, "\n```", 4) != NULL || (len > 3 && memcmp(bytes, "```", 3) == 0)))
        return SC_TEXT_MARKDOWN;
    if (is_text && (memmem(bytes, len, "\nservices:\n", 11) != NULL ||
                    (len > 10 && memcmp(bytes, "services:\n", 10) == 0)))
        return SC_TEXT_YAML;
    if (is_text && len > 5 && memcmp(bytes, "FROM ", 5) == 0)
        return SC_TEXT_DOCKERFILE;
    if (strcmp(path, "-") == 0)
        return kind_behind_comments(bytes, len);
    const char *leaf = slash == NULL ? path : slash + 1;
    return kind_of_first_line(bytes, len, dot == NULL || dot == leaf);
}

int sc_detect_region(struct sc_detect *detect, struct sc_region region, enum sc_text_kind kind,
                     struct sc_error *err)
{
    /* A byte order mark is no part of the first word; YAML's reader knows it. */
    if (region.offset == 0 && kind != SC_TEXT_YAML && region.len >= 3 &&
        memcmp(detect->text, "\xef\xbb\xbf", 3) == 0)
        region = (struct sc_region){3, region.len - 3};
    if (region.len == 0)
        return 0;
    if (detect->depth >= SC_DETECT_DEPTH_MAX)
        return sc_detect_skip(detect, "texts nested too deeply", region.offset, err);
    detect->depth++;
    int rc = 0;
    switch (kind) {
    case SC_TEXT_YAML:
        rc = sc_detect_yaml(detect, region, err);
        break;
    case SC_TEXT_DOTENV:
        rc = sc_detect_dotenv(detect, region, SC_FAMILY_DOTENV, err);
        break;
    case SC_TEXT_DOCKERFILE:
        rc = sc_detect_dockerfile(detect, region, err);
        break;
    case SC_TEXT_SHELL:
        rc = sc_detect_shell(detect, region, &sc_shell_script, err);
        break;
    case SC_TEXT_MARKDOWN:
        rc = sc_detect_markdown(detect, region, err);
        break;
    case SC_TEXT_CONFIG:
        rc = sc_detect_config(detect, region, SC_FAMILY_CONFIG, err);
        break;
    case SC_TEXT_LOGINS:
        rc = sc_detect_logins(detect, region, SC_FAMILY_CONFIG, err);
        break;
    case SC_TEXT_UNIT:
        rc = sc_detect_unit(detect, region, err);
        break;
    case SC_TEXT_MAKEFILE:
        rc = sc_detect_makefile(detect, region, err);
        break;
    case SC_TEXT_PROGRAM:
        rc = sc_detect_program(detect, region, detect->file, err);
        break;
    case SC_TEXT_NOTEBOOK:
        rc = sc_detect_notebook(detect, region, err);
        break;
    case SC_TEXT_BATCH:
        rc = sc_detect_batch(detect, region, err);
        break;
    case SC_TEXT_SQL:
        rc = sc_detect_sql(detect, region, err);
        break;
    case SC_TEXT_OTHER:
    default:
        break; /* only the token rules */
    }
    detect->depth--;
    return rc;
}

/* Where the outer text has what was found in the inner one: the place where the value stands as it
 * is, else all of `raw`. */
static struct sc_region outer_region(const struct sc_detect *detect, struct sc_chars text,
                                     struct sc_region raw, const struct sc_span *span)
{
    const char *found = span->length == 0 ? NULL
                                          : memmem(detect->text + raw.offset, raw.len,
                                                   text.ptr + span->offset, span->length);
    return found == NULL ? raw : (struct sc_region){(size_t)(found - detect->text), span->length};
}

int sc_detect_inner(struct sc_detect *detect, struct sc_chars text, struct sc_region raw,
                    enum sc_text_kind kind, struct sc_error *err)
{
    struct sc_detect inner;
    struct sc_bytes bytes = {(const unsigned char *)text.ptr, text.len};
    sc_detect_init(&inner, detect->file, bytes, detect->key);
    inner.commit = detect->commit;
    inner.depth = detect->depth;
    int rc = sc_detect_region(&inner, (struct sc_region){0, text.len}, kind, err);
    for (size_t i = 0; i < inner.findings.count && rc == 0; i++) {
        struct sc_span *span = &inner.findings.items[i].span;
        *span = sc_detect_span(detect, outer_region(detect, text, raw, span));
    }
    if (rc == 0)
        rc = sc_findings_move(&detect->findings, &inner.findings, err);
    sc_detect_done(&inner);
    return rc;
}

int sc_detect_written_file(struct sc_detect *detect, struct sc_region region, const char *target,
                           struct sc_error *err)
{
    enum sc_text_kind kind = sc_text_kind_of_name(target);
    if (kind == SC_TEXT_PROGRAM)
        return sc_detect_program(detect, region, target, err);
    if (kind == SC_TEXT_OTHER || kind == SC_TEXT_DOTENV) {
        if (detect->depth >= SC_DETECT_DEPTH_MAX)
            return sc_detect_skip(detect, "texts nested too deeply", region.offset, err);
        return sc_detect_dotenv(detect, region, SC_FAMILY_SHELL_HEREDOC, err);
    }
    return sc_detect_region(detect, region, kind, err);
}
