/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths as text; see compose/form/path.h.
 */
#include "compose/form/path.h"

#include <stdbool.h>
#include <string.h>

#include "core/banned.h"

/* Where the last element of the written part begins; `floor` bytes cannot be taken back. */
static size_t drop_last(const char *out, size_t len, size_t floor)
{
    while (len > floor && out[len - 1] != '/')
        len--;
    return len > floor ? len - 1 : len;
}

const char *sc_path_clean(struct sc_model_pool *pool, const char *path)
{
    char *out = sc_model_pool_alloc(pool, strlen(path) + 2);
    if (out == NULL)
        return NULL;
    bool rooted = *path == '/';
    size_t len = 0;
    size_t floor = 0; /* behind leading ".." of a relative path */
    if (rooted)
        out[len++] = '/';
    floor = len;
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        bool dot = part == 1 && path[0] == '.';
        bool up = part == 2 && path[0] == '.' && path[1] == '.';
        if (up && len > floor) {
            len = drop_last(out, len, floor);
        } else if (up ? !rooted : part > 0 && !dot) {
            if (len > (rooted ? 1U : 0U))
                out[len++] = '/';
            memcpy(out + len, path, part);
            len += part;
            floor = up ? len : floor;
        }
        path += part;
        path += strspn(path, "/");
    }
    if (len == 0)
        out[len++] = '.';
    out[len] = '\0';
    return out;
}

const char *sc_path_below(struct sc_model_pool *pool, const char *base, const char *path)
{
    if (*path == '/')
        return path;
    const char *joined = *base != '\0' ? sc_model_pool_printf(pool, "%s/%s", base, path) : path;
    return joined != NULL ? sc_path_clean(pool, joined) : NULL;
}

const char *sc_path_parent(struct sc_model_pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    const char *parent = sc_model_pool_ndup(pool, path, (size_t)(slash - path) + 1);
    return parent != NULL ? sc_path_clean(pool, parent) : NULL;
}

const char *sc_path_relative(struct sc_model_pool *pool, const char *base, const char *path)
{
    base = sc_path_clean(pool, base);
    path = sc_path_clean(pool, path);
    if (base == NULL || path == NULL || *base != '/' || *path != '/')
        return path;
    size_t same = 0; /* bytes of the elements both begin with */
    size_t i = 0;
    for (; base[i] != '\0' && base[i] == path[i]; i++) {
        if (base[i] == '/')
            same = i + 1;
    }
    if ((base[i] == '\0' && (path[i] == '/' || path[i] == '\0')) ||
        (path[i] == '\0' && base[i] == '/'))
        same = i;
    size_t ups = 0;
    for (const char *c = base + same; *c != '\0'; c++)
        ups += *c != '/' && (c == base + same || c[-1] == '/') ? 1 : 0;
    const char *rest = path + same;
    rest += *rest == '/';
    char *out = sc_model_pool_alloc(pool, ups * 3 + strlen(rest) + 2);
    if (out == NULL)
        return NULL;
    size_t len = 0;
    for (; ups > 0; ups--) {
        memcpy(out + len, "../", 3);
        len += 3;
    }
    memcpy(out + len, rest, strlen(rest) + 1);
    return sc_path_clean(pool, out);
}

const char *sc_path_shown(const char *base, const char *path)
{
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    return strncmp(path, base, len) == 0 && path[len] == '/' && path[len + 1] != '\0'
               ? path + len + 1
               : path;
}
