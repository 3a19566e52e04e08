/* SPDX-License-Identifier: Apache-2.0
 *
 * .env and --env-file: lines that nothing refers to once a value has moved go; what stays there is
 * listed.
 */
#include <ctype.h>
#include <string.h>

#include "compose/plan/env/env.h"
#include "core/str.h"

#include "core/banned.h"

size_t sc_plan_env_file(struct context *c, const struct sc_project_file *from)
{
    struct sc_plan *plan = c->plan;
    for (size_t i = 0; i < plan->file_count; i++) {
        if (sc_str_equal(plan->files[i].path, from->path))
            return plan->files[i].yaml == NULL ? i : SIZE_MAX;
    }
    if (plan->file_count == (size_t)2 * SC_PLAN_FILES_MAX || from->path[0] != '/')
        return SIZE_MAX;
    struct sc_plan_file *file = &plan->files[plan->file_count];
    *file = (struct sc_plan_file){
        .path = sc_stash_dup(&plan->pool, from->path, strlen(from->path), NULL),
        .display = sc_stash_dup(&plan->pool, from->display, strlen(from->display), NULL),
        .after = SC_BUF_INIT(2 * SC_YAML_SIZE_MAX),
    };
    const char *text = sc_stash_dup(&plan->pool, from->text, from->size, NULL);
    if (file->path == NULL || file->display == NULL || text == NULL) {
        sc_plan_no_memory(c);
        return SIZE_MAX;
    }
    file->before = (struct sc_bytes){(const unsigned char *)text, from->size};
    if (c->options->fixed != NULL)
        file->fixed = c->options->fixed(file->path, c->options->ctx);
    plan->file_count++;
    if (sc_plan_mask_settings(plan, plan->file_count - 1, NULL) < 0)
        sc_plan_no_memory(c);
    return plan->file_count - 1;
}

int sc_plan_env_remove(struct context *c, size_t file, const char *name,
                       const struct sc_place *value, bool *ret_done, struct sc_error *err)
{
    struct sc_plan_file *f = &c->plan->files[file];
    size_t start = 0, end = 0;
    *ret_done = sc_plan_env_statement(f->before, name, value, &start, &end);
    for (size_t i = 0; i < f->splices.count && *ret_done; i++) {
        if (f->splices.items[i].start < end && f->splices.items[i].end > start)
            return 0; /* gone or changed already */
    }
    return *ret_done ? sc_splices_add(&f->splices, start, end, "", err) : 0;
}

static struct sc_plan_file *planned(const struct sc_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        if (sc_str_equal(plan->files[i].path, path))
            return &plan->files[i];
    }
    return NULL;
}

/* The text of a file after the changes; that of an env file is put together in `out`. */
static struct sc_bytes text_after(const struct context *c, const struct sc_project_file *file,
                                  struct sc_buf *out)
{
    struct sc_plan_file *plan = planned(c->plan, file->path);
    const struct sc_bytes before = {(const unsigned char *)file->text, file->size};
    if (plan == NULL || (plan->yaml != NULL && !plan->changed))
        return before;
    if (plan->yaml != NULL)
        return sc_buf_view(&plan->after);
    int rc = sc_splices_apply(&plan->splices, plan->before, plan->display, out, NULL);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    return rc < 0 ? before : sc_buf_view(out);
}

/* Whether some file of the project still needs the variable, after the changes. */
static bool still_needed(const struct context *c, const char *name)
{
    const struct sc_project *project = c->options->project;
    for (size_t i = 0; i < project->file_count; i++) {
        const struct sc_project_file *file = project->files[i];
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(2 * SC_YAML_SIZE_MAX);
        const struct sc_bytes before = {(const unsigned char *)file->text, file->size};
        if (!sc_plan_env_is_compose(file) && /* where changes add no references */
            (before.ptr == NULL || sc_plan_env_references(before, name) == 0))
            continue;
        const struct sc_bytes text = text_after(c, file, &out);
        if (text.ptr != NULL && (sc_plan_env_references(text, name) > 0 ||
                                 (sc_plan_env_is_compose(file) && sc_plan_env_passes(text, name))))
            return true;
    }
    return false;
}

/* A line of an env file. */
struct line {
    const char *name;
    const struct sc_place *place; /* of its value */
    size_t secret;                /* that the value has become, if it has */
};

