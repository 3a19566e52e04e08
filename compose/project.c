/* SPDX-License-Identifier: Apache-2.0
 *
 * From options to a project; see compose/project.h.
 */
#include "compose/project.h"

#include <stdlib.h>
#include <string.h>

#include "compose/load/canonical.h"
#include "compose/load/discover.h"
#include "compose/load/environment.h"
#include "compose/load/loader.h"
#include "compose/load/validate.h"
#include "compose/out/bind.h"
#include "compose/out/model.h"

#include "core/banned.h"

struct sc_project_private {
    struct sc_model_pool pool;
    struct sc_loader loader;
};

struct work {
    struct sc_project *project;
    struct sc_loader *loader;
    struct sc_model_pool *pool;
    struct sc_discovery found;
    struct sc_value *merged;   /* the model before binding */
    struct sc_value *root;     /* bound */
    struct sc_value *services; /* bound, all */
    struct sc_value *enabled;  /* bound, enabled */
    struct sc_value *disabled; /* bound, the others */
    struct sc_error *err;
};

static struct sc_value *new_map(const struct work *w)
{
    return sc_tree_new(w->pool, SC_VALUE_MAP, sc_origin_implied());
}

/* ---- binding ---- */

/* `scale` says how many replicas a deployment has. */
static int scale_deploy(const struct work *w, struct sc_value *service)
{
    struct sc_value *scale = sc_value_get(service, "scale");
    const struct sc_value *deploy = sc_value_get(service, "deploy");
    if (!sc_value_is(deploy, SC_VALUE_MAP) || scale == NULL || scale->kind == SC_VALUE_NULL ||
        sc_value_get(deploy, "replicas") != NULL)
        return 0;
    struct sc_value *copy = sc_tree_clone(w->pool, deploy);
    int rc = copy != NULL ? sc_tree_set(w->pool, copy, "replicas", scale, NULL, w->err)
                          : sc_model_pool_fail(w->pool, w->err);
    return rc < 0 ? rc : sc_tree_set(w->pool, service, "deploy", copy, NULL, w->err);
}

/* The service with its effective environment and labels in place of what is written. */
static int effective_service(const struct work *w, const struct sc_value *service,
                             const struct sc_path *path, struct sc_value **ret,
                             struct sc_error *err)
{
    struct sc_value *environment = NULL;
    struct sc_value *labels = NULL;
    struct sc_value *copy = new_map(w);
    int rc = copy != NULL ? sc_tree_reserve(w->pool, copy, service->count + 2, err)
                          : sc_model_pool_fail(w->pool, err);
    if (rc == 0)
        rc = sc_service_environment(w->loader, service, path, &environment, err);
    if (rc == 0)
        rc = sc_service_labels(w->loader, service, path, &labels, err);
    for (size_t i = 0; rc == 0 && i < service->count; i++) {
        const struct sc_entry *entry = &service->u.entries[i];
        rc = sc_tree_set(w->pool, copy, entry->key, entry->value, &entry->at, err);
    }
    if (rc == 0)
        rc = sc_tree_set(w->pool, copy, "environment", environment, NULL, err);
    if (rc == 0)
        rc = sc_tree_set(w->pool, copy, "labels", labels, NULL, err);
    if (rc == 0)
        rc = scale_deploy(w, copy);
    if (rc == 0) {
        copy->origin = service->origin;
        *ret = copy;
    }
    return rc;
}

static bool has_profile(const struct work *w, const struct sc_value *service)
{
    const struct sc_value *profiles = sc_value_get(service, "profiles");
    if (!sc_value_is(profiles, SC_VALUE_LIST) || profiles->count == 0)
        return true;
    for (size_t i = 0; i < w->found.profile_count; i++) {
        if (strcmp(w->found.profiles[i], "*") == 0)
            return true;
        for (size_t j = 0; j < profiles->count; j++) {
            if (sc_value_equals(profiles->u.items[j], w->found.profiles[i]))
                return true;
        }
    }
    return false;
}

