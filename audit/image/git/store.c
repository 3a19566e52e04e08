/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of a git pack; see audit/image/git/store.h.
 */
#include "audit/image/git/store.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/git/zlib.h"
#include "core/macros.h"

#include "core/banned.h"

#define CHUNK  ((size_t)1024 * 1024)
#define CHUNKS (SC_GIT_KEPT_MAX / CHUNK)
/* Objects that are remembered: a few chains of differences. */
#define ITEMS 256

struct item {
    uint64_t at;
    uint64_t used; /* when, counted in uses */
    struct sc_git_object *object;
};

struct sc_git_store {
    unsigned char *chunks[CHUNKS];
    uint64_t kept, total; /* bytes of the pack; they differ behind SC_GIT_KEPT_MAX */
    struct item items[ITEMS];
    size_t cached; /* bytes in items */
    uint64_t uses;
    uint64_t again; /* bytes that were put together once more */
    uint64_t chain[SC_GIT_CHAIN_MAX];
    struct sc_git_zlib zlib;
};

struct sc_git_store *sc_git_store_new(struct sc_error *err)
{
    struct sc_git_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
    return store;
}

void sc_git_store_free(struct sc_git_store *store)
{
    sc_git_store_clear(store);
    if (store != NULL)
        sc_git_zlib_done(&store->zlib);
    free(store);
}

static void forget(struct sc_git_store *store, struct item *item)
{
    if (item->object != NULL)
        store->cached -= item->object->len;
    sc_git_object_unref(item->object);
    *item = (struct item){0};
}

void sc_git_store_clear(struct sc_git_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < ITEMS; i++)
        forget(store, &store->items[i]);
    for (size_t i = 0; i < CHUNKS && store->chunks[i] != NULL; i++) {
        sc_wipe(store->chunks[i], CHUNK);
        free(store->chunks[i]);
        store->chunks[i] = NULL;
    }
    store->kept = store->total = store->uses = store->again = 0;
}

int sc_git_store_append(struct sc_git_store *store, struct sc_bytes data, struct sc_error *err)
{
    store->total += data.len;
    while (data.len > 0 && store->kept < SC_GIT_KEPT_MAX) {
        size_t chunk = (size_t)(store->kept / CHUNK), at = (size_t)(store->kept % CHUNK);
        if (store->chunks[chunk] == NULL)
            store->chunks[chunk] = malloc(CHUNK);
        if (store->chunks[chunk] == NULL)
            return sc_fail_nomem(err);
        size_t n = SC_MIN(CHUNK - at, data.len);
        memcpy(store->chunks[chunk] + at, data.ptr, n);
        store->kept += n;
        data = (struct sc_bytes){data.ptr + n, data.len - n};
    }
    return 0;
}

/* Bytes that are kept from there on, as far as they lie together. */
static struct sc_bytes kept_from(const struct sc_git_store *store, uint64_t at)
{
    if (at >= store->kept)
        return (struct sc_bytes){NULL, 0};
    size_t in = (size_t)(at % CHUNK);
    return (struct sc_bytes){store->chunks[at / CHUNK] + in,
                             (size_t)SC_MIN((uint64_t)(CHUNK - in), store->kept - at)};
}

/* ---- objects ---- */

static struct sc_git_object *find(struct sc_git_store *store, uint64_t at)
{
    for (size_t i = 0; i < ITEMS; i++) {
        struct item *item = &store->items[i];
        if (item->object != NULL && item->at == at) {
            item->used = ++store->uses;
            return sc_git_object_ref(item->object);
        }
    }
    return NULL;
}

/* The one to be given up next: an empty place, else what was not used for the longest time. */
static struct item *oldest(struct sc_git_store *store)
{
    struct item *old = &store->items[0];
    for (size_t i = 1; i < ITEMS; i++) {
        if (store->items[i].used < old->used)
            old = &store->items[i];
    }
    return old;
}

/* The same, among those that hold something. */
static struct item *oldest_held(struct sc_git_store *store)
{
    struct item *old = NULL;
    for (size_t i = 0; i < ITEMS; i++) {
        struct item *item = &store->items[i];
        if (item->object != NULL && (old == NULL || item->used < old->used))
            old = item;
    }
    return old;
}

void sc_git_store_put(struct sc_git_store *store, uint64_t at, struct sc_git_object *object)
{
    if (object->len > SC_GIT_CACHE_OBJECT_MAX)
        return;
    struct item *held = NULL;
    while (store->cached > SC_GIT_CACHE_MAX - object->len && (held = oldest_held(store)) != NULL)
        forget(store, held);
    struct item *item = oldest(store);
    forget(store, item);
    *item = (struct item){at, ++store->uses, sc_git_object_ref(object)};
    store->cached += object->len;
}

/* ---- putting together ---- */

