/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands behind variables: the values the loaded project has, and the lines of env files that
 * nothing refers to once a value has moved.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

void sc_plan_part(const char *text, size_t len, const struct sc_credential *credential,
                  size_t *ret_start, size_t *ret_end)
{
    size_t start = 0, end = len;
    bool in_url = credential->shape == SC_SHAPE_URL ||
                  credential->shape == SC_SHAPE_URL_INTERPOLATED ||
                  credential->shape == SC_SHAPE_PLACEHOLDER;
    if (credential->length < len && reference_around(text, len, credential->offset, &start, &end)) {
        /* the whole reference, also where the credential is its default text */
    } else if (in_url) {
        start = credential->offset;
        end = start + credential->length;
    }
    *ret_start = start;
    *ret_end = end;
}

static void set_part(struct occurrence *o)
{
    size_t end = 0;
    sc_plan_part(o->raw, o->raw_len, &o->credential, &o->part, &end);
    o->part_len = end - o->part;
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
    if (sc_interpolate(&interp, text, len, &result, NULL) < 0)
        return NULL;
    return sc_model_pool_ndup(&c->model, result.text, result.len);
}

int sc_plan_resolve(struct context *c, struct sc_error *err)
{
    int rc = c->options->project != NULL ? build_scope(c, err) : 0;
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < c->found_count; i++) {
        struct occurrence *o = &c->found[i];
        if (o->bare) {
            o->use = o->passed->uses; /* handed on like ${NAME} */
            continue;
        }
        set_part(o);
        const struct sc_project *project = c->options->project;
        const struct sc_service *service =
            project != NULL ? sc_project_service(project, o->service->name) : NULL;
        const struct sc_variable *variable =
            service != NULL ? sc_variables_get(&service->environment, o->key) : NULL;
        if (variable == NULL || variable->value == NULL || variable->origin->place.file == NULL)
            continue;
        const struct sc_place *place = &variable->origin->place;
        const struct sc_yaml_node *node = sc_yaml_resolve(o->value_node);
        if (!sc_str_equal(place->file->path, c->plan->files[o->file].path) ||
            place->start < node->full_start || place->end > node->span.end)
            continue; /* shadowed by another place */
        o->resolved = variable->value;
        o->use = use_of(o, variable->origin);
    }
    return 0;
}

/* ---- env files ---- */

static bool refers(const char *text, size_t len, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n < len; i++) {
        if (text[i] != '$')
            continue;
        if (text[i + 1] == '$') {
            i++;
            continue;
        }
        size_t at = i + 1 + (text[i + 1] == '{');
        if (at + n <= len && memcmp(text + at, name, n) == 0 &&
            (at + n == len || (isalnum((unsigned char)text[at + n]) == 0 && text[at + n] != '_')))
            return true;
    }
    return false;
}

/* A bare `- NAME` or `NAME:` passes the variable on; found by its name standing alone. */
static bool passes(const char *text, size_t len, const char *name)
{
    size_t n = strlen(name);
    const char *end = text + len;
    for (const char *p = memmem(text, len, name, n); p != NULL;
         p = memmem(p + 1, (size_t)(end - p) - 1, name, n)) {
        char before = p > text ? p[-1] : '\n';
        char after = p + n < end ? p[n] : '\n';
        if (strchr(" \t\n\"'[,", before) != NULL && strchr("\r\n\"',] \t", after) != NULL)
            return true;
        if (strchr(" \t\n\"'{,", before) != NULL && after == ':' &&
            (p + n + 1 == end || strchr("\r\n", p[n + 1]) != NULL))
            return true;
    }
    return false;
}

static const struct sc_plan_file *planned(const struct sc_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        if (sc_str_equal(plan->files[i].path, path))
            return &plan->files[i];
    }
    return NULL;
}

/* Whether some file of the project still needs the variable, after the changes. */
static bool still_needed(const struct context *c, const char *name)
{
    const struct sc_project *project = c->options->project;
    for (size_t i = 0; i < project->file_count; i++) {
        const struct sc_project_file *file = project->files[i];
        const struct sc_plan_file *plan = planned(c->plan, file->path);
        struct sc_bytes text = {(const unsigned char *)file->text, file->size};
        if (plan != NULL && plan->changed)
            text = sc_buf_view(&plan->after);
        const char *bytes = (const char *)text.ptr;
        bool yaml = file->kind == SC_FILE_COMPOSE || file->kind == SC_FILE_INCLUDE ||
                    file->kind == SC_FILE_EXTENDS;
        if (bytes != NULL &&
            (refers(bytes, text.len, name) || (yaml && passes(bytes, text.len, name))))
            return true;
    }
    return false;
}

