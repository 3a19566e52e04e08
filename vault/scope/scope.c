/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes; see vault/scope/scope.h.
 */
#include "vault/scope/scope.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/random.h"
#include "core/str.h"
#include "vault/codec.h"
#include "vault/state/tree.h"
#include "vault/txn.h"

#include "core/banned.h"

#define AAD_MAGIC "SCTLv1"
#define AAD_SIZE  (6 + SC_UID_SIZE + SC_UID_SIZE + 4)

/* What the sealed name (epoch 0) and the sealed key of a scope are bound to. */
static struct sc_bytes make_aad(unsigned char out[AAD_SIZE], const struct sc_vault *vault,
                                const struct sc_scope *scope, uint32_t epoch)
{
    memcpy(out, AAD_MAGIC, 6);
    memcpy(out + 6, vault->vault_id, SC_UID_SIZE);
    memcpy(out + 22, scope->uid, SC_UID_SIZE);
    sc_put_u32(out + 38, epoch);
    return (struct sc_bytes){out, AAD_SIZE};
}

static struct sc_seal_key seal_key(const struct sc_vault *vault, const unsigned char *key,
                                   const char *label)
{
    return (struct sc_seal_key){.key = key, .hedge = vault->root->hedge, .label = label};
}

static int open_name(struct sc_vault *vault, struct sc_scope *scope, struct sc_bytes sealed,
                     struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = seal_key(vault, vault->root->meta, "scope-name");
    SC_CLEANUP(sc_secret_done) struct sc_secret name = {0};
    int rc = sc_seal_open(&key, make_aad(aad, vault, scope, 0), sealed, &name, err);
    if (rc < 0)
        return sc_fail(err, SC_E_TAMPERED, "the name of a scope was changed");
    if (name.len == 0 || name.len >= sizeof(scope->name))
        return sc_fail(err, SC_E_FORMAT, "the name of a scope has a wrong length");
    memcpy(scope->name, name.ptr, name.len);
    scope->name[name.len] = '\0';
    return sc_name_check(scope->name, 1, err);
}

static const struct sc_granted *granted_of(const struct sc_vault *vault,
                                           const struct sc_scope *scope)
{
    for (size_t i = 0; i < vault->granted_count; i++) {
        const struct sc_granted *granted = &vault->granted[i];
        if (memcmp(granted->uid, scope->uid, SC_UID_SIZE) == 0 && granted->epoch == scope->epoch)
            return granted;
    }
    return NULL;
}

static void hash_bound(struct sc_scope *scope, struct sc_bytes name, struct sc_bytes sealed)
{
    struct sc_hasher hasher;
    sc_hasher_init(&hasher, "scope-bound");
    sc_hasher_add_sized(&hasher, name);
    sc_hasher_add_sized(&hasher, sealed);
    sc_hasher_final(&hasher, scope->bound);
}

static int read_row(struct sc_stmt *stmt, struct sc_scope *scope, struct sc_error *err)
{
    scope->id = sc_stmt_int(stmt, 0);
    scope->epoch = (uint32_t)sc_stmt_int(stmt, 2);
    scope->depth = (uint32_t)sc_stmt_int(stmt, 3);
    scope->rows = (uint64_t)sc_stmt_int(stmt, 4);
    int rc = sc_stmt_fixed(stmt, 1, scope->uid, SC_UID_SIZE, err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 5, scope->root, SC_KEY_SIZE, err);
    if (rc == 0 && (scope->depth > SC_TREE_DEPTH_MAX || sc_stmt_int(stmt, 4) < 0))
        rc = sc_fail(err, SC_E_TAMPERED, "a scope's hash tree has an impossible size");
    if (rc == 0)
        hash_bound(scope, sc_stmt_blob(stmt, 6), sc_stmt_blob(stmt, 7));
    return rc;
}

