/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash tree, one path at a time; see vault/state/tree.h. Whole trees are in vault/state/build.c.
 */
#include "vault/state/tree.h"

#include <string.h>

#include "core/buf.h"
#include "vault/state/path.h"
#include "vault/txn.h"

#include "core/banned.h"

uint64_t sc_tree_prefix(const unsigned char idx[SC_KEY_SIZE], uint32_t depth)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < depth; i++) {
        unsigned nibble = i % 2 == 0 ? idx[i / 2] >> 4 : idx[i / 2] & 15;
        prefix = prefix << 4 | nibble;
    }
    return prefix;
}

/* The smallest and the largest index of a bucket. */
static void bucket_range(uint64_t prefix, uint32_t depth, unsigned char low[SC_KEY_SIZE],
                         unsigned char high[SC_KEY_SIZE])
{
    memset(low, 0, SC_KEY_SIZE);
    memset(high, 0xff, SC_KEY_SIZE);
    for (uint32_t i = 0; i < depth; i++) {
        unsigned nibble = (unsigned)(prefix >> (4 * (depth - 1 - i))) & 15;
        unsigned shift = i % 2 == 0 ? 4 : 0;
        unsigned mask = 15u << shift;
        low[i / 2] = (unsigned char)((low[i / 2] & ~mask) | nibble << shift);
        high[i / 2] = (unsigned char)((high[i / 2] & ~mask) | nibble << shift);
    }
}

static int keep_row(struct sc_verified *kept, const struct sc_tree_row *row, int64_t blob_id,
                    struct sc_error *err)
{
    struct sc_kept_row *grown =
        sc_items_reserve(kept->rows, &kept->cap, kept->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    kept->rows = grown;
    struct sc_kept_row *to = &grown[kept->count++];
    to->version = row->version;
    to->kind = row->kind;
    to->blob_id = blob_id;
    memcpy(to->hash, row->hash, SC_KEY_SIZE);
    return 0;
}

/* Hashes the rows of a bucket. Those of `kept->idx` are kept there; `kept` may be NULL. */
static int hash_bucket(struct sc_vault *vault, const struct sc_scope *scope, uint64_t prefix,
                       struct sc_verified *kept, struct sc_tree_sum *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT idx, ver, kind, rh, blob_id FROM rec WHERE scope_id=? "
                           "AND idx BETWEEN ? AND ? ORDER BY idx, ver, kind",
                           &stmt, err);
    if (rc < 0)
        return rc;
    unsigned char low[SC_KEY_SIZE], high[SC_KEY_SIZE];
    bucket_range(prefix, scope->depth, low, high);
    sc_stmt_bind_int(stmt, 1, scope->id);
    sc_stmt_bind_blob(stmt, 2, low, sizeof(low));
    sc_stmt_bind_blob(stmt, 3, high, sizeof(high));
    struct sc_bucket bucket;
    sc_bucket_begin(&bucket);
    ret->tally = (struct sc_tally){0};
    for (bool more = true;;) {
        struct sc_tree_row row;
        rc = sc_stmt_step(stmt, &more, err);
        if (rc == 0 && more)
            rc = sc_row_read(stmt, &row, err);
        if (rc == 0 && more && kept != NULL && memcmp(row.idx, kept->idx, SC_KEY_SIZE) == 0)
            rc = keep_row(kept, &row, sc_stmt_int(stmt, 4), err);
        if (rc < 0)
            return rc;
        if (!more)
            break;
        sc_bucket_add(&bucket, &row);
        if (kept != NULL && bucket.rows > scope->rows) /* pages can stand in it many times */
            return sc_path_fail(scope, err);
        sc_txn_count(vault, scope, &row, &ret->tally);
    }
    sc_bucket_end(&bucket, ret->root);
    ret->rows = bucket.rows;
    return 0;
}

