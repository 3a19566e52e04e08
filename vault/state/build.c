/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash trees from all rows of a scope, in one pass; see vault/state/tree.h.
 */
#include "vault/state/tree.h"

#include <string.h>

#include "vault/state/path.h"

#include "core/banned.h"

/* One open node per level: rows come in order of index, so a node is complete when the next row
 * lies beyond it. */
struct builder {
    struct sc_vault *vault;
    const struct sc_scope *scope;
    enum sc_tree_build how;
    const struct sc_tree_visit *visit; /* or NULL */
    uint64_t nodes;                    /* not empty ones */
    bool open[SC_TREE_DEPTH_MAX];
    uint64_t prefix[SC_TREE_DEPTH_MAX];
    unsigned char kids[SC_TREE_DEPTH_MAX][SC_NODE_SIZE];
    unsigned char root[SC_KEY_SIZE];
};

/* Completes the open node of a level and hands its hash to the level above. */
static int close_node(struct builder *builder, uint32_t level, struct sc_error *err)
{
    if (!builder->open[level])
        return 0;
    const unsigned char *kids = builder->kids[level];
    struct sc_node_place place = {level, builder->prefix[level]};
    int rc = 0;
    if (builder->how == SC_TREE_WRITE)
        rc = sc_node_write(builder->vault, builder->scope, place, kids, err);
    if (builder->how == SC_TREE_COMPARE) {
        unsigned char stored[SC_NODE_SIZE];
        rc = sc_node_read(builder->vault, builder->scope, place, stored, err);
        if (rc == 0 && memcmp(stored, kids, SC_NODE_SIZE) != 0)
            rc = sc_fail(err, SC_E_TAMPERED, "a node of a scope's hash tree was changed");
    }
    if (rc < 0)
        return rc;
    builder->nodes++;
    builder->open[level] = false;
    unsigned char hash[SC_KEY_SIZE];
    sc_node_hash(hash, kids);
    if (level == 0)
        memcpy(builder->root, hash, SC_KEY_SIZE);
    else
        memcpy(builder->kids[level - 1] + (place.prefix & 15) * SC_KEY_SIZE, hash, SC_KEY_SIZE);
    return 0;
}

/* Closes what does not contain the bucket, deepest first, and opens what does. */
static int open_path(struct builder *builder, uint64_t bucket, struct sc_error *err)
{
    uint32_t depth = builder->scope->depth;
    for (uint32_t level = depth; level-- > 0;) {
        uint64_t prefix = bucket >> (4 * (depth - level));
        if (builder->open[level] && builder->prefix[level] != prefix) {
            int rc = close_node(builder, level, err);
            if (rc < 0)
                return rc;
        }
    }
    for (uint32_t level = 0; level < depth; level++) {
        if (builder->open[level])
            continue;
        builder->open[level] = true;
        builder->prefix[level] = bucket >> (4 * (depth - level));
        memset(builder->kids[level], 0, SC_NODE_SIZE);
    }
    return 0;
}

static int add_bucket(struct builder *builder, uint64_t prefix, struct sc_bucket *bucket,
                      struct sc_error *err)
{
    unsigned char hash[SC_KEY_SIZE];
    uint32_t depth = builder->scope->depth;
    sc_bucket_end(bucket, hash);
    if (depth == 0) {
        memcpy(builder->root, hash, SC_KEY_SIZE);
        return 0;
    }
    int rc = open_path(builder, prefix, err);
    if (rc == 0)
        memcpy(builder->kids[depth - 1] + (prefix & 15) * SC_KEY_SIZE, hash, SC_KEY_SIZE);
    return rc;
}

#define ROW      "SELECT idx, ver, kind, rh, blob_id"
#define IN_ORDER " FROM rec WHERE scope_id=? ORDER BY idx, ver, kind"

static int prepare_rows(struct builder *builder, struct sc_stmt **ret, struct sc_error *err)
{
    struct sc_db *db = builder->vault->db;
    return builder->visit != NULL && builder->visit->epoch
               ? sc_db_prepare(db, ROW ", epoch" IN_ORDER, ret, err)
               : sc_db_prepare(db, ROW IN_ORDER, ret, err);
}

