/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a whole vault: all that readers check piece by piece, and that there is nothing else.
 *
 * The rows of a scope are walked in the order of their index, which is that of its tree; their
 * contents are read in the order of the file, many rows at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#include "vault/batch.h"
#include "vault/scope/scope.h"
#include "vault/state/audit.h"
#include "vault/state/tree.h"
#include "vault/store/blobs.h"

#include "core/banned.h"

#define PROGRESS_STEP 1024
/* Rows whose contents are read in one go through the file: 23 MB of them. */
#define ROWS_MAX ((size_t)256 * 1024)

struct row {
    int64_t blob_id;
    uint64_t version;
    uint32_t kind;
    unsigned char idx[SC_KEY_SIZE];
    unsigned char hash[SC_KEY_SIZE];
};

struct checking {
    struct sc_vault *vault;
    struct sc_scope *scope; /* that is being walked */
    struct row *rows;       /* of it, whose contents are still to be read */
    size_t count, cap;
    sc_progress_fn progress;
    void *ctx;
    uint64_t done, total;
    struct sc_batch records;
};

static void checking_done(struct checking *checking)
{
    free(checking->rows);
    sc_batch_done(&checking->records);
}

static void advance(struct checking *checking)
{
    checking->done++;
    bool step = checking->done % PROGRESS_STEP == 0 || checking->done == checking->total;
    if (checking->progress != NULL && step)
        checking->progress(checking->done, checking->total, checking->ctx);
}

static int by_place(const void *a, const void *b)
{
    int64_t x = ((const struct row *)a)->blob_id, y = ((const struct row *)b)->blob_id;
    return x < y ? -1 : x > y;
}

static int check_content(struct checking *checking, const struct row *row, struct sc_bytes sealed,
                         struct sc_error *err)
{
    struct sc_scope *scope = checking->scope;
    struct sc_batch_item item = {
        .place = {.scope = scope, .version = row->version, .kind = (enum sc_record_kind)row->kind},
    };
    memcpy(item.place.idx, row->idx, SC_KEY_SIZE);
    memcpy(item.hash, row->hash, SC_KEY_SIZE);
    if (sealed.ptr == NULL && checking->vault->bundle.yes)
        return 0; /* an old version, carried as its hash alone */
    if (sealed.ptr == NULL)
        return sc_record_fail(scope, "has lost its content", err);
    advance(checking);
    return sc_batch_add(&checking->records, &item, sealed, err);
}

static int check_contents(struct checking *checking, struct sc_error *err)
{
    SC_CLEANUP(sc_blobs_done) struct sc_blobs blobs = {0};
    int rc = sc_blobs_begin(checking->vault->db, &blobs, err);
    if (checking->count > 0)
        qsort(checking->rows, checking->count, sizeof(*checking->rows), by_place);
    for (size_t i = 0; i < checking->count && rc == 0; i++) {
        const struct row *row = &checking->rows[i];
        struct sc_bytes sealed;
        rc = sc_blobs_read(&blobs, row->blob_id, &sealed, err);
        if (rc == 0)
            rc = check_content(checking, row, sealed, err);
    }
    checking->count = 0;
    return rc;
}

