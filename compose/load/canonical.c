/* SPDX-License-Identifier: Apache-2.0
 *
 * Short forms and defaults; see compose/load/canonical.h.
 */
#include "compose/load/canonical.h"

#include <string.h>

#include "compose/form/port.h"
#include "compose/form/volume.h"
#include "compose/load/document.h"
#include "compose/tree/scalar.h"

#include "core/banned.h"

struct step {
    struct sc_model_pool *pool;
    const struct sc_path *path;
    struct sc_error *err;
};

/* Rewrites *value; *ret_descend tells whether its children are looked at as well. */
typedef int (*transform_fn)(const struct step *s, struct sc_value **value, bool *ret_descend);

static int bad_type(const struct step *s, const struct sc_value *value, const char *must)
{
    return sc_fail_value(s->err, SC_E_SYNTAX, value, s->path, "must be %s", must);
}

static struct sc_value *map_of(const struct step *s, const struct sc_value *value)
{
    return sc_tree_new(s->pool, SC_VALUE_MAP, value->origin);
}

static int put(const struct step *s, struct sc_value *map, const char *key, struct sc_value *value,
               const struct sc_value *at)
{
    if (map == NULL)
        return sc_model_pool_fail(s->pool, s->err);
    return sc_tree_set(s->pool, map, key, value, &at->origin->place, s->err);
}

static int put_default(const struct step *s, struct sc_value *map, const char *key,
                       struct sc_value *value)
{
    if (sc_value_get(map, key) != NULL)
        return 0;
    return sc_tree_set(s->pool, map, key, value, NULL, s->err);
}

static struct sc_value *implied_text(const struct step *s, const char *text)
{
    return sc_tree_text(s->pool, text, sc_origin_implied());
}

static struct sc_value *implied_true(const struct step *s)
{
    return sc_tree_bool(s->pool, true, sc_origin_implied());
}

/* ---- a text that stands for a map with one key ---- */

static int text_as(const struct step *s, struct sc_value **value, const char *key)
{
    struct sc_value *map = map_of(s, *value);
    int rc = put(s, map, key, *value, *value);
    if (rc == 0)
        *value = map;
    return rc;
}

static int to_build(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = true;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    return (*value)->kind == SC_VALUE_STRING ? text_as(s, value, "context")
                                             : bad_type(s, *value, "a path or a mapping");
}

static int to_extends(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = true;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    return (*value)->kind == SC_VALUE_STRING ? text_as(s, value, "service")
                                             : bad_type(s, *value, "a service or a mapping");
}

static int to_mount(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    return (*value)->kind == SC_VALUE_STRING ? text_as(s, value, "source")
                                             : bad_type(s, *value, "a name or a mapping");
}

static int to_list(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind != SC_VALUE_STRING)
        return 0;
    struct sc_value *list = sc_tree_new(s->pool, SC_VALUE_LIST, (*value)->origin);
    if (list == NULL)
        return sc_model_pool_fail(s->pool, s->err);
    int rc = sc_tree_append(s->pool, list, *value, s->err);
    if (rc == 0)
        *value = list;
    return rc;
}

static int to_text(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_STRING)
        return 0;
    struct sc_value *text =
        sc_tree_text(s->pool, sc_scalar_text(s->pool, *value), (*value)->origin);
    if (text == NULL)
        return sc_model_pool_fail(s->pool, s->err);
    *value = text;
    return 0;
}

/* ---- lists that stand for maps ---- */

static int to_depends_on(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    struct sc_value *from = *value;
    *ret_descend = false;
    if (from->kind != SC_VALUE_MAP && from->kind != SC_VALUE_LIST)
        return bad_type(s, from, "a list or a mapping");
    struct sc_value *map = from->kind == SC_VALUE_MAP ? from : map_of(s, from);
    for (size_t i = 0; i < from->count; i++) {
        bool item = from->kind == SC_VALUE_LIST;
        struct sc_value *entry = item ? map_of(s, from->u.items[i]) : from->u.entries[i].value;
        int rc = 0;
        if (item && from->u.items[i]->kind != SC_VALUE_STRING)
            return bad_type(s, from->u.items[i], "the name of a service");
        if (item)
            rc = map == NULL ? sc_model_pool_fail(s->pool, s->err)
                             : put(s, map, from->u.items[i]->u.text, entry, from->u.items[i]);
        if (rc == 0 && entry->kind != SC_VALUE_MAP)
            return bad_type(s, entry, "a mapping");
        if (rc == 0)
            rc = put_default(s, entry, "condition", implied_text(s, "service_started"));
        if (rc == 0)
            rc = put_default(s, entry, "required", implied_true(s));
        if (rc < 0)
            return rc;
    }
    if (map == NULL)
        return sc_model_pool_fail(s->pool, s->err);
    *value = map;
    return 0;
}

