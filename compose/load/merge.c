/* SPDX-License-Identifier: Apache-2.0
 *
 * Merge rules; see compose/load/merge.h. One table, checked against Docker Compose by tests/peer.
 */
#include "compose/load/merge.h"

#include <stdlib.h>
#include <string.h>

#include "compose/load/document.h"
#include "compose/tree/items.h"
#include "compose/tree/scalar.h"

#include "core/banned.h"

enum merge_rule {
    MERGE_LIST,       /* both sides to a list of "NAME=value", appended */
    MERGE_REPLACE,    /* the override wins, also if it is null */
    MERGE_BUILD,      /* a text is the context */
    MERGE_DEPENDS_ON, /* list to map with defaults */
    MERGE_NAMES,      /* list to map of nulls */
    MERGE_LOGGING,    /* only with the same driver */
    MERGE_ULIMIT,     /* maps are merged, else the override wins */
    MERGE_IPAM        /* pools by their subnet */
};

struct merge_row {
    struct sc_pattern pattern;
    enum merge_rule rule;
};

static const struct merge_row merge_table[] = {
    {SC_PATTERN(4, "networks.*.ipam.config"), MERGE_IPAM},
    {SC_PATTERN(3, "networks.*.labels"), MERGE_LIST},
    {SC_PATTERN(3, "volumes.*.labels"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.annotations"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.build"), MERGE_BUILD},
    {SC_PATTERN(4, "services.*.build.args"), MERGE_LIST},
    {SC_PATTERN(4, "services.*.build.additional_contexts"), MERGE_LIST},
    {SC_PATTERN(4, "services.*.build.extra_hosts"), MERGE_LIST},
    {SC_PATTERN(4, "services.*.build.labels"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.command"), MERGE_REPLACE},
    {SC_PATTERN(3, "services.*.depends_on"), MERGE_DEPENDS_ON},
    {SC_PATTERN(4, "services.*.deploy.labels"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.dns"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.dns_opt"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.dns_search"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.entrypoint"), MERGE_REPLACE},
    {SC_PATTERN(3, "services.*.env_file"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.label_file"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.environment"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.extra_hosts"), MERGE_LIST},
    {SC_PATTERN(4, "services.*.healthcheck.test"), MERGE_REPLACE},
    {SC_PATTERN(3, "services.*.labels"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.logging"), MERGE_LOGGING},
    {SC_PATTERN(3, "services.*.models"), MERGE_NAMES},
    {SC_PATTERN(3, "services.*.networks"), MERGE_NAMES},
    {SC_PATTERN(3, "services.*.sysctls"), MERGE_LIST},
    {SC_PATTERN(3, "services.*.tmpfs"), MERGE_LIST},
    {SC_PATTERN(4, "services.*.ulimits.*"), MERGE_ULIMIT},
    {SC_PATTERN_END, MERGE_REPLACE},
};

static int merge_maps(struct sc_model_pool *pool, struct sc_value *base, struct sc_value *override,
                      const struct sc_path *path, struct sc_error *err)
{
    for (size_t i = 0; i < override->count; i++) {
        struct sc_entry *entry = &override->u.entries[i];
        struct sc_value *old = sc_value_get(base, entry->key);
        struct sc_value *merged = old != NULL ? old : entry->value;
        struct sc_path next = sc_path_key(path, entry->key);
        int rc = old != NULL ? sc_merge(pool, &merged, entry->value, &next, err) : 0;
        if (rc == 0)
            rc = sc_tree_set(pool, base, entry->key, merged, &entry->at, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Appends what is not there in the very same form. */
static int append_new(struct sc_model_pool *pool, struct sc_value *base,
                      const struct sc_value *override, struct sc_error *err)
{
    SC_CLEANUP(sc_item_set_done) struct sc_item_set items = {0};
    int rc = sc_item_set_begin(&items, base, base->count + override->count, err);
    for (size_t i = 0; i < base->count && rc == 0; i++)
        (void)sc_item_set_put(&items, i);
    for (size_t i = 0; i < override->count && rc == 0; i++) {
        rc = sc_tree_append(pool, base, override->u.items[i], err);
        if (rc == 0 && !sc_item_set_put(&items, base->count - 1))
            base->count--; /* it was there */
    }
    return rc;
}

/* ---- maps as lists ---- */

static int compare_texts(const void *a, const void *b)
{
    const struct sc_value *const *left = a;
    const struct sc_value *const *right = b;
    return strcmp((*left)->u.text, (*right)->u.text);
}

static int add_pair(struct sc_model_pool *pool, struct sc_value *list, const struct sc_entry *entry,
                    const struct sc_value *value, struct sc_error *err)
{
    const char *text = entry->key;
    if (value->kind != SC_VALUE_NULL) {
        const char *right = sc_scalar_text(pool, value);
        text = right != NULL ? sc_model_pool_printf(pool, "%s=%s", entry->key, right) : NULL;
    }
    if (text == NULL)
        return sc_model_pool_fail(pool, err);
    return sc_tree_append(pool, list, sc_tree_text(pool, text, value->origin), err);
}

static int add_entry(struct sc_model_pool *pool, struct sc_value *list,
                     const struct sc_entry *entry, struct sc_error *err)
{
    const struct sc_value *value = entry->value;
    if (value->kind != SC_VALUE_LIST)
        return add_pair(pool, list, entry, value, err);
    for (size_t i = 0; i < value->count; i++) {
        int rc = add_pair(pool, list, entry, value->u.items[i], err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A map of NAME: value as a list of "NAME=value", sorted; a list stays; a text becomes one item;
 * anything else an empty list. */
static struct sc_value *to_list(struct sc_model_pool *pool, struct sc_value *value,
                                struct sc_error *err)
{
    if (value->kind == SC_VALUE_LIST)
        return value;
    struct sc_value *list = sc_tree_new(pool, SC_VALUE_LIST, value->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(pool, err);
    if (rc == 0 && value->kind == SC_VALUE_STRING)
        rc = sc_tree_append(pool, list, value, err);
    for (size_t i = 0; rc == 0 && value->kind == SC_VALUE_MAP && i < value->count; i++)
        rc = add_entry(pool, list, &value->u.entries[i], err);
    if (rc < 0)
        return NULL;
    if (value->kind == SC_VALUE_MAP && list->count > 1)
        qsort(list->u.items, list->count, sizeof(struct sc_value *), compare_texts);
    return list;
}

static int merge_lists(struct sc_model_pool *pool, struct sc_value **base,
                       struct sc_value *override, struct sc_error *err)
{
    struct sc_value *left = to_list(pool, *base, err);
    struct sc_value *right = left != NULL ? to_list(pool, override, err) : NULL;
    if (right == NULL)
        return err != NULL && err->code < 0 ? err->code : SC_E_NOMEM;
    *base = left;
    return append_new(pool, left, right, err);
}

/* ---- lists as maps ---- */

static int add_name(struct sc_model_pool *pool, struct sc_value *map, const struct sc_value *name,
                    bool depends_on, struct sc_error *err)
{
    struct sc_value *value =
        sc_tree_new(pool, depends_on ? SC_VALUE_MAP : SC_VALUE_NULL, name->origin);
    int rc = value != NULL ? 0 : sc_model_pool_fail(pool, err);
    if (rc == 0 && depends_on) {
        rc = sc_tree_set(pool, value, "condition",
                         sc_tree_text(pool, "service_started", sc_origin_implied()), NULL, err);
        if (rc == 0)
            rc = sc_tree_set(pool, value, "required", sc_tree_bool(pool, true, sc_origin_implied()),
                             NULL, err);
    }
    return rc < 0 ? rc : sc_tree_set(pool, map, name->u.text, value, &name->origin->place, err);
}

static int to_map(struct sc_model_pool *pool, struct sc_value **value, bool depends_on,
                  const struct sc_path *path, struct sc_error *err)
{
    struct sc_value *from = *value;
    if (from->kind == SC_VALUE_MAP)
        return 0;
    if (from->kind != SC_VALUE_LIST && from->kind != SC_VALUE_STRING)
        return sc_fail_value(err, SC_E_SYNTAX, from, path, "must be a list or a mapping");
    struct sc_value *map = sc_tree_new(pool, SC_VALUE_MAP, from->origin);
    int rc = map != NULL ? 0 : sc_model_pool_fail(pool, err);
    if (rc == 0 && from->kind == SC_VALUE_STRING)
        rc = add_name(pool, map, from, depends_on, err);
    for (size_t i = 0; rc == 0 && from->kind == SC_VALUE_LIST && i < from->count; i++) {
        if (from->u.items[i]->kind != SC_VALUE_STRING)
            return sc_fail_value(err, SC_E_SYNTAX, from->u.items[i], path, "must list names");
        rc = add_name(pool, map, from->u.items[i], depends_on, err);
    }
    if (rc == 0)
        *value = map;
    return rc;
}

static int merge_names(struct sc_model_pool *pool, struct sc_value **base,
                       struct sc_value *override, bool depends_on, const struct sc_path *path,
                       struct sc_error *err)
{
    int rc = to_map(pool, base, depends_on, path, err);
    if (rc == 0)
        rc = to_map(pool, &override, depends_on, path, err);
    return rc < 0 ? rc : merge_maps(pool, *base, override, path, err);
}

/* ---- single rules ---- */

static int merge_build(struct sc_model_pool *pool, struct sc_value **base,
                       struct sc_value *override, const struct sc_path *path, struct sc_error *err)
{
    struct sc_value *sides[] = {*base, override};
    for (size_t i = 0; i < SC_ARRAY_SIZE(sides); i++) {
        if (sides[i]->kind == SC_VALUE_MAP)
            continue;
        struct sc_value *map = sc_tree_new(pool, SC_VALUE_MAP, sides[i]->origin);
        int rc = map != NULL ? 0 : sc_model_pool_fail(pool, err);
        if (rc == 0 && sides[i]->kind == SC_VALUE_STRING)
            rc = sc_tree_set(pool, map, "context", sides[i], &sides[i]->origin->place, err);
        if (rc < 0)
            return rc;
        sides[i] = map;
    }
    *base = sides[0];
    return merge_maps(pool, sides[0], sides[1], path, err);
}

static int merge_logging(struct sc_model_pool *pool, struct sc_value **base,
                         struct sc_value *override, const struct sc_path *path,
                         struct sc_error *err)
{
    if ((*base)->kind != SC_VALUE_MAP || override->kind != SC_VALUE_MAP)
        return sc_fail_value(err, SC_E_SYNTAX, override, path, "must be a mapping to be merged");
    const struct sc_value *old = sc_value_get(*base, "driver");
    const struct sc_value *new = sc_value_get(override, "driver");
    if (old == NULL || new == NULL || sc_value_same(old, new))
        return merge_maps(pool, *base, override, path, err);
    *base = override;
    return 0;
}

static struct sc_value *same_subnet(const struct sc_value *pools, const struct sc_value *pool)
{
    for (size_t i = 0; i < pools->count; i++) {
        if (sc_value_same(sc_value_get(pools->u.items[i], "subnet"), sc_value_get(pool, "subnet")))
            return pools->u.items[i];
    }
    return NULL;
}

/* One pair of pools; `result` collects as Docker Compose does, oddities included. */
static int merge_pool(struct sc_model_pool *pool, struct sc_value *base, struct sc_value *override,
                      struct sc_value *result, const struct sc_path *path, struct sc_error *err)
{
    bool same = sc_value_same(sc_value_get(base, "subnet"), sc_value_get(override, "subnet"));
    if (!same && same_subnet(result, override) == NULL)
        return sc_tree_append(pool, result, override, err);
    int rc = merge_maps(pool, base, override, path, err);
    if (rc < 0)
        return rc;
    struct sc_value *there = same_subnet(result, base);
    if (there == NULL)
        return sc_tree_append(pool, result, base, err);
    for (size_t i = 0; i < result->count; i++) {
        if (result->u.items[i] == there)
            result->u.items[i] = base;
    }
    return 0;
}

static bool all_maps(const struct sc_value *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->u.items[i]->kind != SC_VALUE_MAP)
            return false;
    }
    return true;
}

static int merge_ipam(struct sc_model_pool *pool, struct sc_value **base, struct sc_value *override,
                      const struct sc_path *path, struct sc_error *err)
{
    if ((*base)->kind != SC_VALUE_LIST || override->kind != SC_VALUE_LIST || !all_maps(*base) ||
        !all_maps(override))
        return sc_fail_value(err, SC_E_SYNTAX, override, path, "must be a list of mappings");
    struct sc_value *result = sc_tree_new(pool, SC_VALUE_LIST, (*base)->origin);
    if (result == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < (*base)->count; i++) {
        for (size_t j = 0; j < override->count; j++) {
            int rc = merge_pool(pool, (*base)->u.items[i], override->u.items[j], result, path, err);
            if (rc < 0)
                return rc;
        }
    }
    *base = result;
    return 0;
}

static int merge_default(struct sc_model_pool *pool, struct sc_value **base,
                         struct sc_value *override, const struct sc_path *path,
                         struct sc_error *err)
{
    if (override->kind == SC_VALUE_NULL)
        return 0;
    bool map = (*base)->kind == SC_VALUE_MAP;
    if (!map && (*base)->kind != SC_VALUE_LIST) {
        *base = override;
        return 0;
    }
    if (override->kind != (*base)->kind)
        return sc_fail_value(err, SC_E_SYNTAX, override, path,
                             "cannot be merged: the other file has %s here; !override replaces it",
                             map ? "a mapping" : "a list");
    return map ? merge_maps(pool, *base, override, path, err)
               : append_new(pool, *base, override, err);
}

int sc_merge(struct sc_model_pool *pool, struct sc_value **base, struct sc_value *override,
             const struct sc_path *path, struct sc_error *err)
{
    int row = sc_path_find(path, merge_table, sizeof(merge_table[0]));
    if (row < 0)
        return merge_default(pool, base, override, path, err);
    switch (merge_table[row].rule) {
    case MERGE_LIST:
        return merge_lists(pool, base, override, err);
    case MERGE_BUILD:
        return merge_build(pool, base, override, path, err);
    case MERGE_DEPENDS_ON:
        return merge_names(pool, base, override, true, path, err);
    case MERGE_NAMES:
        return merge_names(pool, base, override, false, path, err);
    case MERGE_LOGGING:
        return merge_logging(pool, base, override, path, err);
    case MERGE_IPAM:
        return merge_ipam(pool, base, override, path, err);
    case MERGE_ULIMIT:
        if ((*base)->kind == SC_VALUE_MAP && override->kind == SC_VALUE_MAP)
            return merge_maps(pool, *base, override, path, err);
        break;
    case MERGE_REPLACE:
    default:
        break;
    }
    *base = override;
    return 0;
}
