/* SPDX-License-Identifier: Apache-2.0
 *
 * Env files as text: where a statement begins and ends, and who refers to a name.
 */
#include <ctype.h>
#include <string.h>

#include "compose/plan/env/env.h"
#include "core/str.h"

#include "core/banned.h"

static bool is_name(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

size_t sc_plan_env_references(struct sc_bytes bytes, const char *name)
{
    const char *text = (const char *)bytes.ptr;
    size_t n = strlen(name), count = 0;
    for (size_t i = 0; i + n < bytes.len; i++) {
        const char *dollar = memchr(text + i, '$', bytes.len - n - i);
        if (dollar == NULL)
            break;
        i = (size_t)(dollar - text);
        if (text[i + 1] == '$') {
            i++;
            continue;
        }
        size_t at = text[i + 1] == '{' ? i + 2 : i + 1;
        if (at + n <= bytes.len && memcmp(text + at, name, n) == 0 &&
            (at + n == bytes.len || !is_name(text[at + n])))
            count++;
    }
    return count;
}

/* Whether an item of a list or a key begins at `at`: nothing but blanks and an opening quote stand
 * between it and the line's start, a dash or what opens or parts a flow collection. */
static bool begins(const char *text, const char *at)
{
    if (at > text && (at[-1] == '"' || at[-1] == '\''))
        at--;
    while (at > text && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at == text || strchr("-[{,\n", at[-1]) != NULL;
}

bool sc_plan_env_passes(struct sc_bytes bytes, const char *name)
{
    const char *text = (const char *)bytes.ptr, *end = text + bytes.len;
    size_t n = strlen(name);
    for (const char *p = memmem(text, bytes.len, name, n); p != NULL;
         p = memmem(p + 1, (size_t)(end - p) - 1, name, n)) {
        char before = p > text ? p[-1] : '\n';
        char after = p + n < end ? p[n] : '\n';
        if (strchr(" \t\n\"'[{,", before) == NULL || !begins(text, p))
            continue; /* `target: NAME` is none */
        if (strchr("\r\n\"',] \t", after) != NULL)
            return true;
        if (after == ':' && (p + n + 1 == end || strchr("\r\n", p[n + 1]) != NULL))
            return true;
    }
    return false;
}

bool sc_plan_env_is_compose(const struct sc_project_file *file)
{
    return file->kind == SC_FILE_COMPOSE || file->kind == SC_FILE_INCLUDE ||
           file->kind == SC_FILE_EXTENDS;
}

/* Behind blanks and `export`. */
static size_t name_start(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t'))
        at++;
    return end - at > 7 && memcmp(text + at, "export ", 7) == 0 ? at + 7 : at;
}

static bool sets(const char *text, size_t at, size_t end, const char *name)
{
    size_t n = strlen(name);
    return end - at > n && memcmp(text + at, name, n) == 0 && strchr("= \t:", text[at + n]) != NULL;
}

size_t sc_plan_env_settings(struct sc_bytes bytes, const char *name)
{
    const char *text = (const char *)bytes.ptr, *end = text + bytes.len;
    size_t n = strlen(name), count = 0;
    for (const char *p = memmem(text, bytes.len, name, n); p != NULL && p < end;
         p = memmem(p + 1, (size_t)(end - p) - 1, name, n)) {
        const char *newline = p > text ? memrchr(text, '\n', (size_t)(p - text)) : NULL;
        size_t at = newline == NULL ? 0 : (size_t)(newline - text) + 1;
        count += name_start(text, at, bytes.len) == (size_t)(p - text) &&
                 sets(text, (size_t)(p - text), bytes.len, name);
    }
    return count;
}

bool sc_plan_env_statement(struct sc_bytes bytes, const char *name, const struct sc_place *value,
                           size_t *ret_start, size_t *ret_end)
{
    const char *text = (const char *)bytes.ptr;
    size_t start = value->start, end = value->end;
    if (end > bytes.len || start > end)
        return false;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    if (!sets(text, name_start(text, start, bytes.len), bytes.len, name))
        return false;
    while (end < bytes.len && text[end] != '\n' && strchr("\"' \t\r", text[end]) != NULL)
        end++;
    if (end < bytes.len && text[end] == '#') {
        end = sc_str_line_end(text, end, bytes.len);
    }
    if (end < bytes.len && text[end] != '\n')
        return false;
    *ret_start = start;
    *ret_end = end + (end < bytes.len);
    return true;
}