static int to_names(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    struct sc_value *from = *value;
    *ret_descend = false;
    if (from->kind != SC_VALUE_LIST)
        return 0;
    struct sc_value *map = map_of(s, from);
    int rc = map != NULL ? 0 : sc_model_pool_fail(s->pool, s->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        const struct sc_value *item = from->u.items[i];
        if (item->kind != SC_VALUE_STRING)
            return bad_type(s, item, "a name");
        rc = put(s, map, item->u.text, sc_tree_new(s->pool, SC_VALUE_NULL, item->origin), item);
    }
    if (rc == 0)
        *value = map;
    return rc;
}

/* NAME=value items to a map; `bare` allows the single name without a value that there may be. */
static int pairs_to_map(const struct step *s, struct sc_value **value, const char *bare)
{
    struct sc_value *from = *value;
    struct sc_value *map = map_of(s, from);
    int rc = map != NULL ? 0 : sc_model_pool_fail(s->pool, s->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        const struct sc_value *item = from->u.items[i];
        const char *text = sc_value_text(item);
        const char *equals = text != NULL ? strchr(text, '=') : NULL;
        bool alone = text != NULL && bare != NULL && strcmp(text, bare) == 0;
        if (equals == NULL && !alone)
            return bad_type(s, item, "of the form NAME=VALUE");
        if (equals == NULL) {
            rc = put(s, map, bare, sc_tree_new(s->pool, SC_VALUE_NULL, item->origin), item);
            continue;
        }
        const char *name = sc_model_pool_ndup(s->pool, text, (size_t)(equals - text));
        rc = put(s, map, name, sc_tree_text(s->pool, equals + 1, item->origin), item);
    }
    if (rc == 0)
        *value = map;
    return rc;
}

static int to_pairs(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    return (*value)->kind == SC_VALUE_LIST ? pairs_to_map(s, value, NULL)
                                           : bad_type(s, *value, "a list or a mapping");
}

static int to_ssh(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    return (*value)->kind == SC_VALUE_LIST ? pairs_to_map(s, value, "default")
                                           : bad_type(s, *value, "a list or a mapping");
}

/* ---- single attributes ---- */

static int to_env_file(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    int rc = to_list(s, value, ret_descend);
    if (rc == 0 && (*value)->kind != SC_VALUE_LIST)
        return bad_type(s, *value, "a path or a list");
    for (size_t i = 0; rc == 0 && i < (*value)->count; i++) {
        struct sc_value **item = &(*value)->u.items[i];
        if ((*item)->kind == SC_VALUE_STRING)
            rc = text_as(s, item, "path");
        else if ((*item)->kind != SC_VALUE_MAP)
            return bad_type(s, *item, "a path or a mapping");
        if (rc == 0)
            rc = put_default(s, *item, "required", implied_true(s));
    }
    return rc;
}

static int to_ports(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    struct sc_value *from = *value;
    *ret_descend = false;
    if (from->kind != SC_VALUE_LIST)
        return bad_type(s, from, "a list");
    struct sc_value *list = sc_tree_new(s->pool, SC_VALUE_LIST, from->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(s->pool, s->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        struct sc_value *item = from->u.items[i];
        if (item->kind == SC_VALUE_MAP) {
            rc = sc_tree_append(s->pool, list, item, s->err);
            continue;
        }
        if (item->kind != SC_VALUE_STRING && item->kind != SC_VALUE_INT)
            return bad_type(s, item, "a port, a text or a mapping");
        const char *text = sc_scalar_text(s->pool, item);
        struct sc_path path = sc_path_item(s->path, i);
        rc = text != NULL ? sc_port_expand(s->pool, text, item, list, s->err)
                          : sc_model_pool_fail(s->pool, s->err);
        if (rc < 0)
            return sc_wrap_value(s->err, rc, item, &path);
    }
    if (rc == 0)
        *value = list;
    return rc;
}

static int to_volume(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    if ((*value)->kind != SC_VALUE_STRING)
        return bad_type(s, *value, "a text or a mapping");
    sc_error_clear(s->err);
    struct sc_value *map = sc_volume_map(s->pool, *value, s->err);
    if (map == NULL)
        return sc_wrap_value(s->err, s->err != NULL ? s->err->code : SC_E_SYNTAX, *value, s->path);
    *value = map;
    return 0;
}

static int to_device(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP)
        return 0;
    const char *text = sc_value_text(*value);
    if (text == NULL)
        return bad_type(s, *value, "a text or a mapping");
    const char *parts[3] = {text, NULL, "rwm"};
    size_t lengths[3] = {strcspn(text, ":"), 0, 3};
    for (size_t i = 1; i < 4 && parts[i - 1][lengths[i - 1]] == ':'; i++) {
        if (i == 3)
            return bad_type(s, *value, "of the form SOURCE:TARGET:PERMISSIONS");
        parts[i] = parts[i - 1] + lengths[i - 1] + 1;
        lengths[i] = strcspn(parts[i], ":");
    }
    if (parts[1] == NULL || lengths[1] == 0) {
        parts[1] = parts[0];
        lengths[1] = lengths[0];
    }
    static const char *const keys[] = {"source", "target", "permissions"};
    struct sc_value *map = map_of(s, *value);
    for (size_t i = 0; i < 3; i++) {
        const char *part = sc_model_pool_ndup(s->pool, parts[i], lengths[i]);
        int rc = put(s, map, keys[i], sc_tree_text(s->pool, part, (*value)->origin), *value);
        if (rc < 0)
            return rc;
    }
    *value = map;
    return 0;
}

