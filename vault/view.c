/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading views; see vault/handle.h.
 */
#include "vault/handle.h"

#include <string.h>

#include "vault/scope/scope.h"

#include "core/banned.h"

int sc_view_begin(struct sc_vault *vault, struct sc_error *err)
{
    if (vault->view_depth > 0) {
        vault->view_depth++;
        return 0;
    }
    if (vault->db == NULL)
        return sc_fail(err, SC_E_IO, "the vault '%s' was closed after an error", vault->path);
    int rc = vault->txn != NULL ? 0 : sc_db_begin(vault->db, SC_DB_BEGIN_READ, err);
    /* A vault in the making has tables but no state yet. */
    if (rc == 0)
        rc = vault->state.seq == 0 && vault->making ? sc_scope_load(vault, err)
                                                    : sc_state_refresh(vault, err);
    if (rc == 0) {
        vault->view_depth = 1;
        vault->view_number++;
    } else if (vault->txn == NULL)
        sc_db_rollback(vault->db);
    return rc;
}

void sc_view_end(struct sc_vault *vault)
{
    if (vault->view_depth == 0 || --vault->view_depth > 0)
        return;
    if (vault->txn == NULL)
        sc_db_rollback(vault->db);
}

void sc_view_forget(struct sc_vault *vault)
{
    if (vault->bundle.yes) /* there is nothing else to read it from */
        return;
    sc_scope_unload(vault);
    vault->state = (struct sc_state){0};
}

void sc_view_seen(struct sc_vault *vault)
{
    vault->seen.seq = vault->state.seq;
    memcpy(vault->seen.hash, vault->state.hash, SC_KEY_SIZE);
}

int sc_view_need_keys(const struct sc_vault *vault, struct sc_error *err)
{
    if (vault->root == NULL && vault->granted_count == 0)
        return sc_fail(err, SC_E_LOCKED, "the vault is locked");
    return 0;
}
