/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a bundle out of a vault; see vault/bundle/bundle.h. What goes into it is verified first,
 * like everything that is signed.
 */
#include <string.h>
#include <time.h>

#include "vault/bundle/bundle.h"
#include "vault/codec.h"
#include "vault/scope/scope.h"
#include "vault/state/tree.h"
#include "vault/upkeep.h"

#include "core/banned.h"

#define VERSION 1

static void put_u32(struct sc_buf *out, uint32_t value)
{
    unsigned char bytes[4];
    sc_put_u32(bytes, value);
    sc_buf_append(out, bytes, sizeof(bytes));
}

static void put_u64(struct sc_buf *out, uint64_t value)
{
    unsigned char bytes[8];
    sc_put_u64(bytes, value);
    sc_buf_append(out, bytes, sizeof(bytes));
}

static void put_head(const struct sc_vault *vault, int64_t until, struct sc_buf *out)
{
    unsigned char state[SC_STATE_SIZE];
    sc_state_encode(&vault->state, vault->vault_id, state);
    sc_buf_append(out, SC_BUNDLE_MAGIC, SC_BUNDLE_MAGIC_SIZE);
    put_u32(out, VERSION);
    sc_buf_append(out, vault->sign_pk, SC_KEY_SIZE);
    put_u64(out, (uint64_t)time(NULL));
    put_u64(out, (uint64_t)until);
    sc_buf_append(out, state, sizeof(state));
    sc_buf_append(out, vault->state.sig, SC_SIGNATURE_SIZE);
    put_u32(out, (uint32_t)vault->scope_count);
    for (size_t i = 0; i < vault->scope_count; i++) {
        const struct sc_scope *scope = &vault->scopes[i];
        sc_buf_append(out, scope->uid, SC_UID_SIZE);
        put_u32(out, scope->epoch);
        put_u32(out, scope->depth);
        put_u64(out, scope->rows);
        sc_buf_append(out, scope->root, SC_KEY_SIZE);
        sc_buf_append(out, scope->bound, SC_KEY_SIZE);
    }
}

