/* SPDX-License-Identifier: Apache-2.0
 *
 * `extends`: a service on top of another one of this document or of another file; see
 * compose/load/loader.h.
 */
#include "compose/load/loader.h"

#include <string.h>

#include "compose/form/path.h"
#include "compose/load/canonical.h"
#include "compose/load/merge.h"

#include "core/banned.h"

/* A file that services extend: its services in canonical form, its paths made relative to us. */
struct sc_extends_base {
    const char *path, *working_dir;
    struct sc_value *services;
    const struct sc_reset *resets;
    struct sc_extends_base *next;
};

struct extender {
    struct sc_model *model;
    struct sc_value *services;
    const char *file; /* of the services, for messages and cycles */
    const struct sc_reset *resets;
    unsigned depth;
};

static int extend(const struct extender *e, const char *name, const struct sc_load_chain *chain,
                  struct sc_value **ret, struct sc_error *err);

static struct sc_path service_path(struct sc_path *services, const char *name)
{
    *services = sc_path_key(NULL, "services");
    return sc_path_key(services, name);
}

static int load_base(struct sc_model *model, const char *path, const char *working_dir,
                     struct sc_extends_base **ret, struct sc_error *err)
{
    struct sc_loader *loader = model->loader;
    for (struct sc_extends_base *base = model->bases; base != NULL; base = base->next) {
        if (strcmp(base->path, path) == 0 && strcmp(base->working_dir, working_dir) == 0) {
            *ret = base;
            return 0;
        }
    }
    struct sc_extends_base *base = sc_model_pool_alloc(loader->pool, sizeof(*base));
    struct sc_value *dict = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    if (base == NULL || dict == NULL)
        return sc_model_pool_fail(loader->pool, err);
    struct sc_model sub = *model;
    sub.base = true;
    sub.kind = SC_FILE_EXTENDS;
    sub.working_dir = working_dir;
    sub.resource_dir = sc_path_parent(loader->pool, path);
    int rc = sc_model_load_file(&sub, path, &dict, &base->resets, err);
    if (rc == 0)
        rc = sc_paths_resolve(loader->pool, dict, working_dir, loader->home, err);
    if (rc < 0)
        return rc;
    base->path = path;
    base->working_dir = working_dir;
    base->services = sc_value_get(dict, "services");
    base->next = model->bases;
    model->bases = base;
    *ret = base;
    return 0;
}

/* The services that a base is looked up in: another file's, or those of the document. */
static int find_services(const struct extender *e, const struct sc_value *extends,
                         struct extender *ret, struct sc_error *err)
{
    struct sc_model *model = e->model;
    struct sc_model_pool *pool = model->loader->pool;
    const char *file = sc_value_text(sc_value_get(extends, "file"));
    *ret = *e;
    ret->depth = e->depth + 1;
    if (file == NULL)
        return 0;
    const char *path = sc_path_below(pool, model->resource_dir, file);
    const char *directory = path;
    if (path != NULL && sc_loader_kind(model->loader, path) != SC_PATH_DIRECTORY)
        directory = sc_path_parent(pool, path);
    const char *working_dir =
        directory != NULL ? sc_path_relative(pool, model->resource_dir, directory) : NULL;
    if (working_dir == NULL)
        return sc_model_pool_fail(pool, err);
    if (sc_loader_kind(model->loader, path) != SC_PATH_FILE)
        return sc_fail(err, SC_E_NOTFOUND, "there is no file '%s'", path);
    struct sc_extends_base *base = NULL;
    int rc = load_base(model, path, working_dir, &base, err);
    if (rc < 0)
        return rc;
    ret->services = base->services;
    ret->resets = base->resets;
    ret->file = file;
    return 0;
}

static int check_chain(const struct extender *e, const char *name,
                       const struct sc_load_chain *chain, const struct sc_value *at,
                       struct sc_error *err)
{
    struct sc_path services;
    struct sc_path path = service_path(&services, name);
    if (e->depth > SC_COMPOSE_NESTING_MAX)
        return sc_fail_value(err, SC_E_TOOBIG, at, &path, "extends are nested more than %d deep",
                             SC_COMPOSE_NESTING_MAX);
    for (const struct sc_load_chain *link = chain; link != NULL; link = link->up) {
        if (strcmp(link->file, e->file) == 0 && strcmp(link->service, name) == 0)
            return sc_fail_value(err, SC_E_SYNTAX, at, &path, "the service extends itself");
    }
    return 0;
}

