/* SPDX-License-Identifier: Apache-2.0
 *
 * Key slots for people: list, add, remove. Removing changes the root key, since whoever had the
 * slot had that key; nobody is asked for a passphrase, because every slot is a public key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/random.h"
#include "vault/age/age.h"
#include "vault/scope/grant.h"
#include "vault/scope/scope.h"
#include "vault/slot/meta.h"
#include "vault/slot/slot.h"
#include "vault/state/pin.h"
#include "vault/txn.h"

#include "core/banned.h"

static const char *kind_name(int64_t kind)
{
    switch (kind) {
    case SC_SLOT_PASSPHRASE:
        return "passphrase";
    case SC_SLOT_KEY_FILE:
        return "key-file";
    case SC_SLOT_BOTH:
        return "passphrase+key-file";
    case SC_SLOT_RECIPIENT:
        return "recipient";
    default:
        return "unknown";
    }
}

/* Columns: slot_id, kind, pk, meta. */
static int report_slot(const struct sc_vault *vault, struct sc_stmt *stmt, sc_key_fn fn, void *ctx,
                       struct sc_error *err)
{
    unsigned char id[SC_UID_SIZE], pk[SC_KEY_SIZE];
    struct sc_key_meta_opened meta;
    struct sc_key_info info = {.kind = kind_name(sc_stmt_int(stmt, 1))};
    int rc = sc_stmt_fixed(stmt, 0, id, sizeof(id), err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 2, pk, sizeof(pk), err);
    if (rc == 0)
        rc = sc_key_meta_open(vault, "slot-meta", id, sc_stmt_blob(stmt, 3), &meta, err);
    if (rc < 0)
        return rc;
    sc_hex(info.id, id, sizeof(id));
    if (sc_stmt_int(stmt, 1) == SC_SLOT_RECIPIENT)
        sc_age_recipient_print(info.recipient, pk);
    memcpy(info.label, meta.label, sizeof(info.label));
    info.created = meta.created;
    info.current = memcmp(id, vault->slot_id, sizeof(id)) == 0;
    return fn(&info, ctx, err);
}

int sc_vault_slots(struct sc_vault *vault, sc_key_fn fn, void *ctx, struct sc_error *err)
{
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "slots are listed with a key of the whole vault only");
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    rc = sc_state_check_slots(vault, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db, "SELECT slot_id, kind, pk, meta FROM slot ORDER BY slot_id",
                           &stmt, err);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = report_slot(vault, stmt, fn, ctx, err);
    }
    sc_stmt_resetp(&stmt);
    sc_view_end(vault);
    return rc < 0 ? rc : 0;
}

int sc_vault_ways_in(struct sc_vault *vault, unsigned *ret, struct sc_error *err)
{
    int64_t ways = 0, grants = 0;
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    /* Kinds count from 1, as the ways' bits do. */
    rc = sc_db_number(vault->db, "SELECT total(DISTINCT 1 << (kind - 1)) FROM slot", &ways, err);
    if (rc == 0)
        rc = sc_db_number(vault->db, "SELECT count(*) FROM scope_grant", &grants, err);
    sc_view_end(vault);
    if (rc == 0)
        *ret = (unsigned)ways | (grants > 0 ? SC_WAY_IDENTITY : 0);
    return rc;
}

static int count_slots(struct sc_vault *vault, int64_t *ret, struct sc_error *err)
{
    return sc_db_number(vault->db, "SELECT count(*) FROM slot", ret, err);
}

int sc_vault_slot_add(struct sc_vault *vault, const struct sc_slot_new *slot,
                      char ret_id[SC_KEY_ID_SIZE], struct sc_error *err)
{
    unsigned char id[SC_UID_SIZE];
    int64_t count = 0;
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = count_slots(vault, &count, err);
    if (rc == 0 && count >= SC_SLOTS_MAX)
        rc = sc_fail(err, SC_E_TOOBIG, "the vault has %d slots, as many as it may", SC_SLOTS_MAX);
    if (rc == 0)
        rc = sc_slot_insert(vault, slot, id, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "slot-add", slot->label != NULL ? slot->label : "", slot->reason,
                         err);
    rc = sc_txn_end(vault, own, rc, err);
    if (rc == 0)
        sc_hex(ret_id, id, sizeof(id));
    return rc;
}

