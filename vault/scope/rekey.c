/* SPDX-License-Identifier: Apache-2.0
 *
 * Re-keying a scope; see vault/scope/rekey.h.
 */
#include "vault/scope/rekey.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "vault/batch.h"
#include "vault/entry/meta.h"
#include "vault/scope/grant.h"
#include "vault/scope/scope.h"
#include "vault/txn.h"

#include "core/banned.h"

/* First as it stands before, then as it is to stand. */
struct row {
    unsigned char idx[SC_KEY_SIZE];
    uint64_t version;
    enum sc_record_kind kind;
    int64_t blob_id;
    unsigned char hash[SC_KEY_SIZE];
    size_t entry; /* ordinal of the entry it is of */
};

struct rekeying {
    struct sc_vault *vault;
    struct sc_scope *scope; /* with the new keys */
    struct sc_scope old;    /* with the old ones */
    bool exposed;
    struct row *rows;
    size_t count, entries;
    unsigned char (*idx)[SC_KEY_SIZE]; /* of each entry, under the new keys */
    struct sc_batch opening, sealing;
};

static void rekeying_done(struct rekeying *work)
{
    sc_batch_done(&work->opening);
    sc_batch_done(&work->sealing);
    sc_arena_free(work->old.keys);
    free(work->rows);
    free(work->idx);
}

/* The rows of one entry stand together, its name record first. */
static int load_row(struct rekeying *work, struct sc_stmt *stmt, struct sc_error *err)
{
    struct row *row = &work->rows[work->count];
    row->version = (uint64_t)sc_stmt_int(stmt, 1);
    row->kind = (enum sc_record_kind)sc_stmt_int(stmt, 2);
    row->blob_id = sc_stmt_int(stmt, 3);
    int rc = sc_stmt_fixed(stmt, 0, row->idx, SC_KEY_SIZE, err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 4, row->hash, SC_KEY_SIZE, err);
    if (rc < 0)
        return rc;
    if (work->count == 0 || memcmp(row->idx, row[-1].idx, SC_KEY_SIZE) != 0) {
        if (row->kind != SC_RECORD_NAME)
            return sc_fail(err, SC_E_TAMPERED, "an entry has lost its name");
        work->entries++;
    }
    row->entry = work->entries - 1;
    work->count++;
    return 0;
}

static int load_rows(struct rekeying *work, struct sc_error *err)
{
    size_t expected = (size_t)work->scope->rows;
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    work->rows = calloc(SC_MAX(expected, (size_t)1), sizeof(*work->rows));
    if (work->rows == NULL)
        return sc_fail_nomem(err);
    int rc = sc_db_prepare(work->vault->db,
                           "SELECT idx, ver, kind, blob_id, rh FROM rec WHERE scope_id=? "
                           "ORDER BY idx, ver, kind",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, work->scope->id);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        if (work->count == expected)
            return sc_fail(err, SC_E_TAMPERED, "a scope has more rows than are signed");
        rc = load_row(work, stmt, err);
    }
    return rc;
}

