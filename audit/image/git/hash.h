/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that git gives to objects: their SHA-1, by libgit2, or their SHA-256.
 *
 * libgit2 is loaded with the first name that is asked for. Threads: one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_HASH_H
#define SC_AUDIT_IMAGE_GIT_HASH_H

#include "audit/image/git/object.h"

struct sc_git_library;

/* All zero before the first use. */
struct sc_git_hash {
    struct sc_git_library *library;
};

/* How the object's name of `name_size` bytes begins. UNSUPPORTED without libgit2. */
int sc_git_hash_name(struct sc_git_hash *hash, const struct sc_git_object *object, size_t name_size,
                     uint64_t *ret, struct sc_error *err) SC_NODISCARD;

void sc_git_hash_done(struct sc_git_hash *hash);

#endif