static int to_gpus(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = true;
    if ((*value)->kind == SC_VALUE_LIST)
        return 0;
    if ((*value)->kind != SC_VALUE_STRING)
        return bad_type(s, *value, "\"all\" or a list");
    struct sc_value *list = sc_tree_new(s->pool, SC_VALUE_LIST, (*value)->origin);
    struct sc_value *map = map_of(s, *value);
    int rc = put(s, map, "count", sc_tree_text(s->pool, "all", (*value)->origin), *value);
    if (rc == 0 && list == NULL)
        rc = sc_model_pool_fail(s->pool, s->err);
    if (rc == 0)
        rc = sc_tree_append(s->pool, list, map, s->err);
    if (rc == 0)
        *value = list;
    return rc;
}

static int check_ulimit(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind == SC_VALUE_MAP || (*value)->kind == SC_VALUE_INT)
        return 0;
    return bad_type(s, *value, "an integer or a mapping");
}

static int to_external(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = true;
    if ((*value)->kind == SC_VALUE_NULL)
        return 0;
    if ((*value)->kind != SC_VALUE_MAP)
        return bad_type(s, *value, "a mapping");
    struct sc_value *external = sc_value_get(*value, "external");
    if (!sc_value_is(external, SC_VALUE_MAP))
        return 0;
    const struct sc_value *name = sc_value_get(*value, "name");
    struct sc_value *external_name = sc_value_get(external, "name");
    int rc = put(s, *value, "external", sc_tree_bool(s->pool, true, external->origin), external);
    if (rc < 0 || external_name == NULL)
        return rc;
    if (name != NULL && !sc_value_same(name, external_name))
        return sc_fail_value(s->err, SC_E_SYNTAX, external, s->path,
                             "name and external.name differ; keep name only");
    return name != NULL ? 0 : put(s, *value, "name", external_name, external_name);
}

/* ---- defaults ---- */

static int default_build(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    return (*value)->kind == SC_VALUE_MAP ? put_default(s, *value, "context", implied_text(s, "."))
                                          : 0;
}

static int default_secret(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind != SC_VALUE_MAP)
        return bad_type(s, *value, "a name or a mapping");
    const char *source = sc_value_text(sc_value_get(*value, "source"));
    const char *target =
        sc_model_pool_printf(s->pool, "/run/secrets/%s", source != NULL ? source : "<nil>");
    return put_default(s, *value, "target", implied_text(s, target));
}

static int default_port(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind != SC_VALUE_MAP)
        return 0;
    int rc = put_default(s, *value, "protocol", implied_text(s, "tcp"));
    return rc < 0 ? rc : put_default(s, *value, "mode", implied_text(s, "ingress"));
}

static int default_device_request(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind != SC_VALUE_MAP)
        return bad_type(s, *value, "a mapping");
    if (sc_value_get(*value, "device_ids") != NULL)
        return 0;
    return put_default(s, *value, "count", implied_text(s, "all"));
}

static int default_bind(const struct step *s, struct sc_value **value, bool *ret_descend)
{
    *ret_descend = false;
    if ((*value)->kind != SC_VALUE_MAP)
        return bad_type(s, *value, "a mapping");
    return put_default(s, *value, "create_host_path", implied_true(s));
}

/* ---- the walk ---- */

struct transform_row {
    struct sc_pattern pattern;
    transform_fn fn;
};

