/* SPDX-License-Identifier: Apache-2.0
 *
 * Re-keying a scope; see vault/scope/rekey.h.
 */
#include "vault/scope/rekey.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "vault/entry/meta.h"
#include "vault/record.h"
#include "vault/scope/grant.h"
#include "vault/scope/scope.h"
#include "vault/txn.h"

#include "core/banned.h"

/* A row as it stands before: what is needed to read it, and to find its new place. */
struct old_row {
    unsigned char idx[SC_KEY_SIZE];
    uint64_t version;
    enum sc_record_kind kind;
    int64_t blob_id;
    unsigned char hash[SC_KEY_SIZE];
};

struct rekeying {
    struct sc_vault *vault;
    struct sc_scope *scope; /* with the new keys */
    struct sc_scope old;    /* with the old ones */
    bool exposed;
    struct old_row *rows;
    size_t count;
};

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
        struct old_row *old = &work->rows[work->count++];
        old->version = (uint64_t)sc_stmt_int(stmt, 1);
        old->kind = (enum sc_record_kind)sc_stmt_int(stmt, 2);
        old->blob_id = sc_stmt_int(stmt, 3);
        rc = sc_stmt_fixed(stmt, 0, old->idx, SC_KEY_SIZE, err);
        if (rc == 0)
            rc = sc_stmt_fixed(stmt, 4, old->hash, SC_KEY_SIZE, err);
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

static int read_content(struct rekeying *work, const struct old_row *row, struct sc_secret *ret,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_place place = {.scope = &work->old, .version = row->version, .kind = row->kind};
    bool found = false;
    memcpy(place.idx, row->idx, SC_KEY_SIZE);
    int rc = sc_db_prepare(work->vault->db, "SELECT ct FROM blob WHERE id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, row->blob_id);
    rc = sc_stmt_step(stmt, &found, err);
    if (rc == 0 && !found)
        rc = sc_fail(err, SC_E_TAMPERED, "a record has lost its content");
    if (rc == 0)
        rc = sc_record_check(&place, sc_stmt_blob(stmt, 0), row->hash, err);
    if (rc == 0)
        rc = sc_record_open(work->vault, &place, sc_stmt_blob(stmt, 0), ret, err);
    return rc;
}

static int mark_exposed(struct rekeying *work, struct sc_entry_info *info,
                        struct sc_secret *content, struct sc_error *err)
{
    if (!work->exposed || info->removed || info->kind == SC_ENTRY_CONFIG)
        return 0;
    info->exposed = true;
    return sc_meta_encode(info, content, err);
}

/* The rows of one entry stand together, its name record first. */
static int move_row(struct rekeying *work, const struct old_row *row, struct sc_entry_info *info,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    int rc = read_content(work, row, &content, err);
    if (rc == 0 && row->kind == SC_RECORD_NAME) {
        rc = sc_meta_decode(work->scope, sc_secret_view(&content), info, err);
        if (rc == 0)
            rc = mark_exposed(work, info, &content, err);
    }
    if (rc < 0)
        return rc;
    struct sc_place place =
        sc_place_of(work->scope, sc_name_leaf(info->name), row->version, row->kind);
    return sc_record_replace(work->vault, &place, sc_secret_view(&content), row->blob_id, err);
}

static int move_rows(struct rekeying *work, struct sc_error *err)
{
    struct sc_entry_info info = {0};
    int rc = delete_rows(work, err);
    for (size_t i = 0; i < work->count && rc == 0; i++) {
        const struct old_row *row = &work->rows[i];
        bool first = i == 0 || memcmp(row->idx, work->rows[i - 1].idx, SC_KEY_SIZE) != 0;
        if (first && row->kind != SC_RECORD_NAME)
            return sc_fail(err, SC_E_TAMPERED, "an entry has lost its name");
        rc = move_row(work, row, &info, err);
    }
    return rc;
}

int sc_scope_rekey(struct sc_vault *vault, struct sc_scope *scope, bool exposed,
                   struct sc_error *err)
{
    struct rekeying work = {.vault = vault, .scope = scope, .exposed = exposed};
    struct sc_scope_keys *old_keys = NULL;
    SC_CLEANUP(sc_grants_done) struct sc_grants grants = {0};
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
        rc = move_rows(&work, err);
    if (rc == 0)
        rc = sc_grants_reseal(vault, &grants, err);
    sc_arena_free(old_keys);
    free(work.rows);
    return rc;
}
