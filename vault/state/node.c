/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets and nodes; see vault/state/node.h.
 */
#include "vault/state/node.h"

#include <string.h>

#include "vault/codec.h"

#include "core/banned.h"

int sc_row_read(struct sc_stmt *stmt, struct sc_tree_row *ret, struct sc_error *err)
{
    struct sc_tree_row row = {.version = (uint64_t)sc_stmt_int(stmt, 1),
                              .kind = (uint32_t)sc_stmt_int(stmt, 2)};
    int rc = sc_stmt_fixed_view(stmt, 0, SC_KEY_SIZE, &row.idx, err);
    if (rc == 0)
        rc = sc_stmt_fixed_view(stmt, 3, SC_KEY_SIZE, &row.hash, err);
    if (rc == 0)
        *ret = row;
    return rc;
}

void sc_bucket_begin(struct sc_bucket *bucket)
{
    bucket->rows = 0;
    bucket->waiting = 0;
    sc_hasher_init(&bucket->hasher, "bucket");
}

/* Rows are small and the hash is called for many at once: it is quicker that way. */
static void flush(struct sc_bucket *bucket)
{
    sc_hasher_add(&bucket->hasher, bucket->bytes, bucket->waiting);
    bucket->waiting = 0;
}

void sc_bucket_add(struct sc_bucket *bucket, const struct sc_tree_row *row)
{
    unsigned char *out = bucket->bytes + bucket->waiting;
    memcpy(out, row->idx, SC_KEY_SIZE);
    sc_put_u64(out + 32, row->version);
    sc_put_u32(out + 40, row->kind);
    memcpy(out + 44, row->hash, SC_KEY_SIZE);
    bucket->waiting += SC_BUCKET_ROW_SIZE;
    bucket->rows++;
    if (bucket->waiting == sizeof(bucket->bytes))
        flush(bucket);
}

void sc_bucket_end(struct sc_bucket *bucket, unsigned char out[SC_KEY_SIZE])
{
    if (bucket->rows == 0) {
        memset(out, 0, SC_KEY_SIZE);
        return;
    }
    flush(bucket);
    sc_hasher_final(&bucket->hasher, out);
}

static bool all_zero(const unsigned char *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

void sc_node_hash(unsigned char out[SC_KEY_SIZE], const unsigned char kids[SC_NODE_SIZE])
{
    if (all_zero(kids, SC_NODE_SIZE)) {
        memset(out, 0, SC_KEY_SIZE);
        return;
    }
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "node");
    sc_hasher_add(&hasher, kids, SC_NODE_SIZE);
    sc_hasher_final(&hasher, out);
}

static void bind_place(struct sc_stmt *stmt, const struct sc_scope *scope,
                       struct sc_node_place place)
{
    sc_stmt_bind_int(stmt, 1, scope->id);
    sc_stmt_bind_int(stmt, 2, place.level);
    sc_stmt_bind_int(stmt, 3, (int64_t)place.prefix);
}

int sc_node_read(struct sc_vault *vault, const struct sc_scope *scope, struct sc_node_place place,
                 unsigned char kids[SC_NODE_SIZE], struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(vault->db, "SELECT kids FROM node WHERE scope_id=? AND lvl=? AND pre=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    bind_place(stmt, scope, place);
    rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0 && row)
        return sc_stmt_fixed(stmt, 0, kids, SC_NODE_SIZE, err);
    if (rc == 0)
        memset(kids, 0, SC_NODE_SIZE);
    return rc;
}

int sc_node_write(struct sc_vault *vault, const struct sc_scope *scope, struct sc_node_place place,
                  const unsigned char kids[SC_NODE_SIZE], struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool empty = all_zero(kids, SC_NODE_SIZE);
    int rc = empty
                 ? sc_db_prepare(vault->db, "DELETE FROM node WHERE scope_id=? AND lvl=? AND pre=?",
                                 &stmt, err)
                 : sc_db_prepare(vault->db,
                                 "INSERT INTO node(scope_id, lvl, pre, kids) VALUES(?, ?, ?, ?) "
                                 "ON CONFLICT DO UPDATE SET kids=excluded.kids",
                                 &stmt, err);
    if (rc < 0)
        return rc;
    bind_place(stmt, scope, place);
    if (!empty)
        sc_stmt_bind_blob(stmt, 4, kids, SC_NODE_SIZE);
    return sc_stmt_run(stmt, err);
}