/* Names stay sealed until keys are there; a later load reads them. */
static int read_name(struct sc_vault *vault, struct sc_stmt *stmt, struct sc_scope *scope,
                     struct sc_error *err)
{
    if (vault->root != NULL)
        return open_name(vault, scope, sc_stmt_blob(stmt, 6), err);
    const struct sc_granted *granted = granted_of(vault, scope);
    if (granted != NULL)
        memcpy(scope->name, granted->name, sizeof(scope->name));
    return 0;
}

/* Takes name and keys over from the list read before, where the scope is still the same. */
static bool take_over(struct sc_vault *vault, struct sc_scope *scope)
{
    for (size_t i = 0; i < vault->scope_count; i++) {
        struct sc_scope *old = &vault->scopes[i];
        if (old->epoch == scope->epoch && memcmp(old->uid, scope->uid, SC_UID_SIZE) == 0 &&
            memcmp(old->bound, scope->bound, SC_KEY_SIZE) == 0 && old->name[0] != '\0') {
            memcpy(scope->name, old->name, sizeof(scope->name));
            scope->keys = SC_TAKE(old->keys);
            return true;
        }
    }
    return false;
}

static void free_scopes(struct sc_scope *scopes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sc_arena_free(scopes[i].keys);
    free(scopes);
}

void sc_scope_unload(struct sc_vault *vault)
{
    free_scopes(vault->scopes, vault->scope_count);
    vault->scopes = NULL;
    vault->scope_count = 0;
}

static int add_slot(struct sc_scope **list, size_t count, struct sc_error *err)
{
    if ((count & (count - 1)) != 0) /* grows at powers of two */
        return 0;
    size_t cap = count == 0 ? 1 : count * 2;
    if (cap > SC_SCOPES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the vault has more than %d scopes", SC_SCOPES_MAX);
    struct sc_scope *grown = realloc(*list, cap * sizeof(**list));
    if (grown == NULL)
        return sc_fail_nomem(err);
    *list = grown;
    return 0;
}

static bool is_same(const struct sc_scope *a, const struct sc_scope *b)
{
    return a->id == b->id && a->epoch == b->epoch && a->depth == b->depth && a->rows == b->rows &&
           memcmp(a->root, b->root, SC_KEY_SIZE) == 0 &&
           memcmp(a->bound, b->bound, SC_KEY_SIZE) == 0;
}

/* Inside a view the list is what it was, whatever was written: only one without rows may have come
 * or gone. Both are in order of uid. */
static bool has_stayed(const struct sc_vault *vault, const struct sc_scope *now, size_t count)
{
    for (size_t was = 0, is = 0; was < vault->scope_count || is < count;) {
        const struct sc_scope *old = was < vault->scope_count ? &vault->scopes[was] : NULL;
        const struct sc_scope *new = is < count ? &now[is] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : memcmp(old->uid, new->uid, SC_UID_SIZE);
        if (order == 0 ? !is_same(old, new) : (order < 0 ? old : new)->rows != 0)
            return false;
        was += order <= 0;
        is += order >= 0;
    }
    return true;
}

int sc_scope_load(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "SELECT scope_id, uid, epoch, depth, nrows, root, name, sk_root "
                           "FROM scope ORDER BY uid",
                           &stmt, err);
    struct sc_scope *list = NULL;
    size_t count = 0;
    bool row = rc == 0;
    while (rc == 0 && row) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = add_slot(&list, count, err);
        if (rc < 0)
            break;
        struct sc_scope *scope = &list[count];
        *scope = (struct sc_scope){0};
        rc = read_row(stmt, scope, err);
        if (rc == 0 && !take_over(vault, scope))
            rc = read_name(vault, stmt, scope, err);
        count++;
    }
    if (rc == 0 && vault->view_depth > 0 && !has_stayed(vault, list, count))
        rc = sc_txn_fail(err);
    if (rc < 0) {
        free_scopes(list, count);
        return rc;
    }
    sc_scope_unload(vault);
    vault->scopes = list;
    vault->scope_count = count;
    return 0;
}

