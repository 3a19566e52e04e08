/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash tree of a scope: buckets of rows by the first nibbles of the name index, 16 children to
 * a node, the root in the signed state. One bucket and its path prove a row, or its absence.
 *
 * The same rows give the same root, so a whole check computes it anew from the rows. An empty
 * bucket or subtree has the hash of 32 zero bytes and no node row.
 */
#ifndef SC_VAULT_STATE_TREE_H
#define SC_VAULT_STATE_TREE_H

#include "vault/handle.h"

/* Levels of nodes, at most: 16^8 buckets of 32 rows. */
#define SC_TREE_DEPTH_MAX 8
/* Rows a bucket holds on average before the tree grows. */
#define SC_TREE_BUCKET 32

/* What rows come to. */
struct sc_tree_sum {
    unsigned char root[SC_KEY_SIZE];
    uint64_t rows;
    struct sc_tally tally; /* of a bucket in a transaction */
};

/* The first `depth` nibbles of an index, as a number. */
uint64_t sc_tree_prefix(const unsigned char idx[SC_KEY_SIZE], uint32_t depth);

/* Verifies all rows of an index, or that there is none, against the scope's signed root, in the
 * present snapshot; *ret_rows is how many rows are in its bucket. Not for a bucket that this
 * transaction has changed. TAMPERED. */
int sc_tree_verify(struct sc_vault *vault, const struct sc_scope *scope,
                   const unsigned char idx[SC_KEY_SIZE], uint64_t *ret_rows,
                   struct sc_error *err) SC_NODISCARD;

/* One of the rows that were verified last; NULL: there is no such row. */
const struct sc_kept_row *sc_tree_verified_row(const struct sc_vault *vault, uint64_t version,
                                               uint32_t kind);

/* Takes a changed bucket (verified before the change) into the nodes and scope->root; *ret is what
 * stands in it now. */
int sc_tree_update(struct sc_vault *vault, struct sc_scope *scope, uint64_t prefix,
                   struct sc_tree_sum *ret, struct sc_error *err) SC_NODISCARD;

/* The least depth for this many rows. */
uint32_t sc_tree_depth(uint64_t rows);

/* Grows the tree if the scope has too many rows for its depth. Verifies all rows first. */
int sc_tree_grow(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err) SC_NODISCARD;

/* Computes the root of the rows. WRITE replaces the nodes; COMPARE refuses nodes that differ. */
enum sc_tree_build { SC_TREE_ROOT_ONLY, SC_TREE_WRITE, SC_TREE_COMPARE };
int sc_tree_build(struct sc_vault *vault, const struct sc_scope *scope, enum sc_tree_build how,
                  struct sc_tree_sum *ret, struct sc_error *err) SC_NODISCARD;

/* A row as it stands in the file. Bytes are borrowed, until the next one is read. */
struct sc_tree_row {
    const unsigned char *idx; /* SC_KEY_SIZE bytes */
    uint64_t version;
    uint32_t kind;
    const unsigned char *hash; /* SC_KEY_SIZE bytes */
    int64_t blob_id;
    uint32_t epoch; /* only where it is wanted */
};

/* Sees the rows of a scope as they are hashed, in order of (idx, ver, kind). What it sees is not
 * verified before the whole walk has succeeded. */
struct sc_tree_visit {
    bool epoch; /* is wanted */
    int (*row)(const struct sc_tree_row *row, void *ctx, struct sc_error *err);
    void *ctx;
};

/* Computes the root as sc_tree_build() does. `visit` may be NULL. */
int sc_tree_walk(struct sc_vault *vault, const struct sc_scope *scope, enum sc_tree_build how,
                 const struct sc_tree_visit *visit, struct sc_tree_sum *ret,
                 struct sc_error *err) SC_NODISCARD;

/* Verifies all rows of a scope at once: for listings. `visit` may be NULL. TAMPERED. */
int sc_tree_verify_all(struct sc_vault *vault, const struct sc_scope *scope,
                       const struct sc_tree_visit *visit, struct sc_error *err) SC_NODISCARD;

#endif
