/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands behind variables: the values that the loaded project has.
 */
#include <ctype.h>
#include <string.h>

#include "compose/judge/shape.h"
#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- references in text ---- */

/* The `$NAME` or `${NAME...}` that covers the byte `inside`; false if none does. */
static bool reference_around(const char *text, size_t len, size_t inside, size_t *start,
                             size_t *end)
{
    for (size_t i = 0; i + 1 < len && i <= inside; i++) {
        if (text[i] != '$')
            continue;
        if (text[i + 1] == '$') {
            i++;
            continue;
        }
        size_t at = i + 1, depth = 0;
        if (text[at] == '{') {
            do {
                depth += text[at] == '{';
                depth -= text[at] == '}';
                at++;
            } while (at < len && depth > 0);
        } else {
            while (at < len && (isalnum((unsigned char)text[at]) != 0 || text[at] == '_'))
                at++;
        }
        if (inside < at) {
            *start = i;
            *end = at;
            return true;
        }
        i = at - 1;
    }
    return false;
}

bool sc_plan_is_part(const struct occurrence *o)
{
    return o->part_len < o->raw_len;
}

bool sc_plan_is_interpolated(const struct occurrence *o)
{
    struct sc_shape_variable variable; /* of whatever shape its default is */
    return o->credential.shape == SC_SHAPE_INTERPOLATED ||
           o->credential.shape == SC_SHAPE_URL_INTERPOLATED ||
           o->credential.shape == SC_SHAPE_DEFAULT ||
           sc_shape_variable(o->raw + o->part, o->part_len, &variable);
}

void sc_plan_part(const char *key, struct sc_bytes value, const struct sc_credential *credential,
                  size_t *ret_start, size_t *ret_end)
{
    const char *text = (const char *)value.ptr;
    size_t start = 0, end = value.len, len = value.len;
    enum sc_key_kind kind = key != NULL ? sc_key_classify(key, strlen(key)) : SC_KEY_OTHER;
    bool in_url = credential->shape == SC_SHAPE_URL ||
                  credential->shape == SC_SHAPE_URL_INTERPOLATED ||
                  credential->shape == SC_SHAPE_PLACEHOLDER;
    bool whole = (kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET) && !in_url &&
                 memmem(text, len, "://", 3) == NULL;
    if (whole) {
        /* the key says that all of it is one, whatever variables it is made of */
    } else if (credential->length < len &&
               reference_around(text, len, credential->offset, &start, &end) &&
               !(in_url && start == credential->offset)) {
        /* the whole reference, also where the credential is its default text */
    } else if (in_url) { /* which may be made of several references */
        start = credential->offset;
        end = start + credential->length;
    }
    *ret_start = start;
    *ret_end = end;
}

void sc_plan_set_part(struct occurrence *o)
{
    size_t start = 0, end = 0;
    struct sc_credential credential = o->credential;
    credential.offset -= o->from;
    const struct sc_bytes text = {(const unsigned char *)o->raw + o->from, o->to - o->from};
    sc_plan_part(o->inner != NULL ? o->inner : o->key, text, &credential, &start, &end);
    o->part = o->from + start;
    o->part_len = end - start;
}

/* The use that the part is, if it is exactly one reference. */
static const struct sc_use *use_of(const struct occurrence *o, const struct sc_origin *origin)
{
    size_t start = 0, end = 0;
    if (!reference_around(o->raw, o->raw_len, o->part, &start, &end) || start != o->part ||
        end != o->part + o->part_len)
        return NULL;
    const char *name = o->raw + start + (o->raw[start + 1] == '{' ? 2 : 1);
    for (const struct sc_use *use = origin->uses; use != NULL; use = use->next) {
        size_t n = strlen(use->name);
        if (strncmp(name, use->name, n) == 0 && isalnum((unsigned char)name[n]) == 0 &&
            name[n] != '_')
            return use;
    }
    return NULL;
}

/* ---- the variables of the project ---- */

static int put_variable(struct context *c, struct sc_value *map, const char *name,
                        const char *value, struct sc_error *err)
{
    struct sc_value *text = sc_tree_text(&c->model, value, sc_origin_implied());
    if (text == NULL)
        return sc_model_pool_fail(&c->model, err);
    return sc_tree_set(&c->model, map, name, text, NULL, err);
}

