/* SPDX-License-Identifier: Apache-2.0
 *
 * The way from the signed root of a scope down to one bucket of its hash tree.
 *
 * Each node must have the hash that the one above it holds, and the first one the signed root. What
 * was read once is kept with its hash, and used again where that very hash is demanded: it does not
 * matter then what has happened to the file since. So the upper levels cost nothing, however large
 * the scope is.
 */
#ifndef SC_VAULT_STATE_PATH_H
#define SC_VAULT_STATE_PATH_H

#include "vault/state/node.h"

struct sc_path {
    unsigned char kids[SC_TREE_DEPTH_MAX][SC_NODE_SIZE]; /* of the nodes, from the root */
    unsigned char bucket[SC_KEY_SIZE];                   /* what the last one holds */
};

/* TAMPERED when what stands in the file has not the hash that is demanded. */
int sc_path_read(struct sc_vault *vault, const struct sc_scope *scope, uint64_t prefix,
                 struct sc_path *ret, struct sc_error *err) SC_NODISCARD;

/* Puts a new hash of the bucket into the nodes of a path that was read, in the file too, and sets
 * scope->root. */
int sc_path_write(struct sc_vault *vault, struct sc_scope *scope, uint64_t prefix,
                  const unsigned char bucket[SC_KEY_SIZE], struct sc_path *path,
                  struct sc_error *err) SC_NODISCARD;

/* TAMPERED: the rows are not the signed ones. */
int sc_path_fail(const struct sc_scope *scope, struct sc_error *err) SC_NODISCARD;

#endif
