/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants for people: list, add, remove. Removing re-keys the scope and marks what the removed party
 * could read as exposed.
 */
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "vault/age/age.h"
#include "vault/scope/bundle.h"
#include "vault/scope/rekey.h"
#include "vault/scope/scope.h"
#include "vault/txn.h"

#include "core/banned.h"

static int find_scope(struct sc_vault *vault, const char *name, struct sc_scope **ret,
                      struct sc_error *err)
{
    int rc = sc_name_check(name, 1, err);
    if (rc < 0)
        return rc;
    struct sc_scope *scope = sc_scope_by_name(vault, name, strlen(name));
    if (scope == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no scope '%s'", name);
    rc = sc_scope_open(vault, scope, err);
    if (rc == 0)
        *ret = scope;
    return rc;
}

int sc_vault_grants(struct sc_vault *vault, const char *scope_name, sc_key_fn fn, void *ctx,
                    struct sc_error *err)
{
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "grants are listed with a key of the whole vault only");
    struct sc_scope *scope = NULL;
    SC_CLEANUP(sc_grants_done) struct sc_grants grants = {0};
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    if (scope_name != NULL)
        rc = find_scope(vault, scope_name, &scope, err);
    if (rc == 0)
        rc = sc_state_check_grants(vault, err);
    if (rc == 0)
        rc = sc_grants_load(vault, scope, &grants, err);
    for (size_t i = 0; i < grants.count && rc >= 0; i++) {
        const struct sc_grant *grant = &grants.items[i];
        struct sc_key_info info = {.kind = "grant", .created = grant->meta.created};
        sc_hex(info.id, grant->hint, sizeof(grant->hint));
        sc_age_recipient_print(info.recipient, grant->meta.pk);
        memcpy(info.label, grant->meta.label, sizeof(info.label));
        memcpy(info.scope, sc_scope_by_id(vault, grant->scope_id)->name, sizeof(info.scope));
        rc = fn(&info, ctx, err);
    }
    sc_view_end(vault);
    return rc < 0 ? rc : 0;
}