static int visit_row(const struct builder *builder, struct sc_tree_row *row, struct sc_stmt *stmt,
                     struct sc_error *err)
{
    row->blob_id = sc_stmt_int(stmt, 4);
    if (builder->visit->epoch)
        row->epoch = (uint32_t)sc_stmt_int(stmt, 5);
    return builder->visit->row(row, builder->visit->ctx, err);
}

/* More rows than are signed: it may never end, as pages can stand in the table many times. While a
 * transaction changes rows their number is not known. */
static bool is_endless(const struct builder *builder, uint64_t rows)
{
    return builder->how != SC_TREE_WRITE && builder->vault->txn == NULL &&
           rows > builder->scope->rows;
}

static int walk_rows(struct builder *builder, uint64_t *ret_rows, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = prepare_rows(builder, &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, builder->scope->id);
    struct sc_bucket bucket;
    uint64_t prefix = 0, rows = 0;
    sc_bucket_begin(&bucket);
    for (bool more = true;;) {
        struct sc_tree_row row;
        rc = sc_stmt_step(stmt, &more, err);
        if (rc == 0 && more)
            rc = sc_row_read(stmt, &row, err);
        if (rc < 0)
            return rc;
        uint64_t next = more ? sc_tree_prefix(row.idx, builder->scope->depth) : 0;
        if (bucket.rows > 0 && (!more || next != prefix)) {
            rows += bucket.rows;
            rc = add_bucket(builder, prefix, &bucket, err);
            if (rc < 0)
                return rc;
            sc_bucket_begin(&bucket);
        }
        if (!more)
            break;
        prefix = next;
        sc_bucket_add(&bucket, &row);
        if (is_endless(builder, rows + bucket.rows))
            return sc_path_fail(builder->scope, err);
        rc = builder->visit != NULL ? visit_row(builder, &row, stmt, err) : 0;
        if (rc < 0)
            return rc;
    }
    *ret_rows = rows;
    return 0;
}

static int clear_nodes(const struct builder *builder, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(builder->vault->db, "DELETE FROM node WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, builder->scope->id);
    return sc_stmt_run(stmt, err);
}

/* A node that belongs to no row would be believed by a reader that looks for an absent name. */
static int count_nodes(const struct builder *builder, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc =
        sc_db_prepare(builder->vault->db, "SELECT count(*) FROM node WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, builder->scope->id);
    rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0 && (uint64_t)sc_stmt_int(stmt, 0) != builder->nodes)
        return sc_fail(err, SC_E_TAMPERED, "a scope's hash tree has nodes too many or too few");
    return rc;
}

int sc_tree_walk(struct sc_vault *vault, const struct sc_scope *scope, enum sc_tree_build how,
                 const struct sc_tree_visit *visit, struct sc_tree_sum *ret, struct sc_error *err)
{
    if (scope->depth > SC_TREE_DEPTH_MAX)
        return sc_fail(err, SC_E_TAMPERED, "a scope's hash tree is too deep");
    struct builder builder = {.vault = vault, .scope = scope, .how = how, .visit = visit};
    uint64_t rows = 0;
    int rc = how == SC_TREE_WRITE ? clear_nodes(&builder, err) : 0;
    if (rc == 0)
        rc = walk_rows(&builder, &rows, err);
    for (uint32_t level = scope->depth; level-- > 0 && rc == 0;)
        rc = close_node(&builder, level, err);
    if (rc == 0 && how == SC_TREE_COMPARE)
        rc = count_nodes(&builder, err);
    if (rc < 0)
        return rc;
    memcpy(ret->root, builder.root, SC_KEY_SIZE);
    ret->rows = rows;
    return 0;
}

int sc_tree_build(struct sc_vault *vault, const struct sc_scope *scope, enum sc_tree_build how,
                  struct sc_tree_sum *ret, struct sc_error *err)
{
    return sc_tree_walk(vault, scope, how, NULL, ret, err);
}
