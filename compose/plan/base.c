/* SPDX-License-Identifier: Apache-2.0
 *
 * Which services a definition is for: the one of its name, and those that extend it.
 *
 * What a file holds that is reached by `extends` only are no services of the project, whatever
 * their names: a base there is for the services whose loaded values come out of its text. So the
 * loader says who extends what, through any number of files. Without a loaded project it is not
 * known, and such files stay as they are.
 */
#include "compose/form/path.h"
#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* `extends` inside each other, followed at most. */
#define CHAIN_MAX 8

/* ---- extends, as it is written ---- */

/* Whether `extends: {file: ...}` of the definition means this file: relative to its own folder, or
 * to the project's. */
static bool means_file(struct context *c, const struct definition *d, const char *file,
                       const char *path)
{
    const char *const from[] = {c->plan->files[d->file].path, c->plan->files[0].path};
    for (size_t i = 0; i < SC_ARRAY_SIZE(from); i++) {
        const char *folder = sc_path_parent(&c->model, from[i]);
        const char *below = folder != NULL ? sc_path_below(&c->model, folder, file) : NULL;
        const char *clean = below != NULL ? sc_path_clean(&c->model, below) : NULL;
        if (clean == NULL)
            sc_plan_no_memory(c);
        if (sc_str_equal(clean, path))
            return true;
    }
    return false;
}

static const struct definition *find_base(struct context *c, const struct definition *d)
{
    const struct sc_yaml_node *extends = sc_yaml_resolve(sc_merged_get(d->node, "extends"));
    const struct sc_plan_file *files = c->plan->files;
    const char *name = sc_node_text(extends), *file = NULL;
    if (name == NULL) {
        name = sc_node_text(sc_yaml_get(extends, "service"));
        file = sc_node_text(sc_yaml_get(extends, "file"));
    }
    for (size_t i = 0; name != NULL && i < c->definition_count; i++) {
        const struct definition *other = &c->definitions[i];
        if (other == d || !sc_str_equal(other->name, name))
            continue;
        bool near = other->file == d->file || (!files[other->file].base && !files[d->file].base);
        if (file == NULL ? near : means_file(c, d, file, files[other->file].path))
            return other;
    }
    return NULL;
}

static void set_bases(struct context *c)
{
    for (size_t i = 0; i < c->definition_count; i++)
        c->definitions[i].base = find_base(c, &c->definitions[i]);
    /* what one file says of a service holds for all */
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        for (size_t k = 0; k < c->definition_count && d->base != NULL; k++) {
            struct definition *same = &c->definitions[k];
            if (same->base == NULL && same != d->base && sc_str_equal(same->name, d->name) &&
                c->plan->files[same->file].base == c->plan->files[d->file].base)
                same->base = d->base;
        }
    }
}

/* ---- services of the project ---- */

const struct sc_value *sc_plan_loaded(const struct sc_value *value, const char *path,
                                      struct sc_yaml_span span)
{
    const struct sc_place *place = &value->origin->place;
    bool list = value->kind == SC_VALUE_LIST, map = value->kind == SC_VALUE_MAP;
    if (!list && !map)
        return place->file != NULL && place->start >= span.start && place->end <= span.end &&
                       sc_str_equal(place->file->path, path)
                   ? value
                   : NULL;
    const struct sc_value *found = NULL;
    for (size_t i = 0; i < value->count && found == NULL; i++)
        found = sc_plan_loaded(list ? value->u.items[i] : value->u.entries[i].value, path, span);
    return found;
}

static int set_users(struct context *c, struct definition *d, struct sc_error *err)
{
    const struct sc_project *project = c->options->project;
    const struct sc_plan_file *file = &c->plan->files[d->file];
    const struct sc_yaml_span span = {d->node->full_start, d->node->span.end};
    size_t room = project == NULL ? 0 : file->base ? project->service_count : 1;
    d->users = sc_stash_array(&c->plan->pool, room, sizeof(const struct sc_service *), err);
    if (d->users == NULL)
        return SC_E_NOMEM;
    const struct sc_service *own =
        room > 0 && !file->base ? sc_project_service(project, d->name) : NULL;
    if (own != NULL)
        d->users[d->user_count++] = own;
    for (size_t i = 0; file->base && i < room; i++) {
        if (sc_plan_loaded(project->services[i].merged, file->path, span) != NULL)
            d->users[d->user_count++] = &project->services[i];
    }
    return 0;
}

bool sc_plan_alike(const struct definition *d)
{
    for (size_t i = 1; i < d->user_count; i++) {
        if (!sc_str_equal(d->users[0]->image, d->users[i]->image) ||
            !sc_str_equal(d->users[0]->user, d->users[i]->user) ||
            sc_value_get(d->users[i]->value, "build") != NULL)
            return false;
    }
    return true;
}

bool sc_plan_serves(const struct context *c, const struct definition *d,
                    const struct definition *service)
{
    const struct sc_plan_file *files = c->plan->files;
    for (size_t i = 0; files[d->file].base && i < d->user_count; i++) {
        for (size_t k = 0; k < service->user_count; k++) {
            if (d->users[i] == service->users[k])
                return true;
        }
    }
    if (files[d->file].base || files[service->file].base)
        return false;
    int depth = 0;
    for (const struct definition *s = service; s != NULL && depth <= CHAIN_MAX; s = s->base) {
        if (!files[s->file].base && sc_str_equal(s->name, d->name))
            return true;
        depth++;
    }
    return false;
}

/* ---- attributes ---- */

/* The text of an attribute of a service: the last file that has it, else what it extends. */
static const char *attribute(const struct context *c, const struct definition *of, const char *name,
                             int depth)
{
    const char *found = NULL;
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        bool same = d == of || (sc_str_equal(d->name, of->name) && !c->plan->files[d->file].base &&
                                !c->plan->files[of->file].base);
        const char *text = same ? sc_node_text(sc_merged_get(d->node, name)) : NULL;
        found = text != NULL ? text : found;
    }
    return found == NULL && of->base != NULL && depth > 0 ? attribute(c, of->base, name, depth - 1)
                                                          : found;
}

int sc_plan_bases(struct context *c, struct sc_error *err)
{
    set_bases(c);
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        struct definition *d = &c->definitions[i];
        rc = set_users(c, d, err);
        const struct sc_service *service = rc == 0 && d->user_count > 0 ? d->users[0] : NULL;
        /* as loaded: `image: ${IMAGE:-postgres}:${TAG:-16}` is known by its name today */
        d->image = service != NULL ? service->image : attribute(c, d, "image", CHAIN_MAX);
        d->user = service != NULL ? service->user : attribute(c, d, "user", CHAIN_MAX);
    }
    return rc;
}
