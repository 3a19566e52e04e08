/* SPDX-License-Identifier: Apache-2.0
 *
 * From a source to sorted directories; see provision/plan.h.
 */
#include "provision/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#include "core/banned.h"

#define MODE_DEFAULT 0400u

struct collector {
    struct sc_plan *plan;
    uint64_t quota;
};

static struct sc_plan_entry *grow(struct sc_plan *plan, struct sc_error *err)
{
    struct sc_plan_entry *grown =
        sc_items_reserve(plan->entries, &plan->cap, plan->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return NULL;
    plan->entries = grown;
    struct sc_plan_entry *entry = &plan->entries[plan->count];
    *entry = (struct sc_plan_entry){0};
    return entry;
}

static int add_entry(const struct sc_source_entry *from, void *ctx, struct sc_error *err)
{
    struct collector *collector = ctx;
    struct sc_plan *plan = collector->plan;
    int rc = sc_name_check(from->name, 2, err);
    if (rc < 0)
        return rc;
    if (plan->count >= SC_PLAN_ENTRIES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d entries; give scopes", SC_PLAN_ENTRIES_MAX);
    if (from->size > collector->quota || plan->bytes > collector->quota - from->size)
        return sc_fail(
            err, SC_E_TOOBIG,
            "the values up to '%s' are over the quota of %llu bytes; raise it with --size",
            from->name, (unsigned long long)collector->quota);
    struct sc_plan_entry *entry = grow(plan, err);
    if (entry == NULL)
        return SC_E_NOMEM;
    entry->name = sc_str_dup(from->name, err);
    if (entry->name == NULL)
        return SC_E_NOMEM;
    entry->scope_len = sc_name_scope_len(from->name);
    entry->uid = from->uid;
    entry->gid = from->gid;
    entry->mode = from->mode == 0 ? MODE_DEFAULT : from->mode & 0777;
    entry->size = from->size;
    plan->bytes += from->size;
    plan->count++;
    return 0;
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, SC_MIN(a_len, b_len));
    if (order != 0)
        return order;
    return (a_len > b_len) - (a_len < b_len);
}

static int by_scope(const void *left, const void *right)
{
    const struct sc_plan_entry *a = left;
    const struct sc_plan_entry *b = right;
    int order = compare_bytes(a->name, a->scope_len, b->name, b->scope_len);
    return order != 0 ? order : strcmp(a->name + a->scope_len, b->name + b->scope_len);
}

/* Overlapping scopes ("prod" and "prod/shop") list an entry twice. */
static void drop_doubles(struct sc_plan *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (kept > 0 && strcmp(plan->entries[kept - 1].name, plan->entries[i].name) == 0) {
            plan->bytes -= plan->entries[i].size;
            free(plan->entries[i].name);
        } else {
            plan->entries[kept++] = plan->entries[i];
        }
    }
    plan->count = kept;
}

static struct sc_plan_scope *append_scope(struct sc_plan *plan, const char *path, size_t len,
                                          struct sc_error *err)
{
    struct sc_plan_scope *grown =
        sc_items_reserve(plan->scopes, &plan->scope_cap, plan->scope_count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return NULL;
    plan->scopes = grown;
    char *copy = sc_str_ndup(path, len, err);
    if (copy == NULL)
        return NULL;
    struct sc_plan_scope *scope = &plan->scopes[plan->scope_count++];
    *scope = (struct sc_plan_scope){.path = copy};
    return scope;
}

static int make_scopes(struct sc_plan *plan, struct sc_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct sc_plan_entry *entry = &plan->entries[i];
        struct sc_plan_scope *last =
            plan->scope_count > 0 ? &plan->scopes[plan->scope_count - 1] : NULL;
        if (last == NULL ||
            compare_bytes(last->path, strlen(last->path), entry->name, entry->scope_len) != 0) {
            last = append_scope(plan, entry->name, entry->scope_len, err);
            if (last == NULL)
                return SC_E_NOMEM;
            last->first = i;
        }
        last->count++;
    }
    return 0;
}

