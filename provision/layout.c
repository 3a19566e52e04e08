/* SPDX-License-Identifier: Apache-2.0
 *
 * From a source to sorted directories; see provision/layout.h.
 */
#include "provision/layout.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"

#include "core/banned.h"

#define MODE_DEFAULT 0400u

struct collector {
    struct sc_layout *layout;
    uint64_t quota;
};

static struct sc_layout_entry *grow(struct sc_layout *layout, struct sc_error *err)
{
    struct sc_layout_entry *grown =
        sc_items_reserve(layout->entries, &layout->cap, layout->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return NULL;
    layout->entries = grown;
    struct sc_layout_entry *entry = &layout->entries[layout->count];
    *entry = (struct sc_layout_entry){0};
    return entry;
}

static int add_entry(const struct sc_source_entry *from, void *ctx, struct sc_error *err)
{
    struct collector *collector = ctx;
    struct sc_layout *layout = collector->layout;
    int rc = sc_name_check(from->name, 2, err);
    if (rc < 0)
        return rc;
    if (layout->count >= SC_LAYOUT_ENTRIES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d entries; give scopes",
                       SC_LAYOUT_ENTRIES_MAX);
    if (from->size > collector->quota || layout->bytes > collector->quota - from->size)
        return sc_fail(
            err, SC_E_TOOBIG,
            "the values up to '%s' are over the quota of %llu bytes; raise it with --size",
            from->name, (unsigned long long)collector->quota);
    struct sc_layout_entry *entry = grow(layout, err);
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
    entry->due = from->expires != 0 && from->expires <= time(NULL);
    layout->bytes += from->size;
    layout->count++;
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
    const struct sc_layout_entry *a = left;
    const struct sc_layout_entry *b = right;
    int order = compare_bytes(a->name, a->scope_len, b->name, b->scope_len);
    return order != 0 ? order : strcmp(a->name + a->scope_len, b->name + b->scope_len);
}

/* Overlapping scopes ("prod" and "prod/shop") list an entry twice. */
static void drop_doubles(struct sc_layout *layout)
{
    size_t kept = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (kept > 0 && strcmp(layout->entries[kept - 1].name, layout->entries[i].name) == 0) {
            layout->bytes -= layout->entries[i].size;
            free(layout->entries[i].name);
        } else {
            layout->entries[kept++] = layout->entries[i];
        }
    }
    layout->count = kept;
}

static struct sc_layout_scope *append_scope(struct sc_layout *layout, const char *path, size_t len,
                                            struct sc_error *err)
{
    struct sc_layout_scope *grown = sc_items_reserve(layout->scopes, &layout->scope_cap,
                                                     layout->scope_count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return NULL;
    layout->scopes = grown;
    char *copy = sc_str_ndup(path, len, err);
    if (copy == NULL)
        return NULL;
    struct sc_layout_scope *scope = &layout->scopes[layout->scope_count++];
    *scope = (struct sc_layout_scope){.path = copy};
    return scope;
}

static int make_scopes(struct sc_layout *layout, struct sc_error *err)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct sc_layout_entry *entry = &layout->entries[i];
        struct sc_layout_scope *last =
            layout->scope_count > 0 ? &layout->scopes[layout->scope_count - 1] : NULL;
        if (last == NULL ||
            compare_bytes(last->path, strlen(last->path), entry->name, entry->scope_len) != 0) {
            last = append_scope(layout, entry->name, entry->scope_len, err);
            if (last == NULL)
                return SC_E_NOMEM;
            last->first = i;
        }
        last->count++;
    }
    return 0;
}

static bool is_entry(const struct sc_layout *layout, const char *name, size_t len)
{
    size_t scope_len = len;
    while (scope_len > 0 && name[scope_len - 1] != '/')
        scope_len--;
    if (scope_len == 0)
        return false;
    scope_len--;
    size_t low = 0;
    size_t high = layout->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sc_layout_entry *at = &layout->entries[middle];
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
static int check_conflicts(const struct sc_layout *layout, struct sc_error *err)
{
    for (size_t i = 0; i < layout->scope_count; i++) {
        const char *path = layout->scopes[i].path;
        for (size_t len = 1; len <= strlen(path); len++) {
            bool at_end = path[len] == '/' || path[len] == '\0';
            if (at_end && is_entry(layout, path, len))
                return sc_fail(err, SC_E_EXISTS,
                               "'%.*s' is an entry and a scope at once, which no file can be; "
                               "rename one of them",
                               (int)len, path);
        }
    }
    return 0;
}

int sc_layout_collect(struct sc_layout *layout, const struct sc_source *source,
                      const struct sc_strv *scopes, uint64_t quota, struct sc_error *err)
{
    struct collector collector = {layout, quota};
    int rc = 0;
    if (scopes == NULL || scopes->count == 0)
        rc = source->ops->list(source->ctx, "", add_entry, &collector, err);
    for (size_t i = 0; rc == 0 && scopes != NULL && i < scopes->count; i++)
        rc = source->ops->list(source->ctx, scopes->items[i], add_entry, &collector, err);
    if (rc < 0)
        return rc;
    if (layout->count > 0)
        qsort(layout->entries, layout->count, sizeof(layout->entries[0]), by_scope);
    drop_doubles(layout);
    rc = make_scopes(layout, err);
    return rc < 0 ? rc : check_conflicts(layout, err);
}

bool sc_layout_has_scope(const struct sc_layout *layout, const char *path)
{
    for (size_t i = 0; i < layout->scope_count; i++)
        if (strcmp(layout->scopes[i].path, path) == 0)
            return true;
    return false;
}

int sc_layout_add_scope(struct sc_layout *layout, const char *path, struct sc_error *err)
{
    return append_scope(layout, path, strlen(path), err) == NULL ? SC_E_NOMEM : 0;
}

int sc_layout_note_removed(struct sc_layout *layout, const char *scope, const char *leaf,
                           struct sc_error *err)
{
    struct sc_layout_entry *entry = grow(layout, err);
    if (entry == NULL)
        return SC_E_NOMEM;
    entry->name = sc_str_printf(err, "%s/%s", scope, leaf);
    if (entry->name == NULL)
        return SC_E_NOMEM;
    entry->scope_len = strlen(scope);
    entry->state = SC_LAYOUT_REMOVED;
    layout->count++;
    return 0;
}

bool sc_layout_in_scopes(const struct sc_strv *scopes, const char *path)
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

const char *sc_layout_state_name(enum sc_layout_state state)
{
    static const char *const names[] = {"unchanged", "created", "changed", "removed"};
    return names[state];
}

void sc_layout_done(struct sc_layout *layout)
{
    for (size_t i = 0; i < layout->count; i++)
        free(layout->entries[i].name);
    for (size_t i = 0; i < layout->scope_count; i++)
        free(layout->scopes[i].path);
    free(layout->entries);
    free(layout->scopes);
    sc_strv_done(&layout->foreign);
    *layout = (struct sc_layout){0};
}
