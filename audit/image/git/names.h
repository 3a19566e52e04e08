/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the objects of a pack begin, and which of them are looked for by their names: what git has
 * fetched, or was pushed, holds deltas to objects that stand behind them and are named only.
 *
 * Only the first eight bytes of a name are kept. Threads: one pack, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_NAMES_H
#define SC_AUDIT_IMAGE_GIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Objects that are remembered; of a pack with more, those behind them cannot be looked up. */
#define SC_GIT_PLACES_MAX ((size_t)2 * 1024 * 1024)

struct sc_git_place {
    uint32_t at;
    bool late;  /* could not be put together when it was read */
    bool named; /* its name has been made */
};

struct sc_git_wanted {
    uint64_t name;
    uint32_t at; /* 0: not found */
};

/* All zero at first. */
struct sc_git_names {
    size_t size; /* bytes of a name; 0: not known yet */
    struct sc_git_place *places;
    size_t count, cap;
    struct sc_git_wanted *wanted; /* in order, each once, after sc_git_names_sort() */
    size_t wanted_count, wanted_cap;
    size_t missing; /* of them */
    bool sorted;
};

void sc_git_names_done(struct sc_git_names *names);

/* An object begins there; *ret is borrowed until the next one, NULL if there are too many. */
int sc_git_names_add(struct sc_git_names *names, uint64_t at, struct sc_git_place **ret,
                     struct sc_error *err) SC_NODISCARD;
/* This name will be looked for. */
int sc_git_names_want(struct sc_git_names *names, uint64_t name, struct sc_error *err) SC_NODISCARD;

void sc_git_names_sort(struct sc_git_names *names);
/* What is known of a name that is looked for, or NULL; nothing is before sc_git_names_sort(). */
struct sc_git_wanted *sc_git_names_find(const struct sc_git_names *names, uint64_t name);

#endif
