/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of what was not read; see audit/skip.h.
 */
#include "audit/skip.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

static int grow(struct sc_skips *list, size_t more, struct sc_error *err)
{
    struct sc_skip *items =
        sc_items_reserve(list->items, &list->cap, list->count, more, sizeof(*items), err);
    if (items == NULL)
        return SC_E_NOMEM;
    list->items = items;
    return 0;
}

int sc_skips_add(struct sc_skips *list, const char *file, const char *reason, size_t line,
                 struct sc_error *err)
{
    int rc = grow(list, 1, err);
    if (rc < 0)
        return rc;
    struct sc_skip skip = {.file = sc_str_dup(file, err), .line = line};
    skip.reason = skip.file == NULL ? NULL : sc_str_dup(reason, err);
    if (skip.reason == NULL) {
        free(skip.file);
        return SC_E_NOMEM;
    }
    list->items[list->count++] = skip;
    return 0;
}

int sc_skips_move(struct sc_skips *to, struct sc_skips *from, struct sc_error *err)
{
    int rc = from->count == 0 ? 0 : grow(to, from->count, err);
    if (rc == 0)
        sc_items_move(to->items, &to->count, from->items, &from->count, sizeof(*to->items));
    return rc;
}

static int compare(const void *left, const void *right)
{
    const struct sc_skip *a = left, *b = right;
    int order = strcmp(a->file, b->file);
    if (order != 0)
        return order;
    return a->line < b->line ? -1 : a->line > b->line;
}

void sc_skips_sort(struct sc_skips *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

void sc_skips_done(struct sc_skips *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].file);
        free(list->items[i].reason);
    }
    free(list->items);
    *list = (struct sc_skips){0};
}

void sc_skip_json(struct sc_json *json, const struct sc_skip *skip)
{
    sc_json_object_begin(json);
    sc_json_pair_string(json, "file", skip->file);
    sc_json_pair_string(json, "reason", skip->reason);
    sc_json_key(json, "line");
    if (skip->line > 0)
        sc_json_int(json, (int64_t)skip->line);
    else
        sc_json_null(json);
    sc_json_object_end(json);
}
