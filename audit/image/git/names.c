/* SPDX-License-Identifier: Apache-2.0
 *
 * Places and names of a pack's objects; see audit/image/git/names.h.
 */
#include "audit/image/git/names.h"

#include <stdlib.h>

#include "core/banned.h"

/* Grows in steps: the first, and then twice as much. */
#define FIRST ((size_t)256)

/* Room for one more item behind `count`. */
static int grow(void **items, size_t count, size_t size, struct sc_error *err)
{
    if (count % FIRST != 0 || (count & (count - 1)) != 0)
        return 0;
    void *more = realloc(*items, (count == 0 ? FIRST : 2 * count) * size);
    if (more == NULL)
        return sc_fail_nomem(err);
    *items = more;
    return 0;
}

void sc_git_names_done(struct sc_git_names *names)
{
    free(names->places);
    free(names->wanted);
    *names = (struct sc_git_names){0};
}

int sc_git_names_add(struct sc_git_names *names, uint64_t at, struct sc_git_place **ret,
                     struct sc_error *err)
{
    void *items = names->places;
    *ret = NULL;
    if (names->count == SC_GIT_PLACES_MAX || at > UINT32_MAX)
        return 0;
    int rc = grow(&items, names->count, sizeof(*names->places), err);
    names->places = items;
    if (rc < 0)
        return rc;
    *ret = &names->places[names->count++];
    **ret = (struct sc_git_place){.at = (uint32_t)at};
    return 0;
}

int sc_git_names_want(struct sc_git_names *names, uint64_t name, struct sc_error *err)
{
    void *items = names->wanted;
    int rc = grow(&items, names->wanted_count, sizeof(*names->wanted), err);
    names->wanted = items;
    if (rc == 0)
        names->wanted[names->wanted_count++] = (struct sc_git_wanted){.name = name};
    return rc;
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
