/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets and nodes of the hash tree: their hashes and their rows.
 */
#ifndef SC_VAULT_STATE_NODE_H
#define SC_VAULT_STATE_NODE_H

#include "vault/state/tree.h"

#define SC_NODE_SIZE (16 * SC_KEY_SIZE)

/* The columns (idx, ver, kind, rh) of a statement, its first four. TAMPERED. */
int sc_row_read(struct sc_stmt *stmt, struct sc_tree_row *ret, struct sc_error *err) SC_NODISCARD;

/* What a bucket hashes of a row, and how many of these are hashed at a time. */
#define SC_BUCKET_ROW_SIZE (SC_KEY_SIZE + 8 + 4 + SC_KEY_SIZE)
#define SC_BUCKET_STEP     16

/* A bucket's hash in the making: rows come in order of (idx, ver, kind). */
struct sc_bucket {
    struct sc_hasher hasher;
    uint64_t rows;
    size_t waiting; /* bytes */
    unsigned char bytes[SC_BUCKET_STEP * SC_BUCKET_ROW_SIZE];
};
void sc_bucket_begin(struct sc_bucket *bucket);
void sc_bucket_add(struct sc_bucket *bucket, const struct sc_tree_row *row);
/* 32 zero bytes for an empty one. */
void sc_bucket_end(struct sc_bucket *bucket, unsigned char out[SC_KEY_SIZE]);

struct sc_node_place {
    uint32_t level;  /* 0: the root node */
    uint64_t prefix; /* `level` nibbles */
};

/* The 16 child hashes; zeroes where there is no row. */
int sc_node_read(struct sc_vault *vault, const struct sc_scope *scope, struct sc_node_place place,
                 unsigned char kids[SC_NODE_SIZE], struct sc_error *err) SC_NODISCARD;
/* Stores them, or deletes the row when all are zero. */
int sc_node_write(struct sc_vault *vault, const struct sc_scope *scope, struct sc_node_place place,
                  const unsigned char kids[SC_NODE_SIZE], struct sc_error *err) SC_NODISCARD;
/* 32 zero bytes where all children are zero. */
void sc_node_hash(unsigned char out[SC_KEY_SIZE], const unsigned char kids[SC_NODE_SIZE]);

#endif
