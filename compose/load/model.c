/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents merged into one model; see compose/load/loader.h. The order of the steps is that of
 * Docker Compose, since each one sees what the ones before left.
 */
#include "compose/load/canonical.h"
#include "compose/load/interpolate.h"
#include "compose/load/loader.h"
#include "compose/load/merge.h"
#include "compose/load/schema.h"
#include "compose/load/validate.h"

#include "core/banned.h"

static int interpolate(struct sc_model *model, struct sc_value *document, struct sc_error *err)
{
    struct sc_scope scope = {{model->environment}};
    struct sc_interp interp = sc_loader_interp(model->loader, &scope);
    return sc_interpolate_tree(&interp, document, err);
}

static int check_schema(struct sc_model *model, const struct sc_project_file *file,
                        struct sc_value *dict, struct sc_error *err)
{
    struct sc_loader *loader = model->loader;
    struct sc_strv *notes = loader->options->tolerant ? &loader->project->notes : NULL;
    int rc = sc_shape_check(loader->pool, dict, notes, err);
    if (rc < 0 || !sc_tree_remove(loader->pool, dict, "version"))
        return rc;
    const char *note = sc_model_pool_printf(
        loader->pool, "'%s': the attribute 'version' has no effect; remove it", file->display);
    return note != NULL ? sc_loader_note(loader, note, err) : sc_model_pool_fail(loader->pool, err);
}

static int merge_document(struct sc_model *model, const struct sc_project_file *file,
                          struct sc_value *document, const struct sc_reset *resets,
                          struct sc_value **dict, struct sc_error *err)
{
    struct sc_model_pool *pool = model->loader->pool;
    struct sc_path top = {0};
    int rc = interpolate(model, document, err);
    if (rc == 0 && !model->base)
        rc = sc_include_apply(model, document, resets, err);
    if (rc < 0)
        return rc;
    sc_reset_apply(pool, resets, *dict);
    if (!model->base)
        rc = sc_extends_apply(model, document, file->path, resets, err);
    if (rc == 0)
        rc = sc_merge(pool, dict, document, &top, err);
    if (rc == 0)
        rc = sc_unicity(pool, *dict, err);
    if (rc == 0 && !model->base)
        rc = check_schema(model, file, *dict, err);
    if (rc == 0)
        rc = sc_canonical(pool, *dict, err);
    return rc < 0 ? rc : sc_unicity(pool, *dict, err);
}

int sc_model_load_file(struct sc_model *model, const char *path, struct sc_value **dict,
                       const struct sc_reset **ret_resets, struct sc_error *err)
{
    struct sc_loader *loader = model->loader;
    struct sc_loaded_file *file = NULL;
    if (++loader->load_count > SC_COMPOSE_FILES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d files are included or extended",
                       SC_COMPOSE_FILES_MAX);
    int rc = sc_loader_yaml(loader, path, model->kind, &file, err);
    for (size_t i = 0; rc == 0 && i < sc_yaml_count(file->yaml); i++) {
        unsigned over = (*dict)->count > 0 ? SC_ROUTE_OVERRIDE : 0;
        struct sc_document_input input = {
            .pool = loader->pool, .file = &file->file, .routes = model->routes | over};
        struct sc_value *document = NULL;
        const struct sc_reset *resets = NULL;
        rc = sc_document_build(&input, sc_yaml_document(file->yaml, i), &document, &resets, err);
        if (rc == 0 && !sc_value_is(document, SC_VALUE_MAP))
            return sc_fail(err, SC_E_SYNTAX, "'%s' line %u: the top level must be a mapping",
                           file->file.display, document != NULL ? document->origin->place.line : 1);
        if (rc == 0)
            rc = merge_document(model, &file->file, document, resets, dict, err);
        *ret_resets = resets;
    }
    if (rc == 0)
        sc_loader_drop_yaml(file); /* the model has copies; what follows can use the memory */
    return rc;
}

int sc_model_load(struct sc_model *model, const char *const *paths, size_t count,
                  struct sc_value **ret, struct sc_error *err)
{
    struct sc_loader *loader = model->loader;
    struct sc_value *dict = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    if (dict == NULL)
        return sc_model_pool_fail(loader->pool, err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        /* A file knows of those that led here and of the ones before it. */
        const char *path = sc_loader_path(loader, paths[i]);
        struct sc_load_chain link = {.up = model->included, .file = path};
        struct sc_model one = *model;
        const struct sc_reset *resets = NULL;
        if (path == NULL)
            return sc_model_pool_fail(loader->pool, err);
        one.included = &link;
        rc = sc_model_load_file(&one, path, &dict, &resets, err);
        model->bases = one.bases;
    }
    if (rc == 0)
        rc = sc_defaults(loader->pool, dict, err);
    if (rc == 0)
        rc = sc_validate_model(dict, err);
    if (rc == 0)
        rc = sc_paths_resolve(loader->pool, dict, model->working_dir, loader->home, err);
    if (rc == 0)
        rc = sc_resolve_bare(loader->pool, dict, model->environment, err);
    if (rc == 0)
        *ret = dict;
    return rc;
}
