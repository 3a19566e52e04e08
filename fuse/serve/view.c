/* SPDX-License-Identifier: Apache-2.0
 *
 * The index over the store; see fuse/serve/view.h.
 */
#include "fuse/serve/view.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/name.h"
#include "fuse/shared/node.h"

#include "core/banned.h"

static struct sc_view_node *add_node(struct sc_view *view, uint64_t id, struct sc_error *err)
{
    struct sc_view_node *grown =
        sc_items_reserve(view->nodes, &view->cap, view->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return NULL;
    view->nodes = grown;
    if (sc_idmap_set(&view->by_id, id, view->count, err) < 0)
        return NULL;
    struct sc_view_node *node = &grown[view->count++];
    *node = (struct sc_view_node){.id = id};
    return node;
}

struct sc_view_node *sc_view_node(const struct sc_view *view, uint64_t id)
{
    uint64_t index = 0;
    return sc_idmap_get(&view->by_id, id, &index) ? &view->nodes[index] : NULL;
}

static uint32_t scope_len(const char *name, uint32_t len)
{
    while (len > 0 && name[len - 1] != '/')
        len--;
    return len > 0 ? len - 1 : 0;
}

static void set_name(struct sc_view_node *node, const char *name, uint32_t len)
{
    uint32_t scope = scope_len(name, len);
    node->name = name;
    node->name_len = len;
    node->leaf = scope > 0 ? scope + 1 : 0;
    node->parent = sc_node_id(SC_NODE_DIR, name, scope);
}

/* The directories above a new name, so that each node's parent is there. */
static int add_parents(struct sc_view *view, const char *name, uint32_t len, struct sc_error *err)
{
    for (uint32_t scope = scope_len(name, len); scope > 0; scope = scope_len(name, scope)) {
        uint64_t id = sc_node_id(SC_NODE_DIR, name, scope);
        if (sc_view_node(view, id) != NULL)
            continue;
        struct sc_view_node *node = add_node(view, id, err);
        if (node == NULL)
            return SC_E_NOMEM;
        node->directory = true;
        node->mode = 0555;
        set_name(node, name, scope);
    }
    return 0;
}

/* A directory lives while something lives in it. */
static void set_live(struct sc_view *view, struct sc_view_node *node, bool live)
{
    while (node->live != live) {
        node->live = live;
        view->sorted_stale = true;
        struct sc_view_node *parent = sc_view_node(view, node->parent);
        if (parent == NULL || parent == node)
            return;
        parent->children += live ? 1U : UINT32_MAX;
        if (parent->id == SC_NODE_ROOT || (parent->children > 0) == parent->live)
            return;
        node = parent;
    }
}

static int apply_entry(struct sc_view *view, const struct sc_store_entry *entry,
                       struct sc_error *err)
{
    struct sc_view_node *node = sc_view_node(view, entry->id);
    if (node == NULL) {
        int rc = add_parents(view, entry->name, entry->name_len, err);
        if (rc < 0)
            return rc;
        node = add_node(view, entry->id, err);
        if (node == NULL)
            return SC_E_NOMEM;
        set_name(node, entry->name, entry->name_len);
    }
    node->version = entry->version;
    node->size = entry->size;
    node->mtime = entry->mtime;
    node->uid = entry->uid;
    node->gid = entry->gid;
    node->mode = entry->mode & 0777;
    if (!node->live)
        view->live_files++;
    set_live(view, node, true);
    for (uint64_t id = node->parent; id != 0;) {
        struct sc_view_node *parent = sc_view_node(view, id);
        if (parent == NULL || parent->mtime >= entry->mtime)
            break;
        parent->mtime = entry->mtime;
        id = parent->id == SC_NODE_ROOT ? 0 : parent->parent;
    }
    return 0;
}

static void apply_gone(struct sc_view *view, const struct sc_store_gone *gone)
{
    struct sc_view_node *node = sc_view_node(view, gone->id);
    if (node == NULL || node->directory)
        return;
    if (node->live)
        view->live_files--;
    set_live(view, node, false);
}

static void apply_failure(struct sc_view *view, const struct sc_store_failure *failure, uint64_t at)
{
    struct sc_view_node *node = sc_view_node(view, failure->id);
    if (node == NULL)
        return;
    node->failed_version = failure->version;
    node->failed_errno = failure->error_number;
    node->failed_at = at;
}

static uint64_t container_key(const unsigned char *id)
{
    uint64_t key = 0;
    memcpy(&key, id, sizeof(key));
    return key != 0 ? key : 1;
}

static int apply(struct sc_view *view, const struct sc_store_record *record, uint64_t at,
                 struct sc_error *err)
{
    const void *body = record;
    switch (record->type) {
    case SC_STORE_ENTRY:
        return apply_entry(view, body, err);
    case SC_STORE_GONE:
        apply_gone(view, body);
        return 0;
    case SC_STORE_VALUE: {
        const struct sc_store_value *value = body;
        return sc_idmap_set(&view->values, sc_idmap_mix(value->id, value->version), at, err);
    }
    case SC_STORE_FAILURE:
        apply_failure(view, body, at);
        return 0;
    case SC_STORE_CONTAINER: {
        const struct sc_store_container *container = body;
        return sc_idmap_set(&view->containers, container_key(container->id), at, err);
    }
    case SC_STORE_POLICY: {
        const struct sc_store_policy *policy = body;
        return sc_policy_decode(&view->policy, policy->bytes, policy->len, err);
    }
    default:
        return 0; /* written by a newer agent */
    }
}

int sc_view_init(struct sc_view *view, const struct sc_store *store, struct sc_error *err)
{
    *view = (struct sc_view){.store = store, .seen = sc_store_first(), .sorted_stale = true};
    struct sc_view_node *root = add_node(view, SC_NODE_ROOT, err);
    if (root == NULL)
        return SC_E_NOMEM;
    root->directory = true;
    root->live = true;
    root->mode = 0555;
    root->name = "";
    root->parent = SC_NODE_ROOT;
    return sc_view_update(view, err);
}

bool sc_view_current(const struct sc_view *view)
{
    return view->seen == sc_store_committed(view->store);
}

int sc_view_update(struct sc_view *view, struct sc_error *err)
{
    for (;;) {
        uint64_t next = view->seen;
        const struct sc_store_record *record = sc_store_next(view->store, &next);
        if (record == NULL)
            return 0;
        int rc = apply(view, record, view->seen, err);
        if (rc < 0)
            return rc;
        view->seen = next;
    }
}

void sc_view_done(struct sc_view *view)
{
    free(view->nodes);
    free(view->sorted);
    sc_idmap_done(&view->by_id);
    sc_idmap_done(&view->values);
    sc_idmap_done(&view->containers);
    sc_policy_done(&view->policy);
    *view = (struct sc_view){0};
}

struct sc_view_node *sc_view_child(const struct sc_view *view, const struct sc_view_node *parent,
                                   const char *leaf)
{
    char name[SC_NAME_SIZE];
    size_t len = strlen(leaf);
    size_t at = parent->name_len;
    if (len > SC_NAME_PART_MAX || at + 1 + len >= sizeof(name))
        return NULL;
    memcpy(name, parent->name, at);
    if (at > 0)
        name[at++] = '/';
    memcpy(name + at, leaf, len);
    at += len;
    struct sc_view_node *node = sc_view_node(view, sc_node_id(SC_NODE_FILE, name, at));
    if (node != NULL && node->live)
        return node;
    node = sc_view_node(view, sc_node_id(SC_NODE_DIR, name, at));
    return node != NULL && node->live ? node : NULL;
}

const struct sc_store_value *sc_view_value(const struct sc_view *view, uint64_t id,
                                           uint64_t version)
{
    uint64_t at = 0;
    if (!sc_idmap_get(&view->values, sc_idmap_mix(id, version), &at))
        return NULL;
    const struct sc_store_value *value = (const void *)(view->store->base + at);
    if (value->id != id || value->version != version || atomic_load(&value->dead) != 0)
        return NULL;
    return value;
}

const struct sc_store_container *sc_view_container(const struct sc_view *view,
                                                   const unsigned char *id, uint64_t *ret_at)
{
    uint64_t at = 0;
    if (!sc_idmap_get(&view->containers, container_key(id), &at))
        return NULL;
    const struct sc_store_container *container = (const void *)(view->store->base + at);
    if (memcmp(container->id, id, SC_CONTAINER_ID_SIZE) != 0)
        return NULL;
    *ret_at = at;
    return container;
}

/* ---- listings ---- */

static int compare_nodes(const void *a, const void *b, void *ctx)
{
    const struct sc_view_node *nodes = ctx;
    const struct sc_view_node *x = &nodes[*(const uint32_t *)a];
    const struct sc_view_node *y = &nodes[*(const uint32_t *)b];
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

int sc_view_sort(struct sc_view *view, struct sc_error *err)
{
    if (!view->sorted_stale)
        return 0;
    uint32_t *sorted = reallocarray(view->sorted, view->count, sizeof(*sorted));
    if (sorted == NULL)
        return sc_fail_nomem(err);
    view->sorted = sorted;
    view->sorted_count = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (view->nodes[i].live && view->nodes[i].id != SC_NODE_ROOT)
            sorted[view->sorted_count++] = (uint32_t)i;
    }
    qsort_r(sorted, view->sorted_count, sizeof(*sorted), compare_nodes, view->nodes);
    view->sorted_stale = false;
    return 0;
}

void sc_view_children(const struct sc_view *view, uint64_t parent, uint64_t after,
                      bool (*fn)(const struct sc_view_node *node, void *ctx), void *ctx)
{
    size_t low = 0, high = view->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sc_view_node *node = &view->nodes[view->sorted[middle]];
        if (node->parent < parent || (node->parent == parent && node->id <= after))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < view->sorted_count; low++) {
        const struct sc_view_node *node = &view->nodes[view->sorted[low]];
        if (node->parent != parent || !fn(node, ctx))
            return;
    }
}
