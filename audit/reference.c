/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a Compose file names; see audit/reference.h.
 */
#include "audit/reference.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

static int grow(struct sc_references *list, size_t more, struct sc_error *err)
{
    if (list->count + more > SC_REFERENCES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "Compose files name more than %zu files; audit a part",
                       SC_REFERENCES_MAX);
    struct sc_reference *items =
        sc_items_reserve(list->items, &list->cap, list->count, more, sizeof(*items), err);
    if (items == NULL)
        return SC_E_NOMEM;
    list->items = items;
    return 0;
}

static char *beside(const char *from, const char *path, struct sc_error *err)
{
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/'; path++)
            ;
    if (*path == '/' || strchr(from, '/') == NULL)
        return sc_str_dup(path, err);
    SC_CLEANUP(sc_str_freep) char *folder = sc_path_dirname(from, err);
    return folder == NULL ? NULL : sc_path_join(folder, path, err);
}

int sc_references_add(struct sc_references *list, enum sc_reference_kind kind, const char *from,
                      const char *path, const char *name, struct sc_error *err)
{
    if (*path == '\0' || strchr(path, '$') != NULL || strstr(path, "://") != NULL ||
        strcmp(from, "-") == 0)
        return 0;
    int rc = grow(list, 1, err);
    if (rc < 0)
        return rc;
    struct sc_reference made = {.kind = kind, .path = beside(from, path, err)};
    if (made.path != NULL && name != NULL)
        made.name = sc_str_dup(name, err);
    if (made.path == NULL || (name != NULL && made.name == NULL)) {
        free(made.path);
        return SC_E_NOMEM;
    }
    list->items[list->count++] = made;
    return 0;
}

int sc_references_move(struct sc_references *to, struct sc_references *from, struct sc_error *err)
{
    int rc = from->count == 0 ? 0 : grow(to, from->count, err);
    if (rc == 0)
        sc_items_move(to->items, &to->count, from->items, &from->count, sizeof(*to->items));
    return rc;
}

void sc_references_done(struct sc_references *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].name);
    }
    free(list->items);
    *list = (struct sc_references){0};
}