static int verify_entry(struct sc_vault *vault, const struct sc_scope *scope,
                        struct sc_verified *entry, struct sc_error *err)
{
    struct sc_path path;
    struct sc_tree_sum sum;
    uint64_t prefix = sc_tree_prefix(entry->idx, scope->depth);
    int rc = hash_bucket(vault, scope, prefix, entry, &sum, err);
    if (rc == 0)
        rc = sc_path_read(vault, scope, prefix, &path, err);
    if (rc == 0 && memcmp(path.bucket, sum.root, SC_KEY_SIZE) != 0)
        rc = sc_path_fail(scope, err);
    if (rc < 0)
        return rc;
    entry->bucket_rows = sum.rows;
    entry->tally = sum.tally;
    return 0;
}

/* One verification often answers several reads in a row (name, then value, then the write). */
int sc_tree_verify(struct sc_vault *vault, const struct sc_scope *scope,
                   const unsigned char idx[SC_KEY_SIZE], uint64_t *ret_rows, struct sc_error *err)
{
    struct sc_verified *last = &vault->verified;
    if (vault->view_depth == 0 || last->view != vault->view_number || last->scope_id != scope->id ||
        memcmp(last->idx, idx, SC_KEY_SIZE) != 0) {
        last->view = 0;
        last->count = 0;
        last->scope_id = scope->id;
        memcpy(last->idx, idx, SC_KEY_SIZE);
        int rc = verify_entry(vault, scope, last, err);
        if (rc < 0)
            return rc;
        last->view = vault->view_number;
    }
    *ret_rows = last->bucket_rows;
    return 0;
}

const struct sc_kept_row *sc_tree_verified_row(const struct sc_vault *vault, uint64_t version,
                                               uint32_t kind)
{
    const struct sc_verified *last = &vault->verified;
    for (size_t i = 0; i < last->count; i++) {
        if (last->rows[i].version == version && last->rows[i].kind == kind)
            return &last->rows[i];
    }
    return NULL;
}

int sc_tree_update(struct sc_vault *vault, struct sc_scope *scope, uint64_t prefix,
                   struct sc_tree_sum *ret, struct sc_error *err)
{
    struct sc_path path;
    int rc = hash_bucket(vault, scope, prefix, NULL, ret, err);
    if (rc == 0)
        rc = sc_path_read(vault, scope, prefix, &path, err);
    return rc < 0 ? rc : sc_path_write(vault, scope, prefix, ret->root, &path, err);
}

int sc_tree_verify_all(struct sc_vault *vault, const struct sc_scope *scope,
                       const struct sc_tree_visit *visit, struct sc_error *err)
{
    struct sc_tree_sum sum;
    int rc = sc_tree_walk(vault, scope, SC_TREE_ROOT_ONLY, visit, &sum, err);
    if (rc == 0 && (sum.rows != scope->rows || memcmp(sum.root, scope->root, SC_KEY_SIZE) != 0))
        return sc_path_fail(scope, err);
    return rc;
}

static uint64_t capacity(uint32_t depth)
{
    return (uint64_t)SC_TREE_BUCKET << (4 * depth);
}

uint32_t sc_tree_depth(uint64_t rows)
{
    uint32_t depth = 0;
    while (rows > capacity(depth) && depth < SC_TREE_DEPTH_MAX)
        depth++;
    return depth;
}

int sc_tree_grow(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err)
{
    if (scope->depth >= sc_tree_depth(scope->rows))
        return 0;
    /* What is about to be hashed anew must be what is signed, and stay so when nodes go. */
    int rc = sc_txn_check_structure(vault, err);
    if (rc == 0)
        rc = sc_tree_verify_all(vault, scope, NULL, err);
    if (rc < 0)
        return rc;
    scope->depth = sc_tree_depth(scope->rows);
    struct sc_tree_sum sum;
    rc = sc_tree_build(vault, scope, SC_TREE_WRITE, &sum, err);
    if (rc == 0)
        memcpy(scope->root, sum.root, SC_KEY_SIZE);
    return rc;
}