/* The one slot whose number begins with these digits. */
static int find_slot(struct sc_vault *vault, const char *id, unsigned char ret[SC_UID_SIZE],
                     struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int found = 0;
    if (strlen(id) < 4)
        return sc_fail(err, SC_E_USAGE, "a slot is named by at least 4 digits of its number");
    int rc = sc_db_prepare(vault->db, "SELECT slot_id FROM slot", &stmt, err);
    for (bool row = true; rc == 0;) {
        unsigned char candidate[SC_UID_SIZE];
        char text[SC_KEY_ID_SIZE];
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = sc_stmt_fixed(stmt, 0, candidate, sizeof(candidate), err);
        sc_hex(text, candidate, sizeof(candidate));
        if (rc == 0 && strncmp(text, id, strlen(id)) == 0) {
            memcpy(ret, candidate, SC_UID_SIZE);
            found++;
        }
    }
    if (rc == 0 && found == 0)
        return sc_fail(err, SC_E_NOTFOUND, "there is no such slot; see: secretsctl slot list");
    if (rc == 0 && found > 1)
        return sc_fail(err, SC_E_USAGE, "several slots begin like this; give more digits");
    return rc;
}

static int delete_slot(struct sc_vault *vault, const char *id, struct sc_error *err)
{
    unsigned char slot[SC_UID_SIZE];
    int64_t count = 0;
    int rc = sc_txn_touch_slots(vault, err);
    if (rc == 0)
        rc = find_slot(vault, id, slot, err);
    if (rc == 0)
        rc = count_slots(vault, &count, err);
    if (rc == 0 && count <= 1)
        rc = sc_fail(err, SC_E_USAGE, "this is the last way into the vault; add another one first");
    if (rc == 0 && memcmp(slot, vault->slot_id, sizeof(slot)) == 0)
        rc = sc_fail(err, SC_E_USAGE,
                     "this is the slot that opened the vault; remove it with another key");
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    if (rc == 0)
        rc = sc_db_prepare(vault->db, "DELETE FROM slot WHERE slot_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, slot, sizeof(slot));
    return sc_stmt_run(stmt, err);
}

/* ---- a new root key ---- */

struct old_root {
    struct sc_root_keys *keys;
    uint32_t epoch;
    unsigned char sign_pk[SC_KEY_SIZE];
};

static int make_new_root(struct sc_vault *vault, bool new_verify_key, struct sc_error *err)
{
    struct sc_root_keys *keys = sc_arena_alloc(sizeof(*keys), err);
    if (keys == NULL)
        return SC_E_NOMEM;
    keys->sign = vault->root->sign;
    int rc = sc_random_bytes(keys->root, SC_KEY_SIZE, err);
    if (rc == 0 && new_verify_key)
        rc = sc_random_bytes(keys->sign.seed, SC_KEY_SIZE, err);
    if (rc < 0) {
        sc_arena_free(keys);
        return rc;
    }
    vault->root = keys;
    vault->root_epoch++;
    sc_root_derive(vault, keys);
    sc_sign_key_make(&keys->sign, keys->sign.seed);
    memcpy(vault->sign_pk, keys->sign.pk, SC_KEY_SIZE);
    return 0;
}

static void put_back(struct sc_vault *vault, struct old_root *old)
{
    if (vault->root != old->keys)
        sc_arena_free(vault->root);
    vault->root = old->keys;
    vault->root_epoch = old->epoch;
    memcpy(vault->sign_pk, old->sign_pk, SC_KEY_SIZE);
}

/* What is sealed under the old root keys, opened: the labels of slots and grants. */
struct label {
    unsigned char id[SC_UID_SIZE];
    unsigned char pk[SC_KEY_SIZE];
    struct sc_key_meta_opened meta;
};

static int read_labels(struct sc_vault *vault, struct label *list, size_t *ret_count,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    size_t count = 0;
    int rc = sc_db_prepare(vault->db, "SELECT slot_id, pk, meta FROM slot", &stmt, err);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        if (count == SC_SLOTS_MAX)
            return sc_fail(err, SC_E_TOOBIG, "the vault has more than %d slots", SC_SLOTS_MAX);
        struct label *label = &list[count++];
        rc = sc_stmt_fixed(stmt, 0, label->id, SC_UID_SIZE, err);
        if (rc == 0)
            rc = sc_stmt_fixed(stmt, 1, label->pk, SC_KEY_SIZE, err);
        if (rc == 0)
            rc = sc_key_meta_open(vault, "slot-meta", label->id, sc_stmt_blob(stmt, 2),
                                  &label->meta, err);
    }
    if (rc == 0)
        *ret_count = count;
    return rc;
}

