/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppressions; see audit/ignore.h.
 */
#include "audit/ignore.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

/* A line longer than this holds no mark for a person. */
#define MARK_LINE_MAX ((size_t)4096)

/* ---- patterns ---- */

/* [a-z], [!a-z] at **pattern, which moves behind it; false where it is never closed. */
static bool read_class(const char **pattern, char c, bool *ret_fits)
{
    const char *at = *pattern + 1;
    bool inverted = *at == '!' || *at == '^', fits = false;
    at += inverted;
    for (const char *first = at; *at != ']' || at == first; at++) {
        at += *at == '\\' && at[1] != '\0';
        if (*at == '\0')
            return false;
        char low = *at, high = low;
        if (at[1] == '-' && at[2] != ']' && at[2] != '\0') {
            high = at[2];
            at += 2;
        }
        fits = fits || (c >= low && c <= high);
    }
    *pattern = at + 1;
    *ret_fits = fits != inverted && c != '/';
    return true;
}

/* Whether the pattern's next sign, which is no star, takes this character: moves behind it. */
static bool take_sign(const char **pattern, char c)
{
    bool fits = false;
    if (**pattern == '?' && c != '/') {
        ++*pattern;
        return true;
    }
    if (**pattern == '[' && read_class(pattern, c, &fits))
        return fits;
    *pattern += **pattern == '\\' && (*pattern)[1] != '\0';
    if (**pattern != c)
        return false;
    ++*pattern;
    return true;
}

/* "**" between slashes, or at an end. */
static bool is_deep(const char *whole, const char *at)
{
    return at[0] == '*' && at[1] == '*' && (at == whole || at[-1] == '/') &&
           (at[2] == '/' || at[2] == '\0');
}

/* Whether a pattern without '!' fits, where '*' passes no slash. */
static bool fits(const char *pattern, const char *path)
{
    const char *whole = pattern;
    const char *star = NULL, *star_path = NULL; /* '*': where to go on, with one more character */
    const char *deep = NULL, *deep_path = NULL; /* "**": the same, with one more folder */
    while (*path != '\0') {
        if (is_deep(whole, pattern)) {
            if (pattern[2] == '\0')
                return true;
            deep = pattern += 3;
            deep_path = path;
            star = NULL;
            continue;
        }
        if (*pattern == '*') {
            while (*pattern == '*')
                pattern++;
            star = pattern;
            star_path = path;
            continue;
        }
        if (take_sign(&pattern, *path)) {
            path++;
            continue;
        }
        if (star != NULL && *star_path != '/') {
            pattern = star;
            path = ++star_path;
            continue;
        }
        const char *slash = deep == NULL ? NULL : strchr(deep_path, '/');
        if (slash == NULL)
            return false;
        pattern = deep;
        path = deep_path = slash + 1;
        star = NULL;
    }
    while (*pattern == '*' && !is_deep(whole, pattern))
        pattern++;
    return *pattern == '\0';
}

/* ---- lines ---- */

