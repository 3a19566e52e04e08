/* SPDX-License-Identifier: Apache-2.0
 *
 * Relative paths of a project; see compose/load/canonical.h.
 */
#include "compose/load/canonical.h"

#include <string.h>

#include "compose/form/path.h"
#include "compose/load/document.h"
#include "core/str.h"

#include "core/banned.h"

enum path_rule {
    PATH_PLAIN,   /* below the base, unless empty */
    PATH_UNIX,    /* below the base, also an empty one; Windows paths stay */
    PATH_CONTEXT, /* a path, a URL, a git reference or a service */
    PATH_VOLUME,  /* a service's volume: its source if it is a bind */
    PATH_DRIVER   /* a top-level volume that is a bind in its driver's options */
};

static const struct path_row {
    struct sc_pattern pattern;
    enum path_rule rule;
} path_table[] = {
    {SC_PATTERN(4, "services.*.build.context"), PATH_CONTEXT},
    {SC_PATTERN(5, "services.*.build.additional_contexts.*"), PATH_CONTEXT},
    {SC_PATTERN(5, "services.*.build.ssh.*"), PATH_UNIX},
    {SC_PATTERN(5, "services.*.env_file.*.path"), PATH_PLAIN},
    {SC_PATTERN(4, "services.*.label_file.*"), PATH_PLAIN},
    {SC_PATTERN(4, "services.*.extends.file"), PATH_PLAIN},
    {SC_PATTERN(6, "services.*.develop.watch.*.path"), PATH_PLAIN},
    {SC_PATTERN(4, "services.*.volumes.*"), PATH_VOLUME},
    {SC_PATTERN(3, "configs.*.file"), PATH_UNIX},
    {SC_PATTERN(3, "secrets.*.file"), PATH_UNIX},
    {SC_PATTERN(2, "volumes.*"), PATH_DRIVER},
    {SC_PATTERN_END, PATH_PLAIN},
};

struct resolver {
    struct sc_model_pool *pool;
    const char *base, *home;
};

static bool windows_path(const char *path)
{
    bool letter = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z');
    return (letter && path[1] == ':' && (path[2] == '\\' || path[2] == '/')) ||
           (path[0] == '\\' && path[1] == '\\');
}

/* Changes the text of a value in place; its origin keeps the place of what was written. */
static int set_path(const struct resolver *r, struct sc_value *value, bool unix_rule,
                    struct sc_error *err)
{
    const char *path = sc_value_text(value);
    if (path == NULL || (*path == '\0' && !unix_rule))
        return 0;
    if (*path == '~' && r->home != NULL)
        path = sc_path_below(r->pool, r->home, path[1] == '/' ? path + 2 : path + 1);
    else if (!(unix_rule && windows_path(path)))
        path = sc_path_below(r->pool, r->base, path);
    if (path == NULL)
        return sc_model_pool_fail(r->pool, err);
    value->u.text = path;
    value->count = strlen(path);
    return 0;
}

static int set_context(const struct resolver *r, struct sc_value *value, struct sc_error *err)
{
    static const char *const remote[] = {"service:", "https://", "http://",    "git://",
                                         "ssh://",   "git@",     "github.com/"};
    const char *text = sc_value_text(value);
    if (text == NULL || strstr(text, "://") != NULL)
        return 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(remote); i++) {
        if (sc_str_has_prefix(text, remote[i]))
            return 0;
    }
    return set_path(r, value, false, err);
}

static int set_volume(const struct resolver *r, struct sc_value *value, const struct sc_path *path,
                      struct sc_error *err)
{
    if (!sc_value_equals(sc_value_get(value, "type"), "bind"))
        return 0;
    struct sc_value *source = sc_value_get(value, "source");
    if (!sc_value_is(source, SC_VALUE_STRING))
        return sc_fail_value(err, SC_E_SYNTAX, value, path, "a bind needs a source");
    return set_path(r, source, true, err);
}

static int set_driver(const struct resolver *r, const struct sc_value *value, struct sc_error *err)
{
    const struct sc_value *options = sc_value_get(value, "driver_opts");
    struct sc_value *device = sc_value_get(options, "device");
    if (!sc_value_equals(sc_value_get(value, "driver"), "local") || device == NULL ||
        !sc_value_equals(sc_value_get(options, "o"), "bind"))
        return 0;
    return set_path(r, device, true, err);
}

static int apply(const struct resolver *r, enum path_rule rule, struct sc_value *value,
                 const struct sc_path *path, struct sc_error *err)
{
    switch (rule) {
    case PATH_CONTEXT:
        return set_context(r, value, err);
    case PATH_VOLUME:
        return set_volume(r, value, path, err);
    case PATH_DRIVER:
        return set_driver(r, value, err);
    case PATH_UNIX:
    case PATH_PLAIN:
    default:
        return set_path(r, value, rule == PATH_UNIX, err);
    }
}

static int walk(const struct resolver *r, struct sc_value *value, const struct sc_path *path,
                struct sc_error *err)
{
    int row = path->depth > 0 ? sc_path_find(path, path_table, sizeof(path_table[0])) : -1;
    if (row >= 0)
        return apply(r, path_table[row].rule, value, path, err);
    bool map = value->kind == SC_VALUE_MAP;
    if ((!map && value->kind != SC_VALUE_LIST) ||
        !sc_path_leads(path, path_table, sizeof(path_table[0])))
        return 0;
    for (size_t i = 0; i < value->count; i++) {
        struct sc_path next =
            map ? sc_path_key(path, value->u.entries[i].key) : sc_path_item(path, i);
        int rc = walk(r, map ? value->u.entries[i].value : value->u.items[i], &next, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_paths_resolve(struct sc_model_pool *pool, struct sc_value *root, const char *base,
                     const char *home, struct sc_error *err)
{
    struct resolver r = {.pool = pool, .base = base, .home = home};
    struct sc_path top = {0};
    return walk(&r, root, &top, err);
}
