/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as a whole: status, backup, restore, trust.
 */
#include <string.h>
#include <unistd.h>

#include "vault/handle.h"
#include "vault/state/pin.h"
#include "vault/txn.h"

#include "core/banned.h"

int sc_vault_status(struct sc_vault *vault, struct sc_vault_status *ret, struct sc_error *err)
{
    int64_t slots = 0, grants = 0;
    struct sc_vault_status status = {0};
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_db_number(vault->db, "SELECT count(*) FROM slot", &slots, err);
    if (rc == 0)
        rc = sc_db_number(vault->db, "SELECT count(*) FROM scope_grant", &grants, err);
    for (size_t i = 0; i < vault->scope_count; i++) {
        status.rows += vault->scopes[i].rows;
        status.opened += vault->scopes[i].keys != NULL;
    }
    sc_view_end(vault);
    if (rc < 0)
        return rc;
    memcpy(status.vault_id, vault->vault_id, sizeof(status.vault_id));
    memcpy(status.verify_key, vault->sign_pk, sizeof(status.verify_key));
    memcpy(status.state_hash, vault->state.hash, sizeof(status.state_hash));
    status.seq = vault->state.seq;
    status.time = vault->state.time;
    status.scopes = vault->scope_count;
    status.slots = (uint64_t)slots;
    status.grants = (uint64_t)grants;
    status.pinned_seq = vault->pinned_seq;
    status.pages = vault->pages;
    status.bundle = vault->bundle.yes;
    status.until = vault->bundle.until;
    status.current = vault->bundle.yes ? vault->bundle.made : vault->state.time;
    *ret = status;
    return 0;
}

static int check_copy(const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *copy = NULL;
    int rc = sc_vault_open_copy(path, &copy, err);
    return rc < 0 ? rc : sc_vault_check(copy, NULL, NULL, err);
}

static int need_database(const struct sc_vault *vault, struct sc_error *err)
{
    if (vault->bundle.yes)
        return sc_fail(err, SC_E_UNSUPPORTED, "'%s' is a bundle, not a whole vault", vault->path);
    return 0;
}

int sc_vault_backup(struct sc_vault *vault, const char *path, struct sc_error *err)
{
    int rc = need_database(vault, err);
    if (rc == 0)
        rc = sc_db_backup(vault->db, path, err);
    if (rc < 0)
        return rc;
    rc = check_copy(path, err);
    if (rc < 0) {
        unlink(path);
        return sc_wrap(err, rc, "the copy is not good");
    }
    return 0;
}

/* Into a live file through SQLite, whose locks other processes respect. */
static int overwrite(struct sc_vault *backup, const char *path, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *present = NULL;
    int rc = sc_vault_open_unpinned(path, SC_VAULT_WRITE, &present, err);
    if (rc < 0)
        return sc_wrap(err, rc, "what stands at '%s' cannot be read; move it away first", path);
    if (memcmp(present->vault_id, backup->vault_id, SC_UID_SIZE) != 0)
        return sc_fail(err, SC_E_EXISTS, "another vault stands at '%s'; move it away first", path);
    rc = sc_db_copy(backup->db, present->db, err);
    if (rc < 0)
        return sc_wrap(err, rc, "it is not known whether the backup is in place; run this again");
    sc_view_forget(present);
    sc_db_checkpoint(present->db);
    return 0;
}

int sc_vault_restore(struct sc_vault *backup, const char *path, struct sc_error *err)
{
    int rc = need_database(backup, err);
    if (rc == 0)
        rc = sc_vault_check(backup, NULL, NULL, err);
    if (rc < 0)
        return sc_wrap(err, rc, "the backup is not good");
    if (access(path, F_OK) != 0)
        rc = sc_db_backup(backup->db, path, err);
    else
        rc = overwrite(backup, path, err);
    if (rc < 0)
        return rc;
    rc = check_copy(path, err);
    if (rc < 0)
        return sc_wrap(err, rc, "the backup is in place, but was not checked; run this again");
    return 0;
}

int sc_vault_renew(struct sc_vault *vault, struct sc_error *err)
{
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_txn_note(vault, "renew", "", NULL, err);
    return sc_txn_end(vault, true, rc, err);
}

int sc_vault_note(struct sc_vault *vault, const char *op, const char *name, const char *text,
                  struct sc_error *err)
{
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = sc_txn_note(vault, op, name, text, err);
    return sc_txn_end(vault, own, rc, err);
}

int sc_vault_trust(struct sc_vault *vault, const char *reason, struct sc_error *err)
{
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    sc_view_end(vault);
    if (reason != NULL && !vault->bundle.yes) {
        rc = sc_vault_begin(vault, err);
        if (rc < 0)
            return rc;
        rc = sc_txn_note(vault, "trust", "", reason, err);
        rc = sc_txn_end(vault, true, rc, err);
    }
    return rc < 0 ? rc : sc_pin_update(vault, true, err);
}
