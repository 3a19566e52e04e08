/* SPDX-License-Identifier: Apache-2.0
 *
 * What Docker Compose adds of itself; see compose/load/canonical.h.
 */
#include "compose/load/canonical.h"

#include <string.h>

#include "compose/form/path.h"
#include "compose/load/document.h"
#include "core/str.h"

#include "core/banned.h"

struct normaliser {
    struct sc_model_pool *pool;
    const struct sc_value *environment;
    const char *project_name;
    struct sc_error *err;
};

static int put(const struct normaliser *n, struct sc_value *map, const char *key,
               struct sc_value *value)
{
    return sc_tree_set(n->pool, map, key, value, NULL, n->err);
}

static struct sc_value *implied(const struct normaliser *n, enum sc_value_kind kind)
{
    return sc_tree_new(n->pool, kind, sc_origin_implied());
}

static struct sc_value *implied_text(const struct normaliser *n, const char *text)
{
    return sc_tree_text(n->pool, text, sc_origin_implied());
}

/* A text of `origin` with the value of a variable put in: "NAME=value" or the value alone. */
static struct sc_value *value_of_variable(struct sc_model_pool *pool, const char *name,
                                          const struct sc_value *found, const struct sc_value *at,
                                          bool with_name)
{
    struct sc_origin *origin = sc_model_pool_alloc(pool, sizeof(*origin));
    struct sc_use *use = sc_model_pool_alloc(pool, sizeof(*use));
    const char *text = found->u.text;
    if (with_name)
        text = sc_model_pool_printf(pool, "%s=%s", name, found->u.text);
    if (origin == NULL || use == NULL || text == NULL)
        return NULL;
    bool dotenv = (found->origin->routes & SC_ROUTE_DOTENV) != 0;
    use->name = name;
    use->op = "";
    use->source = dotenv ? SC_USE_DOTENV : SC_USE_ENVIRONMENT;
    use->value = found->u.text;
    use->place = found->origin->place;
    *origin = *at->origin;
    origin->routes = (origin->routes & ~(unsigned)SC_ROUTE_LITERAL) | SC_ROUTE_VARIABLE |
                     (dotenv ? SC_ROUTE_DOTENV : SC_ROUTE_ENVIRONMENT);
    origin->uses = use;
    return sc_tree_text(pool, text, origin);
}

/* ---- variables without a value ---- */

static int resolve_map(const struct normaliser *n, struct sc_value *map, bool keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        struct sc_entry *entry = &map->u.entries[i];
        const struct sc_value *found =
            entry->value->kind == SC_VALUE_NULL ? sc_value_get(n->environment, entry->key) : NULL;
        if (found != NULL) {
            entry->value = value_of_variable(n->pool, entry->key, found, entry->value, false);
            if (entry->value == NULL)
                return sc_model_pool_fail(n->pool, n->err);
        }
        if (entry->value->kind != SC_VALUE_NULL || keep)
            map->u.entries[kept++] = *entry;
    }
    map->count = kept;
    sc_tree_reindex(n->pool, map);
    return 0;
}

static int resolve_list(const struct normaliser *n, struct sc_value *list, bool keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct sc_value *item = list->u.items[i];
        bool bare = item->kind == SC_VALUE_STRING && strchr(item->u.text, '=') == NULL;
        const struct sc_value *found = bare ? sc_value_get(n->environment, item->u.text) : NULL;
        if (found != NULL) {
            item = value_of_variable(n->pool, item->u.text, found, item, true);
            if (item == NULL)
                return sc_model_pool_fail(n->pool, n->err);
        }
        if (!bare || found != NULL || keep)
            list->u.items[kept++] = item;
    }
    list->count = kept;
    return 0;
}

static int resolve(const struct normaliser *n, struct sc_value *value, bool keep)
{
    if (sc_value_is(value, SC_VALUE_MAP))
        return resolve_map(n, value, keep);
    if (sc_value_is(value, SC_VALUE_LIST))
        return resolve_list(n, value, keep);
    return 0;
}