static int not_kept(struct sc_error *err)
{
    return sc_fail(err, SC_E_UNSUPPORTED,
                   "it is a difference to what lies behind the first %zu MiB",
                   SC_GIT_KEPT_MAX / 1024 / 1024);
}

/* The header of the object there. */
static int read_header(const struct sc_git_store *store, uint64_t at, struct sc_git_header *ret,
                       struct sc_error *err)
{
    unsigned char bytes[SC_GIT_HEADER_MAX];
    size_t n = 0;
    for (struct sc_bytes run; n < sizeof(bytes); n += SC_MIN(run.len, sizeof(bytes) - n)) {
        run = kept_from(store, at + n);
        if (run.len == 0)
            break;
        memcpy(bytes + n, run.ptr, SC_MIN(run.len, sizeof(bytes) - n));
    }
    int found = sc_git_header_read((struct sc_bytes){bytes, n}, ret);
    if (found == 0)
        return not_kept(err);
    return found > 0 ? 0 : sc_fail(err, SC_E_SYNTAX, "it is a difference to what is no object");
}

/* The content of the object there, as it is packed. */
static struct sc_git_object *unpack(struct sc_git_store *store, uint64_t at,
                                    const struct sc_git_header *header, struct sc_error *err)
{
    SC_CLEANUP(sc_git_object_unrefp)
    struct sc_git_object *object = sc_git_object_new(header->type, header->size, err);
    int rc = object == NULL ? SC_E_NOMEM : sc_git_zlib_begin(&store->zlib, object, err);
    bool ended = false;
    at += header->len;
    while (rc == 0 && !ended) {
        struct sc_bytes run = kept_from(store, at);
        at += run.len;
        rc = run.len == 0 ? not_kept(err) : sc_git_zlib_write(&store->zlib, &run, &ended, err);
    }
    store->again += store->zlib.filled;
    if (rc == 0)
        return sc_git_object_ref(object);
    if (object != NULL)
        sc_git_zlib_cut(&store->zlib);
    return NULL;
}

/* Goes back to one that is whole; *ret_count differences lead from there to the one asked for. */
static struct sc_git_object *go_back(struct sc_git_store *store, uint64_t *at, size_t *ret_count,
                                     struct sc_error *err)
{
    struct sc_git_header header;
    size_t count = 0;
    for (;; count++) {
        struct sc_git_object *object = find(store, *at);
        *ret_count = count;
        if (object != NULL)
            return object;
        if (read_header(store, *at, &header, err) < 0)
            return NULL;
        if (header.type != SC_GIT_BACK && header.type != SC_GIT_NAMED) {
            object = unpack(store, *at, &header, err);
            if (object != NULL)
                sc_git_store_put(store, *at, object);
            return object;
        }
        if (count == SC_GIT_CHAIN_MAX) {
            SC_IGNORE(sc_fail(err, SC_E_TOOBIG,
                              "it is a difference to a difference, more than %d times",
                              SC_GIT_CHAIN_MAX));
            return NULL;
        }
        if (header.type == SC_GIT_NAMED) {
            SC_IGNORE(
                sc_fail(err, SC_E_UNSUPPORTED, "it is a difference to an object by its name"));
            return NULL;
        }
        if (header.back == 0 || header.back > *at) {
            SC_IGNORE(sc_fail(err, SC_E_SYNTAX, "it is a difference to what is no object"));
            return NULL;
        }
        store->chain[count] = *at;
        *at -= header.back;
    }
}

/* What the base becomes by the difference there. */
static struct sc_git_object *step(struct sc_git_store *store, uint64_t at,
                                  const struct sc_git_object *base, struct sc_error *err)
{
    struct sc_git_header header;
    if (store->again > SC_GIT_AGAIN_FREE && store->again / SC_UNPACK_RATIO > store->total) {
        SC_IGNORE(sc_fail(err, SC_E_TOOBIG, "it takes too long to put together"));
        return NULL;
    }
    if (read_header(store, at, &header, err) < 0)
        return NULL;
    SC_CLEANUP(sc_git_object_unrefp)
    struct sc_git_object *difference = unpack(store, at, &header, err);
    if (difference == NULL)
        return NULL;
    struct sc_git_object *object =
        sc_git_object_change(base, (struct sc_bytes){difference->bytes, difference->len}, err);
    if (object != NULL) {
        store->again += object->len;
        sc_git_store_put(store, at, object);
    }
    return object;
}

struct sc_git_object *sc_git_store_get(struct sc_git_store *store, uint64_t at,
                                       struct sc_error *err)
{
    size_t count = 0;
    struct sc_git_object *object = go_back(store, &at, &count, err);
    while (object != NULL && count > 0) {
        at = store->chain[--count];
        SC_CLEANUP(sc_git_object_unrefp) struct sc_git_object *base = object;
        object = step(store, at, base, err);
    }
    return object;
}
