/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader of what git keeps its objects in, fed: packs, bundles (the pack in them) and single
 * ("loose") objects. Deltas are put together, so that each object is told as it is.
 *
 * A delta to an object that is given by its name is told at the end: the object may stand
 * behind it. Where that is not possible (the other object is not in the pack, or too much would
 * have to be remembered) the delta itself is told, and the file counts as not read to its end.
 * Memory: the pack itself up to SC_GIT_KEPT_MAX, SC_GIT_CACHE_MAX, and three objects of
 * SC_GIT_OBJECT_MAX. Checksums are not compared.
 * Format: gitformat-pack(5), gitformat-bundle(5). Threads: one reader, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_GIT_H
#define SC_AUDIT_IMAGE_GIT_GIT_H

#include "audit/image/tar.h"

struct sc_git;

struct sc_git_limits; /* audit/image/git/store.h */

/* Entries are called "blob at 12", by their place in the pack, and "blob" where there is one. The
 * limits are borrowed. */
struct sc_git *sc_git_new(const struct sc_tar_ops *ops, void *ctx, struct sc_git_limits *limits,
                          struct sc_error *err) SC_NODISCARD;
void sc_git_free(struct sc_git *git);

/* Whether a file that begins so may be one of these: for a loose object only sc_git_begin() can
 * tell. */
bool sc_git_sniff(struct sc_bytes start);

/* Makes ready for a file that begins so, if it is one: *ret_is. TOOBIG for a pack inside of packs;
 * UNSUPPORTED without the library. */
int sc_git_begin(struct sc_git *git, struct sc_bytes start, bool *ret_is,
                 struct sc_error *err) SC_NODISCARD;

/* SYNTAX for damaged data. */
int sc_git_write(struct sc_git *git, struct sc_bytes data, struct sc_error *err) SC_NODISCARD;

/* IO if the file ends early; UNSUPPORTED if some objects could not be put together. */
int sc_git_end(struct sc_git *git, struct sc_error *err) SC_NODISCARD;

#endif
