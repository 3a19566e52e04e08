/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan is final: a second run over its result must find nothing to move. What stands around a
 * credential may be read in another way once a placeholder stands there (which ends a value
 * earlier, say), and then shows one more. A text that does is held, and the plan is made again:
 * what a variable holds moves as a whole then, any other text stays as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* Each round holds one text more at least. */
#define ROUNDS_MAX 16

static void holds_done(struct holds *holds)
{
    free(holds->items);
    sc_stash_done(&holds->pool);
}

bool sc_plan_is_held(const struct context *c, const struct occurrence *o)
{
    bool found = false;
    for (size_t i = 0; i < c->holds->count && !found; i++) {
        const struct held *held = &c->holds->items[i];
        found = sc_str_equal(held->service, o->service->name) && sc_str_equal(held->key, o->key);
    }
    return found;
}

bool sc_plan_literal_is_held(const struct context *c, const struct literal *l)
{
    const char *service = l->service != NULL ? l->service->name : NULL;
    bool found = false;
    for (size_t i = 0; i < c->holds->count && !found; i++) {
        const struct held *held = &c->holds->items[i];
        found = held->file == l->file && sc_str_equal(held->where, l->where) &&
                sc_str_equal(held->service, service);
    }
    return found;
}

static bool is_held(const struct holds *holds, const struct sc_plan_item *item)
{
    for (size_t i = 0; i < holds->count; i++) {
        const struct held *held = &holds->items[i];
        if (held->file == item->file && sc_str_equal(held->service, item->service) &&
            sc_str_equal(held->where, item->where) && sc_str_equal(held->key, item->key))
            return true;
    }
    return false;
}

/* NULL stays NULL; false when memory is short. */
static bool copy(struct holds *holds, const char *text, const char **ret, struct sc_error *err)
{
    *ret = text == NULL ? NULL : sc_stash_dup(&holds->pool, text, strlen(text), err);
    return text == NULL || *ret != NULL;
}

static int hold(struct holds *holds, const struct sc_plan_item *item, struct sc_error *err)
{
    struct held held = {.file = item->file};
    if (is_held(holds, item))
        return 0;
    if (!sc_plan_room(&holds->items, holds->count, &holds->cap, sizeof(*holds->items), err) ||
        !copy(holds, item->service, &held.service, err) ||
        !copy(holds, item->where, &held.where, err) || !copy(holds, item->key, &held.key, err))
        return SC_E_NOMEM;
    holds->items[holds->count++] = held;
    return 0;
}

/* The plan over the result. */
static int run_again(const struct sc_plan *plan, const struct sc_plan_options *options,
                     struct holds *holds, struct sc_plan **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    struct sc_plan_source *files = sc_stash_array(&pool, plan->file_count, sizeof(*files), err);
    if (files == NULL)
        return SC_E_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct sc_plan_file *file = &plan->files[i];
        if (file->yaml == NULL)
            continue; /* env files come with the project, behind the others */
        files[count++] = (struct sc_plan_source){
            .path = file->path,
            .display = file->display,
            .text = file->changed ? sc_buf_view(&file->after) : file->before,
            .fixed = file->fixed,
            .base = file->base,
        };
    }
    struct sc_plan_options then = *options;
    then.project = plan->after;
    holds->again = true;
    int rc = sc_plan_run(files, count, &then, holds, ret, err);
    holds->again = false;
    return rc;
}

/* Holds what a second run would move; *ret_settled where there is nothing. */
static int settle(struct sc_plan *plan, const struct sc_plan_options *options, struct holds *holds,
                  bool *ret_settled, struct sc_error *err)
{
    SC_CLEANUP(sc_plan_freep) struct sc_plan *again = NULL;
    size_t before = holds->count;
    *ret_settled = !sc_plan_changes(plan);
    if (*ret_settled)
        return 0;
    int rc = run_again(plan, options, holds, &again, err);
    for (size_t i = 0; rc == 0 && i < again->item_count; i++) {
        if (again->items[i].action != SC_PLAN_REPORT)
            rc = hold(holds, &again->items[i], err);
    }
    sc_project_freep(&plan->after);
    if (rc < 0)
        return rc;
    *ret_settled = holds->count == before;
    for (size_t i = 0; *ret_settled && i < again->file_count; i++) {
        if (again->files[i].changed)
            return sc_fail(err, SC_E_BUG, "'%s': a second run would change it again",
                           again->files[i].display);
    }
    return 0;
}

int sc_plan_make(const struct sc_plan_source *files, size_t count,
                 const struct sc_plan_options *options, struct sc_plan **ret, struct sc_error *err)
{
    SC_CLEANUP(holds_done) struct holds holds = {0};
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        SC_CLEANUP(sc_plan_freep) struct sc_plan *plan = NULL;
        bool settled = false;
        int rc = sc_plan_run(files, count, options, &holds, &plan, err);
        if (rc == 0)
            rc = settle(plan, options, &holds, &settled, err);
        if (rc < 0)
            return rc;
        if (settled) {
            *ret = SC_TAKE(plan);
            return 0;
        }
    }
    return sc_fail(err, SC_E_BUG, "each run over the result would change it again");
}