struct sc_scope *sc_scope_by_name(struct sc_vault *vault, const char *name, size_t len)
{
    for (size_t i = 0; i < vault->scope_count; i++) {
        struct sc_scope *scope = &vault->scopes[i];
        if (scope->name[0] != '\0' && strlen(scope->name) == len &&
            memcmp(scope->name, name, len) == 0)
            return scope;
    }
    return NULL;
}

struct sc_scope *sc_scope_by_id(struct sc_vault *vault, int64_t id)
{
    for (size_t i = 0; i < vault->scope_count; i++) {
        if (vault->scopes[i].id == id)
            return &vault->scopes[i];
    }
    return NULL;
}

static void derive(struct sc_scope_keys *keys, const struct sc_scope *scope)
{
    unsigned char data[SC_UID_SIZE + 4];
    memcpy(data, scope->uid, SC_UID_SIZE);
    sc_put_u32(data + SC_UID_SIZE, scope->epoch);
    struct sc_bytes bound = {data, sizeof(data)};
    sc_kdf(keys->idx, keys->scope, "idx", bound);
    sc_kdf(keys->name, keys->scope, "name", bound);
    sc_kdf(keys->value, keys->scope, "value", bound);
    sc_kdf(keys->hedge, keys->scope, "hedge", bound);
}

/* Once the scope's own key has been filled in; otherwise `rc` says why not. */
static int take_keys(struct sc_scope *scope, struct sc_scope_keys *keys, int rc)
{
    if (rc < 0) {
        sc_arena_free(keys);
        return rc;
    }
    derive(keys, scope);
    scope->keys = keys;
    return 0;
}

