/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader of a git pack has to remember: the packed bytes, since an object may be a
 * difference to any one before it, and the objects that it put together lately.
 *
 * Threads: one store, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_STORE_H
#define SC_AUDIT_IMAGE_GIT_STORE_H

#include "audit/image/git/object.h"

/* Packed bytes that are kept, from the start of the pack. */
#define SC_GIT_KEPT_MAX ((size_t)256 * 1024 * 1024)
/* Bytes of objects that are kept, and of one of them. */
#define SC_GIT_CACHE_MAX        ((size_t)64 * 1024 * 1024)
#define SC_GIT_CACHE_OBJECT_MAX ((size_t)16 * 1024 * 1024)
/* Differences to differences; git itself makes no more. */
#define SC_GIT_CHAIN_MAX 4096
/* Bytes that may be put together again, and over that no more than SC_UNPACK_RATIO times the
 * pack. */
#define SC_GIT_AGAIN_FREE ((uint64_t)16 * 1024 * 1024 * 1024)

struct sc_git_store;

struct sc_git_store *sc_git_store_new(struct sc_error *err) SC_NODISCARD;
void sc_git_store_free(struct sc_git_store *store);

/* Forgets all, for another pack; NULL is one that holds nothing. */
void sc_git_store_clear(struct sc_git_store *store);

/* The next bytes of the pack. */
int sc_git_store_append(struct sc_git_store *store, struct sc_bytes data,
                        struct sc_error *err) SC_NODISCARD;

/* Remembers the object that begins at this byte of the pack, as long as there is room. */
void sc_git_store_put(struct sc_git_store *store, uint64_t at, struct sc_git_object *object);

/* The object that begins there, put together; to be given back with sc_git_object_unref(). SYNTAX
 * for a damaged one, UNSUPPORTED or TOOBIG where it would need what is not kept or too much. */
struct sc_git_object *sc_git_store_get(struct sc_git_store *store, uint64_t at,
                                       struct sc_error *err);

#endif
