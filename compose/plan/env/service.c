/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials in the env files of services. A file is often shared: a line changes only if every
 * service that reads it can follow. Where all follow in the same way the line itself changes
 * (`X=value` to `X_FILE=/run/secrets/x`); else it goes, and each service gets a variable of its
 * own.
 */
#include <string.h>

#include "compose/plan/env/env.h"
#include "compose/vars/envfile.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- finding ---- */

struct scan {
    struct context *c;
    const struct sc_service *service;
    struct definition *definition;
    size_t file;
};

/* The definition that is given what the service needs: the last one that names env files, else the
 * last. NULL where the service stands in a file that is not rewritten. */
static struct definition *definition_of(const struct context *c, const char *name)
{
    struct definition *found = NULL;
    bool names = false;
    for (size_t i = 0; i < c->definition_count; i++) {
        struct definition *d = &c->definitions[i];
        const struct sc_plan_file *file = &c->plan->files[d->file];
        bool here = sc_str_equal(d->name, name) && file->fixed == NULL && !file->base;
        bool has = here && sc_merged_get(d->node, "env_file") != NULL;
        if (here && (has || !names))
            found = d;
        names = names || has;
    }
    return found;
}

/* The bytes of the value without the quotes around it, which stay. */
static struct sc_place inside_quotes(const struct sc_project_file *file, struct sc_place place)
{
    const char *text = file->text + place.start;
    size_t len = place.end - place.start;
    bool quoted = len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
    if (quoted && !file->raw) {
        place.start++;
        place.end--;
        place.column++;
    }
    return place;
}

static int add_entry(struct scan *s, const struct sc_project_file *file,
                     const struct sc_entry *entry, struct sc_error *err)
{
    const char *value = sc_value_text(entry->value);
    struct sc_place *place = sc_stash_alloc(&s->c->plan->pool, sizeof(*place), err);
    if (place == NULL)
        return SC_E_NOMEM;
    *place = inside_quotes(file, entry->value->origin->place);
    if (value == NULL || value[0] == '\0' || place->start >= place->end ||
        place->end > file->size || entry->key[0] == '\0')
        return 0;
    struct occurrence o = {
        .key = sc_stash_dup(&s->c->plan->pool, entry->key, strlen(entry->key), err),
        .raw = sc_stash_dup(&s->c->plan->pool, file->text + place->start, place->end - place->start,
                            err),
        .raw_len = place->end - place->start,
        .resolved = value,
        .origin = entry->value->origin,
        .line = place,
        .name = &entry->at,
        .file = s->file,
        .service = s->definition,
    };
    if (o.key == NULL || o.raw == NULL)
        return SC_E_NOMEM;
    return sc_plan_occurrence_add(s->c, &o, err);
}

/* As the loader reads it: the caller and .env first, then what the file has set so far. */
static int scan_file(struct scan *s, const struct sc_service_env_file *env, struct sc_error *err)
{
    struct context *c = s->c;
    struct sc_value *map = sc_tree_new(&c->model, SC_VALUE_MAP, sc_origin_implied());
    const struct sc_envfile in = {
        .file = env->file, .routes = SC_ROUTE_ENV_FILE, .scope = {{c->scope.maps[0]}}};
    if (map == NULL)
        return sc_model_pool_fail(&c->model, err);
    s->file = sc_plan_env_file(c, env->file);
    if (s->file == SIZE_MAX)
        return 0;
    int rc = env->raw ? sc_envfile_parse_raw(&c->model, &in, map, err)
                      : sc_envfile_parse(&c->model, &in, map, err);
    for (size_t i = 0; i < map->count && rc == 0; i++)
        rc = add_entry(s, env->file, &map->u.entries[i], err);
    return rc;
}

/* Whether one of the first `count` env files is this file, maybe under another spelling. */
static bool named_before(const struct sc_service *service, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (service->env_files[i].file != NULL &&
            sc_str_equal(service->env_files[i].file->path, service->env_files[count].file->path))
            return true;
    }
    return false;
}

int sc_plan_env_gather(struct context *c, struct sc_error *err)
{
    const struct sc_project *project = c->options->project;
    int rc = 0;
    for (size_t i = 0; project != NULL && i < project->service_count && rc == 0; i++) {
        const struct sc_service *service = &project->services[i];
        struct scan s = {c, service, definition_of(c, service->name), 0};
        for (size_t k = 0; s.definition != NULL && k < service->env_file_count && rc == 0; k++) {
            if (service->env_files[k].file != NULL && !named_before(service, k))
                rc = scan_file(&s, &service->env_files[k], err);
        }
    }
    return rc;
}

/* ---- deciding ---- */