static int read_key(struct sc_vault *vault, const struct sc_scope *scope,
                    unsigned char key[SC_KEY_SIZE], struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    bool row = false;
    int rc = sc_db_prepare(vault->db, "SELECT sk_root FROM scope WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    rc = sc_stmt_step(stmt, &row, err);
    if (rc == 0 && !row)
        rc = sc_fail(err, SC_E_TAMPERED, "a scope has vanished");
    if (rc < 0)
        return rc;
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key wrap = seal_key(vault, vault->root->wrap, "scope-key");
    SC_CLEANUP(sc_secret_done) struct sc_secret opened = {0};
    rc = sc_seal_open(&wrap, make_aad(aad, vault, scope, scope->epoch), sc_stmt_blob(stmt, 0),
                      &opened, err);
    if (rc < 0 || opened.len != SC_KEY_SIZE)
        return sc_fail(err, SC_E_TAMPERED, "the key of scope '%s' was changed", scope->name);
    memcpy(key, opened.ptr, SC_KEY_SIZE);
    return 0;
}

int sc_scope_open(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err)
{
    if (scope->keys != NULL)
        return 0;
    const struct sc_granted *granted = granted_of(vault, scope);
    if (vault->root == NULL && granted == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key does not open the scope");
    struct sc_scope_keys *keys = sc_arena_alloc(sizeof(*keys), err);
    if (keys == NULL)
        return SC_E_NOMEM;
    int rc = 0;
    if (vault->root != NULL)
        rc = read_key(vault, scope, keys->scope, err);
    else
        memcpy(keys->scope, granted->key, SC_KEY_SIZE);
    return take_keys(scope, keys, rc);
}

int sc_scope_find(struct sc_vault *vault, const char *entry, struct sc_scope **ret,
                  struct sc_error *err)
{
    int rc = sc_name_check(entry, 2, err);
    if (rc < 0)
        return rc;
    struct sc_scope *scope = sc_scope_by_name(vault, entry, sc_name_scope_len(entry));
    if (scope == NULL && vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key does not open the scope of '%s'", entry);
    if (scope == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'", entry);
    rc = sc_scope_open(vault, scope, err);
    if (rc == 0)
        *ret = scope;
    return rc;
}

int sc_scope_reseal(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err)
{
    unsigned char aad[AAD_SIZE];
    SC_CLEANUP(sc_buf_done) struct sc_buf name = SC_BUF_INIT(4096);
    SC_CLEANUP(sc_buf_done) struct sc_buf sealed = SC_BUF_INIT(4096);
    struct sc_seal_key meta = seal_key(vault, vault->root->meta, "scope-name");
    struct sc_seal_key wrap = seal_key(vault, vault->root->wrap, "scope-key");
    struct sc_bytes text = {(const unsigned char *)scope->name, strlen(scope->name)};
    int rc = sc_seal(&meta, make_aad(aad, vault, scope, 0), text, &name, err);
    if (rc == 0)
        rc = sc_seal(&wrap, make_aad(aad, vault, scope, scope->epoch),
                     (struct sc_bytes){scope->keys->scope, SC_KEY_SIZE}, &sealed, err);
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    if (rc == 0)
        rc = sc_db_prepare(
            vault->db, "UPDATE scope SET epoch=?, name=?, sk_root=? WHERE scope_id=?", &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->epoch);
    sc_stmt_bind_blob(stmt, 2, name.data, name.len);
    sc_stmt_bind_blob(stmt, 3, sealed.data, sealed.len);
    sc_stmt_bind_int(stmt, 4, scope->id);
    hash_bound(scope, sc_buf_view(&name), sc_buf_view(&sealed));
    return sc_stmt_run(stmt, err);
}

static int insert(struct sc_vault *vault, struct sc_scope *scope, struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_db_prepare(vault->db,
                           "INSERT INTO scope(uid, epoch, depth, nrows, root, name, sk_root) "
                           "VALUES(?, ?, 0, 0, zeroblob(32), zeroblob(0), zeroblob(0))",
                           &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_blob(stmt, 1, scope->uid, SC_UID_SIZE);
    sc_stmt_bind_int(stmt, 2, scope->epoch);
    rc = sc_stmt_run(stmt, err);
    if (rc < 0)
        return rc;
    scope->id = sc_db_last_id(vault->db);
    return sc_scope_reseal(vault, scope, err);
}

/* A fresh key for the scope's present epoch. */
static int make_keys(struct sc_scope *scope, struct sc_error *err)
{
    struct sc_scope_keys *keys = sc_arena_alloc(sizeof(*keys), err);
    if (keys == NULL)
        return SC_E_NOMEM;
    return take_keys(scope, keys, sc_random_bytes(keys->scope, SC_KEY_SIZE, err));
}

int sc_scope_ensure(struct sc_vault *vault, const char *entry, struct sc_scope **ret,
                    struct sc_error *err)
{
    int rc = sc_name_check(entry, 2, err);
    if (rc < 0)
        return rc;
    size_t len = sc_name_scope_len(entry);
    if (sc_scope_by_name(vault, entry, len) != NULL)
        return sc_scope_find(vault, entry, ret, err);
    if (vault->root == NULL)
        return sc_fail(err, SC_E_LOCKED, "this key cannot write to the vault");
    struct sc_scope scope = {.epoch = 1};
    memcpy(scope.name, entry, len);
    rc = sc_random_bytes(scope.uid, SC_UID_SIZE, err);
    if (rc == 0)
        rc = make_keys(&scope, err);
    if (rc == 0)
        rc = insert(vault, &scope, err);
    sc_arena_free(scope.keys);
    if (rc == 0)
        rc = sc_scope_load(vault, err); /* the list is ordered by uid */
    return rc < 0 ? rc : sc_scope_find(vault, entry, ret, err);
}

int sc_scope_renew(struct sc_vault *vault, struct sc_scope *scope, struct sc_scope_keys **ret_old,
                   struct sc_error *err)
{
    struct sc_scope_keys *old = scope->keys;
    scope->epoch++;
    int rc = make_keys(scope, err);
    if (rc < 0) {
        scope->epoch--;
        return rc;
    }
    *ret_old = old;
    return sc_scope_reseal(vault, scope, err);
}

void sc_scope_index(const struct sc_scope *scope, const char *leaf, unsigned char idx[SC_KEY_SIZE])
{
    sc_kdf(idx, scope->keys->idx, "name-index",
           (struct sc_bytes){(const unsigned char *)leaf, strlen(leaf)});
}
