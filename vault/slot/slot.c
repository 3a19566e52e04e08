/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding slots and trying them; see vault/slot/slot.h.
 */
#include "vault/slot/slot.h"

#include <string.h>
#include <time.h>

#include "core/random.h"
#include "vault/age/age.h"
#include "vault/scope/grant.h"
#include "vault/slot/meta.h"
#include "vault/txn.h"

#include "core/banned.h"

static enum sc_slot_kind kind_of(const struct sc_slot_new *slot)
{
    if (slot->recipient != NULL)
        return SC_SLOT_RECIPIENT;
    if (slot->with.passphrase != NULL && slot->with.key_file != NULL)
        return SC_SLOT_BOTH;
    return slot->with.passphrase != NULL ? SC_SLOT_PASSPHRASE : SC_SLOT_KEY_FILE;
}

/* Makes the slot's key pair, and its secret key under the KEK. */
static int make_pair(const struct sc_vault *vault, const struct sc_slot_new *spec,
                     struct sc_slot *slot, struct sc_buf *wrapped, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret work = {0};
    unsigned char *sk = NULL;
    int rc = sc_secret_resize(&work, 2 * SC_KEY_SIZE, &sk, err);
    if (rc == 0)
        rc = sc_random_bytes(sk, SC_KEY_SIZE, err);
    if (rc < 0)
        return rc;
    unsigned char *kek = sk + SC_KEY_SIZE;
    sc_x25519_public(slot->pk, sk);
    rc = sc_slot_derive(vault, slot, &spec->with, kek, err);
    return rc < 0 ? rc : sc_slot_wrap(vault, slot, kek, sk, wrapped, err);
}