/* Whether the plan has this line already: it changes, or is listed. */
static bool is_in_plan(const struct context *c, size_t file, const struct sc_place *place)
{
    const struct sc_splices *splices = &c->plan->files[file].splices;
    for (size_t i = 0; i < splices->count; i++) {
        if (splices->items[i].start <= place->end && place->start <= splices->items[i].end)
            return true;
    }
    for (size_t i = 0; i < c->found_count; i++) {
        if (c->found[i].line != NULL && c->found[i].file == file &&
            c->found[i].line->start == place->start)
            return true; /* listed as an env_file's */
    }
    for (size_t i = 0; i < c->plan->item_count; i++) {
        if (c->plan->items[i].file == file && c->plan->items[i].at.line == place->line &&
            sc_str_equal(c->plan->items[i].where, "env_file"))
            return true;
    }
    return false;
}

static int list_line(struct context *c, size_t file, const struct line *line, const char *class,
                     const char *reason, struct sc_error *err)
{
    const struct sc_place *place = line->place;
    struct sc_plan_item item = {
        .action = SC_PLAN_REPORT,
        .key = sc_stash_dup(&c->plan->pool, line->name, strlen(line->name), err),
        .where = "env_file",
        .class = class,
        .file = file,
        .at = {place->line, place->column},
        .reason = reason,
    };
    if (item.key == NULL)
        return SC_E_NOMEM;
    int rc = sc_plan_mask_span(c->plan, file, place->start, place->end, err);
    return rc < 0 ? rc : sc_plan_item_add(c->plan, &item, err);
}

/* Whether a folder is the one of the file, or above it. The root of all does not count: who mounts
 * that looks at the machine, not at this project. */
static bool holds(const char *folder, const char *path)
{
    size_t n = strlen(folder);
    return n > 1 && strncmp(folder, path, n) == 0 &&
           (path[n] == '/' || path[n] == '\0' || folder[n - 1] == '/');
}

/* Why a line stays though nothing refers to it: a service sees the file itself, and its program
 * may read it (Laravel, Symfony, dotenv in Node or Python do). NULL: none does. */
static const char *mounted_reason(struct context *c, size_t file)
{
    const struct sc_project *project = c->options->project;
    const char *path = c->plan->files[file].path;
    for (size_t i = 0; i < project->service_count; i++) {
        const struct sc_value *volumes = sc_value_get(project->services[i].value, "volumes");
        for (size_t k = 0; volumes != NULL && k < volumes->count; k++) {
            const struct sc_value *mount = volumes->u.items[k];
            const char *source = sc_value_text(sc_value_get(mount, "source"));
            if (source != NULL &&
                sc_str_equal(sc_value_text(sc_value_get(mount, "type")), "bind") &&
                holds(source, path))
                return sc_plan_say(c,
                                   "service '%s' mounts this file, and its program may read it "
                                   "there; take the line out if it does not",
                                   project->services[i].name, NULL);
        }
    }
    return NULL;
}

static int remove_line(struct context *c, const struct line *line, struct sc_error *err)
{
    size_t file = sc_plan_env_file(c, line->place->file);
    bool done = false;
    if (file == SIZE_MAX || c->plan->files[file].fixed != NULL || still_needed(c, line->name))
        return 0;
    if (sc_plan_env_is_given(c, c->plan->files[file].path))
        return is_in_plan(c, file, line->place)
                   ? 0
                   : list_line(c, file, line, "literal",
                               "services are given it from this file by its own name too; take it "
                               "out of the file if none needs it",
                               err);
    const char *mounted = mounted_reason(c, file);
    if (mounted != NULL)
        return is_in_plan(c, file, line->place) ? 0
                                                : list_line(c, file, line, "literal", mounted, err);
    size_t splices = c->plan->files[file].splices.count;
    int rc = sc_plan_env_remove(c, file, line->name, line->place, &done, err);
    if (rc < 0 || !done || c->plan->files[file].splices.count == splices)
        return rc;
    struct sc_plan_item item = {
        .action = SC_PLAN_ADAPT,
        .key = sc_stash_dup(&c->plan->pool, line->name, strlen(line->name), err),
        .where = "env_file",
        .class = "literal",
        .file = file,
        .at = {line->place->line, line->place->column},
        .secret = c->plan->secrets[line->secret].name,
        .change = "removed; nothing refers to it any more",
    };
    rc = sc_plan_mask_span(c->plan, item.file, line->place->start, line->place->end, err);
    return rc < 0 ? rc : sc_plan_item_add(c->plan, &item, err);
}

