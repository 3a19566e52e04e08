/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles: ENV, ARG, LABEL, RUN, CMD, ENTRYPOINT, HEALTHCHECK, COPY and ADD.
 *
 * An instruction runs to the end of its last continuation line; here documents of RUN and COPY
 * belong to it. The escape character is the backslash (a `# escape=` directive is not followed).
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "audit/detect/shell.h"
#include "compose/credential.h"

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

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One word of ENV, ARG and LABEL from *at on: KEY=VALUE with quotes and continuation lines. */
static bool next_word(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    for (;;) {
        while (*at < end && (is_blank(text[*at]) || text[*at] == '\n'))
            ++*at;
        if (*at < end && text[*at] == '\\' && *at + 1 < end &&
            (text[*at + 1] == '\n' || text[*at + 1] == '\r')) {
            *at += 2;
            continue;
        }
        break;
    }
    size_t start = *at;
    char quote = '\0';
    while (*at < end && (quote != '\0' || !(is_blank(text[*at]) || text[*at] == '\n'))) {
        char c = text[*at];
        if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = '\0';
        else if (c == '\\' && *at + 1 < end) {
            if (text[*at + 1] == '\n' && quote == '\0')
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
    struct sc_pair pair = {
        .family = family,
        .key = detect->text + key.offset,
        .key_len = key.len,
        .value = detect->text + value.offset,
        .value_len = value.len,
        .raw = value,
        .class = family == SC_FAMILY_DOCKERFILE_LABEL ? SC_CLASS_LABEL : SC_CLASS_LITERAL,
    };
    return sc_detect_pair(detect, &pair, NULL, err);
}

static int read_pairs(struct sc_detect *detect, struct sc_region body, enum sc_family family,
                      struct sc_error *err)
{
    const char *text = detect->text;
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word;
    bool first = true;
    while (next_word(text, &at, end, &word)) {
        const char *equals = memchr(text + word.offset, '=', word.len);
        if (equals == NULL) {
            /* ENV KEY VALUE, the old form: the rest of the line is the value. */
            struct sc_region rest;
            if (first && family == SC_FAMILY_DOCKERFILE_ENV && next_word(text, &at, end, &rest)) {
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

/* ---- here documents ---- */

static bool is_mark_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The mark of the next one that an instruction announces from *at on: <<EOF, <<-'EOF'. Here strings
 * (<<<) are none. */
static bool next_here(const char *text, size_t *at, size_t end, struct sc_region *ret)
{
    for (;;) {
        const char *found = memmem(text + *at, end - *at, "<<", 2);
        if (found == NULL)
            return false;
        size_t mark = (size_t)(found - text) + 2;
        bool string = mark < end && text[mark] == '<';
        while (mark < end && strchr("<-'\"", text[mark]) != NULL && text[mark] != '\0')
            mark++;
        *at = mark;
        while (*at < end && is_mark_char(text[*at]))
            ++*at;
        *ret = (struct sc_region){mark, *at - mark};
        if (!string && *at > mark)
            return true;
    }
}

/* The end of its body, which begins where `from` does: behind the line that is the mark; where
 * `from` begins if there is none. */
static size_t here_body(const char *text, struct sc_region mark, struct sc_region from,
                        struct sc_region *ret)
{
    size_t end = from.offset + from.len;
    *ret = (struct sc_region){from.offset, 0};
    for (size_t line = from.offset; line < end;) {
        const char *newline = memchr(text + line, '\n', end - line);
        size_t next = newline == NULL ? end : (size_t)(newline - text);
        size_t first = line, last = next;
        while (first < last && text[first] == '\t')
            first++;
        while (last > first && text[last - 1] == '\r')
            last--;
        if (last - first == mark.len && memcmp(text + first, text + mark.offset, mark.len) == 0) {
            ret->len = line - from.offset;
            return SC_MIN(next + 1, end);
        }
        line = next + 1;
    }
    return from.offset;
}

/* The files that COPY <<EOF ... writes, into the last word of its first line. */
static int read_written(struct sc_detect *detect, struct sc_region body, bool *ret_any,
                        struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = body.offset + body.len, from = body.offset;
    const char *newline = memchr(text + body.offset, '\n', body.len);
    size_t head = newline == NULL ? end : (size_t)(newline - text);
    char target[256] = "";
    size_t stop = head, start;
    while (stop > body.offset && is_blank(text[stop - 1]))
        stop--;
    for (start = stop; start > body.offset && !is_blank(text[start - 1]);)
        start--;
    if (stop - start < sizeof(target))
        memcpy(target, text + start, stop - start);
    struct sc_region mark, written;
    int rc = 0;
    *ret_any = false;
    for (size_t at = SC_MIN(head + 1, end); rc == 0 && next_here(text, &from, head, &mark);) {
        *ret_any = true;
        at = here_body(text, mark, (struct sc_region){at, end - at}, &written);
        rc = sc_detect_written_file(detect, written, target, err);
    }
    return rc;
}

static int read_copy(struct sc_detect *detect, struct sc_region body, struct sc_error *err)
{
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word, previous = {0, 0};
    bool written;
    int rc = read_written(detect, body, &written, err);
    if (rc < 0 || written)
        return rc;
    while (next_word(detect->text, &at, end, &word)) {
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
static struct sc_region behind_flags(const char *text, struct sc_region body)
{
    size_t at = body.offset, end = body.offset + body.len;
    struct sc_region word;
    while (next_word(text, &at, end, &word)) {
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

static int read_command(struct sc_detect *detect, struct sc_region body,
                        const struct sc_shell_context *context, struct sc_error *err)
{
    body = behind_flags(detect->text, body);
    if (body.len > 0 && detect->text[body.offset] == '[')
        return read_exec_form(detect, body, context, err);
    return sc_detect_shell(detect, body, context, err);
}

static bool is_instruction(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(text, name, len) == 0;
}

static int read_instruction(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text + region.offset;
    size_t name = 0;
    while (name < region.len && !is_blank(text[name]) && text[name] != '\n')
        name++;
    struct sc_region body = {region.offset + name, region.len - name};
    if (is_instruction(text, name, "ENV"))
        return read_pairs(detect, body, SC_FAMILY_DOCKERFILE_ENV, err);
    if (is_instruction(text, name, "ARG"))
        return read_pairs(detect, body, SC_FAMILY_DOCKERFILE_ARG, err);
    if (is_instruction(text, name, "LABEL"))
        return read_pairs(detect, body, SC_FAMILY_DOCKERFILE_LABEL, err);
    if (is_instruction(text, name, "RUN"))
        return read_command(detect, body, &run_context, err);
    if (is_instruction(text, name, "CMD") || is_instruction(text, name, "ENTRYPOINT"))
        return read_command(detect, body, &command_context, err);
    if (is_instruction(text, name, "HEALTHCHECK")) {
        const char *cmd = memmem(text, region.len, "CMD", 3);
        if (cmd == NULL)
            return 0;
        size_t from = (size_t)(cmd + 3 - detect->text);
        body = (struct sc_region){from, region.offset + region.len - from};
        return read_command(detect, body, &command_context, err);
    }
    if (is_instruction(text, name, "COPY") || is_instruction(text, name, "ADD"))
        return read_copy(detect, body, err);
    if (is_instruction(text, name, "ONBUILD")) {
        while (body.len > 0 && is_blank(detect->text[body.offset])) {
            body.offset++;
            body.len--;
        }
        return body.len < region.len && body.len > 0 ? read_instruction(detect, body, err) : 0;
    }
    return 0;
}

/* The end of the instruction that begins at `at`: behind its continuation lines and here documents.
 */
static size_t instruction_end(const char *text, size_t at, size_t end)
{
    size_t start = at;
    for (;;) {
        const char *newline = memchr(text + at, '\n', end - at);
        if (newline == NULL)
            return end;
        size_t stop = (size_t)(newline - text);
        size_t last = stop;
        while (last > at && is_blank(text[last - 1]))
            last--;
        size_t first = at;
        while (first < stop && is_blank(text[first]))
            first++;
        bool comment = at != start && first < stop && text[first] == '#';
        at = stop + 1;
        if (!comment && !(last > start && text[last - 1] == '\\'))
            break;
    }
    struct sc_region mark, body;
    size_t stop = at;
    for (size_t from = start; next_here(text, &from, at, &mark);)
        stop = here_body(text, mark, (struct sc_region){stop, end - stop}, &body);
    return stop;
}

int sc_detect_dockerfile(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = region.offset + region.len;
    for (size_t at = region.offset; at < end;) {
        while (at < end && (is_blank(text[at]) || text[at] == '\n'))
            at++;
        if (at >= end)
            break;
        size_t stop = instruction_end(text, at, end);
        if (text[at] != '#') {
            int rc = read_instruction(detect, (struct sc_region){at, stop - at}, err);
            if (rc < 0)
                return rc;
        } else {
            const char *newline = memchr(text + at, '\n', end - at);
            stop = newline == NULL ? end : (size_t)(newline - text) + 1;
        }
        at = stop;
    }
    return 0;
}