/* The plan's entry for an env file, made if there is none; NULL when there are too many. */
static struct sc_plan_file *env_file(struct context *c, const struct sc_project_file *from)
{
    struct sc_plan *plan = c->plan;
    for (size_t i = 0; i < plan->file_count; i++) {
        if (sc_str_equal(plan->files[i].path, from->path))
            return plan->files[i].yaml == NULL ? &plan->files[i] : NULL;
    }
    if (plan->file_count == (size_t)2 * SC_PLAN_FILES_MAX)
        return NULL;
    struct sc_plan_file *file = &plan->files[plan->file_count];
    *file = (struct sc_plan_file){
        .path = sc_stash_dup(&plan->pool, from->path, strlen(from->path), NULL),
        .display = sc_stash_dup(&plan->pool, from->display, strlen(from->display), NULL),
        .after = SC_BUF_INIT(2 * SC_YAML_SIZE_MAX),
    };
    const char *text = sc_stash_dup(&plan->pool, from->text, from->size, NULL);
    if (file->path == NULL || file->display == NULL || text == NULL)
        return NULL;
    file->before = (struct sc_bytes){(const unsigned char *)text, from->size};
    plan->file_count++;
    return file;
}

/* A variable of .env whose value has moved. */
struct gone {
    const char *name;
    const struct sc_place *place; /* of its value */
    size_t secret;
};

/* The lines of `NAME=value`, when nothing else stands on them. */
static bool statement(const struct sc_plan_file *file, const struct gone *gone, size_t *start,
                      size_t *end)
{
    const char *text = (const char *)file->before.ptr;
    size_t at = gone->place->start, n = strlen(gone->name);
    if (gone->place->end > file->before.len || gone->place->start > gone->place->end)
        return false;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    *start = at;
    at += strspn(text + at, " \t");
    if (strncmp(text + at, "export ", 7) == 0)
        at += 7;
    if (strncmp(text + at, gone->name, n) != 0 || strchr("= \t:", text[at + n]) == NULL)
        return false;
    *end = gone->place->end;
    while (*end < file->before.len && text[*end] != '\n' && strchr("\"' \t\r", text[*end]) != NULL)
        (*end)++;
    if (*end < file->before.len && text[*end] == '#')
        *end += strcspn(text + *end, "\n");
    if (*end < file->before.len && text[*end] != '\n')
        return false;
    *end += *end < file->before.len;
    return true;
}

static int remove_statement(struct context *c, const struct gone *gone, struct sc_error *err)
{
    struct sc_plan_file *file = env_file(c, gone->place->file);
    size_t start = 0, end = 0;
    if (file == NULL || !statement(file, gone, &start, &end))
        return 0;
    for (size_t i = 0; i < file->splices.count; i++) {
        if (file->splices.items[i].start == start)
            return 0; /* gone already */
    }
    int rc = sc_splices_add(&file->splices, start, end, "", err);
    if (rc < 0)
        return rc;
    struct sc_plan_item item = {
        .action = SC_PLAN_ADAPT,
        .key = sc_stash_dup(&c->plan->pool, gone->name, strlen(gone->name), err),
        .where = "env_file",
        .class = "literal",
        .file = (size_t)(file - c->plan->files),
        .at = {gone->place->line, gone->place->column},
        .secret = c->plan->secrets[gone->secret].name,
        .change = "removed; nothing refers to it any more",
    };
    rc = sc_plan_mask_span(c->plan, item.file, gone->place->start, gone->place->end, err);
    return rc < 0 ? rc : sc_plan_item_add(c->plan, &item, err);
}

/* The first variable that a text refers to, as .env has it; NULL if it is from elsewhere. */
static const struct sc_variable *dotenv_variable(struct context *c, const char *text, size_t len)
{
    size_t from = len > 1 && text[1] == '{' ? 2 : 1, n = 0;
    if (c->options->project == NULL || len < 2 || text[0] != '$' || text[1] == '$')
        return NULL;
    while (from + n < len && (isalnum((unsigned char)text[from + n]) != 0 || text[from + n] == '_'))
        n++;
    const char *name = sc_stash_dup(&c->plan->pool, text + from, n, NULL);
    const struct sc_variable *found =
        name != NULL ? sc_variables_get(&c->options->project->environment, name) : NULL;
    return found != NULL && found->value != NULL && found->origin->place.file != NULL ? found
                                                                                      : NULL;
}

int sc_plan_dotenv(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        const struct occurrence *o = &c->found[i];
        if (o->reason != NULL || o->use == NULL || o->use->source != SC_USE_DOTENV ||
            o->use->place.file == NULL || still_needed(c, o->use->name))
            continue;
        const struct gone gone = {o->use->name, &o->use->place, o->secret};
        rc = remove_statement(c, &gone, err);
    }
    for (size_t i = 0; i < c->literal_count && rc == 0; i++) {
        const struct literal *l = &c->literals[i];
        const struct sc_variable *v = NULL;
        if (l->reason == NULL)
            v = dotenv_variable(c, l->node->text + l->start, l->end - l->start);
        if (v == NULL || still_needed(c, v->name))
            continue;
        const struct gone gone = {v->name, &v->origin->place, l->secret};
        rc = remove_statement(c, &gone, err);
    }
    return rc;
}
