/* SPDX-License-Identifier: Apache-2.0
 *
 * The public arrays of a project; see compose/out/model.h and compose/project.h.
 */
#include "compose/out/model.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

static int compare_variables(const void *a, const void *b)
{
    return strcmp(((const struct sc_variable *)a)->name, ((const struct sc_variable *)b)->name);
}

int sc_model_variables(struct sc_model_pool *pool, const struct sc_value *map,
                       struct sc_variables *ret, struct sc_error *err)
{
    size_t count = map != NULL ? map->count : 0;
    struct sc_variable *items = sc_model_pool_array(pool, count + 1, sizeof(*items));
    if (items == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < count; i++) {
        const struct sc_entry *entry = &map->u.entries[i];
        items[i] = (struct sc_variable){
            .name = entry->key,
            .value = sc_value_text(entry->value),
            .origin = entry->value->origin,
        };
    }
    size_t sorted = 1;
    while (sorted < count && compare_variables(&items[sorted - 1], &items[sorted]) < 0)
        sorted++;
    if (sorted < count)
        qsort(items, count, sizeof(*items), compare_variables);
    ret->items = items;
    ret->count = count;
    return 0;
}

static const char *text_at(const struct sc_value *map, const char *key)
{
    return sc_value_text(sc_value_get(map, key));
}

/* ---- grants ---- */

enum grant_kind { GRANT_SECRET, GRANT_CONFIG, GRANT_BUILD };

/* Where the container sees it; for a build the id. */
static const char *grant_target(struct sc_model_pool *pool, enum grant_kind kind,
                                const char *source, const char *target)
{
    if (kind == GRANT_BUILD)
        return target != NULL ? target : source;
    if (kind == GRANT_CONFIG && target == NULL)
        return sc_model_pool_printf(pool, "/%s", source);
    if (target != NULL && *target == '/')
        return target;
    return sc_model_pool_printf(pool, "%s%s", kind == GRANT_SECRET ? "/run/secrets/" : "/",
                                target != NULL ? target : source);
}

static int fill_grants(struct sc_model_pool *pool, const struct sc_value *list,
                       enum grant_kind kind, struct sc_grants *ret, struct sc_error *err)
{
    size_t count = list != NULL ? list->count : 0;
    struct sc_grant *items = sc_model_pool_array(pool, count + 1, sizeof(*items));
    if (items == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < count; i++) {
        const struct sc_value *value = list->u.items[i];
        const char *source = text_at(value, "source");
        const char *mode = text_at(value, "mode");
        items[i] = (struct sc_grant){
            .source = source != NULL ? source : "",
            .uid = text_at(value, "uid"),
            .gid = text_at(value, "gid"),
            .mode = mode != NULL ? (int64_t)strtoll(mode, NULL, 8) : -1,
        };
        items[i].target = grant_target(pool, kind, items[i].source, text_at(value, "target"));
        if (items[i].target == NULL)
            return sc_model_pool_fail(pool, err);
    }
    ret->items = items;
    ret->count = count;
    return 0;
}

/* ---- services ---- */

static const struct sc_project_file *file_of(const struct sc_project *project, const char *path,
                                             enum sc_file_kind kind)
{
    for (size_t i = 0; i < project->file_count; i++) {
        if (project->files[i]->kind == kind && strcmp(project->files[i]->path, path) == 0)
            return project->files[i];
    }
    return NULL;
}

static int fill_env_files(struct sc_model_pool *pool, const struct sc_project *project,
                          const struct sc_value *merged, struct sc_service *service,
                          struct sc_error *err)
{
    const struct sc_value *list = sc_value_get(merged, "env_file");
    size_t count = sc_value_is(list, SC_VALUE_LIST) ? list->count : 0;
    struct sc_service_env_file *files = sc_model_pool_array(pool, count + 1, sizeof(*files));
    if (files == NULL)
        return sc_model_pool_fail(pool, err);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sc_value *path = sc_value_get(list->u.items[i], "path");
        if (!sc_value_is(path, SC_VALUE_STRING))
            continue;
        files[used++] = (struct sc_service_env_file){
            .raw = sc_value_equals(sc_value_get(list->u.items[i], "format"), "raw"),
            .file = file_of(project, path->u.text, SC_FILE_ENV_FILE),
        };
    }
    service->env_files = files;
    service->env_file_count = used;
    return 0;
}

