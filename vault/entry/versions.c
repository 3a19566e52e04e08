/* SPDX-License-Identifier: Apache-2.0
 *
 * History: listing the versions of an entry, and moving them all to another name.
 */
#include "vault/entry/versions.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "vault/entry/meta.h"
#include "vault/state/tree.h"
#include "vault/txn.h"

#include "core/banned.h"

struct versions {
    struct sc_version *list;
    size_t count, cap;
};

static int add_version(struct versions *to, uint64_t number, uint32_t kind, struct sc_error *err)
{
    struct sc_version *grown =
        sc_items_reserve(to->list, &to->cap, to->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    to->list = grown;
    grown[to->count++] = (struct sc_version){.number = number, .kind = (enum sc_record_kind)kind};
    return 0;
}

/* From the verified rows: another look at the file might see others. */
static int verified_versions(struct sc_vault *vault, const struct sc_place *name,
                             struct versions *ret, struct sc_error *err)
{
    uint64_t unused = 0;
    int rc = sc_tree_verify(vault, name->scope, name->idx, &unused, err);
    for (size_t i = 0; rc == 0 && i < vault->verified.count; i++) {
        const struct sc_kept_row *row = &vault->verified.rows[i];
        if (row->version > 0)
            rc = add_version(ret, row->version, row->kind, err);
    }
    return rc;
}

/* Inside a batch that has changed the bucket, when the tree is behind the rows. */
static int changed_versions(struct sc_vault *vault, const struct sc_place *name,
                            struct versions *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT ver, kind FROM rec WHERE scope_id=? AND idx=? AND ver>0 "
                           "ORDER BY ver",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, name->scope->id);
    sc_stmt_bind_blob(stmt, 2, name->idx, SC_KEY_SIZE);
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = add_version(ret, (uint64_t)sc_stmt_int(stmt, 0), (uint32_t)sc_stmt_int(stmt, 1), err);
    }
    return rc;
}

int sc_versions_of(struct sc_vault *vault, const struct sc_place *name,
                   struct sc_version **ret_list, size_t *ret_count, struct sc_error *err)
{
    struct versions versions = {0};
    int rc = sc_txn_has_touched(vault, name->scope, name->idx)
                 ? changed_versions(vault, name, &versions, err)
                 : verified_versions(vault, name, &versions, err);
    if (rc < 0) {
        free(versions.list);
        return rc;
    }
    *ret_list = versions.list;
    *ret_count = versions.count;
    return 0;
}

int sc_version_read(struct sc_vault *vault, const struct sc_place *place,
                    struct sc_entry_info *info, struct sc_secret *ret_value, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_bytes value;
    int rc = sc_record_read(vault, place, &record, err);
    if (rc == 0)
        rc = sc_value_decode(sc_secret_view(&record), info, &value, err);
    if (rc < 0)
        return rc;
    info->version = place->version;
    if (ret_value == NULL)
        return 0;
    /* The value moves to the front of the block it was decrypted into: no second copy. */
    memmove(record.ptr, value.ptr, value.len);
    sc_secret_truncate(&record, value.len);
    sc_secret_move(ret_value, &record);
    return 0;
}

static int history(struct sc_vault *vault, const char *name, sc_entry_fn fn, void *ctx,
                   struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    struct sc_entry_info now;
    int rc = sc_scope_find(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, scope, name, &now, err);
    if (rc < 0)
        return rc;
    struct sc_place place = sc_place_of(scope, sc_name_leaf(name), 0, SC_RECORD_NAME);
    struct sc_version *versions = NULL;
    size_t count = 0;
    rc = sc_versions_of(vault, &place, &versions, &count, err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct sc_entry_info info = now;
        place.version = versions[i].number;
        place.kind = versions[i].kind;
        rc = sc_version_read(vault, &place, &info, NULL, err);
        if (rc == SC_E_NOTFOUND && vault->bundle.yes) { /* carried as its hash alone */
            rc = 0;
            continue;
        }
        info.removed = place.kind == SC_RECORD_TOMBSTONE;
        info.exposed = now.exposed && info.version == now.version;
        if (rc == 0)
            rc = fn(&info, ctx, err);
    }
    free(versions);
    return rc < 0 ? rc : 0;
}

int sc_vault_history(struct sc_vault *vault, const char *name, sc_entry_fn fn, void *ctx,
                     struct sc_error *err)
{
    int rc = sc_name_check(name, 2, err);
    if (rc == 0)
        rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = history(vault, name, fn, ctx, err);
    sc_view_end(vault);
    return rc;
}

/* Seals one version again under another name and takes it from the old one. */
static int move_version(struct sc_vault *vault, struct sc_place *from, struct sc_place *to,
                        const struct sc_version *version, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    from->version = to->version = version->number;
    from->kind = to->kind = version->kind;
    int rc = sc_record_read(vault, from, &record, err);
    if (rc == 0)
        rc = sc_record_write(vault, to, sc_secret_view(&record), err);
    return rc < 0 ? rc : sc_record_delete(vault, from, err);
}

static int move_rows(struct sc_vault *vault, struct sc_scope *from_scope, struct sc_scope *to_scope,
                     const char *from, const char *to, struct sc_error *err)
{
    struct sc_place old = sc_place_of(from_scope, sc_name_leaf(from), 0, SC_RECORD_NAME);
    struct sc_place new = sc_place_of(to_scope, sc_name_leaf(to), 0, SC_RECORD_NAME);
    const struct sc_place old_name = old;
    struct sc_version *versions = NULL;
    size_t count = 0;
    int rc = sc_versions_of(vault, &old, &versions, &count, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = move_version(vault, &old, &new, &versions[i], err);
    free(versions);
    return rc < 0 ? rc : sc_record_delete(vault, &old_name, err);
}

static int move_in_txn(struct sc_vault *vault, const char *from, const char *to,
                       struct sc_error *err)
{
    struct sc_scope *from_scope = NULL, *to_scope = NULL;
    struct sc_entry_info info, other;
    /* The target first: making its scope reorders the list of scopes. */
    int rc = sc_scope_ensure(vault, to, &to_scope, err);
    if (rc == 0)
        rc = sc_scope_find(vault, from, &from_scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, from_scope, from, &info, err);
    if (rc == 0 && info.removed)
        rc = sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", from);
    if (rc < 0)
        return rc;
    rc = sc_meta_read(vault, to_scope, to, &other, err);
    if (rc == 0)
        return sc_fail(err, SC_E_EXISTS, "the name '%s' is in use, or was", to);
    if (rc != SC_E_NOTFOUND)
        return rc;
    rc = move_rows(vault, from_scope, to_scope, from, to, err);
    if (rc < 0)
        return rc;
    memcpy(info.name, to, strlen(to) + 1);
    return sc_meta_write(vault, to_scope, &info, err);
}

int sc_vault_move(struct sc_vault *vault, const char *from, const char *to, const char *reason,
                  struct sc_error *err)
{
    bool own = false;
    int rc = sc_name_check(from, 2, err);
    if (rc == 0)
        rc = sc_name_check(to, 2, err);
    if (rc == 0)
        rc = sc_txn_join(vault, &own, err);
    if (rc < 0)
        return rc;
    rc = move_in_txn(vault, from, to, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "mv", from, reason, err);
    if (rc == 0)
        rc = sc_txn_note(vault, "mv-to", to, NULL, err);
    return sc_txn_end(vault, own, rc, err);
}