/* The caller's environment before what .env adds. */
static int build_scope(struct context *c, struct sc_error *err)
{
    struct sc_value *map = sc_tree_new(&c->model, SC_VALUE_MAP, sc_origin_implied());
    if (map == NULL)
        return sc_model_pool_fail(&c->model, err);
    const struct sc_variables *more = &c->options->project->environment;
    int rc = 0;
    for (size_t i = 0; i < more->count && rc == 0; i++) {
        if (more->items[i].value != NULL)
            rc = put_variable(c, map, more->items[i].name, more->items[i].value, err);
    }
    const char *const *caller = c->options->load != NULL ? c->options->load->environment : NULL;
    for (; caller != NULL && *caller != NULL && rc == 0; caller++) {
        const char *equal = strchr(*caller, '=');
        if (equal == NULL)
            continue;
        char *name = sc_model_pool_ndup(&c->model, *caller, (size_t)(equal - *caller));
        if (name == NULL)
            return sc_model_pool_fail(&c->model, err);
        rc = put_variable(c, map, name, equal + 1, err);
    }
    if (rc == 0 && c->options->project->name != NULL)
        rc = put_variable(c, map, "COMPOSE_PROJECT_NAME", c->options->project->name, err);
    if (rc == 0)
        c->scope.maps[0] = map;
    return rc;
}

const char *sc_plan_value(struct context *c, const char *text, size_t len)
{
    if (c->scope.maps[0] == NULL && memchr(text, '$', len) != NULL)
        return NULL;
    const struct sc_interp interp = {.pool = &c->model, .scope = &c->scope};
    struct sc_interp_result result = {0};
    int rc = sc_interpolate(&interp, text, len, &result, NULL);
    const char *value = rc < 0 ? NULL : sc_model_pool_ndup(&c->model, result.text, result.len);
    if (rc == SC_E_NOMEM || (rc == 0 && value == NULL))
        sc_plan_no_memory(c);
    return value;
}

int sc_plan_scope(struct context *c, struct sc_error *err)
{
    return c->options->project != NULL ? build_scope(c, err) : 0;
}

/* What one service gets from the text, if nothing else sets its variable in the end. */
static void take_value(const struct context *c, struct occurrence *o,
                       const struct sc_variable *variable)
{
    if (variable == NULL || variable->value == NULL || variable->origin->place.file == NULL)
        return;
    const struct sc_place *place = &variable->origin->place;
    const struct sc_yaml_node *node = sc_yaml_resolve(o->value_node);
    if (!sc_str_equal(place->file->path, c->plan->files[o->file].path) ||
        place->start < node->full_start || place->end > node->span.end)
        return; /* shadowed by another place */
    o->various = o->various || (o->resolved != NULL && !sc_str_equal(o->resolved, variable->value));
    o->resolved = variable->value;
    o->use = use_of(o, variable->origin);
}

/* One variable is what was put in for it. Several, or a default, are what our variables make of
 * them, when these make of the whole text what the container gets: an included file may have its
 * own. */
static void set_piece(struct context *c, struct occurrence *o)
{
    if (o->use != NULL && o->use->value != NULL)
        o->piece = o->use->value;
    else if (o->line == NULL && o->resolved != NULL && sc_plan_is_interpolated(o) &&
             sc_str_equal(sc_plan_value(c, o->raw, o->raw_len), o->resolved))
        o->piece = sc_plan_value(c, o->raw + o->part, o->part_len);
}

void sc_plan_resolve(struct context *c)
{
    for (size_t i = 0; i < c->found_count; i++) {
        struct occurrence *o = &c->found[i];
        if (o->bare) {
            o->use = o->passed != NULL ? o->passed->uses : NULL; /* handed on like ${NAME} */
            continue;
        }
        if (o->line != NULL)
            o->use = use_of(o, o->origin);
        for (size_t k = 0; k < o->service->user_count && o->line == NULL; k++)
            take_value(c, o, sc_variables_get(&o->service->users[k]->environment, o->key));
        set_piece(c, o);
    }
}
