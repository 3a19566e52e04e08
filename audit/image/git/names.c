/* SPDX-License-Identifier: Apache-2.0
 *
 * Places and names of a pack's objects; see audit/image/git/names.h.
 */
#include "audit/image/git/names.h"

#include <stdlib.h>

#include "core/buf.h"

#include "core/banned.h"

void sc_git_names_done(struct sc_git_names *names)
{
    free(names->places);
    free(names->wanted);
    *names = (struct sc_git_names){0};
}

int sc_git_names_add(struct sc_git_names *names, uint64_t at, struct sc_git_place **ret,
                     struct sc_error *err)
{
    *ret = NULL;
    if (names->count == SC_GIT_PLACES_MAX || at > UINT32_MAX)
        return 0;
    void *items =
        sc_items_reserve(names->places, &names->cap, names->count, 1, sizeof(*names->places), err);
    if (items == NULL)
        return SC_E_NOMEM;
    names->places = items;
    *ret = &names->places[names->count++];
    **ret = (struct sc_git_place){.at = (uint32_t)at};
    return 0;
}

int sc_git_names_want(struct sc_git_names *names, uint64_t name, struct sc_error *err)
{
    void *items = sc_items_reserve(names->wanted, &names->wanted_cap, names->wanted_count, 1,
                                   sizeof(*names->wanted), err);
    if (items == NULL)
        return SC_E_NOMEM;
    names->wanted = items;
    names->wanted[names->wanted_count++] = (struct sc_git_wanted){.name = name};
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct sc_git_wanted *left = a, *right = b;
    return (left->name > right->name) - (left->name < right->name);
}

void sc_git_names_sort(struct sc_git_names *names)
{
    size_t n = 0;
    if (names->wanted_count > 0)
        qsort(names->wanted, names->wanted_count, sizeof(*names->wanted), compare);
    for (size_t i = 0; i < names->wanted_count; i++) {
        if (n == 0 || names->wanted[n - 1].name != names->wanted[i].name)
            names->wanted[n++] = names->wanted[i];
    }
    names->wanted_count = names->missing = n;
    names->sorted = true;
}

struct sc_git_wanted *sc_git_names_find(const struct sc_git_names *names, uint64_t name)
{
    const struct sc_git_wanted key = {.name = name};
    if (!names->sorted || names->wanted_count == 0)
        return NULL;
    return bsearch(&key, names->wanted, names->wanted_count, sizeof(key), compare);
}