static int reseal_slot(struct sc_vault *vault, const struct label *label, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(SC_SLOT_BLOB_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf meta = SC_BUF_INIT(SC_SLOT_BLOB_MAX);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_key_meta about = {.created = label->meta.created, .label = label->meta.label};
    int rc = sc_root_seal(vault, label->pk, &sealed, err);
    if (rc == 0)
        rc = sc_key_meta_seal(vault, "slot-meta", label->id, &about, &meta, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db, "UPDATE slot SET sealed_root=?, meta=? WHERE slot_id=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, sealed.data, sealed.len);
    sc_stmt_bind_blob(stmt, 2, meta.data, meta.len);
    sc_stmt_bind_blob(stmt, 3, label->id, SC_UID_SIZE);
    return sc_stmt_run(stmt, err);
}

static int store_verify_key(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "UPDATE vault SET sign_pk=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, vault->sign_pk, SC_KEY_SIZE);
    return sc_stmt_run(stmt, err);
}

/* Everything sealed under the root is opened with the old one first, then sealed with the new one.
 */
static int change_root(struct sc_vault *vault, const struct old_root *old, bool new_verify_key,
                       struct sc_error *err)
{
    struct label *slots = calloc(SC_SLOTS_MAX, sizeof(*slots));
    struct sc_grants grants = {0};
    size_t count = 0;
    int rc = slots != NULL ? sc_txn_touch_slots(vault, err) : sc_fail_nomem(err);
    if (rc == 0)
        rc = sc_txn_touch_grants(vault, err);
    if (rc == 0)
        rc = read_labels(vault, slots, &count, err);
    if (rc == 0)
        rc = sc_grants_load(vault, NULL, &grants, err);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++)
        rc = sc_scope_open(vault, &vault->scopes[i], err);
    if (rc == 0)
        rc = make_new_root(vault, new_verify_key, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = reseal_slot(vault, &slots[i], err);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++)
        rc = sc_scope_reseal(vault, &vault->scopes[i], err);
    if (rc == 0)
        rc = sc_grants_reseal(vault, &grants, err);
    if (rc == 0)
        rc = store_verify_key(vault, err);
    if (rc == 0)
        rc = sc_txn_note_audit_key(vault, old->keys->audit, err);
    sc_grants_done(&grants);
    free(slots);
    return rc;
}

static int rekey_scopes(struct sc_vault *vault, const char *reason, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        char name[SC_NAME_SIZE];
        snprintf(name, sizeof(name), "%s", vault->scopes[i].name);
        rc = sc_vault_rekey_scope(vault, name, reason, err);
    }
    return rc;
}

/* A new verify key is refused here like anywhere else until it is pinned. */
static int pin_verify_key(struct sc_vault *vault, struct sc_error *err)
{
    int rc = vault->ignore_pin ? 0 : sc_pin_update(vault, true, err);
    if (rc < 0)
        return sc_wrap(err, rc,
                       "the keys were changed, but the new verify key could not be remembered, so "
                       "run: secretsctl trust --accept-rollback REASON");
    return 0;
}

static int replace_root(struct sc_vault *vault, const char *remove_id, bool new_verify_key,
                        const char *reason, struct sc_error *err)
{
    struct old_root old = {.keys = vault->root, .epoch = vault->root_epoch};
    memcpy(old.sign_pk, vault->sign_pk, SC_KEY_SIZE);
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = remove_id != NULL ? delete_slot(vault, remove_id, err) : rekey_scopes(vault, reason, err);
    if (rc == 0)
        rc = change_root(vault, &old, new_verify_key, err);
    if (rc == 0)
        rc = sc_txn_note(vault, remove_id != NULL ? "slot-rm" : "rekey",
                         remove_id != NULL ? remove_id : "", reason, err);
    if (rc == 0)
        rc = sc_vault_commit(vault, err);
    else
        sc_vault_rollback(vault);
    if (rc < 0) {
        put_back(vault, &old);
        return rc;
    }
    sc_arena_free(old.keys);
    return new_verify_key ? pin_verify_key(vault, err) : 0;
}

int sc_vault_slot_remove(struct sc_vault *vault, const char *id, bool new_verify_key,
                         const char *reason, struct sc_error *err)
{
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key cannot write to the vault");
    return replace_root(vault, id, new_verify_key, reason, err);
}

int sc_vault_rekey_all(struct sc_vault *vault, bool new_verify_key, const char *reason,
                       struct sc_error *err)
{
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key cannot write to the vault");
    return replace_root(vault, NULL, new_verify_key, reason, err);
}