static int fill_service(struct sc_model_pool *pool, const struct sc_model_parts *parts,
                        const struct sc_entry *entry, const struct sc_project *project,
                        struct sc_service *ret, struct sc_error *err)
{
    const struct sc_value *value = entry->value;
    const struct sc_value *build = sc_value_get(value, "build");
    *ret = (struct sc_service){
        .name = entry->key,
        .image = text_at(value, "image"),
        .user = text_at(value, "user"),
        .value = value,
        .merged = sc_value_get(parts->merged, entry->key),
    };
    int rc = sc_model_variables(pool, sc_value_get(value, "environment"), &ret->environment, err);
    if (rc == 0)
        rc = sc_model_variables(pool, sc_value_get(value, "labels"), &ret->labels, err);
    if (rc == 0)
        rc = sc_model_variables(pool, sc_value_get(build, "args"), &ret->build_args, err);
    if (rc == 0)
        rc = fill_grants(pool, sc_value_get(value, "secrets"), GRANT_SECRET, &ret->secrets, err);
    if (rc == 0)
        rc = fill_grants(pool, sc_value_get(value, "configs"), GRANT_CONFIG, &ret->configs, err);
    if (rc == 0)
        rc = fill_grants(pool, sc_value_get(build, "secrets"), GRANT_BUILD, &ret->build_secrets,
                         err);
    return rc < 0 ? rc : fill_env_files(pool, project, ret->merged, ret, err);
}

static int compare_services(const void *a, const void *b)
{
    return strcmp(((const struct sc_service *)a)->name, ((const struct sc_service *)b)->name);
}

/* ---- resources ---- */

static int compare_resources(const void *a, const void *b)
{
    return strcmp(((const struct sc_resource *)a)->key, ((const struct sc_resource *)b)->key);
}

static int fill_resources(struct sc_model_pool *pool, const struct sc_value *map,
                          struct sc_resources *ret, struct sc_error *err)
{
    size_t count = map != NULL ? map->count : 0;
    struct sc_resource *items = sc_model_pool_array(pool, count + 1, sizeof(*items));
    if (items == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < count; i++) {
        const struct sc_entry *entry = &map->u.entries[i];
        items[i] = (struct sc_resource){
            .key = entry->key,
            .external = sc_value_get(entry->value, "external") != NULL,
            .file = text_at(entry->value, "file"),
            .content = text_at(entry->value, "content"),
        };
    }
    if (count > 1)
        qsort(items, count, sizeof(*items), compare_resources);
    ret->items = items;
    ret->count = count;
    return 0;
}

int sc_model_fill(struct sc_model_pool *pool, const struct sc_model_parts *parts,
                  struct sc_project *project, struct sc_error *err)
{
    size_t count = parts->services->count;
    struct sc_service *services = sc_model_pool_array(pool, count + 1, sizeof(*services));
    if (services == NULL)
        return sc_model_pool_fail(pool, err);
    for (size_t i = 0; i < count; i++) {
        int rc =
            fill_service(pool, parts, &parts->services->u.entries[i], project, &services[i], err);
        if (rc < 0)
            return rc;
    }
    if (count > 1)
        qsort(services, count, sizeof(*services), compare_services);
    project->services = services;
    project->service_count = count;
    int rc = fill_resources(pool, sc_value_get(parts->root, "secrets"), &project->secrets, err);
    return rc < 0
               ? rc
               : fill_resources(pool, sc_value_get(parts->root, "configs"), &project->configs, err);
}

/* ---- look-ups ---- */

const struct sc_service *sc_project_service(const struct sc_project *project, const char *name)
{
    struct sc_service key = {.name = name};
    return project->service_count == 0 ? NULL
                                       : bsearch(&key, project->services, project->service_count,
                                                 sizeof(key), compare_services);
}

const struct sc_variable *sc_variables_get(const struct sc_variables *list, const char *name)
{
    struct sc_variable key = {.name = name};
    return list->count == 0
               ? NULL
               : bsearch(&key, list->items, list->count, sizeof(key), compare_variables);
}

const struct sc_resource *sc_resources_get(const struct sc_resources *list, const char *key_text)
{
    struct sc_resource key = {.key = key_text};
    return list->count == 0
               ? NULL
               : bsearch(&key, list->items, list->count, sizeof(key), compare_resources);
}
