/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a plan: load, gather, decide, emit, apply, prove; see compose/plan/plan.h.
 */
#include "compose/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

int sc_plan_item_add(struct sc_plan *plan, const struct sc_plan_item *item, struct sc_error *err)
{
    if (!sc_plan_room(&plan->items, plan->item_count, &plan->item_cap, sizeof(*plan->items), err))
        return SC_E_NOMEM;
    struct sc_plan_item copy = *item;
    if (item->change != NULL) {
        copy.change = sc_stash_dup(&plan->pool, item->change, strlen(item->change), err);
        if (copy.change == NULL)
            return SC_E_NOMEM;
    }
    plan->items[plan->item_count++] = copy;
    return 0;
}

bool sc_plan_room(void *array, size_t count, size_t *cap, size_t size, struct sc_error *err)
{
    void *items = NULL;
    memcpy(&items, array, sizeof(items));
    items = sc_items_reserve(items, cap, count, 1, size, err);
    if (items != NULL)
        memcpy(array, &items, sizeof(items));
    return items != NULL;
}

void sc_plan_no_memory(const struct context *c)
{
    c->plan->no_memory = true;
}

const char *sc_plan_say(struct context *c, const char *fmt, const char *a, const char *b)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(2048);
    for (; *fmt != '\0'; fmt++) {
        if (fmt[0] == '%' && fmt[1] == 's') {
            sc_buf_puts(&text, a != NULL ? a : "?");
            a = b;
            fmt++;
        } else {
            sc_buf_putc(&text, *fmt);
        }
    }
    const char *copy = NULL;
    if (sc_buf_status(&text, NULL) == 0)
        copy = sc_stash_dup(&c->plan->pool, sc_buf_text(&text), text.len, NULL);
    if (copy == NULL)
        sc_plan_no_memory(c);
    return copy != NULL ? copy : "out of memory";
}

static int compare_items(const void *a, const void *b)
{
    const struct sc_plan_item *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->at.line != y->at.line)
        return x->at.line < y->at.line ? -1 : 1;
    if (x->at.column != y->at.column)
        return x->at.column < y->at.column ? -1 : 1;
    return x->service != NULL && y->service != NULL ? strcmp(x->service, y->service) : 0;
}

size_t sc_plan_moves(const struct sc_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->item_count; i++)
        count += plan->items[i].action == SC_PLAN_MOVE;
    return count;
}

bool sc_plan_changes(const struct sc_plan *plan)
{
    bool changes = false;
    for (size_t i = 0; i < plan->file_count && !changes; i++)
        changes = plan->files[i].changed;
    return changes;
}

static int load_files(struct sc_plan *plan, const struct sc_plan_source *files, size_t count,
                      struct sc_error *err)
{
    if (count > SC_PLAN_FILES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d files", SC_PLAN_FILES_MAX);
    plan->files = calloc(2 * SC_PLAN_FILES_MAX, sizeof(*plan->files)); /* env files may follow */
    if (plan->files == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct sc_plan_file *file = &plan->files[i];
        file->path = sc_stash_dup(&plan->pool, files[i].path, strlen(files[i].path), err);
        file->display = sc_stash_dup(&plan->pool, files[i].display, strlen(files[i].display), err);
        file->fixed = files[i].fixed;
        file->base = files[i].base;
        file->after = (struct sc_buf)SC_BUF_INIT(2 * SC_YAML_SIZE_MAX);
        if (file->path == NULL || file->display == NULL)
            return SC_E_NOMEM;
        plan->file_count++;
        int rc = sc_yaml_load(files[i].text, file->display, &file->yaml, NULL, err);
        if (rc < 0)
            return rc;
        file->before = sc_yaml_text(file->yaml);
    }
    return 0;
}

/* The new text of a file, and the proof that it is the old one with the changes. */
static int finish_file(struct sc_plan_file *file, struct sc_error *err)
{
    if (file->yaml == NULL) {
        int done = sc_splices_apply(&file->splices, file->before, file->display, &file->after, err);
        file->changed = done == 0 && file->splices.count > 0;
        return done;
    }
    if (file->edits.count == 0)
        return 0;
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *again = NULL;
    int rc = sc_edit_apply(file->yaml, &file->edits, &file->splices, &file->after, err);
    if (rc == 0)
        rc = sc_yaml_load(sc_buf_view(&file->after), file->display, &again, NULL, err);
    if (rc == 0)
        rc = sc_edit_verify(file->yaml, &file->edits, again, err);
    file->changed = rc == 0;
    return rc;
}

/* Compose files, or all others. */
static int finish_files(struct context *c, bool compose, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->plan->file_count && rc == 0; i++) {
        if ((c->plan->files[i].yaml != NULL) == compose)
            rc = finish_file(&c->plan->files[i], err);
    }
    return rc;
}