static int check_row(const struct sc_tree_row *row, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    if (row->epoch != checking->scope->epoch)
        return sc_record_fail(checking->scope, "has a wrong epoch", err);
    struct row *grown =
        sc_items_reserve(checking->rows, &checking->cap, checking->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    checking->rows = grown;
    struct row *kept = &grown[checking->count++];
    *kept = (struct row){.blob_id = row->blob_id, .version = row->version, .kind = row->kind};
    memcpy(kept->idx, row->idx, SC_KEY_SIZE);
    memcpy(kept->hash, row->hash, SC_KEY_SIZE);
    return checking->count == ROWS_MAX ? check_contents(checking, err) : 0;
}

static int check_scope(struct checking *checking, struct sc_scope *scope, struct sc_error *err)
{
    struct sc_vault *vault = checking->vault;
    struct sc_tree_sum sum;
    const struct sc_tree_visit visit = {.epoch = true, .row = check_row, .ctx = checking};
    bool keys = vault->root != NULL || vault->granted_count > 0;
    int rc = keys && scope->name[0] != '\0' ? sc_scope_open(vault, scope, err) : 0;
    checking->scope = scope;
    checking->records.work = scope->keys != NULL ? SC_BATCH_OPEN : SC_BATCH_CHECK;
    if (rc == 0)
        rc = sc_tree_walk(vault, scope, SC_TREE_COMPARE, &visit, &sum, err);
    if (rc == 0)
        rc = check_contents(checking, err);
    if (rc == 0)
        rc = sc_batch_finish(&checking->records, err);
    if (rc == 0 && (sum.rows != scope->rows || memcmp(sum.root, scope->root, SC_KEY_SIZE) != 0))
        rc = sc_tree_verify_all(vault, scope, NULL, err); /* says which */
    return rc;
}

/* Rows that belong to nothing are no harm to readers, but they are not ours. */
static int check_counts(struct checking *checking, struct sc_error *err)
{
    int64_t rows = 0, blobs = 0, nodes = 0;
    struct sc_db *db = checking->vault->db;
    int rc = sc_db_number(db, "SELECT count(*) FROM rec", &rows, err);
    if (rc == 0)
        rc = sc_db_number(db, "SELECT count(*) FROM blob", &blobs, err);
    if (rc == 0)
        rc = sc_db_number(db,
                          "SELECT count(*) FROM node WHERE scope_id NOT IN "
                          "(SELECT scope_id FROM scope)",
                          &nodes, err);
    if (rc == 0 && ((uint64_t)rows != checking->total || blobs != rows || nodes != 0))
        return sc_fail(err, SC_E_TAMPERED, "the vault's file holds rows that belong to nothing");
    return rc;
}

/* What a bundle does not carry. */
static int check_rest(struct checking *checking, struct sc_error *err)
{
    struct sc_vault *vault = checking->vault;
    int rc = sc_db_check(vault->db, err);
    if (rc == 0)
        rc = sc_state_check_slots(vault, err);
    if (rc == 0)
        rc = sc_state_check_grants(vault, err);
    if (rc == 0)
        rc = sc_audit_verify(vault, &vault->state, 1, NULL, err);
    return rc < 0 ? rc : check_counts(checking, err);
}

/* Last: what it finds means nothing to a reader, and the log is folded into the file for it, which
 * nobody should do before all is known to be right. */
static int check_pages(struct sc_vault *vault, struct sc_error *err)
{
    bool still = false, summed = false;
    int rc = sc_db_settle(vault->db, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    vault->pages = SC_PAGES_NOT_CHECKED;
    rc = sc_db_is_still(vault->db, &still, err);
    if (rc == 0 && still)
        rc = sc_db_check_pages(vault->db, &summed, err);
    if (rc == 0 && still)
        vault->pages = summed ? SC_PAGES_INTACT : SC_PAGES_NO_SUMS;
    sc_view_end(vault);
    return rc;
}

static int check_all(struct checking *checking, struct sc_error *err)
{
    struct sc_vault *vault = checking->vault;
    for (size_t i = 0; i < vault->scope_count; i++)
        checking->total += vault->scopes[i].rows;
    int rc = vault->bundle.yes ? 0 : check_rest(checking, err);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++)
        rc = check_scope(checking, &vault->scopes[i], err);
    return rc;
}

static int ignore_line(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    (void)entry;
    (void)ctx;
    (void)err;
    return 0;
}

int sc_vault_check(struct sc_vault *vault, sc_progress_fn progress, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(checking_done)
    struct checking checking = {
        .vault = vault, .progress = progress, .ctx = ctx, .records = {.vault = vault}};
    /* From the file, not from what this handle remembers. */
    sc_view_forget(vault);
    bool file = !vault->bundle.yes && !sc_db_in_transaction(vault->db);
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    sc_db_scan_begin(vault->db);
    rc = check_all(&checking, err);
    sc_db_scan_end(vault->db);
    if (rc == 0 && vault->root != NULL)
        rc = sc_vault_log(vault, ignore_line, NULL, err);
    sc_view_end(vault);
    return rc == 0 && file ? check_pages(vault, err) : rc;
}
