/* SPDX-License-Identifier: Apache-2.0
 *
 * Listing entries, in order of name.
 *
 * One pass over the rows of a scope hashes them all; when the hash is the signed one, the name
 * records are opened in the order in which they are stored, which is the quick way through the
 * file. What is kept of an entry until all are sorted is a fortieth of a struct sc_entry_info.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/stash.h"
#include "vault/batch.h"
#include "vault/entry/meta.h"
#include "vault/scope/scope.h"
#include "vault/state/tree.h"
#include "vault/store/blobs.h"

#include "core/banned.h"

/* The fields of an entry between its name and its note. */
#define NUMBERS_AT   offsetof(struct sc_entry_info, kind)
#define NUMBERS_SIZE (offsetof(struct sc_entry_info, note) - NUMBERS_AT)

/* A verified row of a name record. */
struct found {
    int64_t blob_id;
    unsigned char idx[SC_KEY_SIZE];
    unsigned char hash[SC_KEY_SIZE];
};

struct listed {
    uint64_t key; /* the first bytes in which names differ, big-endian */
    const char *name, *note, *labels;
    unsigned char numbers[NUMBERS_SIZE];
};

struct listing {
    struct sc_vault *vault;
    const char *prefix;
    struct found *found; /* in the scope that is being walked */
    size_t found_count, found_cap;
    struct listed *items;
    size_t count, cap;
    struct sc_stash stash; /* what the items point to */
    struct sc_entry_info info;
};

static void listing_done(struct listing *listing)
{
    sc_stash_done(&listing->stash);
    free(listing->items);
    free(listing->found);
}

/* Everything is below ""; "a/b" is below "a" and below "a/b". */
static bool is_below(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    while (len > 0 && prefix[len - 1] == '/')
        len--;
    return len == 0 || (strncmp(name, prefix, len) == 0 && (name[len] == '/' || name[len] == '\0'));
}

