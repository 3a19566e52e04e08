/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants; see vault/scope/grant.h. The commands on them are in vault/scope/access.c.
 */
#include "vault/scope/grant.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "vault/age/age.h"
#include "vault/scope/bundle.h"
#include "vault/scope/scope.h"

#include "core/banned.h"

void sc_grant_hint(const struct sc_vault *vault, const unsigned char pk[SC_KEY_SIZE],
                   unsigned char hint[SC_GRANT_HINT_SIZE])
{
    unsigned char hash[SC_KEY_SIZE];
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "grant-hint");
    sc_hasher_add(&hasher, vault->vault_id, SC_UID_SIZE);
    sc_hasher_add(&hasher, pk, SC_KEY_SIZE);
    sc_hasher_final(&hasher, hash);
    memcpy(hint, hash, SC_GRANT_HINT_SIZE);
}

/* The label of a grant is bound to scope and recipient. */
static void meta_id(const struct sc_scope *scope, const unsigned char hint[SC_GRANT_HINT_SIZE],
                    unsigned char id[SC_UID_SIZE])
{
    unsigned char hash[SC_KEY_SIZE];
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "grant-id");
    sc_hasher_add(&hasher, scope->uid, SC_UID_SIZE);
    sc_hasher_add(&hasher, hint, SC_GRANT_HINT_SIZE);
    sc_hasher_final(&hasher, hash);
    memcpy(id, hash, SC_UID_SIZE);
}

void sc_grants_done(struct sc_grants *grants)
{
    free(grants->items);
    *grants = (struct sc_grants){0};
}

