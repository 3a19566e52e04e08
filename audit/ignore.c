/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppressions; see audit/ignore.h.
 */
#include "audit/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "core/fsutil.h"

#include "core/banned.h"

/* A line longer than this holds no mark for a person. */
#define MARK_LINE_MAX ((size_t)4096)

static int add_line(struct sc_ignore *ignore, const char *folder, char *line, struct sc_error *err)
{
    line += strspn(line, " \t");
    size_t len = strcspn(line, " \t\r");
    if (len == 0 || *line == '#')
        return 0;
    char *rule = line + len;
    rule += strspn(rule, " \t\r");
    line[len] = '\0';
    rule[strcspn(rule, " \t\r#")] = '\0';
    while (line[0] == '.' && line[1] == '/')
        line += 2;
    const char *tail = line[strlen(line) - 1] == '/' ? "*" : "";
    bool here = strcmp(folder, ".") == 0 || *folder == '\0';
    /* A pattern without a slash inside means the name at any depth. */
    const char *slash = strchr(line, '/');
    bool any_depth = slash == NULL || slash[1] == '\0';
    int rc = 0;
    for (int deep = 0; deep <= (any_depth ? 1 : 0) && rc == 0; deep++) {
        char *pattern = sc_str_printf(err, "%s%s%s%s%s", here ? "" : folder, here ? "" : "/",
                                      deep ? "*/" : "", line, tail);
        rc = sc_strv_take(&ignore->patterns, pattern, err);
        if (rc == 0)
            rc = sc_strv_add(&ignore->rules, rule, err);
    }
    return rc;
}

int sc_ignore_load(struct sc_ignore *ignore, const char *folder, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(folder, SC_IGNORE_FILE, err);
    if (path == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_IGNORE_FILE_MAX);
    struct sc_error local = {0};
    int rc = sc_file_read(path, &text, &local);
    if (rc == SC_E_NOTFOUND || text.len == 0)
        return 0;
    if (rc < 0)
        return sc_fail(err, rc, "%s", sc_error_message(&local));
    char *line = text.data;
    while (line != NULL && rc == 0) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        rc = add_line(ignore, folder, line, err);
        line = next;
    }
    return rc;
}

void sc_ignore_done(struct sc_ignore *ignore)
{
    sc_strv_done(&ignore->patterns);
    sc_strv_done(&ignore->rules);
}

/* "compose-env-literal" is meant by itself, by "compose-env" and by "all". */
static bool rule_means(const char *wanted, size_t len, const char *rule)
{
    if (len == 3 && memcmp(wanted, "all", 3) == 0)
        return true;
    return strncmp(wanted, rule, len) == 0 && (rule[len] == '\0' || rule[len] == '-');
}

bool sc_ignore_matches(const struct sc_ignore *ignore, const char *path, const char *rule)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    for (size_t i = 0; i < ignore->patterns.count; i++) {
        const char *wanted = ignore->rules.items[i];
        bool fits = *wanted == '\0' || (rule != NULL && rule_means(wanted, strlen(wanted), rule));
        if (fits && sc_str_glob(ignore->patterns.items[i], path))
            return true;
    }
    return false;
}

static bool own_mark(const char *line, size_t len, const char *rule)
{
    static const char word[] = "secretsctl:allow ";
    const char *mark = memmem(line, len, word, sizeof(word) - 1);
    if (mark == NULL)
        return false;
    const char *end = line + len;
    const char *at = mark + sizeof(word) - 1;
    while (at < end && *at == ' ')
        at++;
    size_t name = 0;
    while (at + name < end && at[name] != ' ' && at[name] != '\r')
        name++;
    const char *reason = at + name;
    while (reason < end && strchr(" \t\r-#*/>", *reason) != NULL)
        reason++;
    return name > 0 && reason < end && rule_means(at, name, rule);
}

static bool foreign_mark(const char *line, size_t len)
{
    static const char *const marks[] = {"gitleaks:allow",
                                        "betterleaks:allow",
                                        "trufflehog:ignore",
                                        "pragma: allowlist secret",
                                        "ggignore",
                                        "kingfisher:ignore",
                                        "secretlint-disable-line",
                                        "kics-scan ignore-line",
                                        "check=skip=SecretsUsedInArgOrEnv"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(marks); i++) {
        if (memmem(line, len, marks[i], strlen(marks[i])) != NULL)
            return true;
    }
    return false;
}

/* No further back than a line may be long: one of a MiB is not walked for each of its findings. */
static size_t line_start(const char *text, size_t at)
{
    size_t least = at - SC_MIN(at, MARK_LINE_MAX + 1);
    const char *newline = at == 0 ? NULL : memrchr(text + least, '\n', at - least);
    return newline == NULL ? least : (size_t)(newline - text) + 1;
}

bool sc_ignore_marked(struct sc_bytes bytes, const struct sc_finding *finding)
{
    const char *text = (const char *)bytes.ptr;
    size_t at = SC_MIN(finding->span.offset, bytes.len);
    size_t near = SC_MIN(bytes.len - at, MARK_LINE_MAX + 1);
    const char *newline = memchr(text + at, '\n', near);
    size_t end = newline == NULL ? at + near : (size_t)(newline - text);
    size_t start = line_start(text, at);
    if (end - start > MARK_LINE_MAX)
        return false;
    if (own_mark(text + start, end - start, finding->rule) ||
        foreign_mark(text + start, end - start))
        return true;
    if (start == 0)
        return false;
    size_t above = line_start(text, start - 1);
    size_t len = start - 1 - above;
    if (len > MARK_LINE_MAX)
        return false;
    /* Above, the mark must be all there is: a comment, not another line's own mark. */
    size_t first = above;
    while (first < start && strchr(" \t", text[first]) != NULL)
        first++;
    bool comment = strchr("#/;<-", text[first]) != NULL;
    return comment && (own_mark(text + above, len, finding->rule) ||
                       memmem(text + above, len, "pragma: allowlist nextline secret", 33) != NULL);
}
