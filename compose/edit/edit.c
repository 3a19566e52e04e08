/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of changes and of splices; see compose/edit/edit.h.
 */
#include "compose/edit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "compose/edit/internal.h"
#include "core/buf.h"

#include "core/banned.h"

static int grow(struct sc_edits *edits, struct sc_error *err)
{
    if (edits->count == SC_EDITS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "too many changes in one file");
    struct sc_edit *grown =
        sc_items_reserve(edits->items, &edits->cap, edits->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    edits->items = grown;
    return 0;
}

static int add(struct sc_edits *edits, enum sc_edit_kind kind, const struct sc_yaml_node *node,
               const char *text, struct sc_error *err)
{
    int rc = grow(edits, err);
    if (rc < 0)
        return rc;
    const char *copy = NULL;
    if (text != NULL) {
        copy = sc_stash_dup(&edits->pool, text, strlen(text), err);
        if (copy == NULL)
            return SC_E_NOMEM;
    }
    edits->items[edits->count] =
        (struct sc_edit){.kind = kind, .node = node, .text = copy, .order = edits->count};
    edits->count++;
    return 0;
}

int sc_edit_set(struct sc_edits *edits, const struct sc_yaml_node *node, const char *text,
                struct sc_error *err)
{
    return add(edits, SC_EDIT_SET, node, text, err);
}

int sc_edit_set_pieces(struct sc_edits *edits, const struct sc_yaml_node *node, const char *text,
                       const char *const *pieces, struct sc_error *err)
{
    size_t count = 0;
    while (pieces[count] != NULL)
        count++;
    const char **copy = sc_stash_array(&edits->pool, count + 1, sizeof(*copy), err);
    if (copy == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        copy[i] = sc_stash_dup(&edits->pool, pieces[i], strlen(pieces[i]), err);
        if (copy[i] == NULL)
            return SC_E_NOMEM;
    }
    int rc = add(edits, SC_EDIT_SET, node, text, err);
    if (rc == 0)
        edits->items[edits->count - 1].pieces = copy;
    return rc;
}

int sc_edit_rename(struct sc_edits *edits, const struct sc_yaml_node *key, const char *text,
                   struct sc_error *err)
{
    return add(edits, SC_EDIT_RENAME, key, text, err);
}

int sc_edit_delete(struct sc_edits *edits, const struct sc_yaml_node *node, struct sc_error *err)
{
    return add(edits, SC_EDIT_DELETE, node, NULL, err);
}

static int copy_value(struct sc_stash *pool, const struct sc_edit_value *from,
                      struct sc_edit_value *to, struct sc_error *err)
{
    *to = (struct sc_edit_value){.kind = from->kind, .bare = from->bare, .count = from->count};
    if (from->kind == SC_YAML_SCALAR) {
        to->text = sc_stash_dup(pool, from->text, strlen(from->text), err);
        return to->text != NULL ? 0 : SC_E_NOMEM;
    }
    const char **keys = sc_stash_array(pool, from->count, sizeof(*keys), err);
    struct sc_edit_value *values = sc_stash_array(pool, from->count, sizeof(*values), err);
    if (keys == NULL || values == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < from->count; i++) {
        int rc = copy_value(pool, &from->values[i], &values[i], err);
        if (rc == 0 && from->kind == SC_YAML_MAPPING) {
            keys[i] = sc_stash_dup(pool, from->keys[i], strlen(from->keys[i]), err);
            rc = keys[i] != NULL ? 0 : SC_E_NOMEM;
        }
        if (rc < 0)
            return rc;
    }
    to->keys = keys;
    to->values = values;
    return 0;
}

static int add_value(struct sc_edits *edits, const struct sc_edit *edit, struct sc_error *err)
{
    struct sc_edit_value copy = {0};
    int rc = copy_value(&edits->pool, &edit->value, &copy, err);
    if (rc == 0)
        rc = add(edits, edit->kind, edit->node, edit->text, err);
    if (rc == 0)
        edits->items[edits->count - 1].value = copy;
    return rc;
}

int sc_edit_add(struct sc_edits *edits, const struct sc_yaml_node *node, const char *key,
                const struct sc_edit_value *value, struct sc_error *err)
{
    const struct sc_edit edit = {.kind = SC_EDIT_ADD, .node = node, .text = key, .value = *value};
    return add_value(edits, &edit, err);
}

int sc_edit_lead(struct sc_edits *edits, const struct sc_yaml_node *sequence,
                 const struct sc_edit_value *value, struct sc_error *err)
{
    const struct sc_edit edit = {.kind = SC_EDIT_LEAD, .node = sequence, .value = *value};
    return add_value(edits, &edit, err);
}

void sc_edits_done(struct sc_edits *edits)
{
    free(edits->items);
    sc_stash_done(&edits->pool);
    *edits = (struct sc_edits){0};
}

/* ---- look-ups ---- */

static int compare_edits(const void *a, const void *b)
{
    const struct sc_edit *x = a, *y = b;
    if (x->node != y->node)
        return (uintptr_t)x->node < (uintptr_t)y->node ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

const struct sc_edit *sc_edits_find(const struct sc_edits *edits, const struct sc_yaml_node *node,
                                    enum sc_edit_kind kind)
{
    struct sc_edit wanted = {.node = node, .kind = kind, .order = 0};
    size_t low = 0, high = edits->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_edits(&edits->items[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == edits->count)
        return NULL;
    const struct sc_edit *found = &edits->items[low];
    return found->node == node && found->kind == kind ? found : NULL;
}

const struct sc_edit *sc_edits_next(const struct sc_edits *edits, const struct sc_edit *edit)
{
    const struct sc_edit *next = edit + 1;
    bool inside = next < edits->items + edits->count;
    return inside && next->node == edit->node && next->kind == edit->kind ? next : NULL;
}

/* Every entry goes and none comes: the collection's own entry goes instead. */
static bool emptied(const struct sc_edits *edits, const struct sc_yaml_node *collection)
{
    if (collection == NULL || collection->parent == NULL || collection->count == 0 ||
        collection->is_key || sc_edits_find(edits, collection, SC_EDIT_ADD) != NULL ||
        sc_edits_find(edits, collection, SC_EDIT_LEAD) != NULL)
        return false;
    for (size_t i = 0; i < collection->count; i++) {
        if (sc_edits_find(edits, collection->values[i], SC_EDIT_DELETE) == NULL)
            return false;
    }
    return true;
}

int sc_edits_settle(struct sc_edits *edits, struct sc_error *err)
{
    for (bool again = true; again;) {
        again = false;
        if (edits->count > 0)
            qsort(edits->items, edits->count, sizeof(*edits->items), compare_edits);
        size_t count = edits->count;
        for (size_t i = 0; i < count; i++) {
            const struct sc_edit *e = &edits->items[i];
            const struct sc_yaml_node *parent = e->node->parent;
            if (e->kind != SC_EDIT_DELETE || !emptied(edits, parent) ||
                sc_edits_find(edits, parent, SC_EDIT_DELETE) != NULL)
                continue;
            int rc = sc_edit_delete(edits, parent, err);
            if (rc < 0)
                return rc;
            again = true;
            break;
        }
    }
    return 0;
}

/* ---- splices ---- */

int sc_splices_add(struct sc_splices *splices, size_t start, size_t end, const char *text,
                   struct sc_error *err)
{
    struct sc_splice *grown =
        sc_items_reserve(splices->items, &splices->cap, splices->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    splices->items = grown;
    size_t len = strlen(text);
    const char *copy = sc_stash_dup(&splices->pool, text, len, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    splices->items[splices->count] = (struct sc_splice){
        .start = start, .end = end, .text = copy, .len = len, .order = splices->count};
    splices->count++;
    return 0;
}

static int compare_splices(const void *a, const void *b)
{
    const struct sc_splice *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if ((x->start == x->end) != (y->start == y->end)) /* insertions before a replacement there */
        return x->start == x->end ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void sc_splices_sort(struct sc_splices *splices)
{
    if (splices->count > 0)
        qsort(splices->items, splices->count, sizeof(*splices->items), compare_splices);
}

int sc_splices_apply(struct sc_splices *splices, struct sc_bytes text, const char *name,
                     struct sc_buf *out, struct sc_error *err)
{
    sc_splices_sort(splices);
    size_t at = 0;
    for (size_t i = 0; i < splices->count; i++) {
        const struct sc_splice *s = &splices->items[i];
        if (s->start < at || s->end < s->start || s->end > text.len)
            return sc_fail(err, SC_E_UNSUPPORTED,
                           "'%s': two changes overlap at byte %zu; nothing was changed", name,
                           s->start);
        sc_buf_append(out, text.ptr + at, s->start - at);
        sc_buf_append(out, s->text, s->len);
        at = s->end;
    }
    if (at < text.len)
        sc_buf_append(out, text.ptr + at, text.len - at);
    return sc_buf_status(out, err);
}

void sc_splices_done(struct sc_splices *splices)
{
    free(splices->items);
    sc_stash_done(&splices->pool);
    *splices = (struct sc_splices){0};
}
