/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader of a git pack has to remember: the packed bytes, since an object may be a
 * delta to any one before it, and the objects that it put together lately.
 *
 * Threads: one store, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_STORE_H
#define SC_AUDIT_IMAGE_GIT_STORE_H

#include "audit/image/git/names.h"
#include "audit/image/git/object.h"

/* Packed bytes that are kept, from the start of the pack; of all packs that are open together. */
#define SC_GIT_KEPT_MAX ((size_t)256 * 1024 * 1024)
/* Bytes of objects that are kept. */
#define SC_GIT_CACHE_MAX SC_GIT_OBJECT_MAX
/* Deltas to deltas; git itself makes no more. */
#define SC_GIT_CHAIN_MAX 4096
/* Bytes that may be put together, and over that no more than SC_UNPACK_RATIO times the file. */
#define SC_GIT_MADE_FREE ((uint64_t)16 * 1024 * 1024 * 1024)
/* Packs that are open together: one in an object of another. */
#define SC_GIT_OPEN_MAX 2

/* What all readers share that work on one file and on what is found inside. All zero at first. */
struct sc_git_limits {
    uint64_t fed;  /* bytes of the file so far: the caller's to count */
    uint64_t made; /* bytes put together, and what it took besides */
    uint64_t kept; /* packed bytes */
    unsigned open; /* packs */
};

struct sc_git_store;

/* The limits are borrowed. */
struct sc_git_store *sc_git_store_new(struct sc_git_limits *limits,
                                      struct sc_error *err) SC_NODISCARD;
void sc_git_store_free(struct sc_git_store *store);

/* Forgets all, for another pack; NULL is one that holds nothing. */
void sc_git_store_clear(struct sc_git_store *store);

/* The next bytes of the pack. */
int sc_git_store_append(struct sc_git_store *store, struct sc_bytes data,
                        struct sc_error *err) SC_NODISCARD;

/* Whether all bytes so far are kept. */
bool sc_git_store_whole(const struct sc_git_store *store);

/* The store's own. */
struct sc_git_names *sc_git_store_names(struct sc_git_store *store);

/* Remembers the object that begins at this byte of the pack, for a while. */
void sc_git_store_put(struct sc_git_store *store, uint64_t at, struct sc_git_object *object);

/* The object that begins there, put together; to be given back with sc_git_object_unref(). SYNTAX
 * for a damaged one, UNSUPPORTED or TOOBIG where it would need what is not kept or too much,
 * NOTFOUND where an object is needed of which only the name is known. */
struct sc_git_object *sc_git_store_get(struct sc_git_store *store, uint64_t at,
                                       struct sc_error *err);

/* The same for the object to which the one there, with that header, is a delta. */
struct sc_git_object *sc_git_store_base(struct sc_git_store *store, uint64_t at,
                                        const struct sc_git_header *header, struct sc_error *err);

/* The object there as it is packed: of a delta the delta. */
struct sc_git_object *sc_git_store_packed(struct sc_git_store *store, uint64_t at,
                                          struct sc_error *err);

/* The object that begins there and is that delta to the base; and remembers it. */
struct sc_git_object *sc_git_store_apply(struct sc_git_store *store, uint64_t at,
                                         const struct sc_git_object *base,
                                         const struct sc_git_object *delta, struct sc_error *err);

/* Looks for the objects whose names are wanted, so that sc_git_store_get() has them. NOMEM;
 * UNSUPPORTED without libgit2. */
int sc_git_store_find_names(struct sc_git_store *store, struct sc_error *err) SC_NODISCARD;

#endif
