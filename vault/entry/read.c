/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading entries: get and list.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "vault/entry/meta.h"
#include "vault/entry/versions.h"
#include "vault/scope/scope.h"
#include "vault/state/tree.h"

#include "core/banned.h"

static int get(struct sc_vault *vault, const char *name, uint64_t version,
               struct sc_secret *ret_value, struct sc_entry_info *info, struct sc_error *err)
{
    struct sc_scope *scope = NULL;
    int rc = sc_scope_find(vault, name, &scope, err);
    if (rc == 0)
        rc = sc_meta_read(vault, scope, name, info, err);
    if (rc < 0)
        return rc;
    if (version == 0 && info->removed)
        return sc_fail(err, SC_E_NOTFOUND, "there is no entry '%s'; it was removed", name);
    struct sc_place place = sc_place_of(scope, sc_name_leaf(name),
                                        version != 0 ? version : info->version, SC_RECORD_VALUE);
    bool newest = place.version == info->version && !info->removed;
    rc = sc_version_read(vault, &place, info, ret_value, err);
    if (rc == SC_E_NOTFOUND && newest)
        return sc_fail(err, SC_E_TAMPERED, "the value of '%s' is missing from the vault", name);
    if (rc == SC_E_NOTFOUND)
        return sc_fail(err, rc, "'%s' has no version %llu with a value", name,
                       (unsigned long long)place.version);
    if (rc == 0)
        info->removed = false;
    return rc < 0 ? sc_wrap(err, rc, "entry '%s'", name) : 0;
}

int sc_vault_get(struct sc_vault *vault, const char *name, uint64_t version,
                 struct sc_secret *ret_value, struct sc_entry_info *ret_info, struct sc_error *err)
{
    int rc = sc_name_check(name, 2, err);
    if (rc == 0)
        rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    struct sc_entry_info info;
    rc = get(vault, name, version, ret_value, &info, err);
    sc_view_end(vault);
    if (rc == 0 && ret_info != NULL)
        *ret_info = info;
    return rc;
}

/* Name records are kept as they come, decrypted, and decoded in order of name: a decoded entry is
 * forty times the size. */
struct listed {
    const struct sc_scope *scope;
    char *name;
    unsigned char *content;
    size_t len;
};

struct listing {
    const char *prefix;
    struct listed *items;
    size_t count, cap;
};

static void listing_done(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->items[i].name);
        free(listing->items[i].content);
    }
    free(listing->items);
}

static int listing_add(struct listing *listing, const struct sc_scope *scope, const char *name,
                       struct sc_bytes content, struct sc_error *err)
{
    if (listing->count == listing->cap) {
        size_t cap = SC_MAX(listing->cap * 2, (size_t)64);
        struct listed *grown = realloc(listing->items, cap * sizeof(*grown));
        if (grown == NULL)
            return sc_fail_nomem(err);
        listing->items = grown;
        listing->cap = cap;
    }
    struct listed item = {.scope = scope, .len = content.len};
    item.name = sc_str_dup(name, err);
    item.content = malloc(SC_MAX(content.len, (size_t)1));
    if (item.name == NULL || item.content == NULL) {
        free(item.name);
        free(item.content);
        return sc_fail_nomem(err);
    }
    memcpy(item.content, content.ptr, content.len);
    listing->items[listing->count++] = item;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

/* Everything is below ""; "a/b" is below "a" and below "a/b". */
static bool is_below(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    while (len > 0 && prefix[len - 1] == '/')
        len--;
    return len == 0 || (strncmp(name, prefix, len) == 0 && (name[len] == '/' || name[len] == '\0'));
}

/* A row of the listing: columns idx, ct, rh. */
static int add_record(struct sc_vault *vault, struct sc_place *place, struct sc_stmt *stmt,
                      struct listing *listing, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_entry_info info;
    unsigned char hash[SC_KEY_SIZE];
    struct sc_bytes sealed = sc_stmt_blob(stmt, 1);
    int rc = sc_stmt_fixed(stmt, 0, place->idx, sizeof(place->idx), err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, 2, hash, sizeof(hash), err);
    if (rc == 0)
        rc = sc_record_check(place, sealed, hash, err);
    /* Inside a batch the tree is behind the rows, so each is verified where it stands. */
    if (rc == 0 && vault->txn != NULL)
        rc = sc_record_read(vault, place, &record, err);
    else if (rc == 0)
        rc = sc_record_open(vault, place, sealed, &record, err);
    if (rc == 0)
        rc = sc_meta_decode(place->scope, sc_secret_view(&record), &info, err);
    if (rc < 0 || info.removed || !is_below(info.name, listing->prefix))
        return rc;
    return listing_add(listing, place->scope, info.name, sc_secret_view(&record), err);
}

static int list_scope(struct sc_vault *vault, struct sc_scope *scope, struct listing *listing,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_stmt_resetp) struct sc_stmt *stmt = NULL;
    int rc = sc_scope_open(vault, scope, err);
    /* All at once: a listing must not leave out what somebody deleted. */
    if (rc == 0 && vault->txn == NULL)
        rc = sc_tree_verify_all(vault, scope, err);
    if (rc == 0)
        rc = sc_db_prepare(
            vault->db,
            "SELECT rec.idx, blob.ct, rec.rh FROM rec JOIN blob ON blob.id=rec.blob_id "
            "WHERE scope_id=? AND ver=0 AND kind=3 ORDER BY idx",
            &stmt, err);
    if (rc < 0)
        return rc;
    sc_stmt_bind_int(stmt, 1, scope->id);
    struct sc_place place = {.scope = scope, .kind = SC_RECORD_NAME};
    for (bool row = true; rc == 0;) {
        rc = sc_stmt_step(stmt, &row, err);
        if (rc < 0 || !row)
            break;
        rc = add_record(vault, &place, stmt, listing, err);
    }
    return rc;
}

static int report(struct listing *listing, sc_entry_fn fn, void *ctx, struct sc_error *err)
{
    int rc = 0;
    if (listing->count > 0)
        qsort(listing->items, listing->count, sizeof(*listing->items), by_name);
    for (size_t i = 0; i < listing->count && rc >= 0; i++) {
        const struct listed *item = &listing->items[i];
        struct sc_entry_info info;
        rc = sc_meta_decode(item->scope, (struct sc_bytes){item->content, item->len}, &info, err);
        if (rc == 0)
            rc = fn(&info, ctx, err);
    }
    return rc < 0 ? rc : 0;
}

int sc_vault_list(struct sc_vault *vault, const char *prefix, sc_entry_fn fn, void *ctx,
                  struct sc_error *err)
{
    int rc = sc_view_need_keys(vault, err);
    if (rc == 0)
        rc = sc_view_begin(vault, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(listing_done) struct listing listing = {.prefix = prefix};
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        struct sc_scope *scope = &vault->scopes[i];
        bool wanted = is_below(scope->name, prefix) || is_below(prefix, scope->name);
        bool hidden = sc_name_is_internal(scope->name) && !sc_name_is_internal(prefix);
        if (scope->name[0] != '\0' && wanted && !hidden)
            rc = list_scope(vault, scope, &listing, err);
    }
    if (rc == 0)
        rc = report(&listing, fn, ctx, err);
    sc_view_end(vault);
    return rc;
}