static int find(struct context *c, struct sc_error *err)
{
    int rc = sc_plan_gather(c, err);
    if (rc == 0)
        rc = sc_plan_scope(c, err);
    if (rc == 0)
        rc = sc_plan_env_gather(c, err);
    if (rc < 0)
        return rc;
    sc_plan_resolve(c);
    return sc_plan_places(c, err);
}

static int decide(struct context *c, struct sc_error *err)
{
    int rc = sc_plan_files(c, err);
    if (rc < 0)
        return rc;
    sc_plan_places_judge(c);
    rc = sc_plan_decide(c, err);
    if (rc == 0)
        rc = sc_plan_places_assign(c, err);
    return rc < 0 ? rc : sc_plan_addresses(c, err); /* which look for what all others have */
}

static int emit(struct context *c, struct sc_error *err)
{
    typedef int (*step)(struct context * c, struct sc_error * err);
    static const step steps[] = {sc_plan_emit,           sc_plan_anchors,     sc_plan_places_emit,
                                 sc_plan_commands,       sc_plan_checks,      sc_plan_env_emit,
                                 sc_plan_exchanges_emit, sc_plan_grants_emit, sc_plan_shims_emit,
                                 sc_plan_readers};
    int rc = 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(steps) && rc == 0; i++)
        rc = steps[i](c, err);
    return rc;
}

static int run_steps(struct context *c, struct sc_error *err)
{
    int rc = find(c, err);
    if (rc == 0)
        rc = decide(c, err);
    if (rc == 0)
        rc = emit(c, err);
    if (rc == 0)
        rc = finish_files(c, true, err);
    if (rc == 0)
        rc = sc_plan_dotenv(c, err);
    if (rc == 0)
        rc = finish_files(c, false, err);
    if (rc == 0 && c->plan->no_memory)
        return sc_fail_nomem(err);
    return rc < 0 || c->holds->again ? rc : sc_plan_prove(c, err);
}

int sc_plan_run(const struct sc_plan_source *files, size_t count,
                const struct sc_plan_options *options, const struct holds *holds,
                struct sc_plan **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_plan_freep) struct sc_plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL)
        return sc_fail_nomem(err);
    plan->scope = sc_stash_dup(&plan->pool, options->scope, strlen(options->scope), err);
    if (plan->scope == NULL)
        return SC_E_NOMEM;
    int rc = load_files(plan, files, count, err);
    if (rc < 0)
        return rc;
    struct context c = {.plan = plan, .options = options, .holds = holds};
    rc = run_steps(&c, err);
    free(c.definitions);
    free(c.found);
    free(c.literals);
    free(c.grants);
    free(c.exchanges);
    sc_model_pool_done(&c.model);
    if (rc < 0)
        return rc;
    if (plan->item_count > 0)
        qsort(plan->items, plan->item_count, sizeof(*plan->items), compare_items);
    *ret = SC_TAKE(plan);
    return 0;
}

void sc_plan_freep(struct sc_plan **ref)
{
    struct sc_plan *plan = *ref;
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->file_count; i++) {
        struct sc_plan_file *file = &plan->files[i];
        sc_yaml_free(file->yaml);
        sc_edits_done(&file->edits);
        sc_splices_done(&file->splices);
        sc_buf_done(&file->after);
    }
    for (size_t i = 0; i < plan->secret_count; i++)
        sc_secret_done(&plan->secrets[i].value);
    sc_project_freep(&plan->after);
    free(plan->files);
    free(plan->items);
    free(plan->secrets);
    free(plan->masks);
    sc_stash_done(&plan->pool);
    free(plan);
    *ref = NULL;
}
