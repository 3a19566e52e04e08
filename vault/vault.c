/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, opening, unlocking and closing; see vault/vault.h.
 */
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/random.h"
#include "core/str.h"
#include "vault/age/age.h"
#include "vault/bundle/bundle.h"
#include "vault/handle.h"
#include "vault/scope/grant.h"
#include "vault/scope/scope.h"
#include "vault/slot/slot.h"
#include "vault/state/pin.h"
#include "vault/store/schema.h"
#include "vault/txn.h"
#include "vault/upkeep.h"

#include "core/banned.h"

static int new_handle(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err)
{
    int rc = sc_random_init(err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = calloc(1, sizeof(*vault));
    if (vault == NULL)
        return sc_fail_nomem(err);
    vault->access = access;
    vault->format = sc_schema_now();
    vault->format_number = vault->format->number;
    vault->path = sc_str_dup(path, err);
    if (vault->path == NULL)
        return SC_E_NOMEM;
    *ret = SC_TAKE(vault);
    return 0;
}

static int make_root(struct sc_vault *vault, struct sc_error *err)
{
    struct sc_root_keys *keys = sc_arena_alloc(sizeof(*keys), err);
    if (keys == NULL)
        return SC_E_NOMEM;
    vault->root = keys; /* freed with the handle */
    int rc = sc_random_bytes(vault->vault_id, SC_UID_SIZE, err);
    if (rc == 0)
        rc = sc_random_bytes(keys->root, SC_KEY_SIZE, err);
    if (rc == 0)
        rc = sc_random_bytes(keys->sign.seed, SC_KEY_SIZE, err);
    if (rc < 0)
        return rc;
    vault->root_epoch = 1;
    sc_root_derive(vault, keys);
    sc_sign_key_make(&keys->sign, keys->sign.seed);
    memcpy(vault->sign_pk, keys->sign.pk, SC_KEY_SIZE);
    return 0;
}

static int insert_vault_row(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc =
        sc_db_prepare(vault->db,
                      "INSERT INTO vault(id, vault_id, format, min_reader, min_writer, sign_pk) "
                      "VALUES(1, ?, ?, ?, ?, ?)",
                      &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, vault->vault_id, SC_UID_SIZE);
    sc_stmt_bind_int(stmt, 2, vault->format->number);
    sc_stmt_bind_int(stmt, 3, vault->format->min_reader);
    sc_stmt_bind_int(stmt, 4, vault->format->min_writer);
    sc_stmt_bind_blob(stmt, 5, vault->sign_pk, SC_KEY_SIZE);
    return sc_stmt_run(stmt, err);
}

int sc_vault_make_tables(struct sc_vault *vault, struct sc_error *err)
{
    int rc = sc_schema_create(vault->db, err);
    if (rc == 0)
        rc = insert_vault_row(vault, err);
    if (rc == 0)
        vault->fresh = false;
    return rc;
}

static int fill_new(struct sc_vault *vault, const struct sc_slot_new *slot, struct sc_error *err)
{
    vault->fresh = vault->making = true;
    int rc = make_root(vault, err);
    if (rc == 0)
        rc = sc_vault_begin(vault, err);
    if (rc == 0)
        rc = sc_slot_insert(vault, slot, vault->slot_id, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "init", "", NULL, err);
    if (rc == 0)
        rc = sc_vault_commit(vault, err);
    else
        sc_vault_rollback(vault);
    vault->making = false;
    return rc;
}

static int create(const char *path, enum sc_db_mode mode, const struct sc_slot_new *slot,
                  struct sc_vault **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = new_handle(path, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_db_open(path, mode, &vault->db, err);
    if (rc < 0)
        return rc;
    rc = fill_new(vault, slot, err);
    if (rc < 0) {
        sc_db_closep(&vault->db);
        unlink(path); /* ours: it was made with O_EXCL just now */
        return rc;
    }
    *ret = SC_TAKE(vault);
    return 0;
}

int sc_vault_create(const char *path, const struct sc_slot_new *slot, struct sc_vault **ret,
                    struct sc_error *err)
{
    return create(path, SC_DB_CREATE, slot, ret, err);
}

int sc_vault_create_portable(const char *path, const struct sc_slot_new *slot,
                             struct sc_vault **ret, struct sc_error *err)
{
    return create(path, SC_DB_CREATE_PORTABLE, slot, ret, err);
}

/* Columns 2 to 4: the least reader and writer, and the format. That they are the signed ones is
 * found out when the state is verified. */
static int check_format(const struct sc_vault *vault, struct sc_stmt *stmt, struct sc_error *err)
{
    unsigned number = vault->format_number, known = sc_schema_now()->number;
    if (sc_stmt_int(stmt, 4) != number)
        return sc_fail(err, SC_E_TAMPERED, "the vault's file says two formats");
    if (sc_stmt_int(stmt, 2) > known)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "this vault has format %u and needs a newer version of this program, which "
                       "knows format %u",
                       number, known);
    if (vault->access == SC_VAULT_WRITE && sc_stmt_int(stmt, 3) > known)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "this version of the program can read this vault, of format %u, but not "
                       "change it; update it",
                       number);
    if (number < known && !vault->any_format)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "this vault has the older format %u; bring it to format %u, keeping a copy, "
                       "with: secretsctl upgrade",
                       number, known);
    return 0;
}