/* A failure that only matters for a service that is not enabled, or that is tolerated: a note. */
static int note_failure(const struct work *w, int rc, const struct sc_error *failure)
{
    if (rc == SC_E_NOMEM || rc == SC_E_TOOBIG) {
        if (w->err != NULL)
            *w->err = *failure;
        return rc;
    }
    return sc_loader_note(w->loader, sc_error_message(failure), w->err);
}

static int bind_service(struct work *w, const struct sc_entry *entry, const struct sc_path *section)
{
    struct sc_path path = sc_path_key(section, entry->key);
    bool enabled = has_profile(w, entry->value);
    struct sc_value *effective = NULL;
    struct sc_value *bound = NULL;
    struct sc_error failure = {0};
    int rc = effective_service(w, entry->value, &path, &effective, &failure);
    if (rc < 0 && (enabled && !w->loader->options->tolerant)) {
        if (w->err != NULL)
            *w->err = failure;
        return rc;
    }
    if (rc < 0) {
        rc = note_failure(w, rc, &failure);
        effective = entry->value;
    }
    if (rc == 0)
        rc = sc_bind(w->pool, effective, sc_service_fields, &path, &bound, w->err);
    if (rc == 0)
        rc = sc_tree_set(w->pool, w->services, entry->key, bound, &entry->at, w->err);
    return rc < 0 ? rc
                  : sc_tree_set(w->pool, enabled ? w->enabled : w->disabled, entry->key, bound,
                                &entry->at, w->err);
}