/* Where .env gives a moved occurrence its value; NULL if it does not. */
static const struct sc_place *dotenv_place(const struct context *c, const struct occurrence *o)
{
    if (o->use == NULL || o->use->value == NULL)
        return NULL;
    if (o->use->source == SC_USE_DOTENV)
        return &o->use->place;
    /* an env file of a service is read anew here, with the variables as they are in the end */
    const struct sc_variable *v =
        o->line != NULL ? sc_variables_get(&c->options->project->environment, o->use->name) : NULL;
    return v != NULL && sc_str_equal(v->value, o->use->value) ? &v->origin->place : NULL;
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
    if (name == NULL)
        sc_plan_no_memory(c);
    const struct sc_variable *found =
        name != NULL ? sc_variables_get(&c->options->project->environment, name) : NULL;
    return found != NULL && found->value != NULL && found->origin->place.file != NULL ? found
                                                                                      : NULL;
}

static bool is_made_of(const char *text, size_t len, const char *today, const struct sc_variable *v)
{
    return today != NULL && strstr(today, v->value) != NULL &&
           sc_plan_env_references((struct sc_bytes){(const unsigned char *)text, len}, v->name) > 0;
}

/* Whether the variable is a piece of a credential that moved, whatever it is called. */
static bool is_piece(const struct context *c, const struct sc_variable *v)
{
    bool piece = false;
    for (size_t i = 0; i < c->found_count && !piece; i++) {
        const struct occurrence *o = &c->found[i];
        const char *today = o->piece != NULL ? o->piece : o->resolved;
        piece = o->reason == NULL && is_made_of(o->raw + o->part, o->part_len, today, v);
    }
    for (size_t i = 0; i < c->literal_count && !piece; i++) {
        const struct literal *l = &c->literals[i];
        piece = l->reason == NULL &&
                is_made_of(l->node->text + l->start, l->end - l->start, l->value, v);
    }
    return piece && v->value[0] != '\0';
}

/* Lines of .env that hold a credential still. */
static int list_rest(struct context *c, struct sc_error *err)
{
    const struct sc_variables *all = &c->options->project->environment;
    int rc = 0;
    for (size_t i = 0; i < all->count && rc == 0; i++) {
        const struct sc_variable *v = &all->items[i];
        struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
        const struct sc_place *place = &v->origin->place;
        if (v->value == NULL || place->file == NULL)
            continue;
        size_t count =
            sc_credential_parts(v->name, strlen(v->name), v->value, strlen(v->value), parts);
        bool judged = count > 0 && parts[0].credential.key != SC_KEY_HALF;
        if (!judged && !is_piece(c, v))
            continue;
        size_t file = sc_plan_env_file(c, place->file);
        if (file == SIZE_MAX || is_in_plan(c, file, place))
            continue;
        const char *reason = c->plan->files[file].fixed;
        if (reason == NULL && still_needed(c, v->name))
            reason = "something that stays refers to it; it can go with that";
        if (reason == NULL)
            reason = mounted_reason(c, file);
        if (reason == NULL)
            reason = "nothing in these files refers to it; remove it, or put it into the vault";
        const struct line line = {v->name, place, 0};
        rc = list_line(c, file, &line, judged ? sc_plan_class(&parts[0].credential) : "literal",
                       reason, err);
    }
    return rc;
}

/* Lines whose values have moved and that nothing needs any more go. */
static int remove_moved(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        const struct occurrence *o = &c->found[i];
        const struct sc_place *place = o->reason == NULL ? dotenv_place(c, o) : NULL;
        if (place == NULL || place->file == NULL)
            continue;
        const struct line line = {o->use->name, place, o->secret};
        rc = remove_line(c, &line, err);
    }
    for (size_t i = 0; i < c->literal_count && rc == 0; i++) {
        const struct literal *l = &c->literals[i];
        const struct sc_variable *v = NULL;
        if (l->reason == NULL)
            v = dotenv_variable(c, l->node->text + l->start, l->end - l->start);
        if (v == NULL || !sc_str_equal(v->value, l->value))
            continue; /* what moved is a default, or more than the variable */
        const struct line line = {v->name, &v->origin->place, l->secret};
        rc = remove_line(c, &line, err);
    }
    return rc;
}

int sc_plan_dotenv(struct context *c, struct sc_error *err)
{
    int rc = 0;
    if (c->options->project == NULL)
        return 0;
    /* a line that goes may have been the last to refer to another one */
    for (size_t before = SIZE_MAX; before != c->plan->item_count && rc == 0;) {
        before = c->plan->item_count;
        rc = remove_moved(c, err);
    }
    return rc < 0 ? rc : list_rest(c, err);
}
