/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles: ENV, ARG, LABEL, RUN, CMD, ENTRYPOINT, HEALTHCHECK, COPY and ADD.
 *
 * An instruction runs to the end of its last continuation line; here documents of RUN and COPY
 * belong to it.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/heredoc.h"
#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "compose/credential.h"
#include "core/str.h"

#include "core/banned.h"

static const struct sc_shell_context run_context = {
    .assign = SC_FAMILY_DOCKERFILE_RUN,
    .environ = SC_FAMILY_DOCKERFILE_RUN,
    .command = SC_FAMILY_DOCKERFILE_RUN,
};
static const struct sc_shell_context command_context = {
    .assign = SC_FAMILY_DOCKERFILE_COMMAND,
    .environ = SC_FAMILY_DOCKERFILE_COMMAND,
    .command = SC_FAMILY_DOCKERFILE_COMMAND,
};

static const struct sc_judgement arg_verdict = {NULL, SC_CLASS_INTERPOLATED, SC_SEVERITY_LOW};
static const struct sc_judgement copy_verdict = {NULL, SC_CLASS_KEY_MATERIAL, SC_SEVERITY_MEDIUM};

struct dockerfile {
    struct sc_detect *detect;
    char escape;      /* what continues a line: a backslash, or what `# escape=` says */
    size_t *unclosed; /* here documents without an end so far */
};

/* Each is searched for to the end of the text. */
#define UNCLOSED_MAX ((size_t)64)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t behind_blanks(const char *text, size_t at, size_t end)
{
    while (at < end && is_blank(text[at]))
        at++;
    return at;
}

/* Behind the line break that the escape character at `at` takes away; `at` itself if it does not.
 */
static size_t behind_continuation(const struct dockerfile *d, size_t at, size_t end)
{
    const char *text = d->detect->text;
    if (at >= end || text[at] != d->escape)
        return at;
    size_t stop = behind_blanks(text, at + 1, end);
    return stop < end && text[stop] == '\n' ? stop + 1 : at;
}

/* Behind what may stand between two words: blanks, line breaks, lines of comment. */
static size_t next_start(const struct dockerfile *d, size_t at, size_t end)
{
    const char *text = d->detect->text;
    for (;;) {
        size_t from = at;
        bool broken = false; /* a line began */
        while (at < end && (is_blank(text[at]) || text[at] == '\n'))
            broken = text[at++] == '\n' || broken;
        size_t next = behind_continuation(d, at, end);
        broken = broken || next > at;
        at = behind_blanks(text, next, end);
        if (broken && at < end && text[at] == '#')
            at = sc_str_line_end(text, at, end);
        if (at == from)
            return at;
    }
}

/* One word of ENV, ARG and LABEL from *at on: KEY=VALUE with quotes and continuation lines. */
static bool next_word(const struct dockerfile *d, size_t *at, size_t end, struct sc_region *ret)
{
    const char *text = d->detect->text;
    *at = next_start(d, *at, end);
    size_t start = *at;
    char quote = '\0';
    while (*at < end && (quote != '\0' || !(is_blank(text[*at]) || text[*at] == '\n'))) {
        char c = text[*at];
        if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = '\0';
        else if (c == d->escape && *at + 1 < end) {
            if (quote == '\0' && behind_continuation(d, *at, end) > *at)
                break;
            ++*at;
        }
        ++*at;
    }
    *at = SC_MIN(*at, end);
    *ret = (struct sc_region){start, *at - start};
    return *at > start;
}

static struct sc_region without_quotes(const char *text, struct sc_region region)
{
    if (region.len >= 2 && (text[region.offset] == '"' || text[region.offset] == '\'') &&
        text[region.offset + region.len - 1] == text[region.offset]) {
        region.offset++;
        region.len -= 2;
    }
    return region;
}

static int judge(struct sc_detect *detect, enum sc_family family, struct sc_region key,
                 struct sc_region value, struct sc_error *err)
{
    value = without_quotes(detect->text, value);
    key = without_quotes(detect->text, key);
    struct sc_pair pair = sc_detect_pair_of(detect, family, key, value);
    pair.class = family == SC_FAMILY_DOCKERFILE_LABEL ? SC_CLASS_LABEL : SC_CLASS_LITERAL;
    pair.ignore_variables = false;
    return sc_detect_pair(detect, &pair, err);
}