static int delete_rows(struct rekeying *work, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(work->vault->db, "DELETE FROM rec WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, work->scope->id);
    return sc_stmt_run(stmt, err);
}

/* Names first, as they tell where the values go; each kind in the order of the file. */
static int by_reading(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if ((x->kind == SC_RECORD_NAME) != (y->kind == SC_RECORD_NAME))
        return x->kind == SC_RECORD_NAME ? -1 : 1;
    return x->blob_id < y->blob_id ? -1 : x->blob_id > y->blob_id;
}

static int by_place(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = memcmp(x->idx, y->idx, SC_KEY_SIZE);
    if (order == 0)
        order = x->version < y->version ? -1 : x->version > y->version;
    return order != 0 ? order : (int)x->kind - (int)y->kind;
}

static int seal_again(struct rekeying *work, const struct sc_batch_item *item,
                      struct sc_bytes content, struct sc_error *err)
{
    struct sc_batch_item next = *item;
    next.place.scope = work->scope;
    memcpy(next.place.idx, work->idx[work->rows[item->tag].entry], SC_KEY_SIZE);
    return sc_batch_add(&work->sealing, &next, content, err);
}

static int seal_name(struct rekeying *work, const struct sc_batch_item *item,
                     struct sc_bytes content, struct sc_error *err)
{
    struct sc_entry_info info;
    SC_CLEANUP(sc_secret_done) struct sc_secret marked = {0};
    int rc = sc_meta_decode(work->scope, content, &info, err);
    if (rc < 0)
        return rc;
    sc_scope_index(work->scope, sc_name_leaf(info.name), work->idx[work->rows[item->tag].entry]);
    if (work->exposed && !info.removed && info.kind != SC_ENTRY_CONFIG) {
        info.exposed = true;
        rc = sc_meta_encode(&info, &marked, err);
        content = sc_secret_view(&marked);
    }
    if (rc < 0)
        return rc;
    return seal_again(work, item, content, err);
}

static int opened(const struct sc_batch_item *item, struct sc_bytes content, void *ctx,
                  struct sc_error *err)
{
    struct rekeying *work = ctx;
    if (item->place.kind == SC_RECORD_NAME)
        return seal_name(work, item, content, err);
    return seal_again(work, item, content, err);
}

static int sealed(const struct sc_batch_item *item, struct sc_bytes bytes, void *ctx,
                  struct sc_error *err)
{
    struct rekeying *work = ctx;
    struct row *row = &work->rows[item->tag];
    memcpy(row->idx, item->place.idx, SC_KEY_SIZE);
    memcpy(row->hash, item->hash, SC_KEY_SIZE);
    return sc_record_restore(work->vault, bytes, row->blob_id, err);
}

static int open_row(struct rekeying *work, size_t i, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    const struct row *row = &work->rows[i];
    struct sc_batch_item item = {
        .place = {.scope = &work->old, .version = row->version, .kind = row->kind}, .tag = i};
    bool found = false;
    memcpy(item.place.idx, row->idx, SC_KEY_SIZE);
    memcpy(item.hash, row->hash, SC_KEY_SIZE);
    int rc = sc_db_prepare(work->vault->db, "SELECT ct FROM blob WHERE id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, row->blob_id);
    rc = sc_stmt_step(stmt, &found, err);
    if (rc == 0 && !found)
        rc = sc_record_fail(work->scope, "has lost its content", err);
    return rc < 0 ? rc : sc_batch_add(&work->opening, &item, sc_stmt_blob(stmt, 0), err);
}

static int seal_rows(struct rekeying *work, struct sc_error *err)
{
    int rc = 0;
    work->idx = calloc(SC_MAX(work->entries, (size_t)1), sizeof(*work->idx));
    if (work->idx == NULL)
        return sc_fail_nomem(err);
    work->opening =
        (struct sc_batch){.vault = work->vault, .work = SC_BATCH_OPEN, .each = opened, .ctx = work};
    work->sealing =
        (struct sc_batch){.vault = work->vault, .work = SC_BATCH_SEAL, .each = sealed, .ctx = work};
    qsort(work->rows, work->count, sizeof(*work->rows), by_reading);
    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = open_row(work, i, err);
    if (rc == 0)
        rc = sc_batch_finish(&work->opening, err);
    return rc < 0 ? rc : sc_batch_finish(&work->sealing, err);
}

/* In their order, so that the table grows at its end. */
static int insert_rows(struct rekeying *work, struct sc_error *err)
{
    int rc = delete_rows(work, err);
    qsort(work->rows, work->count, sizeof(*work->rows), by_place);
    for (size_t i = 0; i < work->count && rc == 0; i++) {
        const struct row *row = &work->rows[i];
        struct sc_place place = {.scope = work->scope, .version = row->version, .kind = row->kind};
        memcpy(place.idx, row->idx, SC_KEY_SIZE);
        rc = sc_record_insert(work->vault, &place, row->hash, row->blob_id, err);
    }
    return rc;
}

int sc_scope_rekey(struct sc_vault *vault, struct sc_scope *scope, bool exposed,
                   struct sc_error *err)
{
    SC_CLEANUP(rekeying_done)
    struct rekeying work = {.vault = vault, .scope = scope, .exposed = exposed};
    SC_CLEANUP(sc_grants_done) struct sc_grants grants = {0};
    struct sc_scope_keys *old_keys = NULL;
    int rc = sc_scope_open(vault, scope, err);
    if (rc == 0)
        rc = sc_txn_touch_all(vault, scope, err);
    if (rc == 0)
        rc = sc_grants_load(vault, scope, &grants, err);
    if (rc == 0)
        rc = load_rows(&work, err);
    work.old = *scope;
    if (rc == 0)
        rc = sc_scope_renew(vault, scope, &old_keys, err);
    work.old.keys = old_keys;
    if (rc == 0)
        rc = seal_rows(&work, err);
    if (rc == 0)
        rc = insert_rows(&work, err);
    return rc < 0 ? rc : sc_grants_reseal(vault, &grants, err);
}