static bool is_entry(const struct sc_plan *plan, const char *name, size_t len)
{
    size_t scope_len = len;
    while (scope_len > 0 && name[scope_len - 1] != '/')
        scope_len--;
    if (scope_len == 0)
        return false;
    scope_len--;
    size_t low = 0;
    size_t high = plan->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sc_plan_entry *at = &plan->entries[middle];
        int order = compare_bytes(at->name, at->scope_len, name, scope_len);
        if (order == 0)
            order = compare_bytes(at->name + at->scope_len, strlen(at->name + at->scope_len),
                                  name + scope_len, len - scope_len);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* A name cannot be a file and a directory. */
static int check_conflicts(const struct sc_plan *plan, struct sc_error *err)
{
    for (size_t i = 0; i < plan->scope_count; i++) {
        const char *path = plan->scopes[i].path;
        for (size_t len = 1; len <= strlen(path); len++) {
            bool at_end = path[len] == '/' || path[len] == '\0';
            if (at_end && is_entry(plan, path, len))
                return sc_fail(err, SC_E_EXISTS,
                               "'%.*s' is an entry and a scope at once, which no file can be; "
                               "rename one of them",
                               (int)len, path);
        }
    }
    return 0;
}

int sc_plan_collect(struct sc_plan *plan, const struct sc_source *source,
                    const struct sc_strv *scopes, uint64_t quota, struct sc_error *err)
{
    struct collector collector = {plan, quota};
    int rc = 0;
    if (scopes == NULL || scopes->count == 0)
        rc = source->ops->list(source->ctx, "", add_entry, &collector, err);
    for (size_t i = 0; rc == 0 && scopes != NULL && i < scopes->count; i++)
        rc = source->ops->list(source->ctx, scopes->items[i], add_entry, &collector, err);
    if (rc < 0)
        return rc;
    if (plan->count > 0)
        qsort(plan->entries, plan->count, sizeof(plan->entries[0]), by_scope);
    drop_doubles(plan);
    rc = make_scopes(plan, err);
    return rc < 0 ? rc : check_conflicts(plan, err);
}

bool sc_plan_has_scope(const struct sc_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->scope_count; i++)
        if (strcmp(plan->scopes[i].path, path) == 0)
            return true;
    return false;
}

int sc_plan_add_scope(struct sc_plan *plan, const char *path, struct sc_error *err)
{
    return append_scope(plan, path, strlen(path), err) == NULL ? SC_E_NOMEM : 0;
}

int sc_plan_note_removed(struct sc_plan *plan, const char *scope, const char *leaf,
                         struct sc_error *err)
{
    struct sc_plan_entry *entry = grow(plan, err);
    if (entry == NULL)
        return SC_E_NOMEM;
    entry->name = sc_str_printf(err, "%s/%s", scope, leaf);
    if (entry->name == NULL)
        return SC_E_NOMEM;
    entry->scope_len = strlen(scope);
    entry->state = SC_PLAN_REMOVED;
    plan->count++;
    return 0;
}

bool sc_plan_in_scopes(const struct sc_strv *scopes, const char *path)
{
    if (scopes == NULL || scopes->count == 0)
        return true;
    for (size_t i = 0; i < scopes->count; i++) {
        size_t len = strlen(scopes->items[i]);
        if (strncmp(path, scopes->items[i], len) == 0 && (path[len] == '\0' || path[len] == '/'))
            return true;
    }
    return false;
}

const char *sc_plan_state_name(enum sc_plan_state state)
{
    static const char *const names[] = {"unchanged", "created", "changed", "removed"};
    return names[state];
}

void sc_plan_done(struct sc_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->entries[i].name);
    for (size_t i = 0; i < plan->scope_count; i++)
        free(plan->scopes[i].path);
    free(plan->entries);
    free(plan->scopes);
    sc_strv_done(&plan->foreign);
    *plan = (struct sc_plan){0};
}