static int insert_row(struct sc_vault *vault, const struct sc_slot *slot,
                      const struct sc_buf *wrapped, const char *label, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(SC_SLOT_BLOB_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf meta = SC_BUF_INIT(SC_SLOT_BLOB_MAX);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_key_meta about = {.created = time(NULL), .label = label};
    int rc = sc_root_seal(vault, slot->pk, &sealed, err);
    if (rc == 0)
        rc = sc_key_meta_seal(vault, "slot-meta", slot->id, &about, &meta, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "INSERT INTO slot(slot_id, kind, pk, kdf_ops, kdf_mem, kdf_salt, "
                           "wrapped_sk, sealed_root, meta) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, slot->id, SC_UID_SIZE);
    sc_stmt_bind_int(stmt, 2, slot->kind);
    sc_stmt_bind_blob(stmt, 3, slot->pk, SC_KEY_SIZE);
    if (slot->cost.ops > 0) {
        sc_stmt_bind_int(stmt, 4, slot->cost.ops);
        sc_stmt_bind_int(stmt, 5, (int64_t)slot->cost.mem);
        sc_stmt_bind_blob(stmt, 6, slot->salt, SC_KDF_SALT_SIZE);
    }
    if (wrapped->len > 0)
        sc_stmt_bind_blob(stmt, 7, wrapped->data, wrapped->len);
    sc_stmt_bind_blob(stmt, 8, sealed.data, sealed.len);
    sc_stmt_bind_blob(stmt, 9, meta.data, meta.len);
    return sc_stmt_run(stmt, err);
}

int sc_slot_insert(struct sc_vault *vault, const struct sc_slot_new *spec,
                   unsigned char ret_id[SC_UID_SIZE], struct sc_error *err)
{
    if (spec->recipient == NULL && spec->with.passphrase == NULL && spec->with.key_file == NULL)
        return sc_fail(err, SC_E_USAGE, "a slot needs a passphrase, a key file or a recipient");
    struct sc_slot slot = {.kind = kind_of(spec)};
    SC_CLEANUP(sc_buf_done) struct sc_buf wrapped = SC_BUF_INIT(SC_SLOT_BLOB_MAX);
    int rc = sc_txn_touch_slots(vault, err);
    if (rc == 0)
        rc = sc_random_bytes(slot.id, sizeof(slot.id), err);
    if (rc == 0 && (slot.kind == SC_SLOT_PASSPHRASE || slot.kind == SC_SLOT_BOTH)) {
        slot.cost = sc_slot_cost(spec);
        rc = sc_random_bytes(slot.salt, sizeof(slot.salt), err);
        if (rc == 0 && sc_slot_check_cost(slot.cost, spec->with.any_kdf, NULL) < 0)
            rc = sc_fail(err, SC_E_USAGE,
                         "a passphrase costs 2 to 10 passes over 64 to 1024 MiB; anything else "
                         "takes --allow-kdf, here and whenever it is used");
    }
    if (rc == 0 && slot.kind == SC_SLOT_RECIPIENT)
        rc = sc_age_recipient_parse(spec->recipient, slot.pk, err);
    else if (rc == 0)
        rc = make_pair(vault, spec, &slot, &wrapped, err);
    if (rc == 0)
        rc = insert_row(vault, &slot, &wrapped, spec->label, err);
    if (rc == 0)
        memcpy(ret_id, slot.id, SC_UID_SIZE);
    return rc;
}

static int read_slot(struct sc_stmt *stmt, struct sc_slot *slot, struct sc_error *err)
{
    *slot = (struct sc_slot){.kind = (enum sc_slot_kind)sc_stmt_int(stmt, 1)};
    int64_t ops = sc_stmt_int(stmt, 3), mem = sc_stmt_int(stmt, 4);
    int rc = sc_stmt_fixed(stmt, 0, slot->id, SC_UID_SIZE, err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 2, slot->pk, SC_KEY_SIZE, err);
    if (rc < 0 || sc_stmt_blob(stmt, 5).len == 0)
        return rc;
    if (ops < 0 || ops > UINT32_MAX || mem < 0)
        return sc_fail(err, SC_E_TAMPERED, "a key slot was changed");
    slot->cost = (struct sc_kdf_cost){.ops = (uint32_t)ops, .mem = (uint64_t)mem};
    return sc_stmt_fixed(stmt, 5, slot->salt, SC_KDF_SALT_SIZE, err);
}

/* Opens the slot of the present row with a passphrase or key file. */
static int try_kek(struct sc_vault *vault, const struct sc_slot *slot, const struct sc_unlock *with,
                   struct sc_stmt *stmt, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret work = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret sk = {0};
    unsigned char *kek = NULL;
    int rc = sc_secret_resize(&work, SC_KEY_SIZE, &kek, err);
    if (rc == 0)
        rc = sc_slot_derive(vault, slot, with, kek, err);
    if (rc == 0)
        rc = sc_slot_unwrap(vault, slot, kek, sc_stmt_blob(stmt, 6), &sk, err);
    if (rc == 0)
        rc = sc_root_open(vault, sk.ptr, sc_stmt_blob(stmt, 7), err);
    if (rc == 0)
        sc_secret_move(&vault->opened_by, &sk);
    return rc;
}

/* The identity whose public key is the slot's, if it is among `keys`. */
static int try_identity(struct sc_vault *vault, const struct sc_slot *slot,
                        const struct sc_secret *keys, struct sc_stmt *stmt, struct sc_error *err)
{
    for (size_t at = 0; at + SC_KEY_SIZE <= keys->len; at += SC_KEY_SIZE) {
        unsigned char pk[SC_KEY_SIZE];
        sc_x25519_public(pk, keys->ptr + at);
        if (memcmp(pk, slot->pk, SC_KEY_SIZE) == 0)
            return sc_root_open(vault, keys->ptr + at, sc_stmt_blob(stmt, 7), err);
    }
    return sc_fail(err, SC_E_BADPASS, "the slot needs another identity");
}

/* Cheap ways first: a passphrase costs its whole stretching for each slot. */
enum { PASS_IDENTITY, PASS_KEY_FILE, PASS_PASSPHRASE, PASS_MAX };

static bool belongs(const struct sc_slot *slot, int pass)
{
    /* An identity opens a slot of any kind when it is the slot's own key: so the agent does it. */
    if (pass == PASS_IDENTITY)
        return true;
    switch (slot->kind) {
    case SC_SLOT_KEY_FILE:
        return pass == PASS_KEY_FILE;
    case SC_SLOT_PASSPHRASE:
    case SC_SLOT_BOTH:
        return pass == PASS_PASSPHRASE;
    case SC_SLOT_RECIPIENT:
    default:
        return false;
    }
}

static int try_slots(struct sc_vault *vault, const struct sc_unlock *with,
                     const struct sc_secret *identities, int pass, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT slot_id, kind, pk, kdf_ops, kdf_mem, kdf_salt, wrapped_sk, "
                           "sealed_root FROM slot ORDER BY slot_id LIMIT 64",
                           &stmt, err);
    for (bool row = true; rc == 0;) {
        struct sc_slot slot;
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = read_slot(stmt, &slot, err);
        if (rc < 0 || !belongs(&slot, pass))
            continue;
        rc = pass == PASS_IDENTITY ? try_identity(vault, &slot, identities, stmt, err)
                                   : try_kek(vault, &slot, with, stmt, err);
        if (rc == 0) {
            memcpy(vault->slot_id, slot.id, SC_UID_SIZE);
            return 0;
        }
        if (rc == SC_E_BADPASS)
            rc = 0;
    }
    return rc < 0 ? rc : sc_fail(err, SC_E_BADPASS, "no slot fits");
}

int sc_slot_unlock(struct sc_vault *vault, const struct sc_unlock *with, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret identities = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret checked = {0};
    int rc = 0;
    if (with->identity != NULL)
        rc = sc_age_identities_parse(sc_secret_view(with->identity), &identities, err);
    if (rc == 0 && with->key_file != NULL) {
        /* A damaged key file is said to be one, instead of "nothing fits". */
        unsigned char *key = NULL;
        rc = sc_secret_resize(&checked, SC_KEY_SIZE, &key, err);
        if (rc == 0)
            rc = sc_slot_read_key_file(with->key_file, key, err);
    }
    if (rc < 0)
        return rc;
    rc = SC_E_BADPASS;
    for (int pass = 0; pass < PASS_MAX && rc == SC_E_BADPASS; pass++) {
        bool offered = pass == PASS_IDENTITY   ? with->identity != NULL
                       : pass == PASS_KEY_FILE ? with->key_file != NULL
                                               : with->passphrase != NULL;
        if (offered)
            rc = try_slots(vault, with, &identities, pass, err);
    }
    if (rc == SC_E_BADPASS && with->identity != NULL)
        rc = sc_grants_unlock(vault, &identities, err);
    if (rc == SC_E_BADPASS)
        return sc_fail(
            err, SC_E_BADPASS,
            "what was given does not open this vault: a wrong passphrase, key or identity");
    if (rc == 0 && vault->opened_by.len == 0)
        sc_secret_move(&vault->opened_by, &identities);
    return rc;
}

int sc_slot_reopen(struct sc_vault *vault, uint32_t epoch, struct sc_error *err)
{
    int rc = try_slots(vault, NULL, &vault->opened_by, PASS_IDENTITY, err);
    if (rc == SC_E_BADPASS || (rc == 0 && vault->root_epoch != epoch))
        return sc_fail(err, SC_E_LOCKED,
                       "the vault's root key was changed, and the key in use opens it no longer");
    return rc;
}