static int put_grants(struct sc_vault *vault, const struct sc_scope *scope, struct sc_buf *out,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    SC_CLEANUP(sc_buf_done) struct sc_buf list = SC_BUF_INIT(SC_BUNDLE_FILE_MAX);
    uint32_t count = 0;
    int rc = sc_db_prepare(vault->db,
                           "SELECT hint, sealed FROM scope_grant WHERE scope_id=? ORDER BY hint, n",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    for (bool row = true; rc == 0; count++) {
        unsigned char hint[SC_GRANT_HINT_SIZE];
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = sc_stmt_fixed(stmt, 0, hint, sizeof(hint), err);
        struct sc_bytes sealed = sc_stmt_blob(stmt, 1);
        sc_buf_append(&list, hint, sizeof(hint));
        put_u32(&list, (uint32_t)sealed.len);
        sc_buf_append(&list, sealed.ptr, sealed.len);
    }
    if (rc == 0)
        rc = sc_buf_status(&list, err);
    if (rc == 0 && count == 0)
        rc = sc_fail(err, SC_E_NOTFOUND,
                     "nobody has a grant on '%s', so nobody could read the bundle; first: "
                     "secretsctl grant add '%s' age1...",
                     scope->name, scope->name);
    if (rc == 0 && count > SC_BUNDLE_GRANTS_MAX)
        rc = sc_fail(err, SC_E_TOOBIG, "'%s' has more than %d grants", scope->name,
                     SC_BUNDLE_GRANTS_MAX);
    if (rc < 0)
        return rc;
    put_u32(out, count);
    sc_buf_append(out, list.data, list.len);
    return 0;
}

/* Columns: idx, ver, kind, rh, ct, newest version of the entry. */
static int put_row(struct sc_scope *scope, struct sc_stmt *stmt, bool history, struct sc_buf *out,
                   struct sc_error *err)
{
    struct sc_place place = {.scope = scope,
                             .version = (uint64_t)sc_stmt_int(stmt, 1),
                             .kind = (enum sc_record_kind)sc_stmt_int(stmt, 2)};
    unsigned char hash[SC_KEY_SIZE];
    struct sc_bytes sealed = sc_stmt_blob(stmt, 4);
    int rc = sc_stmt_fixed(stmt, 0, place.idx, sizeof(place.idx), err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 3, hash, sizeof(hash), err);
    if (rc == 0 && sealed.ptr == NULL)
        rc =
            sc_fail(err, SC_E_TAMPERED, "a record of scope '%s' has lost its content", scope->name);
    if (rc == 0)
        rc = sc_record_check(&place, sealed, hash, err);
    if (rc < 0)
        return rc;
    bool current = place.kind == SC_RECORD_NAME || place.version == (uint64_t)sc_stmt_int(stmt, 5);
    sc_buf_append(out, place.idx, sizeof(place.idx));
    put_u64(out, place.version);
    sc_buf_putc(out, (char)place.kind);
    sc_buf_putc(out, current || history ? 1 : 0);
    if (!current && !history) {
        sc_buf_append(out, hash, sizeof(hash));
        return 0;
    }
    put_u32(out, (uint32_t)sealed.len);
    sc_buf_append(out, sealed.ptr, sealed.len);
    return 0;
}

static int put_rows(struct sc_vault *vault, struct sc_scope *scope, bool history,
                    struct sc_buf *out, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_tree_verify_all(vault, scope, NULL, err);
    if (rc == 0)
        rc = sc_db_prepare(vault->db,
                           "SELECT idx, ver, kind, rh, ct, (SELECT max(ver) FROM rec AS r WHERE "
                           "r.scope_id=rec.scope_id AND r.idx=rec.idx) FROM rec LEFT JOIN blob "
                           "ON blob.id=rec.blob_id WHERE scope_id=? ORDER BY idx, ver, kind",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = put_row(scope, stmt, history, out, err);
    }
    return rc;
}

static bool is_asked_for(const struct sc_vault_bundle *how, const struct sc_scope *scope)
{
    for (size_t i = 0; i < how->scopes->count; i++) {
        if (strcmp(how->scopes->items[i], scope->name) == 0)
            return true;
    }
    return false;
}

/* Every scope asked for exists; how many there are, each counted once. */
static int count_parts(struct sc_vault *vault, const struct sc_vault_bundle *how, uint32_t *ret,
                       struct sc_error *err)
{
    uint32_t count = 0;
    for (size_t i = 0; i < how->scopes->count; i++) {
        const char *name = how->scopes->items[i];
        int rc = sc_name_check(name, 1, err);
        if (rc == 0 && sc_scope_by_name(vault, name, strlen(name)) == NULL)
            rc = sc_fail(err, SC_E_NOTFOUND, "there is no scope '%s'", name);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < vault->scope_count; i++)
        count += is_asked_for(how, &vault->scopes[i]) ? 1 : 0;
    if (count == 0 || count > SC_BUNDLE_PARTS_MAX)
        return sc_fail(err, SC_E_USAGE, "a bundle holds 1 to %d scopes", SC_BUNDLE_PARTS_MAX);
    *ret = count;
    return 0;
}

static int put_all(struct sc_vault *vault, const struct sc_vault_bundle *how, struct sc_buf *out,
                   struct sc_error *err)
{
    uint32_t parts = 0;
    int rc = count_parts(vault, how, &parts, err);
    if (rc == 0)
        rc = sc_state_check_grants(vault, err);
    if (rc < 0)
        return rc;
    put_head(vault, how->until, out);
    put_u32(out, parts);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        struct sc_scope *scope = &vault->scopes[i];
        if (!is_asked_for(how, scope))
            continue;
        sc_buf_append(out, scope->uid, SC_UID_SIZE);
        rc = put_grants(vault, scope, out, err);
        if (rc == 0)
            rc = put_rows(vault, scope, how->history, out, err);
    }
    return rc < 0 ? rc : sc_buf_status(out, err);
}

int sc_vault_bundle(struct sc_vault *vault, const struct sc_vault_bundle *how, struct sc_buf *ret,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_BUNDLE_FILE_MAX);
    unsigned char message[SC_BUNDLE_SIGNED_SIZE], sig[SC_SIGNATURE_SIZE];
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "a bundle is made with a key of the whole vault only");
    int rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = put_all(vault, how, &out, err);
    sc_view_end(vault);
    if (rc < 0)
        return rc;
    sc_bundle_signed(sc_buf_view(&out), message);
    sc_sign(sig, (struct sc_bytes){message, sizeof(message)}, &vault->root->sign);
    sc_buf_append(&out, sig, sizeof(sig));
    sc_buf_append(ret, out.data, out.len);
    rc = sc_buf_status(&out, err);
    return rc < 0 ? rc : sc_buf_status(ret, err);
}