static int add_grant(struct sc_vault *vault, struct sc_stmt *stmt, struct sc_grants *list,
                     struct sc_error *err)
{
    if (list->count == SC_GRANTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the vault has more than %d grants", SC_GRANTS_MAX);
    struct sc_grant *grown =
        sc_items_reserve(list->items, &list->cap, list->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    list->items = grown;
    struct sc_grant *grant = &grown[list->count];
    *grant = (struct sc_grant){.scope_id = sc_stmt_int(stmt, 0), .n = sc_stmt_int(stmt, 2)};
    unsigned char id[SC_UID_SIZE];
    int rc = sc_stmt_fixed(stmt, 1, grant->hint, sizeof(grant->hint), err);
    const struct sc_scope *scope = sc_scope_by_id(vault, grant->scope_id);
    if (rc == 0 && scope == NULL)
        rc = sc_fail(err, SC_E_TAMPERED, "a grant belongs to no scope");
    if (rc < 0)
        return rc;
    meta_id(scope, grant->hint, id);
    rc = sc_key_meta_open(vault, "grant-meta", id, sc_stmt_blob(stmt, 3), &grant->meta, err);
    if (rc == 0)
        list->count++;
    return rc;
}

int sc_grants_load(struct sc_vault *vault, const struct sc_scope *scope, struct sc_grants *ret,
                   struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    SC_CLEANUP(sc_grants_done) struct sc_grants list = {0};
    int rc = sc_db_prepare(vault->db,
                           "SELECT scope_id, hint, n, meta FROM scope_grant "
                           "WHERE ?1 IS NULL OR scope_id=?1 ORDER BY scope_id, hint, n",
                           &stmt, err);
    if (rc < 0)
        return rc;
    if (scope != NULL)
        sc_stmt_bind_int(stmt, 1, scope->id);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = add_grant(vault, stmt, &list, err);
    }
    if (rc < 0)
        return rc;
    *ret = list;
    list = (struct sc_grants){0};
    return 0;
}

static int reseal(struct sc_vault *vault, const struct sc_grant *grant, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(SC_GRANT_BLOB_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf meta = SC_BUF_INIT(SC_GRANT_BLOB_MAX);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    struct sc_scope *scope = sc_scope_by_id(vault, grant->scope_id);
    if (scope == NULL)
        return sc_fail(err, SC_E_BUG, "a grant's scope has vanished");
    int rc = sc_scope_bundle_seal(vault, scope, grant->meta.pk, &sealed, err);
    if (rc == 0)
        rc = sc_grant_meta_seal(vault, scope, grant, &meta, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "UPDATE scope_grant SET sealed=?, meta=? WHERE scope_id=? AND hint=? "
                           "AND n=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, sealed.data, sealed.len);
    sc_stmt_bind_blob(stmt, 2, meta.data, meta.len);
    sc_stmt_bind_int(stmt, 3, grant->scope_id);
    sc_stmt_bind_blob(stmt, 4, grant->hint, sizeof(grant->hint));
    sc_stmt_bind_int(stmt, 5, grant->n);
    return sc_stmt_run(stmt, err);
}

int sc_grant_meta_seal(struct sc_vault *vault, const struct sc_scope *scope,
                       const struct sc_grant *grant, struct sc_buf *ret, struct sc_error *err)
{
    unsigned char id[SC_UID_SIZE];
    struct sc_key_meta about = {
        .created = grant->meta.created, .label = grant->meta.label, .pk = grant->meta.pk};
    meta_id(scope, grant->hint, id);
    return sc_key_meta_seal(vault, "grant-meta", id, &about, ret, err);
}

int sc_grants_reseal(struct sc_vault *vault, const struct sc_grants *grants, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < grants->count && rc == 0; i++)
        rc = reseal(vault, &grants->items[i], err);
    return rc;
}

/* ---- the reader's side ---- */

static int keep(struct sc_vault *vault, const struct sc_granted *granted,
                const unsigned char key[SC_KEY_SIZE], struct sc_error *err)
{
    struct sc_granted *grown =
        realloc(vault->granted, (vault->granted_count + 1) * sizeof(*vault->granted));
    if (grown == NULL)
        return sc_fail_nomem(err);
    vault->granted = grown;
    grown[vault->granted_count] = *granted;
    unsigned char *copy = sc_arena_alloc(SC_KEY_SIZE, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    memcpy(copy, key, SC_KEY_SIZE);
    grown[vault->granted_count++].key = copy;
    return 0;
}

static int open_grant(struct sc_vault *vault, const unsigned char sk[SC_KEY_SIZE],
                      struct sc_stmt *stmt, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret bundle = {0};
    struct sc_granted granted = {0};
    const struct sc_scope *scope = sc_scope_by_id(vault, sc_stmt_int(stmt, 0));
    int rc = sc_age_open(sk, sc_stmt_blob(stmt, 1), SC_SCOPE_BUNDLE_MAX, &bundle, err);
    if (rc == SC_E_BADPASS)
        return 0; /* the hint is short: this grant is for somebody else */
    if (rc == 0)
        rc = sc_scope_bundle_parse(vault, sc_secret_view(&bundle), &granted, err);
    if (rc < 0)
        return rc;
    if (scope == NULL || memcmp(scope->uid, granted.uid, SC_UID_SIZE) != 0 ||
        scope->epoch != granted.epoch)
        return sc_fail(err, SC_E_TAMPERED, "a grant belongs to another scope");
    return keep(vault, &granted, sc_scope_bundle_key(sc_secret_view(&bundle)), err);
}

int sc_grants_unlock(struct sc_vault *vault, const struct sc_secret *identities,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "SELECT scope_id, sealed FROM scope_grant WHERE hint=?",
                           &stmt, err);
    for (size_t at = 0; at + SC_KEY_SIZE <= identities->len && rc == 0; at += SC_KEY_SIZE) {
        const unsigned char *sk = identities->ptr + at;
        unsigned char pk[SC_KEY_SIZE], hint[SC_GRANT_HINT_SIZE];
        sc_x25519_public(pk, sk);
        sc_grant_hint(vault, pk, hint);
        sc_stmt_resetp(&stmt);
        sc_stmt_bind_blob(stmt, 1, hint, sizeof(hint));
        for (bool row = true; rc == 0;) {
            rc = sc_stmt_step(stmt, &row, err);
            if (rc < 0 || !row)
                break;
            rc = open_grant(vault, sk, stmt, err);
        }
    }
    if (rc == 0 && vault->granted_count == 0)
        return sc_fail(err, SC_E_BADPASS, "no grant fits");
    return rc;
}

static void free_granted(struct sc_granted *granted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sc_arena_free(granted[i].key);
    free(granted);
}

int sc_grants_reopen(struct sc_vault *vault, struct sc_error *err)
{
    struct sc_granted *old = vault->granted;
    size_t count = vault->granted_count;
    vault->granted = NULL;
    vault->granted_count = 0;
    int rc = sc_grants_unlock(vault, &vault->opened_by, err);
    if (rc < 0) {
        SC_SWAP(vault->granted, old);
        SC_SWAP(vault->granted_count, count);
    }
    free_granted(old, count);
    return rc == SC_E_BADPASS ? 0 : rc;
}

void sc_grants_forget(struct sc_vault *vault)
{
    free_granted(vault->granted, vault->granted_count);
    vault->granted = NULL;
    vault->granted_count = 0;
}