static int read_vault_row(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(vault->db,
                           "SELECT vault_id, sign_pk, min_reader, min_writer, format FROM vault",
                           &stmt, err);
    if (rc == 0)
        rc = sc_stmt_step(stmt, &row, err);
    if (rc < 0)
        return rc;
    if (!row)
        return sc_fail(err, SC_E_TAMPERED, "the vault's file is damaged: its first row is missing");
    rc = check_format(vault, stmt, err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 0, vault->vault_id, SC_UID_SIZE, err);
    return rc < 0 ? rc : sc_stmt_fixed(stmt, 1, vault->sign_pk, SC_KEY_SIZE, err);
}

/* In one snapshot; a lie is told before anybody types a passphrase. */
static int verify_file(struct sc_vault *vault, struct sc_error *err)
{
    int rc = sc_db_begin(vault->db, SC_DB_BEGIN_READ, err);
    if (rc == 0)
        rc = sc_schema_check(vault->db, &vault->format, &vault->format_number, err);
    if (rc == SC_E_FORMAT)
        rc = sc_wrap(err, rc, "'%s'", vault->path);
    if (rc == 0)
        rc = read_vault_row(vault, err);
    if (rc == 0)
        rc = sc_state_refresh(vault, err);
    sc_db_rollback(vault->db);
    return rc;
}

static int open_database(struct sc_vault *vault, struct sc_error *err)
{
    enum sc_db_mode mode = vault->access == SC_VAULT_WRITE ? SC_DB_WRITE : SC_DB_READ;
    int rc = sc_db_open(vault->path, mode, &vault->db, err);
    return rc < 0 ? rc : verify_file(vault, err);
}

enum how { USUAL, IGNORE_PIN, ANY_FORMAT, COPY };

static int open_vault(const char *path, enum sc_vault_access access, enum how how,
                      struct sc_vault **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = new_handle(path, access, &vault, err);
    if (rc < 0)
        return rc;
    vault->ignore_pin = how == IGNORE_PIN || how == COPY;
    vault->any_format = how == ANY_FORMAT || how == COPY;
    rc = sc_vault_is_bundle(path) ? sc_bundle_open(vault, err) : open_database(vault, err);
    if (rc < 0)
        return rc;
    *ret = SC_TAKE(vault);
    return 0;
}

int sc_vault_open(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                  struct sc_error *err)
{
    return open_vault(path, access, USUAL, ret, err);
}

int sc_vault_open_unpinned(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                           struct sc_error *err)
{
    return open_vault(path, access, IGNORE_PIN, ret, err);
}

int sc_vault_open_copy(const char *path, struct sc_vault **ret, struct sc_error *err)
{
    return open_vault(path, SC_VAULT_READ, COPY, ret, err);
}

int sc_vault_open_old(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err)
{
    return open_vault(path, access, ANY_FORMAT, ret, err);
}

int sc_vault_unlock(struct sc_vault *vault, const struct sc_unlock *with, struct sc_error *err)
{
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = sc_slot_unlock(vault, with, err);
    if (rc == 0)
        rc = sc_scope_load(vault, err); /* now with names */
    sc_view_end(vault);
    return rc;
}

void sc_vault_id(const struct sc_vault *vault, unsigned char ret[SC_VAULT_ID_SIZE])
{
    memcpy(ret, vault->vault_id, SC_VAULT_ID_SIZE);
}

int sc_vault_reopener(const struct sc_vault *vault, struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    struct sc_bytes keys = sc_secret_view(&vault->opened_by);
    if (keys.len == 0)
        return sc_fail(err, SC_E_LOCKED, "the vault is locked");
    for (size_t at = 0; at + SC_AGE_SECRET_SIZE <= keys.len; at += SC_AGE_SECRET_SIZE) {
        int rc = sc_age_identity_print(keys.ptr + at, &line, err);
        if (rc == 0)
            rc = sc_secret_append(&text, line.ptr, line.len, err);
        if (rc == 0)
            rc = sc_secret_append(&text, "\n", 1, err);
        if (rc < 0)
            return rc;
    }
    sc_secret_move(ret, &text);
    return 0;
}

void sc_vault_on_warning(struct sc_vault *vault, sc_vault_warn_fn fn, void *ctx)
{
    vault->warn = fn;
    vault->warn_ctx = ctx;
}

/* The pin comes after the commit: one that is behind is accepted, one that is ahead never. What was
 * not authenticated by a key or an older pin is not pinned. */
static void pin(struct sc_vault *vault)
{
    struct sc_error err = {0};
    bool known = vault->root != NULL || vault->granted_count > 0 || vault->pinned_seq > 0;
    if (vault->ignore_pin || !known)
        return;
    int rc = sc_pin_update(vault, false, &err);
    if (rc < 0 && vault->warn != NULL && !sc_pin_is_given()) {
        SC_IGNORE(sc_wrap(&err, rc, "an older copy of the vault, put back, will not be noticed"));
        vault->warn(sc_error_message(&err), vault->warn_ctx);
    }
}

void sc_vault_close(struct sc_vault *vault)
{
    if (vault == NULL)
        return;
    sc_vault_rollback(vault);
    if (vault->db != NULL && vault->wrote)
        sc_db_checkpoint(vault->db);
    sc_db_closep(&vault->db);
    pin(vault);
    sc_scope_unload(vault);
    sc_grants_forget(vault);
    sc_arena_free(vault->root);
    sc_secret_done(&vault->opened_by);
    free(vault->verified.rows);
    free(vault->known);
    free(vault->path);
    free(vault);
}

void sc_vault_closep(struct sc_vault **vault)
{
    sc_vault_close(*vault);
    *vault = NULL;
}