int sc_resolve_bare(struct sc_model_pool *pool, struct sc_value *root,
                    const struct sc_value *environment, struct sc_error *err)
{
    struct normaliser n = {.pool = pool, .environment = environment, .err = err};
    const struct sc_value *services = sc_value_get(root, "services");
    for (size_t i = 0; sc_value_is(services, SC_VALUE_MAP) && i < services->count; i++) {
        struct sc_value *list = sc_value_get(services->u.entries[i].value, "environment");
        int rc = sc_value_is(list, SC_VALUE_LIST) ? resolve_list(&n, list, true) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- networks and names ---- */

static int default_network(const struct normaliser *n, struct sc_value *service, bool *ret_used)
{
    if (sc_value_get(service, "provider") != NULL || sc_value_get(service, "network_mode") != NULL)
        return 0;
    struct sc_value *networks = sc_value_get(service, "networks");
    if (networks != NULL && networks->kind == SC_VALUE_MAP && networks->count > 0) {
        *ret_used = *ret_used || sc_value_get(networks, "default") != NULL;
        return 0;
    }
    *ret_used = true;
    networks = implied(n, SC_VALUE_MAP);
    int rc = networks != NULL ? put(n, networks, "default", implied(n, SC_VALUE_NULL))
                              : sc_model_pool_fail(n->pool, n->err);
    return rc < 0 ? rc : put(n, service, "networks", networks);
}

static int normalise_networks(const struct normaliser *n, struct sc_value *root)
{
    bool used = false;
    const struct sc_value *services = sc_value_get(root, "services");
    for (size_t i = 0; services != NULL && i < services->count; i++) {
        int rc = default_network(n, services->u.entries[i].value, &used);
        if (rc < 0)
            return rc;
    }
    struct sc_value *networks = sc_value_get(root, "networks");
    if (!used || (networks != NULL && sc_value_get(networks, "default") != NULL))
        return 0;
    if (!sc_value_is(networks, SC_VALUE_MAP)) {
        networks = implied(n, SC_VALUE_MAP);
        int rc = put(n, root, "networks", networks);
        if (rc < 0)
            return rc;
    }
    return put(n, networks, "default", implied(n, SC_VALUE_NULL));
}

static bool is_true(const struct sc_value *value)
{
    static const char *const words[] = {"1", "t", "T", "TRUE", "true", "True"};
    if (sc_value_is(value, SC_VALUE_BOOL))
        return value->u.boolean;
    for (size_t i = 0; value != NULL && i < SC_ARRAY_SIZE(words); i++) {
        if (sc_value_equals(value, words[i]))
            return true;
    }
    return false;
}

static int set_names(const struct normaliser *n, struct sc_value *resources)
{
    for (size_t i = 0; sc_value_is(resources, SC_VALUE_MAP) && i < resources->count; i++) {
        struct sc_entry *entry = &resources->u.entries[i];
        if (entry->value->kind == SC_VALUE_NULL) {
            entry->value = sc_tree_new(n->pool, SC_VALUE_MAP, entry->value->origin);
            if (entry->value == NULL)
                return sc_model_pool_fail(n->pool, n->err);
        }
        const struct sc_value *name = sc_value_get(entry->value, "name");
        if (name != NULL && name->kind != SC_VALUE_NULL)
            continue;
        bool external = is_true(sc_value_get(entry->value, "external"));
        const char *text =
            external ? entry->key
                     : sc_model_pool_printf(n->pool, "%s_%s", n->project_name, entry->key);
        int rc = put(n, entry->value, "name", implied_text(n, text));
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- dependencies ---- */

static int depend(const struct normaliser *n, struct sc_value *depends_on, const char *service,
                  bool restart)
{
    if (service == NULL)
        return sc_model_pool_fail(n->pool, n->err);
    if (sc_value_get(depends_on, service) != NULL)
        return 0;
    struct sc_value *map = implied(n, SC_VALUE_MAP);
    int rc = map != NULL ? 0 : sc_model_pool_fail(n->pool, n->err);
    if (rc == 0)
        rc = put(n, map, "condition", implied_text(n, "service_started"));
    if (rc == 0)
        rc = put(n, map, "restart", sc_tree_bool(n->pool, restart, sc_origin_implied()));
    if (rc == 0)
        rc = put(n, map, "required", sc_tree_bool(n->pool, true, sc_origin_implied()));
    return rc < 0 ? rc : put(n, depends_on, service, map);
}

static int depend_on_links(const struct normaliser *n, const struct sc_value *service,
                           struct sc_value *depends_on)
{
    const struct sc_value *links = sc_value_get(service, "links");
    for (size_t i = 0; sc_value_is(links, SC_VALUE_LIST) && i < links->count; i++) {
        const char *link = sc_value_text(links->u.items[i]);
        const char *colon = link != NULL ? strchr(link, ':') : NULL;
        if (link == NULL)
            continue;
        if (colon != NULL && strchr(colon + 1, ':') == NULL)
            link = sc_model_pool_ndup(n->pool, link, (size_t)(colon - link));
        int rc = depend(n, depends_on, link, true);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int depend_on_namespaces(const struct normaliser *n, const struct sc_value *service,
                                struct sc_value *depends_on)
{
    static const char *const namespaces[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(namespaces); i++) {
        const char *text = sc_value_text(sc_value_get(service, namespaces[i]));
        if (text != NULL && sc_str_has_prefix(text, "service:"))
            rc = depend(n, depends_on, text + strlen("service:"), true);
    }
    return rc;
}

static int depend_on_volumes(const struct normaliser *n, const struct sc_value *service,
                             struct sc_value *depends_on)
{
    const struct sc_value *from = sc_value_get(service, "volumes_from");
    for (size_t i = 0; sc_value_is(from, SC_VALUE_LIST) && i < from->count; i++) {
        const char *text = sc_value_text(from->u.items[i]);
        if (text == NULL || sc_str_has_prefix(text, "container:"))
            continue;
        int rc =
            depend(n, depends_on, sc_model_pool_ndup(n->pool, text, strcspn(text, ":")), false);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The first that names a service says whether it is restarted with it. */
static int normalise_dependencies(const struct normaliser *n, struct sc_value *service)
{
    struct sc_value *depends_on = sc_value_get(service, "depends_on");
    if (!sc_value_is(depends_on, SC_VALUE_MAP))
        depends_on = implied(n, SC_VALUE_MAP);
    if (depends_on == NULL)
        return sc_model_pool_fail(n->pool, n->err);
    int rc = depend_on_links(n, service, depends_on);
    if (rc == 0)
        rc = depend_on_namespaces(n, service, depends_on);
    if (rc == 0)
        rc = depend_on_volumes(n, service, depends_on);
    if (rc < 0 || depends_on->count == 0)
        return rc;
    return put(n, service, "depends_on", depends_on);
}

/* ---- services ---- */

static int normalise_build(const struct normaliser *n, struct sc_value *build)
{
    int rc = 0;
    if (!sc_value_is(build, SC_VALUE_MAP))
        return 0;
    const struct sc_value *context = sc_value_get(build, "context");
    if (context == NULL || context->kind == SC_VALUE_NULL)
        rc = put(n, build, "context", implied_text(n, "."));
    if (rc == 0 && sc_value_get(build, "dockerfile") == NULL &&
        sc_value_get(build, "dockerfile_inline") == NULL)
        rc = put(n, build, "dockerfile", implied_text(n, "Dockerfile"));
    return rc < 0 ? rc : resolve(n, sc_value_get(build, "args"), false);
}

static int normalise_volumes(const struct normaliser *n, const struct sc_value *volumes)
{
    for (size_t i = 0; sc_value_is(volumes, SC_VALUE_LIST) && i < volumes->count; i++) {
        struct sc_value *target = sc_value_get(volumes->u.items[i], "target");
        if (!sc_value_is(target, SC_VALUE_STRING))
            continue;
        target->u.text = sc_path_clean(n->pool, target->u.text);
        if (target->u.text == NULL)
            return sc_model_pool_fail(n->pool, n->err);
        target->count = strlen(target->u.text);
    }
    return 0;
}

static int inherit_image(const struct normaliser *n, const struct sc_value *service)
{
    const struct sc_value *hooks = sc_value_get(service, "pre_start");
    struct sc_value *image = sc_value_get(service, "image");
    if (!sc_value_is(image, SC_VALUE_STRING) || image->count == 0)
        return 0;
    for (size_t i = 0; sc_value_is(hooks, SC_VALUE_LIST) && i < hooks->count; i++) {
        struct sc_value *hook = hooks->u.items[i];
        bool set = !sc_value_is(hook, SC_VALUE_MAP) || sc_value_get(hook, "image") != NULL;
        int rc = set ? 0 : put(n, hook, "image", image);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int normalise_service(const struct normaliser *n, struct sc_value *service)
{
    struct sc_value *policy = sc_value_get(service, "pull_policy");
    if (sc_value_equals(policy, "if_not_present")) {
        policy->u.text = "missing";
        policy->count = strlen("missing");
    }
    int rc = normalise_build(n, sc_value_get(service, "build"));
    if (rc == 0)
        rc = resolve(n, sc_value_get(service, "environment"), true);
    if (rc == 0)
        rc = normalise_dependencies(n, service);
    if (rc == 0)
        rc = normalise_volumes(n, sc_value_get(service, "volumes"));
    return rc < 0 ? rc : inherit_image(n, service);
}

int sc_normalise(struct sc_model_pool *pool, struct sc_value *root, const char *project_name,
                 const struct sc_value *environment, struct sc_error *err)
{
    static const char *const named[] = {"networks", "volumes", "configs", "secrets"};
    struct normaliser n = {
        .pool = pool, .environment = environment, .project_name = project_name, .err = err};
    const struct sc_value *services = sc_value_get(root, "services");
    struct sc_path path = {0};
    struct sc_path services_path = sc_path_key(&path, "services");
    for (size_t i = 0; services != NULL && i < services->count; i++) {
        if (services->u.entries[i].value->kind != SC_VALUE_MAP) {
            path = sc_path_key(&services_path, services->u.entries[i].key);
            return sc_fail_value(err, SC_E_SYNTAX, services->u.entries[i].value, &path,
                                 "must be a mapping");
        }
    }
    int rc = normalise_networks(&n, root);
    for (size_t i = 0; rc == 0 && services != NULL && i < services->count; i++)
        rc = normalise_service(&n, services->u.entries[i].value);
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(named); i++)
        rc = set_names(&n, sc_value_get(root, named[i]));
    return rc;
}