static bool reads(const struct sc_service *service, const char *path)
{
    for (size_t i = 0; i < service->env_file_count; i++) {
        if (service->env_files[i].file != NULL &&
            sc_str_equal(service->env_files[i].file->path, path))
            return true;
    }
    return false;
}

bool sc_plan_env_is_given(const struct context *c, const char *path)
{
    const struct sc_project *project = c->options->project;
    bool given = false;
    for (size_t i = 0; i < project->service_count && !given; i++)
        given = reads(&project->services[i], path);
    return given;
}

/* A service that reads the line and for which nothing was found in it. */
static const char *bystander(struct context *c, const struct occurrence *o)
{
    const struct sc_project *project = c->options->project;
    for (size_t i = 0; i < project->service_count; i++) {
        const struct sc_service *service = &project->services[i];
        bool found = false;
        if (!reads(service, c->plan->files[o->file].path))
            continue;
        for (const struct occurrence *b = o->text_first; b != NULL && !found; b = b->text_next)
            found = sc_str_equal(b->service->name, service->name);
        if (!found)
            return sc_plan_say(c,
                               "service '%s' reads this file too and cannot follow; give that "
                               "service a file of its own",
                               service->name, NULL);
    }
    return NULL;
}

/* Texts that move and are nothing but a reference to this variable. */
static size_t moving_references(const struct context *c, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *o = &c->found[i];
        bool first = true;
        for (const struct occurrence *b = o->text_first; b != o && first; b = b->text_next)
            first = b->part != o->part;
        count += first && o->reason == NULL && o->use != NULL && sc_str_equal(o->use->name, name);
    }
    for (size_t i = 0; i < c->literal_count; i++) {
        const struct literal *l = &c->literals[i];
        const struct sc_bytes text = {(const unsigned char *)l->node->text + l->start,
                                      l->end - l->start};
        if (l->reason == NULL && l->way != LITERAL_CONTENT)
            count += sc_plan_env_references(text, name);
    }
    return count;
}

/* Whether the name is looked up elsewhere, in a file that takes its variables from this one. */
static bool looked_up(const struct context *c, const struct occurrence *o)
{
    const struct sc_project *project = c->options->project;
    bool dotenv = false, passes = false;
    size_t references = 0;
    for (size_t i = 0; i < project->file_count; i++) {
        const struct sc_project_file *file = project->files[i];
        const struct sc_bytes text = {(const unsigned char *)file->text, file->size};
        bool same = sc_str_equal(file->path, c->plan->files[o->file].path);
        bool before = false; /* the same file may be there as .env and as env_file */
        for (size_t k = 0; k < i && !before; k++)
            before = sc_str_equal(project->files[k]->path, file->path);
        dotenv = dotenv || (same && file->kind == SC_FILE_DOTENV);
        if (before || text.ptr == NULL)
            continue;
        passes = passes || (sc_plan_env_is_compose(file) && sc_plan_env_passes(text, o->key));
        if (sc_plan_env_is_compose(file) || same)
            references += sc_plan_env_references(text, o->key);
    }
    if (!dotenv) {
        const struct sc_bytes own = c->plan->files[o->file].before;
        references = sc_plan_env_references(own, o->key);
        passes = false;
    }
    return passes || (references > 0 && references > moving_references(c, o->key));
}

bool sc_plan_env_is_handed_on(const struct occurrence *o)
{
    return o->line != NULL && o->line->start == o->name->start;
}

const char *sc_plan_env_obstacle(struct context *c, const struct occurrence *o)
{
    size_t start = 0, end = 0;
    struct sc_bytes text = c->plan->files[o->file].before;
    if (c->plan->files[o->file].fixed != NULL)
        return c->plan->files[o->file].fixed;
    if (sc_plan_env_is_handed_on(o))
        return "the line hands on a variable of whoever starts Compose; name it under environment "
               "instead";
    if (sc_plan_env_settings(text, o->key) > 1)
        return "the file sets it more than once; remove what is not used";
    if (!sc_plan_env_statement(text, o->key, o->line, &start, &end))
        return "something else stands on its line; give it a line of its own";
    return bystander(c, o);
}

const char *sc_plan_env_named(const struct context *c, const struct occurrence *o)
{
    const struct sc_project *project = c->options->project;
    const struct sc_variable *first =
        project != NULL ? sc_variables_get(&project->environment, o->key) : NULL;
    bool named = false;
    if (first != NULL && first->value != NULL)
        return NULL; /* which wins in env files over what the service sets */
    for (size_t i = 0; i < o->service->user_count; i++) {
        const struct sc_service *service = o->service->users[i];
        for (size_t k = 0; k < service->env_file_count; k++) {
            const struct sc_service_env_file *env = &service->env_files[k];
            if (env->file == NULL || env->file->text == NULL || env->raw)
                continue;
            const struct sc_bytes text = {(const unsigned char *)env->file->text, env->file->size};
            named = named || sc_plan_env_references(text, o->key) > 0;
        }
    }
    return named ? "an env file of the service refers to it by name; change that first" : NULL;
}