static int bind_services(struct work *w)
{
    const struct sc_value *services = sc_value_get(w->merged, "services");
    struct sc_path section = sc_path_key(NULL, "services");
    w->services = new_map(w);
    w->enabled = new_map(w);
    w->disabled = new_map(w);
    if (w->services == NULL || w->enabled == NULL || w->disabled == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    for (size_t i = 0; sc_value_is(services, SC_VALUE_MAP) && i < services->count; i++) {
        int rc = bind_service(w, &services->u.entries[i], &section);
        if (rc < 0)
            return rc;
    }
    sc_sort_map(w->pool, w->services);
    sc_sort_map(w->pool, w->enabled);
    return sc_tree_set(w->pool, w->root, "services", w->enabled, NULL, w->err);
}

static int bind_section(struct work *w, const char *name, const struct sc_field *fields)
{
    const struct sc_value *section = sc_value_get(w->merged, name);
    struct sc_path section_path = sc_path_key(NULL, name);
    if (!sc_value_is(section, SC_VALUE_MAP) || section->count == 0)
        return 0;
    struct sc_value *map = new_map(w);
    if (map == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    for (size_t i = 0; i < section->count; i++) {
        const struct sc_entry *entry = &section->u.entries[i];
        struct sc_path path = sc_path_key(&section_path, entry->key);
        struct sc_value *bound = NULL;
        int rc = sc_bind(w->pool, entry->value, fields, &path, &bound, w->err);
        if (rc == 0)
            rc = sc_tree_set(w->pool, map, entry->key, bound, &entry->at, w->err);
        if (rc < 0)
            return rc;
    }
    sc_sort_map(w->pool, map);
    if (strcmp(name, "models") == 0)
        map->only = SC_ONLY_YAML;
    return sc_tree_set(w->pool, w->root, name, map, NULL, w->err);
}

static int bind_project(struct work *w)
{
    static const struct {
        const char *name;
        const struct sc_field *fields;
    } sections[] = {{"networks", sc_network_fields},
                    {"volumes", sc_volume_fields},
                    {"secrets", sc_secret_fields},
                    {"configs", sc_config_fields},
                    {"models", sc_model_fields}};
    w->root = new_map(w);
    if (w->root == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    int rc = sc_tree_set(w->pool, w->root, "name",
                         sc_tree_text(w->pool, w->found.name, sc_origin_implied()), NULL, w->err);
    if (rc == 0)
        rc = bind_services(w);
    for (size_t i = 0; rc == 0 && i < SC_ARRAY_SIZE(sections); i++)
        rc = bind_section(w, sections[i].name, sections[i].fields);
    for (size_t i = 0; rc == 0 && i < w->merged->count; i++) {
        const struct sc_entry *entry = &w->merged->u.entries[i];
        if (strncmp(entry->key, "x-", 2) == 0)
            rc = sc_tree_set(w->pool, w->root, entry->key, entry->value, &entry->at, w->err);
    }
    return rc;
}

/* ---- what is left out ---- */

static int need(const struct work *w, struct sc_value *needed, const char *key)
{
    if (key == NULL || sc_value_get(needed, key) != NULL)
        return 0;
    return sc_tree_set(w->pool, needed, key, new_map(w), NULL, w->err);
}

/* The names in an attribute of a service: keys of a map, or sources of a list. */
static int need_names(const struct work *w, struct sc_value *needed, const struct sc_value *names,
                      bool volumes)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        bool map = names->kind == SC_VALUE_MAP;
        const struct sc_value *item = map ? names->u.entries[i].value : names->u.items[i];
        if (volumes && !sc_value_equals(sc_value_get(item, "type"), "volume"))
            continue;
        const char *key =
            map ? names->u.entries[i].key : sc_value_text(sc_value_get(item, "source"));
        int rc = need(w, needed, key);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A section without what no enabled service refers to. */
static int prune(const struct work *w, const char *section_name)
{
    const struct sc_value *section = sc_value_get(w->root, section_name);
    struct sc_value *needed = new_map(w);
    struct sc_value *kept = new_map(w);
    if (section == NULL)
        return 0;
    if (needed == NULL || kept == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    bool volumes = strcmp(section_name, "volumes") == 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->enabled->count; i++) {
        const struct sc_value *service = w->enabled->u.entries[i].value;
        rc = need_names(w, needed, sc_value_get(service, section_name), volumes);
        if (rc == 0 && strcmp(section_name, "secrets") == 0)
            rc = need_names(w, needed, sc_value_at(service, "build", "secrets", NULL), false);
    }
    for (size_t i = 0; rc == 0 && i < section->count; i++) {
        const struct sc_entry *entry = &section->u.entries[i];
        if (sc_value_get(needed, entry->key) != NULL)
            rc = sc_tree_set(w->pool, kept, entry->key, entry->value, &entry->at, w->err);
    }
    kept->only = section->only;
    if (rc == 0 && kept->count == 0)
        sc_tree_remove(w->pool, w->root, section_name);
    else if (rc == 0)
        rc = sc_tree_set(w->pool, w->root, section_name, kept, NULL, w->err);
    return rc;
}

static int prune_all(const struct work *w)
{
    static const char *const sections[] = {"networks", "volumes", "secrets", "configs", "models"};
    for (size_t i = 0; !w->loader->options->all && i < SC_ARRAY_SIZE(sections); i++) {
        int rc = prune(w, sections[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- the load ---- */

static int check_project(struct work *w)
{
    struct sc_error failure = {0};
    int rc = sc_validate_project(w->root, w->disabled, &failure);
    if (rc < 0 && w->loader->options->tolerant)
        return note_failure(w, rc, &failure);
    if (rc < 0 && w->err != NULL)
        *w->err = failure;
    return rc;
}

static int list_files(const struct work *w)
{
    struct sc_loader *loader = w->loader;
    const struct sc_project_file **files =
        sc_model_pool_array(w->pool, loader->file_count + 1, sizeof(*files));
    if (files == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    size_t count = 0;
    for (struct sc_loaded_file *file = loader->first; file != NULL; file = file->next)
        files[count++] = &file->file;
    w->project->files = files;
    w->project->file_count = count;
    return 0;
}

static int list_environment(const struct work *w)
{
    struct sc_value *added = new_map(w);
    if (added == NULL)
        return sc_model_pool_fail(w->pool, w->err);
    for (size_t i = 0; i < w->loader->environment->count; i++) {
        const struct sc_entry *entry = &w->loader->environment->u.entries[i];
        if ((entry->value->origin->routes & SC_ROUTE_DOTENV) == 0)
            continue;
        int rc = sc_tree_set(w->pool, added, entry->key, entry->value, &entry->at, w->err);
        if (rc < 0)
            return rc;
    }
    return sc_model_variables(w->pool, added, &w->project->environment, w->err);
}

static int load_model(struct work *w)
{
    struct sc_model model = {.loader = w->loader,
                             .working_dir = w->loader->directory,
                             .resource_dir = w->loader->directory,
                             .environment = w->loader->environment,
                             .kind = SC_FILE_COMPOSE};
    int rc = sc_model_load(&model, w->found.files, w->found.file_count, &w->merged, w->err);
    if (rc < 0)
        return rc;
    if (w->merged->count == 0)
        return sc_fail(w->err, SC_E_SYNTAX, "the Compose files are empty");
    return sc_normalise(w->pool, w->merged, w->found.name, w->loader->environment, w->err);
}

static int load(struct work *w)
{
    int rc = sc_discover(w->loader, &w->found, w->err);
    if (rc == 0)
        rc = load_model(w);
    if (rc == 0)
        rc = bind_project(w);
    if (rc == 0)
        rc = check_project(w);
    if (rc == 0)
        rc = list_files(w);
    if (rc < 0)
        return rc;
    w->project->name = w->found.name;
    w->project->directory = w->loader->directory;
    w->project->root = w->root;
    struct sc_model_parts parts = {
        .root = w->root, .services = w->services, .merged = sc_value_get(w->merged, "services")};
    rc = sc_model_fill(w->pool, &parts, w->project, w->err);
    if (rc == 0)
        rc = list_environment(w);
    return rc < 0 ? rc : prune_all(w);
}

/* Empty, with its loader. */
static int new_project(const struct sc_compose_options *options, struct sc_project **ret,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = calloc(1, sizeof(*project));
    if (project == NULL)
        return sc_fail_nomem(err);
    project->private = calloc(1, sizeof(*project->private));
    if (project->private == NULL)
        return sc_fail_nomem(err);
    struct sc_loader *loader = &project->private->loader;
    loader->pool = &project->private->pool;
    loader->pool->stash.max = SC_COMPOSE_MEMORY_MAX;
    loader->project = project;
    loader->options = options;
    loader->reader = options->reader != NULL ? options->reader : &sc_reader_disk;
    loader->last = &loader->first;
    loader->noted = sc_tree_new(loader->pool, SC_VALUE_MAP, sc_origin_implied());
    if (loader->noted == NULL)
        return sc_fail_nomem(err);
    *ret = SC_TAKE(project);
    return 0;
}

int sc_compose_load(const struct sc_compose_options *options, struct sc_project **ret,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    int rc = new_project(options, &project, err);
    if (rc < 0)
        return rc;
    struct sc_loader *loader = &project->private->loader;
    struct work w = {.project = project, .loader = loader, .pool = loader->pool, .err = err};
    rc = load(&w);
    if (rc < 0)
        return rc;
    sc_loader_done(loader); /* the YAML is not needed any more; the texts stay */
    loader->options = NULL;
    *ret = SC_TAKE(project);
    return 0;
}

int sc_compose_discover(const struct sc_compose_options *options, struct sc_strv *files,
                        char **ret_name, struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    struct sc_discovery found = {0};
    int rc = new_project(options, &project, err);
    if (rc == 0)
        rc = sc_discover(&project->private->loader, &found, err);
    for (size_t i = 0; rc == 0 && i < found.file_count; i++)
        rc = sc_strv_add(files, found.files[i], err);
    char *name = rc == 0 ? sc_str_dup(found.name, err) : NULL;
    if (rc == 0 && name == NULL)
        rc = SC_E_NOMEM;
    if (rc == 0)
        *ret_name = name;
    return rc;
}

void sc_project_freep(struct sc_project **project)
{
    struct sc_project *p = *project;
    if (p == NULL)
        return;
    if (p->private != NULL) {
        sc_loader_done(&p->private->loader);
        sc_model_pool_done(&p->private->pool);
        free(p->private);
    }
    sc_strv_done(&p->notes);
    free(p);
    *project = NULL;
}