static const struct transform_row canonical_table[] = {
    {SC_PATTERN(5, "services.*.build.secrets.*"), to_mount},
    {SC_PATTERN(4, "services.*.build.provenance"), to_text},
    {SC_PATTERN(4, "services.*.build.sbom"), to_text},
    {SC_PATTERN(4, "services.*.build.additional_contexts"), to_pairs},
    {SC_PATTERN(3, "services.*.depends_on"), to_depends_on},
    {SC_PATTERN(3, "services.*.env_file"), to_env_file},
    {SC_PATTERN(3, "services.*.label_file"), to_list},
    {SC_PATTERN(3, "services.*.extends"), to_extends},
    {SC_PATTERN(3, "services.*.gpus"), to_gpus},
    {SC_PATTERN(3, "services.*.networks"), to_names},
    {SC_PATTERN(3, "services.*.models"), to_names},
    {SC_PATTERN(4, "services.*.volumes.*"), to_volume},
    {SC_PATTERN(3, "services.*.dns"), to_list},
    {SC_PATTERN(4, "services.*.devices.*"), to_device},
    {SC_PATTERN(4, "services.*.secrets.*"), to_mount},
    {SC_PATTERN(4, "services.*.configs.*"), to_mount},
    {SC_PATTERN(3, "services.*.ports"), to_ports},
    {SC_PATTERN(3, "services.*.build"), to_build},
    {SC_PATTERN(4, "services.*.build.ssh"), to_ssh},
    {SC_PATTERN(4, "services.*.ulimits.*"), check_ulimit},
    {SC_PATTERN(5, "services.*.build.ulimits.*"), check_ulimit},
    {SC_PATTERN(6, "services.*.develop.watch.*.ignore"), to_list},
    {SC_PATTERN(6, "services.*.develop.watch.*.include"), to_list},
    {SC_PATTERN(2, "volumes.*"), to_external},
    {SC_PATTERN(2, "networks.*"), to_external},
    {SC_PATTERN(2, "secrets.*"), to_external},
    {SC_PATTERN(2, "configs.*"), to_external},
    {SC_PATTERN_END, NULL},
};

static const struct transform_row default_table[] = {
    {SC_PATTERN(3, "services.*.build"), default_build},
    {SC_PATTERN(4, "services.*.secrets.*"), default_secret},
    {SC_PATTERN(4, "services.*.ports.*"), default_port},
    {SC_PATTERN(7, "services.*.deploy.resources.reservations.devices.*"), default_device_request},
    {SC_PATTERN(4, "services.*.gpus.*"), default_device_request},
    {SC_PATTERN(5, "services.*.volumes.*.bind"), default_bind},
    {SC_PATTERN_END, NULL},
};

static int walk(struct sc_model_pool *pool, const struct transform_row *table,
                struct sc_value **value, const struct sc_path *path, struct sc_error *err)
{
    struct step s = {.pool = pool, .path = path, .err = err};
    bool descend = true;
    int row = path->depth > 0 ? sc_path_find(path, table, sizeof(table[0])) : -1;
    int rc = row >= 0 ? table[row].fn(&s, value, &descend) : 0;
    bool map = (*value)->kind == SC_VALUE_MAP;
    if (rc < 0 || !descend || (!map && (*value)->kind != SC_VALUE_LIST) ||
        !sc_path_leads(path, table, sizeof(table[0])))
        return rc;
    for (size_t i = 0; i < (*value)->count; i++) {
        struct sc_path next =
            map ? sc_path_key(path, (*value)->u.entries[i].key) : sc_path_item(path, i);
        rc = walk(pool, table, map ? &(*value)->u.entries[i].value : &(*value)->u.items[i], &next,
                  err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* An empty `dns` server says nothing: `${DNS:-}` is written that way. */
static void drop_empty_dns(const struct sc_value *root)
{
    const struct sc_value *services = sc_value_get(root, "services");
    for (size_t i = 0; sc_value_is(services, SC_VALUE_MAP) && i < services->count; i++) {
        struct sc_value *dns = sc_value_get(services->u.entries[i].value, "dns");
        if (!sc_value_is(dns, SC_VALUE_LIST))
            continue;
        size_t kept = 0;
        for (size_t j = 0; j < dns->count; j++) {
            if (dns->u.items[j]->kind != SC_VALUE_NULL && !sc_value_equals(dns->u.items[j], ""))
                dns->u.items[kept++] = dns->u.items[j];
        }
        dns->count = kept;
    }
}

int sc_canonical(struct sc_model_pool *pool, struct sc_value *root, struct sc_error *err)
{
    struct sc_path top = {0};
    int rc = walk(pool, canonical_table, &root, &top, err);
    if (rc == 0)
        drop_empty_dns(root);
    return rc;
}

int sc_defaults(struct sc_model_pool *pool, struct sc_value *root, struct sc_error *err)
{
    struct sc_path top = {0};
    return walk(pool, default_table, &root, &top, err);
}
