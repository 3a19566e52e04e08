/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions; see vault/txn.h.
 */
#include "vault/txn.h"

#include <stdlib.h>
#include <string.h>

#include "vault/codec.h"

#include "core/banned.h"

struct sc_txn {
    struct sc_secret notes; /* audit fields, in order */
    size_t mark;            /* length of the notes when the present operation began */
};

int sc_txn_touch(struct sc_vault *vault, struct sc_scope *scope,
                 const unsigned char idx[SC_KEY_SIZE], struct sc_error *err)
{
    (void)scope;
    (void)idx;
    if (vault->txn == NULL)
        return sc_fail(err, SC_E_BUG, "a change outside a transaction");
    return 0;
}

int sc_txn_note(struct sc_vault *vault, const char *op, const char *name, const char *reason,
                struct sc_error *err)
{
    (void)vault;
    (void)op;
    (void)name;
    (void)reason;
    (void)err;
    return 0;
}

static void txn_free(struct sc_vault *vault)
{
    if (vault->txn == NULL)
        return;
    sc_secret_done(&vault->txn->notes);
    free(vault->txn);
    vault->txn = NULL;
}

int sc_vault_begin(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->txn != NULL)
        return sc_fail(err, SC_E_BUG, "a batch is open already");
    if (vault->access != SC_VAULT_WRITE)
        return sc_fail(err, SC_E_BUG, "the vault was opened for reading");
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key cannot write to the vault");
    struct sc_txn *txn = calloc(1, sizeof(*txn));
    if (txn == NULL)
        return sc_fail_nomem(err);
    int rc = sc_db_exec(vault->db, "BEGIN IMMEDIATE", err);
    if (rc < 0) {
        free(txn);
        return rc;
    }
    vault->txn = txn;
    if (vault->fresh)
        rc = sc_vault_make_tables(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        sc_vault_rollback(vault);
    return rc;
}

int sc_vault_commit(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->txn == NULL)
        return sc_fail(err, SC_E_BUG, "no batch is open");
    int rc = sc_db_commit(vault->db, err);
    if (rc < 0) {
        sc_vault_rollback(vault);
        return rc;
    }
    vault->view_depth = 0;
    txn_free(vault);
    sc_db_checkpoint(vault->db);
    return 0;
}

void sc_vault_rollback(struct sc_vault *vault)
{
    if (vault->txn == NULL)
        return;
    sc_db_rollback(vault->db);
    vault->view_depth = 0;
    txn_free(vault);
    /* What the batch changed in the cache is gone from the file. */
    sc_scope_unload(vault);
}

int sc_txn_join(struct sc_vault *vault, bool *ret_own, struct sc_error *err)
{
    bool own = vault->txn == NULL;
    int rc = own ? sc_vault_begin(vault, err) : sc_db_exec(vault->db, "SAVEPOINT op", err);
    if (rc < 0)
        return rc;
    vault->txn->mark = vault->txn->notes.len;
    *ret_own = own;
    return 0;
}

int sc_txn_end(struct sc_vault *vault, bool own, int rc, struct sc_error *err)
{
    if (own && rc == 0)
        return sc_vault_commit(vault, err);
    if (own) {
        sc_vault_rollback(vault);
        return rc;
    }
    if (rc == 0)
        return sc_db_exec(vault->db, "RELEASE op", err);
    /* The batch goes on as if this operation had not been tried. */
    sc_secret_truncate(&vault->txn->notes, vault->txn->mark);
    int undone = sc_db_exec(vault->db, "ROLLBACK TO op; RELEASE op", NULL);
    if (undone == 0)
        undone = sc_scope_load(vault, NULL);
    if (undone < 0)
        sc_vault_rollback(vault);
    return rc;
}
