/* SPDX-License-Identifier: Apache-2.0
 *
 * Listing entries, in order of name.
 *
 * One pass over the rows of a scope hashes them all and sets the sealed name records aside; only
 * when the hash is the signed one are they opened, each in the place where it was sealed, and
 * decoded in the end one by one: a decoded entry is forty times the size.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/stash.h"
#include "vault/codec.h"
#include "vault/entry/meta.h"
#include "vault/scope/scope.h"
#include "vault/state/tree.h"

#include "core/banned.h"

struct listed {
    struct sc_scope *scope;
    unsigned char *idx;   /* 32 bytes */
    unsigned char *bytes; /* the record: sealed, later its content */
    size_t len;
    char *name; /* "scope/leaf"; NULL until it is opened */
};

struct listing {
    struct sc_vault *vault;
    struct sc_scope *scope; /* that is being walked */
    const char *prefix;
    struct listed *items;
    size_t count, cap;
    struct sc_stash stash; /* what the items point to */
};

static void listing_done(struct listing *listing)
{
    sc_stash_done(&listing->stash);
    free(listing->items);
}

static int grow(struct listing *listing, struct sc_error *err)
{
    struct listed *grown =
        sc_items_reserve(listing->items, &listing->cap, listing->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    listing->items = grown;
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

/* Sets a sealed name record aside. */
static int keep_row(struct sc_stmt *stmt, void *ctx, struct sc_error *err)
{
    struct listing *listing = ctx;
    if (sc_stmt_int(stmt, SC_ROW_KIND) != SC_RECORD_NAME || sc_stmt_int(stmt, SC_ROW_VER) != 0)
        return 0;
    struct sc_place place = {.scope = listing->scope, .kind = SC_RECORD_NAME};
    unsigned char hash[SC_KEY_SIZE];
    struct sc_bytes sealed = sc_stmt_blob(stmt, SC_ROW_CONTENT);
    int rc = sc_stmt_fixed(stmt, SC_ROW_IDX, place.idx, sizeof(place.idx), err);
    if (rc == 0)
        rc = sc_stmt_fixed(stmt, SC_ROW_HASH, hash, sizeof(hash), err);
    if (rc == 0)
        rc = sc_record_check(&place, sealed, hash, err);
    if (rc == 0)
        rc = grow(listing, err);
    if (rc < 0)
        return rc;
    unsigned char *kept = sc_stash_alloc(&listing->stash, SC_KEY_SIZE + sealed.len, err);
    if (kept == NULL)
        return SC_E_NOMEM;
    memcpy(kept, place.idx, SC_KEY_SIZE);
    memcpy(kept + SC_KEY_SIZE, sealed.ptr, sealed.len);
    listing->items[listing->count++] = (struct listed){
        .scope = listing->scope, .idx = kept, .bytes = kept + SC_KEY_SIZE, .len = sealed.len};
    return 0;
}

static int open_item(struct listing *listing, struct listed *item, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    struct sc_vault *vault = listing->vault;
    struct sc_place place = {.scope = item->scope, .kind = SC_RECORD_NAME};
    char name[SC_NAME_SIZE];
    bool removed = false;
    memcpy(place.idx, item->idx, SC_KEY_SIZE);
    /* Inside a batch the tree is behind the rows, so each is verified where it stands. */
    int rc = vault->txn != NULL
                 ? sc_record_read(vault, &place, &record, err)
                 : sc_record_open(vault, &place, (struct sc_bytes){item->bytes, item->len}, &record,
                                  err);
    if (rc == 0)
        rc = sc_meta_name(item->scope, sc_secret_view(&record), name, &removed, err);
    if (rc < 0 || removed || !is_below(name, listing->prefix))
        return rc;
    item->name = sc_stash_dup(&listing->stash, name, strlen(name), err);
    if (item->name == NULL)
        return SC_E_NOMEM;
    memcpy(item->bytes, record.ptr, record.len); /* shorter than it was sealed */
    item->len = record.len;
    return 0;
}

/* Opens what was kept since `from`, and drops what is not to be listed. */
static int open_items(struct listing *listing, size_t from, struct sc_error *err)
{
    int rc = 0;
    size_t wanted = from;
    for (size_t i = from; i < listing->count && rc == 0; i++) {
        rc = open_item(listing, &listing->items[i], err);
        if (rc == 0 && listing->items[i].name != NULL)
            listing->items[wanted++] = listing->items[i];
    }
    listing->count = wanted;
    return rc;
}

static int list_scope(struct listing *listing, struct sc_scope *scope, struct sc_error *err)
{
    const struct sc_tree_visit visit = {SC_TREE_NAMES, keep_row, listing};
    struct sc_tree_sum unused;
    size_t from = listing->count;
    int rc = sc_scope_open(listing->vault, scope, err);
    listing->scope = scope;
    if (rc < 0)
        return rc;
    /* All at once: a listing must not leave out what somebody deleted. */
    if (listing->vault->txn == NULL)
        rc = sc_tree_verify_all(listing->vault, scope, &visit, err);
    else
        rc = sc_tree_walk(listing->vault, scope, SC_TREE_ROOT_ONLY, &visit, &unused, err);
    return rc < 0 ? rc : open_items(listing, from, err);
}

static int report(struct listing *listing, sc_entry_fn fn, void *ctx, struct sc_error *err)
{
    int rc = 0;
    if (listing->count > 0)
        qsort(listing->items, listing->count, sizeof(*listing->items), by_name);
    for (size_t i = 0; i < listing->count && rc >= 0; i++) {
        const struct listed *item = &listing->items[i];
        struct sc_entry_info info;
        rc = sc_meta_decode(item->scope, (struct sc_bytes){item->bytes, item->len}, &info, err);
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
    SC_CLEANUP(listing_done) struct listing listing = {.vault = vault, .prefix = prefix};
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        struct sc_scope *scope = &vault->scopes[i];
        bool wanted = is_below(scope->name, prefix) || is_below(prefix, scope->name);
        bool hidden = sc_name_is_internal(scope->name) && !sc_name_is_internal(prefix);
        if (scope->name[0] != '\0' && wanted && !hidden)
            rc = list_scope(&listing, scope, err);
    }
    if (rc == 0)
        rc = report(&listing, fn, ctx, err);
    sc_view_end(vault);
    return rc;
}