static int take_line(struct sc_ignore *ignore, struct sc_ignore_line line, const char *folder,
                     const char *pattern, const char *rule, struct sc_error *err)
{
    struct sc_ignore_line *grown =
        sc_items_reserve(ignore->lines, &ignore->cap, ignore->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    ignore->lines = grown;
    line.folder = sc_str_dup(folder, err);
    line.pattern = sc_str_dup(pattern, err);
    line.rule = sc_str_dup(rule, err);
    ignore->lines[ignore->count++] = line;
    return line.folder == NULL || line.pattern == NULL || line.rule == NULL ? SC_E_NOMEM : 0;
}

/* Bytes of the pattern at the start of a line: up to a blank that no backslash stands before. */
static size_t pattern_length(const char *line)
{
    size_t len = 0;
    while (line[len] != '\0' && strchr(" \t\r", line[len]) == NULL)
        len += line[len] == '\\' && line[len + 1] != '\0' ? 2 : 1;
    return len;
}

static int add_line(struct sc_ignore *ignore, const char *folder, char *line, struct sc_error *err)
{
    line += strspn(line, " \t");
    if (*line == '#')
        return 0;
    struct sc_ignore_line made = {.back = *line == '!'};
    line += made.back;
    size_t len = pattern_length(line);
    char *rule = line + len;
    rule += strspn(rule, " \t\r");
    line[len] = '\0';
    rule[strcspn(rule, " \t\r#")] = '\0';
    while (len > 0 && line[len - 1] == '/') {
        made.folders = true;
        line[--len] = '\0';
    }
    while (line[0] == '.' && line[1] == '/')
        line += 1; /* "./x" means "/x" */
    made.anywhere = strchr(line, '/') == NULL;
    line += strspn(line, "/");
    return *line == '\0' ? 0 : take_line(ignore, made, folder, line, rule, err);
}

static const char *without_dots(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

int sc_ignore_load(struct sc_ignore *ignore, const char *folder, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(folder, SC_IGNORE_FILE, err);
    SC_CLEANUP(sc_str_freep)
    char *base = sc_str_dup(strcmp(folder, ".") == 0 ? "" : without_dots(folder), err);
    if (path == NULL || base == NULL)
        return SC_E_NOMEM;
    for (size_t len = strlen(base); len > 1 && base[len - 1] == '/'; len--)
        base[len - 1] = '\0';
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
        rc = add_line(ignore, base, line, err);
        line = next;
    }
    return rc;
}

static bool has_loaded(const struct sc_ignore *ignore, const char *folder)
{
    for (size_t i = 0; i < ignore->count; i++) {
        if (strcmp(ignore->lines[i].folder, folder) == 0)
            return true;
    }
    return false;
}

int sc_ignore_load_above(struct sc_ignore *ignore, const char *path, struct sc_error *err)
{
    path = without_dots(path);
    if (path[0] == '/' || strstr(path, "..") != NULL)
        return 0;
    SC_CLEANUP(sc_str_freep) char *folder = sc_str_dup(path, err);
    int rc = folder == NULL ? SC_E_NOMEM : 0;
    for (char *slash = rc < 0 ? NULL : strchr(folder, '/'); slash != NULL && rc == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = has_loaded(ignore, folder) ? 0 : sc_ignore_load(ignore, folder, err);
        *slash = '/';
    }
    return rc;
}

void sc_ignore_done(struct sc_ignore *ignore)
{
    for (size_t i = 0; i < ignore->count; i++) {
        free(ignore->lines[i].folder);
        free(ignore->lines[i].pattern);
        free(ignore->lines[i].rule);
    }
    free(ignore->lines);
    *ignore = (struct sc_ignore){0};
}

/* ---- paths ---- */

/* "compose-env-literal" is meant by itself, by "compose-env" and by "all". */
static bool rule_means(const char *wanted, size_t len, const char *rule)
{
    if (len == 3 && memcmp(wanted, "all", 3) == 0)
        return true;
    return strncmp(wanted, rule, len) == 0 && (rule[len] == '\0' || rule[len] == '-');
}

/* The path from the folder of the line on; NULL: it lies elsewhere. */
static const char *path_below(const struct sc_ignore_line *line, const char *path)
{
    size_t len = strlen(line->folder);
    if (len == 0)
        return path[0] == '/' || strncmp(path, "../", 3) == 0 ? NULL : path;
    if (strncmp(path, line->folder, len) != 0)
        return NULL;
    if (line->folder[len - 1] == '/') /* of the root */
        return path + len;
    return path[len] == '/' ? path + len + 1 : NULL;
}

/* What the last line says that fits this very path. */
static bool is_ignored(const struct sc_ignore *ignore, const char *path, bool folder,
                       const char *rule)
{
    for (size_t i = ignore->count; i-- > 0;) {
        const struct sc_ignore_line *line = &ignore->lines[i];
        const char *below = path_below(line, path);
        bool meant = *line->rule == '\0' ||
                     (rule != NULL && rule_means(line->rule, strlen(line->rule), rule));
        if (below == NULL || !meant || (line->folders && !folder))
            continue;
        const char *leaf = strrchr(below, '/');
        if (line->anywhere && leaf != NULL)
            below = leaf + 1;
        if (fits(line->pattern, below))
            return !line->back;
    }
    return false;
}

static bool matches(const struct sc_ignore *ignore, const char *path, bool folder, const char *rule)
{
    char above[PATH_MAX];
    path = without_dots(path);
    size_t len = strlen(path);
    if (ignore->count == 0 || len >= sizeof(above))
        return false;
    memcpy(above, path, len + 1);
    for (char *slash = strchr(above + 1, '/'); slash != NULL && len > 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool ignored = is_ignored(ignore, above, true, rule);
        *slash = '/';
        if (ignored)
            return true;
    }
    return is_ignored(ignore, path, folder, rule);
}

bool sc_ignore_matches(const struct sc_ignore *ignore, const char *path, const char *rule)
{
    return matches(ignore, path, false, rule);
}

bool sc_ignore_matches_folder(const struct sc_ignore *ignore, const char *path)
{
    return matches(ignore, path, true, NULL);
}

/* ---- marks ---- */

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
    size_t end = sc_str_line_end(text, at, at + SC_MIN(bytes.len - at, MARK_LINE_MAX + 1));
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
