/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths and patterns; see compose/tree/path.h.
 */
#include "compose/tree/path.h"

#include <stdio.h>
#include <string.h>

#include "core/banned.h"

struct sc_path sc_path_key(const struct sc_path *up, const char *key)
{
    bool root = up == NULL || up->depth == 0;
    return (struct sc_path){root ? NULL : up, key, 0, root ? 1 : up->depth + 1};
}

struct sc_path sc_path_item(const struct sc_path *up, size_t index)
{
    bool root = up == NULL || up->depth == 0;
    return (struct sc_path){root ? NULL : up, NULL, index, root ? 1 : up->depth + 1};
}

/* Whether the path is the pattern up to `end`. Compares from the leaf upwards: most patterns differ
 * in their last key. */
static bool matches(const struct sc_path *path, const char *pattern, const char *end)
{
    while (path != NULL && path->depth > 0) {
        const char *start = end;
        while (start > pattern && start[-1] != '.')
            start--;
        size_t len = (size_t)(end - start);
        bool any = len == 1 && *start == '*';
        if (!any) {
            const char *key = path->key != NULL ? path->key : "[]";
            if (*key != *start || strncmp(key, start, len) != 0 || key[len] != '\0')
                return false;
        }
        if (start == pattern)
            return path->depth == 1;
        end = start - 1;
        path = path->up;
    }
    return false;
}

int sc_path_find(const struct sc_path *path, const void *table, size_t row_size)
{
    const char *row = table;
    size_t len = path->key != NULL ? strlen(path->key) : 0;
    char last = path->key == NULL ? ']' : len > 0 ? path->key[len - 1] : '\0';
    for (int i = 0;; i++, row += row_size) {
        struct sc_pattern pattern;
        memcpy(&pattern, row, sizeof(pattern));
        if (pattern.text == NULL)
            return -1;
        char end = pattern.text[pattern.length - 1]; /* nearly all differ in it */
        if (pattern.depth == path->depth && (end == last || end == '*') &&
            matches(path, pattern.text, pattern.text + pattern.length))
            return i;
    }
}

/* The first `depth` keys of a pattern that has more; *ret_leaf: where the last of them begins. */
static const char *head_end(const char *pattern, unsigned depth, const char **ret_leaf)
{
    *ret_leaf = pattern;
    for (;; pattern++) {
        if (*pattern != '.')
            continue;
        if (--depth == 0)
            return pattern;
        *ret_leaf = pattern + 1;
    }
}

bool sc_path_leads(const struct sc_path *path, const void *table, size_t row_size)
{
    if (path->depth == 0)
        return true;
    char first = path->key != NULL ? *path->key : '[';
    for (const char *row = table;; row += row_size) {
        struct sc_pattern pattern;
        memcpy(&pattern, row, sizeof(pattern));
        if (pattern.text == NULL)
            return false;
        if (pattern.depth <= path->depth)
            continue;
        const char *leaf = NULL, *end = head_end(pattern.text, path->depth, &leaf);
        if ((*leaf == first || *leaf == '*') && matches(path, pattern.text, end))
            return true;
    }
}

/* Appends "services.db.ports[0]"; "top level" for an empty path. */
static void path_text(const struct sc_path *path, struct sc_buf *out)
{
    const struct sc_path *steps[SC_PATH_DEPTH_MAX];
    size_t count = 0;
    for (; path != NULL && path->depth > 0 && count < SC_PATH_DEPTH_MAX; path = path->up)
        steps[count++] = path;
    if (count == 0)
        sc_buf_puts(out, "top level");
    for (size_t i = count; i > 0; i--) {
        const struct sc_path *step = steps[i - 1];
        if (step->key == NULL)
            sc_buf_printf(out, "[%zu]", step->index);
        else
            sc_buf_printf(out, "%s%s", i < count ? "." : "", step->key);
    }
}

const char *sc_path_print(char out[SC_PATH_TEXT_SIZE], const struct sc_path *path)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT((size_t)64 * 1024);
    path_text(path, &text);
    bool cut = text.len >= SC_PATH_TEXT_SIZE;
    snprintf(out, SC_PATH_TEXT_SIZE, "%.*s%s", cut ? SC_PATH_TEXT_SIZE - 4 : (int)text.len,
             sc_buf_text(&text), cut ? "..." : "");
    /* A key is a name, but a file may hold anything: nothing that moves the cursor is printed. */
    for (char *c = out; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return out;
}
