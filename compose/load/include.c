/* SPDX-License-Identifier: Apache-2.0
 *
 * `include`: whole models loaded with an environment of their own and merged under the document;
 * see compose/load/loader.h.
 */
#include "compose/load/loader.h"

#include <string.h>

#include "compose/form/path.h"
#include "compose/load/merge.h"

#include "core/banned.h"

struct include {
    struct sc_model *model;
    const struct sc_value *entry;
    const char **paths;
    size_t path_count;
    const char *directory;   /* project directory of the included model, absolute */
    const char *working_dir; /* the same as seen from the including one */
};

/* A text, or a list of texts. */
static int text_list(struct sc_model *model, const struct sc_value *value,
                     const struct sc_path *path, const char ***ret, size_t *ret_count,
                     struct sc_error *err)
{
    if (value == NULL || value->kind == SC_VALUE_NULL) {
        *ret_count = 0;
        return 0;
    }
    size_t count = value->kind == SC_VALUE_LIST ? value->count : 1;
    const char **texts = sc_model_pool_array(model->loader->pool, count + 1, sizeof(*texts));
    if (texts == NULL)
        return sc_model_pool_fail(model->loader->pool, err);
    for (size_t i = 0; i < count; i++) {
        const struct sc_value *item = value->kind == SC_VALUE_LIST ? value->u.items[i] : value;
        texts[i] = sc_value_text(item);
        if (texts[i] == NULL)
            return sc_fail_value(err, SC_E_SYNTAX, item, path, "must be a path or a list of paths");
    }
    *ret = texts;
    *ret_count = count;
    return 0;
}

/* The directory that a path names or lies in, as seen from the resource directory. */
static const char *relative_dir(const struct sc_model *model, const char *path)
{
    struct sc_model_pool *pool = model->loader->pool;
    const char *absolute = sc_path_below(pool, model->resource_dir, path);
    if (absolute != NULL && sc_loader_kind(model->loader, absolute) != SC_PATH_DIRECTORY)
        absolute = sc_path_parent(pool, absolute);
    return absolute != NULL ? sc_path_relative(pool, model->resource_dir, absolute) : NULL;
}

static int find_directories(struct include *in, struct sc_error *err)
{
    struct sc_model *model = in->model;
    struct sc_model_pool *pool = model->loader->pool;
    const char *written = sc_value_text(sc_value_get(in->entry, "project_directory"));
    if (written == NULL || *written == '\0') {
        in->working_dir = relative_dir(model, in->paths[0]);
        in->directory = sc_path_parent(pool, in->paths[0]);
    } else if (*written != '/') {
        in->working_dir = relative_dir(model, written);
        const char *below = sc_path_below(pool, model->working_dir, written);
        in->directory = below != NULL ? sc_loader_path(model->loader, below) : NULL;
    } else {
        in->working_dir = written;
        in->directory = written;
    }
    return in->working_dir != NULL && in->directory != NULL ? 0 : sc_model_pool_fail(pool, err);
}

static int check_cycle(const struct include *in, const struct sc_path *path, struct sc_error *err)
{
    const struct sc_model *model = in->model;
    if (model->depth >= SC_COMPOSE_NESTING_MAX)
        return sc_fail_value(err, SC_E_TOOBIG, in->entry, path,
                             "includes are nested more than %d deep", SC_COMPOSE_NESTING_MAX);
    for (const struct sc_load_chain *link = model->included; link != NULL; link = link->up) {
        if (strcmp(link->file, in->paths[0]) == 0)
            return sc_fail_value(err, SC_E_SYNTAX, in->entry, path, "the file includes itself");
    }
    return 0;
}

/* The environment of the included model: that of the including one, then its env files. */
static int make_environment(const struct include *in, const struct sc_path *path,
                            struct sc_value **ret, struct sc_error *err)
{
    struct sc_loader *loader = in->model->loader;
    const char **files = NULL;
    size_t count = 0;
    int rc = text_list(in->model, sc_value_get(in->entry, "env_file"), path, &files, &count, err);
    if (rc < 0)
        return rc;
    const char *own = sc_path_below(loader->pool, in->directory, ".env");
    struct sc_value *read = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    struct sc_value *environment = sc_tree_clone(loader->pool, in->model->environment);
    if (own == NULL || read == NULL || environment == NULL)
        return sc_model_pool_fail(loader->pool, err);
    if (count == 0 && sc_loader_kind(loader, own) == SC_PATH_FILE)
        rc = sc_loader_env_files(loader, in->model->environment, &own, 1, read, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (strcmp(files[i], "/dev/null") == 0)
            continue;
        const char *file = sc_path_below(loader->pool, in->model->working_dir, files[i]);
        rc = file != NULL ? sc_loader_env_files(loader, in->model->environment, &file, 1, read, err)
                          : sc_model_pool_fail(loader->pool, err);
    }
    if (rc == 0)
        rc = sc_environment_merge(loader->pool, environment, read, err);
    if (rc == 0)
        *ret = environment;
    return rc < 0 ? sc_wrap_value(err, rc, in->entry, path) : 0;
}

