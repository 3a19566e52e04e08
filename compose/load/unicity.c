/* SPDX-License-Identifier: Apache-2.0
 *
 * Doubles in lists; see compose/load/merge.h.
 */
#include "compose/load/merge.h"

#include <string.h>

#include "compose/form/volume.h"
#include "compose/load/document.h"
#include "compose/tree/scalar.h"

#include "core/banned.h"

enum unique_by {
    BY_NAME,
    BY_SECRET,
    BY_CONFIG,
    BY_VOLUME,
    BY_DEVICE,
    BY_ENV_FILE,
    BY_TEXT,
    BY_PORT
};

static const struct unique_row {
    struct sc_pattern pattern;
    enum unique_by by;
} unique_table[] = {
    {SC_PATTERN(3, "networks.*.labels"), BY_NAME},
    {SC_PATTERN(4, "networks.*.ipam.options"), BY_NAME},
    {SC_PATTERN(3, "services.*.annotations"), BY_NAME},
    {SC_PATTERN(4, "services.*.build.args"), BY_NAME},
    {SC_PATTERN(4, "services.*.build.additional_contexts"), BY_NAME},
    {SC_PATTERN(4, "services.*.build.platform"), BY_NAME},
    {SC_PATTERN(4, "services.*.build.tags"), BY_NAME},
    {SC_PATTERN(4, "services.*.build.labels"), BY_NAME},
    {SC_PATTERN(3, "services.*.cap_add"), BY_NAME},
    {SC_PATTERN(3, "services.*.cap_drop"), BY_NAME},
    {SC_PATTERN(3, "services.*.configs"), BY_CONFIG},
    {SC_PATTERN(4, "services.*.deploy.labels"), BY_NAME},
    {SC_PATTERN(3, "services.*.devices"), BY_DEVICE},
    {SC_PATTERN(3, "services.*.dns"), BY_NAME},
    {SC_PATTERN(3, "services.*.dns_opt"), BY_NAME},
    {SC_PATTERN(3, "services.*.dns_search"), BY_NAME},
    {SC_PATTERN(3, "services.*.environment"), BY_NAME},
    {SC_PATTERN(3, "services.*.env_file"), BY_ENV_FILE},
    {SC_PATTERN(3, "services.*.expose"), BY_TEXT},
    {SC_PATTERN(3, "services.*.labels"), BY_NAME},
    {SC_PATTERN(3, "services.*.links"), BY_NAME},
    {SC_PATTERN(5, "services.*.networks.*.aliases"), BY_NAME},
    {SC_PATTERN(5, "services.*.networks.*.link_local_ips"), BY_NAME},
    {SC_PATTERN(3, "services.*.ports"), BY_PORT},
    {SC_PATTERN(3, "services.*.profiles"), BY_NAME},
    {SC_PATTERN(3, "services.*.secrets"), BY_SECRET},
    {SC_PATTERN(3, "services.*.sysctls"), BY_NAME},
    {SC_PATTERN(3, "services.*.tmpfs"), BY_NAME},
    {SC_PATTERN(3, "services.*.volumes"), BY_VOLUME},
    {SC_PATTERN_END, BY_NAME},
};

struct unique {
    struct sc_model_pool *pool;
    enum unique_by by;
    const struct sc_path *path;
};

static const char *key_by_name(const struct unique *u, const struct sc_value *item)
{
    const char *equals = memchr(item->u.text, '=', item->count);
    return equals == NULL
               ? item->u.text
               : sc_model_pool_ndup(u->pool, item->u.text, (size_t)(equals - item->u.text));
}

/* The part of a text between the first and the second colon, or all of it without one. */
static const char *key_by_device(const struct unique *u, const struct sc_value *item)
{
    const char *colon = strchr(item->u.text, ':');
    return colon == NULL ? item->u.text
                         : sc_model_pool_ndup(u->pool, colon + 1, strcspn(colon + 1, ":"));
}

static const char *part_text(const struct unique *u, const struct sc_value *item, const char *key,
                             const char *missing)
{
    const struct sc_value *part = sc_value_get(item, key);
    if (part == NULL)
        return missing;
    const char *text = sc_scalar_text(u->pool, part);
    /* 8080 and "8080" are different ports here, as they are for Docker Compose. */
    bool number = text != NULL && part->kind != SC_VALUE_STRING && strcmp(key, "published") == 0;
    return number ? sc_model_pool_printf(u->pool, "number %s", text) : text;
}