static int read_pairs(const struct dockerfile *d, struct sc_region body, enum sc_family family,
                      struct sc_error *err)
{
    struct sc_detect *detect = d->detect;
    const char *text = detect->text;
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word;
    bool first = true;
    while (next_word(d, &at, end, &word)) {
        const char *equals = memchr(text + word.offset, '=', word.len);
        if (equals == NULL) {
            /* ENV KEY VALUE, the old form: the rest of the line is the value. */
            struct sc_region rest;
            if (first && family == SC_FAMILY_DOCKERFILE_ENV && next_word(d, &at, end, &rest)) {
                size_t stop = end;
                while (stop > rest.offset && (is_blank(text[stop - 1]) || text[stop - 1] == '\n'))
                    stop--;
                rest.len = stop - rest.offset;
                return judge(detect, family, word, rest, err);
            }
            /* ARG TOKEN: the value given to the build stays in the history. */
            enum sc_key_kind kind = sc_key_classify(text + word.offset, word.len);
            if (family == SC_FAMILY_DOCKERFILE_ARG &&
                (kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET)) {
                struct sc_pair pair = {
                    .family = family, .key = text + word.offset, .key_len = word.len};
                int rc = sc_detect_add(detect, arg_verdict, &pair, word, err);
                if (rc < 0)
                    return rc;
            }
            first = false;
            continue;
        }
        first = false;
        size_t split = (size_t)(equals - text);
        struct sc_region key = {word.offset, split - word.offset};
        struct sc_region value = {split + 1, word.offset + word.len - split - 1};
        int rc = judge(detect, family, key, value, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool holds(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= len; at++) {
        if (memcmp(text + at, word, n) == 0)
            return true;
    }
    return false;
}

/* File names that hold nothing but credentials. */
static bool is_credential_file(const char *name, size_t len)
{
    static const char *const names[] = {".env",
                                        ".npmrc",
                                        ".netrc",
                                        ".pgpass",
                                        ".git-credentials",
                                        "id_rsa",
                                        "id_ed25519",
                                        "id_ecdsa",
                                        "id_dsa",
                                        ".dockercfg",
                                        "credentials.json",
                                        "service-account.json",
                                        ".htpasswd",
                                        ".pypirc",
                                        "kubeconfig",
                                        ".my.cnf",
                                        ".env.production",
                                        ".env.local",
                                        ".env.prod",
                                        NULL};
    static const char *const tails[] = {".pem", ".key",      ".p12",  ".pfx",
                                        ".jks", ".keystore", ".kdbx", NULL};
    const char *slash = memrchr(name, '/', len);
    const char *base = slash == NULL ? name : slash + 1;
    size_t base_len = len - (size_t)(base - name);
    for (const char *const *known = names; *known != NULL; known++) {
        if (strlen(*known) == base_len && strncasecmp(*known, base, base_len) == 0)
            return true;
    }
    for (const char *const *tail = tails; *tail != NULL; tail++) {
        size_t n = strlen(*tail);
        if (base_len > n && strncasecmp(base + base_len - n, *tail, n) == 0)
            return !holds(base, base_len, "pub") && !holds(base, base_len, "ca") &&
                   !holds(base, base_len, "cert") && !holds(base, base_len, "chain");
    }
    return false;
}

/* The files that COPY <<EOF ... writes, into the last word of its first line. */
static int read_written(struct sc_detect *detect, struct sc_region body, bool *ret_any,
                        struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = body.offset + body.len, from = body.offset;
    size_t head = sc_str_line_end(text, body.offset, end), stop = head;
    while (stop > body.offset && is_blank(text[stop - 1]))
        stop--;
    size_t start = stop;
    while (start > body.offset && !is_blank(text[start - 1]))
        start--;
    bool folder = stop > start && text[stop - 1] == '/'; /* the mark is the file's name there */
    struct sc_region mark, written;
    int rc = 0;
    *ret_any = false;
    for (size_t at = SC_MIN(head + 1, end); rc == 0 && sc_heredoc_next(text, &from, head, &mark);) {
        struct sc_region name = folder ? mark : (struct sc_region){start, stop - start};
        char target[256] = "";
        if (name.len < sizeof(target))
            memcpy(target, text + name.offset, name.len);
        *ret_any = true;
        at = sc_heredoc_body(text, mark, (struct sc_region){at, end - at}, "\t", &written);
        rc = sc_detect_written_file(detect, written, target, err);
    }
    return rc;
}

static int read_copy(const struct dockerfile *d, struct sc_region body, struct sc_error *err)
{
    struct sc_detect *detect = d->detect;
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word, previous = {0, 0};
    bool written;
    int rc = read_written(detect, body, &written, err);
    if (rc < 0 || written)
        return rc;
    while (next_word(d, &at, end, &word)) {
        const char *from = memmem(detect->text + word.offset, word.len, "--from", 6);
        if (from != NULL)
            return 0; /* out of another image, not out of the build context */
        if (previous.len > 0 && detect->text[previous.offset] != '-' &&
            is_credential_file(detect->text + previous.offset, previous.len)) {
            struct sc_pair pair = {.family = SC_FAMILY_DOCKERFILE_COPY};
            rc = sc_detect_add(detect, copy_verdict, &pair, previous, err);
            if (rc < 0)
                return rc;
        }
        previous = word;
    }
    return 0;
}

/* RUN --mount=... words are no shell. */
static struct sc_region behind_flags(const struct dockerfile *d, struct sc_region body)
{
    const char *text = d->detect->text;
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word;
    while (next_word(d, &at, end, &word)) {
        if (word.len < 3 || memcmp(text + word.offset, "--", 2) != 0)
            return (struct sc_region){word.offset, end - word.offset};
    }
    return (struct sc_region){end, 0};
}

/* ["redis-server", "--requirepass", "x"]: commas and brackets become blanks of an argument list. */
static int read_exec_form(struct sc_detect *detect, struct sc_region body,
                          const struct sc_shell_context *context, struct sc_error *err)
{
    struct sc_words words = {0};
    int rc = 0;
    size_t end = body.offset + body.len;
    for (size_t at = body.offset; at < end && rc == 0; at++) {
        if (detect->text[at] != '"')
            continue;
        size_t close = at + 1;
        while (close < end && detect->text[close] != '"')
            close += detect->text[close] == '\\' && close + 1 < end ? 2 : 1;
        if (close >= end)
            break;
        struct sc_region raw = {at + 1, close - at - 1};
        if (words.count < SC_WORDS_MAX)
            rc = sc_words_add(&words, detect->text + raw.offset, raw.len, raw, err);
        at = close;
    }
    if (rc == 0 && words.count > 0)
        rc = sc_detect_argv(detect, &words, context, err);
    sc_words_done(&words);
    return rc;
}

static int read_command(const struct dockerfile *d, struct sc_region body,
                        const struct sc_shell_context *context, struct sc_error *err)
{
    body = behind_flags(d, body);
    struct sc_shell_context shell = *context;
    shell.escape = d->escape;
    if (body.len > 0 && d->detect->text[body.offset] == '[')
        return read_exec_form(d->detect, body, &shell, err);
    return sc_detect_shell(d->detect, body, &shell, err);
}

static bool is_instruction(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(text, name, len) == 0;
}

static int read_instruction(const struct dockerfile *d, struct sc_region region,
                            struct sc_error *err)
{
    const struct sc_detect *detect = d->detect;
    const char *text = detect->text + region.offset;
    size_t name = 0;
    while (name < region.len && !is_blank(text[name]) && text[name] != '\n')
        name++;
    struct sc_region body = {region.offset + name, region.len - name};
    if (is_instruction(text, name, "ENV"))
        return read_pairs(d, body, SC_FAMILY_DOCKERFILE_ENV, err);
    if (is_instruction(text, name, "ARG"))
        return read_pairs(d, body, SC_FAMILY_DOCKERFILE_ARG, err);
    if (is_instruction(text, name, "LABEL"))
        return read_pairs(d, body, SC_FAMILY_DOCKERFILE_LABEL, err);
    if (is_instruction(text, name, "RUN"))
        return read_command(d, body, &run_context, err);
    if (is_instruction(text, name, "CMD") || is_instruction(text, name, "ENTRYPOINT"))
        return read_command(d, body, &command_context, err);
    if (is_instruction(text, name, "HEALTHCHECK")) {
        const char *cmd = memmem(text, region.len, "CMD", 3);
        if (cmd == NULL)
            return 0;
        size_t from = (size_t)(cmd + 3 - detect->text);
        body = (struct sc_region){from, region.offset + region.len - from};
        return read_command(d, body, &command_context, err);
    }
    if (is_instruction(text, name, "COPY") || is_instruction(text, name, "ADD"))
        return read_copy(d, body, err);
    if (is_instruction(text, name, "ONBUILD")) {
        size_t from = behind_blanks(detect->text, body.offset, body.offset + body.len);
        body = (struct sc_region){from, body.offset + body.len - from};
        return body.len < region.len && body.len > 0 ? read_instruction(d, body, err) : 0;
    }
    return 0;
}

/* The end of the instruction that begins at `at`: behind its continuation lines and here documents.
 */
static size_t instruction_end(const struct dockerfile *d, size_t at, size_t end)
{
    const char *text = d->detect->text;
    size_t start = at;
    while (at < end) {
        size_t stop = sc_str_line_end(text, at, end), last = stop,
               first = behind_blanks(text, at, stop);
        while (last > at && is_blank(text[last - 1]))
            last--;
        bool nothing = at != start && (first >= stop || text[first] == '#'); /* passed over */
        at = SC_MIN(stop + 1, end);
        if (!nothing && !(last > start && text[last - 1] == d->escape))
            break;
    }
    struct sc_region mark, body;
    size_t stop = at;
    for (size_t from = start;
         *d->unclosed < UNCLOSED_MAX && sc_heredoc_next(text, &from, at, &mark);) {
        size_t behind =
            sc_heredoc_body(text, mark, (struct sc_region){stop, end - stop}, "\t", &body);
        *d->unclosed += behind == stop;
        stop = behind;
    }
    return stop;
}

/* `# name=value`; the value is text[*ret_value..at the line's end). */
static bool is_directive(const char *text, size_t at, size_t end, const char *name,
                         size_t *ret_value)
{
    size_t len = strlen(name);
    at = behind_blanks(text, at, end);
    if (at >= end || text[at] != '#')
        return false;
    at = behind_blanks(text, at + 1, end);
    if (end - at <= len || strncasecmp(text + at, name, len) != 0)
        return false;
    at = behind_blanks(text, at + len, end);
    if (at >= end || text[at] != '=')
        return false;
    *ret_value = behind_blanks(text, at + 1, end);
    return true;
}

/* What the directives at the very top say: nothing else may stand in front of one. */
static char escape_of(const char *text, size_t at, size_t end)
{
    static const char *const others[] = {"syntax", "check"};
    while (at < end) {
        size_t stop = sc_str_line_end(text, at, end), value = 0;
        if (is_directive(text, at, stop, "escape", &value))
            return value < stop && text[value] == '`' ? '`' : '\\';
        bool known = false;
        for (size_t i = 0; i < SC_ARRAY_SIZE(others); i++)
            known = known || is_directive(text, at, stop, others[i], &value);
        if (!known)
            break;
        at = SC_MIN(stop + 1, end);
    }
    return '\\';
}

int sc_detect_dockerfile(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = region.offset + region.len;
    size_t unclosed = 0;
    const struct dockerfile d = {detect, escape_of(text, region.offset, end), &unclosed};
    for (size_t at = region.offset; at < end;) {
        while (at < end && (is_blank(text[at]) || text[at] == '\n'))
            at++;
        if (at >= end)
            break;
        size_t stop;
        if (text[at] == '#') {
            stop = SC_MIN(sc_str_line_end(text, at, end) + 1, end);
        } else {
            stop = instruction_end(&d, at, end);
            int rc = read_instruction(&d, (struct sc_region){at, stop - at}, err);
            if (rc < 0)
                return rc;
        }
        at = stop;
    }
    return 0;
}