const char *sc_plan_env_lookup(struct context *c, const struct occurrence *o)
{
    return looked_up(c, o) ? "something that stays refers to it by name; change that first" : NULL;
}

/* ---- changing ---- */

/* Whether all services that read the line follow in the same way, so that it can change itself. */
static bool in_place(const struct occurrence *o)
{
    for (const struct occurrence *b = o->text_first; b != NULL; b = b->text_next) {
        if (!sc_plan_same_way(b, o))
            return false;
    }
    return true;
}

/* A placeholder in place of each credential of the line. */
static int fill_in(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    int rc = 0;
    for (const struct occurrence *part = o->text_first; part != NULL && rc == 0;
         part = part->text_next) {
        if (!sc_plan_together(part, o))
            continue;
        size_t start = o->line->start + part->part;
        const char *value = sc_plan_placeholder(c, part, err);
        rc = value == NULL ? SC_E_NOMEM
                           : sc_splices_add(&c->plan->files[o->file].splices, start,
                                            start + part->part_len, value, err);
    }
    return rc;
}

static int change_line(struct context *c, const struct occurrence *o, const char *name,
                       const char *value, struct sc_error *err)
{
    struct sc_plan_file *file = &c->plan->files[o->file];
    int rc = 0;
    if (o->use_shim)
        return fill_in(c, o, err);
    if (!sc_str_equal(name, o->key))
        rc = sc_splices_add(&file->splices, o->name->start,
                            o->name->start + (uint32_t)strlen(o->key), name, err);
    return rc < 0 ? rc : sc_splices_add(&file->splices, o->line->start, o->line->end, value, err);
}

int sc_plan_env_edit(struct context *c, const struct occurrence *o, const char *name,
                     const char *value, struct sc_error *err)
{
    bool done = false;
    if (!o->first)
        return 0;
    if (in_place(o) && name[0] != '\0')
        return change_line(c, o, name, value, err);
    return sc_plan_env_remove(c, o->file, o->key, o->line, &done, err);
}

/* The variables that lines no longer give to this definition, as entries of its own. */
struct own {
    struct sc_edit_value *values;
    const char **keys;
    size_t count;
};

static int add_own(struct context *c, const struct occurrence *o, bool list, struct own *own,
                   struct sc_error *err)
{
    const char *name = NULL, *value = NULL;
    int rc = sc_plan_variable(c, o, &name, &value, err);
    if (rc < 0 || name[0] == '\0' || sc_plan_sets(o->service, o->key) > 0)
        return rc; /* what `environment` says wins over the line, and has moved with it */
    const char *text = value;
    if (list)
        text = sc_stash_printf(&c->plan->pool, err, "%s=%s", name, value);
    if (text == NULL)
        return SC_E_NOMEM;
    own->keys[own->count] = name;
    own->values[own->count++] = (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = text};
    return 0;
}

static int emit_own(struct context *c, const struct definition *d, struct sc_error *err)
{
    const struct sc_yaml_node *present = sc_yaml_get(d->node, "environment");
    bool list = sc_yaml_is(present, SC_YAML_SEQUENCE);
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    struct own own = {
        .values = sc_stash_array(&pool, c->found_count, sizeof(*own.values), err),
        .keys = sc_stash_array(&pool, c->found_count, sizeof(*own.keys), err),
    };
    if (own.values == NULL || own.keys == NULL)
        return SC_E_NOMEM;
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        const struct occurrence *o = &c->found[i];
        if (o->line != NULL && o->service == d && o->reason == NULL && !o->next && !in_place(o))
            rc = add_own(c, o, list, &own, err);
    }
    if (rc < 0 || own.count == 0)
        return rc;
    if (present == NULL) {
        const struct sc_edit_value map = {
            .kind = SC_YAML_MAPPING, .count = own.count, .keys = own.keys, .values = own.values};
        return sc_edit_add(edits, d->node, "environment", &map, err);
    }
    for (size_t i = 0; i < own.count && rc == 0; i++)
        rc = sc_edit_add(edits, present, list ? NULL : own.keys[i], &own.values[i], err);
    return rc;
}

int sc_plan_env_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++)
        rc = emit_own(c, &c->definitions[i], err);
    return rc;
}

bool sc_plan_env_may_add(const struct definition *d)
{
    const struct sc_yaml_node *own = sc_yaml_get(d->node, "environment");
    return own == sc_merged_get(d->node, "environment") && !sc_yaml_is(own, SC_YAML_ALIAS) &&
           !sc_yaml_is(own, SC_YAML_SCALAR);
}