static const char *key_of_map(const struct unique *u, const struct sc_value *item)
{
    const char *target = part_text(u, item, "target", NULL);
    switch (u->by) {
    case BY_SECRET:
    case BY_CONFIG:
        if (target != NULL)
            return target;
        return sc_model_pool_printf(u->pool, "%s/%s", u->by == BY_SECRET ? "/run/secrets" : "",
                                    part_text(u, item, "source", ""));
    case BY_ENV_FILE:
        return part_text(u, item, "path", NULL);
    case BY_PORT:
        if (target == NULL)
            return NULL;
        return sc_model_pool_printf(
            u->pool, "%s:%s:%s/%s", part_text(u, item, "host_ip", "0.0.0.0"),
            part_text(u, item, "published", "?"), target, part_text(u, item, "protocol", "tcp"));
    case BY_VOLUME:
    case BY_DEVICE:
        return target;
    case BY_NAME:
    case BY_TEXT:
    default:
        return NULL;
    }
}

static int key_of_text(const struct unique *u, const struct sc_value *item, const char **ret,
                       struct sc_error *err)
{
    struct sc_volume_spec volume = {0};
    int rc = 0;
    switch (u->by) {
    case BY_NAME:
        *ret = key_by_name(u, item);
        break;
    case BY_SECRET:
    case BY_CONFIG:
        *ret = sc_model_pool_printf(u->pool, "%s/%s", u->by == BY_SECRET ? "/run/secrets" : "",
                                    item->u.text);
        break;
    case BY_VOLUME:
        rc = sc_volume_parse(u->pool, item->u.text, &volume, err);
        if (rc < 0)
            return sc_wrap_value(err, rc, item, u->path);
        *ret = volume.target;
        break;
    case BY_DEVICE:
        *ret = key_by_device(u, item);
        break;
    case BY_ENV_FILE:
    case BY_TEXT:
    case BY_PORT:
    default:
        *ret = item->u.text;
        break;
    }
    return *ret != NULL ? 0 : sc_model_pool_fail(u->pool, err);
}

/* The text by which two items are the same; "" is allowed and a key like others. */
static int key_of(const struct unique *u, const struct sc_value *item, const char **ret,
                  struct sc_error *err)
{
    if (item->kind == SC_VALUE_STRING)
        return key_of_text(u, item, ret, err);
    bool number = item->kind == SC_VALUE_INT && (u->by == BY_TEXT || u->by == BY_PORT);
    if (number)
        *ret = sc_scalar_text(u->pool, item);
    else if (item->kind == SC_VALUE_MAP)
        *ret = key_of_map(u, item);
    if (*ret != NULL)
        return 0;
    bool lenient =
        u->by == BY_VOLUME || u->by == BY_DEVICE || u->by == BY_PORT || u->by == BY_ENV_FILE;
    if (lenient && item->kind != SC_VALUE_MAP) {
        *ret = "";
        return 0;
    }
    return sc_fail_value(err, SC_E_SYNTAX, item, u->path,
                         item->kind == SC_VALUE_MAP ? "lacks its target"
                                                    : "is not of a type that is allowed here");
}

static int unique_list(struct sc_model_pool *pool, struct sc_value *list, enum unique_by by,
                       const struct sc_path *path, struct sc_error *err)
{
    struct sc_value *seen = sc_tree_new(pool, SC_VALUE_MAP, list->origin);
    int rc = seen != NULL ? 0 : sc_model_pool_fail(pool, err);
    if (rc == 0 && list->count > 1)
        rc = sc_tree_reserve(pool, seen, list->count, err);
    size_t kept = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        struct sc_path item_path = sc_path_item(path, i);
        struct unique u = {.pool = pool, .by = by, .path = &item_path};
        const char *key = NULL;
        rc = key_of(&u, list->u.items[i], &key, err);
        if (rc < 0 || list->count == 1)
            return rc;
        const struct sc_value *first = sc_value_get(seen, key);
        if (first != NULL) {
            list->u.items[first->u.integer] = list->u.items[i];
            continue;
        }
        struct sc_value *position = sc_tree_int(pool, (int64_t)kept, list->origin);
        rc = sc_tree_set(pool, seen, key, position, NULL, err);
        list->u.items[kept++] = list->u.items[i];
    }
    if (rc == 0)
        list->count = kept;
    return rc;
}

static int walk(struct sc_model_pool *pool, struct sc_value *value, const struct sc_path *path,
                struct sc_error *err)
{
    if (value->kind == SC_VALUE_LIST) {
        int row = value->count > 0 ? sc_path_find(path, unique_table, sizeof(unique_table[0])) : -1;
        return row < 0 ? 0 : unique_list(pool, value, unique_table[row].by, path, err);
    }
    if (value->kind != SC_VALUE_MAP || !sc_path_leads(path, unique_table, sizeof(unique_table[0])))
        return 0;
    for (size_t i = 0; i < value->count; i++) {
        struct sc_path next = sc_path_key(path, value->u.entries[i].key);
        int rc = walk(pool, value->u.entries[i].value, &next, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_unicity(struct sc_model_pool *pool, struct sc_value *root, struct sc_error *err)
{
    struct sc_path top = {0};
    return walk(pool, root, &top, err);
}