/* Deletes what this document resets from the base, which is known there under our name. */
static int reset_base(const struct extender *e, const char *name, struct sc_value *base,
                      struct sc_error *err)
{
    struct sc_model_pool *pool = e->model->loader->pool;
    struct sc_value *outer = sc_tree_new(pool, SC_VALUE_MAP, sc_origin_implied());
    struct sc_value *inner = sc_tree_new(pool, SC_VALUE_MAP, sc_origin_implied());
    if (outer == NULL || inner == NULL)
        return sc_model_pool_fail(pool, err);
    int rc = sc_tree_set(pool, inner, name, base, NULL, err);
    if (rc == 0)
        rc = sc_tree_set(pool, outer, "services", inner, NULL, err);
    if (rc == 0)
        sc_reset_apply(pool, e->resets, outer);
    return rc;
}

static int merge_base(const struct extender *e, const char *name, const struct sc_value *base,
                      struct sc_value *service, struct sc_value **ret, struct sc_error *err)
{
    struct sc_model_pool *pool = e->model->loader->pool;
    struct sc_path services;
    struct sc_path path = service_path(&services, name);
    const struct sc_value *extends = sc_value_get(service, "extends");
    struct sc_value *merged = sc_tree_clone(pool, base);
    if (merged == NULL)
        return sc_model_pool_fail(pool, err);
    int rc = sc_tree_route(pool, merged, SC_ROUTE_EXTENDS, &extends->origin->place, err);
    if (rc == 0)
        rc = reset_base(e, name, merged, err);
    if (rc == 0)
        rc = sc_merge(pool, &merged, service, &path, err);
    if (rc < 0)
        return rc;
    sc_tree_remove(pool, merged, "extends");
    *ret = merged;
    return 0;
}

static int extend_from(const struct extender *e, const char *name, struct sc_value *service,
                       const struct sc_load_chain *chain, struct sc_value **ret,
                       struct sc_error *err)
{
    struct sc_path services;
    struct sc_path path = service_path(&services, name);
    const struct sc_value *extends = sc_value_get(service, "extends");
    const struct sc_value *reference =
        extends->kind == SC_VALUE_MAP ? sc_value_get(extends, "service") : extends;
    const char *target = sc_value_text(reference);
    if (target == NULL)
        return sc_fail_value(err, SC_E_SYNTAX, extends, &path, "extends must name a service");
    struct extender from;
    int rc = find_services(e, extends, &from, err);
    if (rc < 0)
        return sc_wrap_value(err, rc, extends, &path);
    if (!sc_value_is(from.services, SC_VALUE_MAP) || sc_value_get(from.services, target) == NULL)
        return sc_fail_value(err, SC_E_SYNTAX, extends, &path,
                             "extends '%s', but there is no such service in '%s'", target,
                             from.file);
    struct sc_load_chain link = {.up = chain, .file = from.file, .service = name};
    rc = check_chain(&from, name, chain, extends, err);
    struct sc_value *base = NULL;
    if (rc == 0)
        rc = extend(&from, target, &link, &base, err);
    if (rc < 0)
        return rc;
    if (!sc_value_is(base, SC_VALUE_MAP)) {
        *ret = service;
        return 0;
    }
    return merge_base(e, name, base, service, ret, err);
}

static int extend(const struct extender *e, const char *name, const struct sc_load_chain *chain,
                  struct sc_value **ret, struct sc_error *err)
{
    struct sc_path services;
    struct sc_path path = service_path(&services, name);
    struct sc_value *service = sc_value_get(e->services, name);
    if (service->kind != SC_VALUE_MAP && service->kind != SC_VALUE_NULL)
        return sc_fail_value(err, SC_E_SYNTAX, service, &path, "must be a mapping");
    struct sc_value *merged = service;
    int rc = 0;
    if (sc_value_get(service, "extends") != NULL) {
        rc = extend_from(e, name, service, chain, &merged, err);
        const struct sc_entry *entry = sc_value_entry(e->services, name);
        struct sc_place at = entry->at;
        if (rc == 0)
            rc = sc_tree_set(e->model->loader->pool, e->services, entry->key, merged, &at, err);
    }
    if (rc == 0)
        *ret = merged;
    return rc;
}

int sc_extends_apply(struct sc_model *model, struct sc_value *document, const char *file,
                     const struct sc_reset *resets, struct sc_error *err)
{
    struct sc_value *services = sc_value_get(document, "services");
    struct sc_path path = sc_path_key(NULL, "services");
    if (services == NULL)
        return 0;
    if (services->kind != SC_VALUE_MAP)
        return sc_fail_value(err, SC_E_SYNTAX, services, &path, "must be a mapping");
    struct extender e = {.model = model, .services = services, .file = file, .resets = resets};
    for (size_t i = 0; i < services->count; i++) {
        struct sc_value *merged = NULL;
        int rc = extend(&e, services->u.entries[i].key, NULL, &merged, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