/* Puts one kind of resource under the document, which wins where both have one of a name. */
static int import(struct sc_model *model, const struct sc_value *from, struct sc_value *document,
                  const char *kind, const struct sc_reset *resets, struct sc_error *err)
{
    struct sc_model_pool *pool = model->loader->pool;
    const struct sc_value *source = sc_value_get(from, kind);
    struct sc_value *target = sc_value_get(document, kind);
    if (!sc_value_is(source, SC_VALUE_MAP))
        return 0;
    struct sc_path kind_path = sc_path_key(NULL, kind);
    if (target != NULL && target->kind != SC_VALUE_MAP)
        return sc_fail_value(err, SC_E_SYNTAX, target, &kind_path, "must be a mapping");
    int rc = 0;
    if (target == NULL) {
        target = sc_tree_new(pool, SC_VALUE_MAP, source->origin);
        rc = sc_tree_set(pool, document, kind, target, NULL, err);
    }
    for (size_t i = 0; rc == 0 && i < source->count; i++) {
        const struct sc_entry *entry = &source->u.entries[i];
        const struct sc_entry *own = sc_value_entry(target, entry->key);
        if (own == NULL) {
            rc = sc_tree_set(pool, target, entry->key, entry->value, &entry->at, err);
            continue;
        }
        if (sc_value_same(own->value, entry->value))
            continue;
        struct sc_path path = sc_path_key(&kind_path, entry->key);
        struct sc_value *outer = sc_tree_new(pool, SC_VALUE_MAP, sc_origin_implied());
        struct sc_value *inner = sc_tree_new(pool, SC_VALUE_MAP, sc_origin_implied());
        if (outer == NULL || inner == NULL)
            return sc_model_pool_fail(pool, err);
        rc = sc_tree_set(pool, inner, entry->key, entry->value, NULL, err);
        if (rc == 0)
            rc = sc_tree_set(pool, outer, kind, inner, NULL, err);
        if (rc < 0)
            return rc;
        sc_reset_apply(pool, resets, outer);
        struct sc_value *merged = entry->value;
        rc = sc_merge(pool, &merged, own->value, &path, err);
        if (rc == 0)
            rc = sc_tree_set(pool, target, entry->key, merged, &own->at, err);
    }
    return rc;
}

static int load_included(const struct include *in, const struct sc_value *environment,
                         struct sc_value **ret, struct sc_error *err)
{
    struct sc_model sub = *in->model;
    sub.working_dir = in->working_dir;
    sub.resource_dir = in->directory;
    sub.environment = environment;
    sub.depth++;
    sub.routes |= SC_ROUTE_INCLUDE;
    sub.kind = SC_FILE_INCLUDE;
    sub.bases = NULL;
    return sc_model_load(&sub, in->paths, in->path_count, ret, err);
}

static int apply_one(struct sc_model *model, const struct sc_value *entry, size_t index,
                     struct sc_value *document, const struct sc_reset *resets, struct sc_error *err)
{
    static const char *const kinds[] = {"services", "volumes", "networks",
                                        "secrets",  "configs", "models"};
    struct include in = {.model = model, .entry = entry};
    struct sc_path list = sc_path_key(NULL, "include");
    struct sc_path path = sc_path_item(&list, index);
    const struct sc_value *paths =
        entry->kind == SC_VALUE_STRING ? entry : sc_value_get(entry, "path");
    int rc = text_list(model, paths, &path, &in.paths, &in.path_count, err);
    if (rc < 0)
        return rc;
    if (in.path_count == 0)
        return sc_fail_value(err, SC_E_SYNTAX, entry, &path, "must name a file");
    for (size_t i = 0; i < in.path_count; i++) {
        in.paths[i] = sc_path_below(model->loader->pool, model->resource_dir, in.paths[i]);
        if (in.paths[i] == NULL)
            return sc_model_pool_fail(model->loader->pool, err);
        if (sc_loader_kind(model->loader, in.paths[i]) != SC_PATH_FILE)
            return sc_fail_value(err, SC_E_NOTFOUND, entry, &path, "there is no file '%s'",
                                 in.paths[i]);
    }
    struct sc_value *environment = NULL;
    struct sc_value *imported = NULL;
    rc = check_cycle(&in, &path, err);
    if (rc == 0)
        rc = find_directories(&in, err);
    if (rc == 0)
        rc = make_environment(&in, &path, &environment, err);
    if (rc == 0)
        rc = load_included(&in, environment, &imported, err);
    if (rc == 0)
        rc = sc_tree_route(model->loader->pool, imported, SC_ROUTE_INCLUDE, &entry->origin->place,
                           err);
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(kinds); i++)
        rc = import(model, imported, document, kinds[i], resets, err);
    return rc;
}

int sc_include_apply(struct sc_model *model, struct sc_value *document,
                     const struct sc_reset *resets, struct sc_error *err)
{
    const struct sc_value *include = sc_value_get(document, "include");
    struct sc_path path = sc_path_key(NULL, "include");
    if (include != NULL && include->kind != SC_VALUE_NULL && include->kind != SC_VALUE_LIST)
        return sc_fail_value(err, SC_E_SYNTAX, include, &path, "must be a list");
    for (size_t i = 0; sc_value_is(include, SC_VALUE_LIST) && i < include->count; i++) {
        int rc = apply_one(model, include->u.items[i], i, document, resets, err);
        if (rc < 0)
            return rc;
    }
    if (include != NULL)
        sc_tree_remove(model->loader->pool, document, "include");
    return 0;
}