static int insert(struct sc_vault *vault, struct sc_scope *scope, struct sc_grant *grant,
                  struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(SC_GRANT_BLOB_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf meta = SC_BUF_INIT(SC_GRANT_BLOB_MAX);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_scope_bundle_seal(vault, scope, grant->meta.pk, &sealed, err);
    if (rc == 0)
        rc = sc_grant_meta_seal(vault, scope, grant, &meta, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "INSERT INTO scope_grant(scope_id, hint, n, sealed, meta) "
                           "VALUES(?, ?, ?, ?, ?)",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    sc_stmt_bind_blob(stmt, 2, grant->hint, sizeof(grant->hint));
    sc_stmt_bind_int(stmt, 3, grant->n);
    sc_stmt_bind_blob(stmt, 4, sealed.data, sealed.len);
    sc_stmt_bind_blob(stmt, 5, meta.data, meta.len);
    return sc_stmt_run(stmt, err);
}

static int add_in_txn(struct sc_vault *vault, const char *scope_name, const char *recipient,
                      const char *label, struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    struct sc_grant grant = {.meta = {.created = time(NULL)}};
    SC_CLEANUP(sc_grants_done) struct sc_grants present = {0};
    int rc = sc_age_recipient_parse(recipient, grant.meta.pk, err);
    if (rc == 0 && label != NULL && strlen(label) >= sizeof(grant.meta.label))
        rc = sc_fail(err, SC_E_USAGE, "a label has at most %d bytes", SC_LABEL_SIZE - 1);
    if (rc == 0)
        rc = find_scope(vault, scope_name, &scope, err);
    if (rc == 0)
        rc = sc_txn_touch_grants(vault, err);
    if (rc == 0)
        rc = sc_grants_load(vault, scope, &present, err);
    if (rc < 0)
        return rc;
    if (label != NULL)
        memcpy(grant.meta.label, label, strlen(label) + 1);
    sc_grant_hint(vault, grant.meta.pk, grant.hint);
    grant.scope_id = scope->id;
    for (size_t i = 0; i < present.count; i++) {
        const struct sc_grant *other = &present.items[i];
        if (memcmp(other->meta.pk, grant.meta.pk, SC_KEY_SIZE) == 0)
            return sc_fail(err, SC_E_EXISTS, "this recipient has a grant on '%s' already",
                           scope_name);
        if (memcmp(other->hint, grant.hint, sizeof(grant.hint)) == 0)
            grant.n = other->n + 1;
    }
    rc = insert(vault, scope, &grant, err);
    return rc < 0 ? rc : sc_txn_note(vault, "grant-to", recipient, NULL, err);
}

int sc_vault_grant_add(struct sc_vault *vault, const char *scope, const char *recipient,
                       const char *label, const char *reason, struct sc_error *err)
{
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = sc_txn_note(vault, "grant-add", scope, reason, err);
    if (rc == 0)
        rc = add_in_txn(vault, scope, recipient, label, err);
    return sc_txn_end(vault, own, rc, err);
}

/* The one grant that `id` names: the recipient, or the first digits of the grant's number. */
static int find_grant(const struct sc_grants *grants, const char *id, const struct sc_grant **ret,
                      struct sc_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < grants->count; i++) {
        char hex[2 * SC_GRANT_HINT_SIZE + 1], recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
        sc_hex(hex, grants->items[i].hint, SC_GRANT_HINT_SIZE);
        sc_age_recipient_print(recipient, grants->items[i].meta.pk);
        bool by_number = strlen(id) >= 4 && strncmp(hex, id, strlen(id)) == 0;
        if (by_number || strcmp(recipient, id) == 0) {
            *ret = &grants->items[i];
            found++;
        }
    }
    if (found == 1)
        return 0;
    return found == 0
               ? sc_fail(err, SC_E_NOTFOUND, "there is no such grant; see: secretsctl grant list")
               : sc_fail(err, SC_E_USAGE, "several grants begin like this; give more digits");
}

static int delete_grant(struct sc_vault *vault, const struct sc_grant *grant, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db, "DELETE FROM scope_grant WHERE scope_id=? AND hint=? AND n=?",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, grant->scope_id);
    sc_stmt_bind_blob(stmt, 2, grant->hint, sizeof(grant->hint));
    sc_stmt_bind_int(stmt, 3, grant->n);
    return sc_stmt_run(stmt, err);
}

static int remove_in_txn(struct sc_vault *vault, const char *scope_name, const char *id,
                         const char *reason, struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    const struct sc_grant *grant = NULL;
    SC_CLEANUP(sc_grants_done) struct sc_grants grants = {0};
    int rc = find_scope(vault, scope_name, &scope, err);
    if (rc == 0)
        rc = sc_txn_touch_grants(vault, err);
    if (rc == 0)
        rc = sc_grants_load(vault, scope, &grants, err);
    if (rc == 0)
        rc = find_grant(&grants, id, &grant, err);
    if (rc == 0)
        rc = delete_grant(vault, grant, err);
    if (rc < 0)
        return rc;
    char recipient[SC_AGE_RECIPIENT_TEXT_SIZE];
    sc_age_recipient_print(recipient, grant->meta.pk);
    rc = sc_txn_note(vault, "grant-rm", scope_name, reason, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "grant-of", recipient, NULL, err);
    return rc < 0 ? rc : sc_scope_rekey(vault, scope, true, err);
}

int sc_vault_grant_remove(struct sc_vault *vault, const char *scope, const char *id,
                          const char *reason, struct sc_error *err)
{
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = remove_in_txn(vault, scope, id, reason, err);
    return sc_txn_end(vault, own, rc, err);
}

int sc_vault_rekey_scope(struct sc_vault *vault, const char *name, const char *reason,
                         struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    bool own = false;
    int rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = find_scope(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_txn_touch_grants(vault, err);
    if (rc == 0)
        rc = sc_scope_rekey(vault, scope, false, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "rekey", name, reason, err);
    return sc_txn_end(vault, own, rc, err);
}

int sc_vault_scopes(struct sc_vault *vault, struct sc_strv *ret, struct sc_error *err)
{
    int rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        if (vault->scopes[i].name[0] != '\0')
            rc = sc_strv_add(ret, vault->scopes[i].name, err);
    }
    sc_view_end(vault);
    return rc;
}