static int find_row(const struct sc_tree_row *row, void *ctx, struct sc_error *err)
{
    struct listing *listing = ctx;
    if (row->kind != SC_RECORD_NAME || row->version != 0)
        return 0;
    struct found *grown = sc_items_reserve(listing->found, &listing->found_cap,
                                           listing->found_count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    listing->found = grown;
    struct found *found = &grown[listing->found_count++];
    found->blob_id = row->blob_id;
    memcpy(found->idx, row->idx, SC_KEY_SIZE);
    memcpy(found->hash, row->hash, SC_KEY_SIZE);
    return 0;
}

/* Keeps what listing->info holds. */
static int keep(struct listing *listing, struct sc_error *err)
{
    const struct sc_entry_info *info = &listing->info;
    struct listed *grown =
        sc_items_reserve(listing->items, &listing->cap, listing->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    listing->items = grown;
    struct listed item = {.note = "", .labels = ""};
    item.name = sc_stash_dup(&listing->stash, info->name, strlen(info->name), err);
    if (info->note[0] != '\0')
        item.note = sc_stash_dup(&listing->stash, info->note, strlen(info->note), err);
    if (info->labels[0] != '\0')
        item.labels = sc_stash_dup(&listing->stash, info->labels, strlen(info->labels), err);
    if (item.name == NULL || item.note == NULL || item.labels == NULL)
        return SC_E_NOMEM;
    memcpy(item.numbers, (const unsigned char *)info + NUMBERS_AT, NUMBERS_SIZE);
    listing->items[listing->count++] = item;
    return 0;
}

static int take_record(const struct sc_place *place, struct sc_bytes content,
                       struct listing *listing, struct sc_error *err)
{
    int rc = sc_meta_decode(place->scope, content, &listing->info, err);
    if (rc < 0 || listing->info.removed || !is_below(listing->info.name, listing->prefix))
        return rc;
    return keep(listing, err);
}

static int take_item(const struct sc_batch_item *item, struct sc_bytes content, void *ctx,
                     struct sc_error *err)
{
    return take_record(&item->place, content, ctx, err);
}

static struct sc_batch_item item_of(struct sc_scope *scope, const struct found *found)
{
    struct sc_batch_item item = {.place = {.scope = scope, .kind = SC_RECORD_NAME}};
    memcpy(item.place.idx, found->idx, SC_KEY_SIZE);
    memcpy(item.hash, found->hash, SC_KEY_SIZE);
    return item;
}

static int by_place(const void *a, const void *b)
{
    int64_t x = ((const struct found *)a)->blob_id, y = ((const struct found *)b)->blob_id;
    return x < y ? -1 : x > y;
}

static int open_all(struct listing *listing, struct sc_scope *scope, struct sc_error *err)
{
    SC_CLEANUP(sc_blobs_done) struct sc_blobs blobs = {0};
    SC_CLEANUP(sc_batch_done)
    struct sc_batch batch = {
        .vault = listing->vault, .work = SC_BATCH_OPEN, .each = take_item, .ctx = listing};
    int rc = sc_blobs_begin(listing->vault->db, &blobs, err);
    if (listing->found_count > 0)
        qsort(listing->found, listing->found_count, sizeof(*listing->found), by_place);
    for (size_t i = 0; i < listing->found_count && rc == 0; i++) {
        struct sc_batch_item item = item_of(scope, &listing->found[i]);
        struct sc_bytes sealed;
        rc = sc_blobs_read(&blobs, listing->found[i].blob_id, &sealed, err);
        if (rc == 0)
            rc = sc_batch_add(&batch, &item, sealed, err);
    }
    return rc < 0 ? rc : sc_batch_finish(&batch, err);
}

/* Inside a batch the tree is behind the rows, so each is verified where it stands. */
static int open_each(struct listing *listing, struct sc_scope *scope, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    int rc = 0;
    for (size_t i = 0; i < listing->found_count && rc == 0; i++) {
        struct sc_batch_item item = item_of(scope, &listing->found[i]);
        rc = sc_record_read(listing->vault, &item.place, &record, err);
        if (rc == 0)
            rc = take_record(&item.place, sc_secret_view(&record), listing, err);
    }
    return rc;
}

static int list_scope(struct listing *listing, struct sc_scope *scope, struct sc_error *err)
{
    const struct sc_tree_visit visit = {.row = find_row, .ctx = listing};
    struct sc_tree_sum unused;
    int rc = sc_scope_open(listing->vault, scope, err);
    listing->found_count = 0;
    if (rc < 0)
        return rc;
    if (listing->vault->txn != NULL) {
        rc = sc_tree_walk(listing->vault, scope, SC_TREE_ROOT_ONLY, &visit, &unused, err);
        return rc < 0 ? rc : open_each(listing, scope, err);
    }
    /* All at once: a listing must not leave out what somebody deleted. */
    rc = sc_tree_verify_all(listing->vault, scope, &visit, err);
    return rc < 0 ? rc : open_all(listing, scope, err);
}

/* Most names begin with the same scope: what tells them apart comes behind. */
static void set_keys(struct listing *listing)
{
    const char *first = listing->items[0].name;
    size_t same = strlen(first);
    for (size_t i = 1; i < listing->count; i++) {
        size_t n = 0;
        while (n < same && listing->items[i].name[n] == first[n])
            n++;
        same = n;
    }
    for (size_t i = 0; i < listing->count; i++) {
        struct listed *item = &listing->items[i];
        const unsigned char *at = (const unsigned char *)item->name + same;
        for (int bits = 56; bits >= 0 && *at != '\0'; bits -= 8)
            item->key |= (uint64_t)*at++ << bits;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int report(struct listing *listing, sc_entry_fn fn, void *ctx, struct sc_error *err)
{
    struct sc_entry_info *info = &listing->info;
    int rc = 0;
    if (listing->count == 0)
        return 0;
    set_keys(listing);
    qsort(listing->items, listing->count, sizeof(*listing->items), by_name);
    for (size_t i = 0; i < listing->count && rc >= 0; i++) {
        const struct listed *item = &listing->items[i];
        memcpy(info->name, item->name, strlen(item->name) + 1);
        memcpy(info->note, item->note, strlen(item->note) + 1);
        memcpy(info->labels, item->labels, strlen(item->labels) + 1);
        memcpy((unsigned char *)info + NUMBERS_AT, item->numbers, NUMBERS_SIZE);
        rc = fn(info, ctx, err);
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
    if (vault->txn == NULL)
        sc_db_scan_begin(vault->db);
    for (size_t i = 0; i < vault->scope_count && rc == 0; i++) {
        struct sc_scope *scope = &vault->scopes[i];
        bool wanted = is_below(scope->name, prefix) || is_below(prefix, scope->name);
        bool hidden = sc_name_is_internal(scope->name) && !sc_name_is_internal(prefix);
        if (scope->name[0] != '\0' && wanted && !hidden)
            rc = list_scope(&listing, scope, err);
    }
    if (vault->txn == NULL)
        sc_db_scan_end(vault->db);
    if (rc == 0)
        rc = report(&listing, fn, ctx, err);
    sc_view_end(vault);
    return rc;
}
