/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of a git pack; see audit/image/git/store.h.
 */
#include "audit/image/git/store.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/git/hash.h"
#include "audit/image/git/zlib.h"
#include "core/macros.h"

#include "core/banned.h"

#define CHUNK  ((size_t)1024 * 1024)
#define CHUNKS (SC_GIT_KEPT_MAX / CHUNK)
/* Objects that are remembered: a few chains of deltas. */
#define ITEMS 256
/* What it takes to go back by one delta, and to put one together, in bytes made meanwhile. */
#define COST_BACK ((uint64_t)256)
#define COST_STEP ((uint64_t)4096)
/* How often all objects are gone through for their names: an object that is looked for may be a
 * delta to another such. */
#define ROUNDS_MAX 16

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
    uint64_t chain[SC_GIT_CHAIN_MAX];
    struct sc_git_zlib zlib;
    struct sc_git_names names;
    struct sc_git_hash hash;
    struct sc_git_limits *limits;
};

struct sc_git_store *sc_git_store_new(struct sc_git_limits *limits, struct sc_error *err)
{
    struct sc_git_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
    else
        store->limits = limits;
    return store;
}

void sc_git_store_free(struct sc_git_store *store)
{
    sc_git_store_clear(store);
    if (store != NULL) {
        sc_git_zlib_done(&store->zlib);
        sc_git_hash_done(&store->hash);
    }
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
    sc_git_names_done(&store->names);
    store->limits->kept -= store->kept;
    store->kept = store->total = store->uses = 0;
}

bool sc_git_store_whole(const struct sc_git_store *store)
{
    return store->kept == store->total;
}

struct sc_git_names *sc_git_store_names(struct sc_git_store *store)
{
    return &store->names;
}

int sc_git_store_append(struct sc_git_store *store, struct sc_bytes data, struct sc_error *err)
{
    bool whole = sc_git_store_whole(store);
    store->total += data.len;
    while (whole && data.len > 0 && store->limits->kept < SC_GIT_KEPT_MAX) {
        size_t chunk = (size_t)(store->kept / CHUNK), at = (size_t)(store->kept % CHUNK);
        if (store->chunks[chunk] == NULL)
            store->chunks[chunk] = malloc(CHUNK);
        if (store->chunks[chunk] == NULL)
            return sc_fail_nomem(err);
        size_t n = SC_MIN(SC_MIN(CHUNK - at, data.len), SC_GIT_KEPT_MAX - store->limits->kept);
        memcpy(store->chunks[chunk] + at, data.ptr, n);
        store->kept += n;
        store->limits->kept += n;
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

/* What was not used for the longest time; an empty place never was, and may be left out. */
static struct item *oldest(struct sc_git_store *store, bool held)
{
    struct item *old = NULL;
    for (size_t i = 0; i < ITEMS; i++) {
        struct item *item = &store->items[i];
        if ((item->object != NULL || !held) && (old == NULL || item->used < old->used))
            old = item;
    }
    return old;
}

void sc_git_store_put(struct sc_git_store *store, uint64_t at, struct sc_git_object *object)
{
    struct item *held = NULL;
    while (store->cached > SC_GIT_CACHE_MAX - object->len && (held = oldest(store, true)) != NULL)
        forget(store, held);
    struct item *item = oldest(store, false);
    forget(store, item);
    *item = (struct item){at, ++store->uses, sc_git_object_ref(object)};
    store->cached += object->len;
}

/* ---- putting together ---- */

static int not_kept(struct sc_error *err)
{
    return sc_fail(err, SC_E_UNSUPPORTED, "it is a delta to what lies behind the first %zu MiB",
                   SC_GIT_KEPT_MAX / 1024 / 1024);
}

/* Takes it from what may be made. */
static int spend(struct sc_git_store *store, uint64_t bytes, struct sc_error *err)
{
    struct sc_git_limits *limits = store->limits;
    limits->made += bytes;
    if (limits->made <= SC_GIT_MADE_FREE || limits->made / SC_UNPACK_RATIO <= limits->fed)
        return 0;
    return sc_fail(err, SC_E_TOOBIG, "it takes too long to put together");
}

/* The header of the object there. */
static int read_header(struct sc_git_store *store, uint64_t at, struct sc_git_header *ret,
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
    int found = sc_git_header_read((struct sc_bytes){bytes, n}, &store->names.size, ret);
    if (found == 0)
        return not_kept(err);
    return found > 0 ? 0 : sc_fail(err, SC_E_SYNTAX, "it is a delta to what is no object");
}

/* The content of the object there, as it is packed. */
static struct sc_git_object *unpack(struct sc_git_store *store, uint64_t at,
                                    const struct sc_git_header *header, struct sc_error *err)
{
    if (spend(store, COST_STEP, err) < 0)
        return NULL;
    SC_CLEANUP(sc_git_object_unrefp)
    struct sc_git_object *object = sc_git_object_new(header->type, header->size, err);
    if (object == NULL)
        return NULL;
    int rc = sc_git_zlib_begin(&store->zlib, object, err);
    bool ended = false;
    at += header->len;
    while (rc == 0 && !ended) {
        struct sc_bytes run = kept_from(store, at);
        at += run.len;
        rc = run.len == 0 ? not_kept(err) : sc_git_zlib_write(&store->zlib, &run, &ended, err);
    }
    store->limits->made += store->zlib.filled;
    if (rc == 0)
        return sc_git_object_ref(object);
    sc_git_zlib_cut(&store->zlib);
    return NULL;
}

struct sc_git_object *sc_git_store_packed(struct sc_git_store *store, uint64_t at,
                                          struct sc_error *err)
{
    struct sc_git_header header;
    return read_header(store, at, &header, err) < 0 ? NULL : unpack(store, at, &header, err);
}

/* Where the object begins to which the one there is a delta. */
static int find_base(struct sc_git_store *store, uint64_t at, const struct sc_git_header *header,
                     uint64_t *ret, struct sc_error *err)
{
    if (header->type == SC_GIT_OFS_DELTA) {
        if (header->back == 0 || header->back > at)
            return sc_fail(err, SC_E_SYNTAX, "it is a delta to what is no object");
        *ret = at - header->back;
        return 0;
    }
    const struct sc_git_wanted *wanted = sc_git_names_find(&store->names, header->name);
    if (wanted == NULL || wanted->at == 0)
        return sc_fail(err, SC_E_NOTFOUND, "it is a delta to an object that is not in it%s",
                       sc_git_store_whole(store) ? "" : ", as far as it is kept");
    *ret = wanted->at;
    return 0;
}

/* Goes back to one that is whole; *ret_count deltas lead from there to the one asked for. */
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
        if (header.type != SC_GIT_OFS_DELTA && header.type != SC_GIT_REF_DELTA) {
            object = unpack(store, *at, &header, err);
            if (object != NULL)
                sc_git_store_put(store, *at, object);
            return object;
        }
        if (count == SC_GIT_CHAIN_MAX) {
            SC_IGNORE(sc_fail(err, SC_E_TOOBIG, "it is a delta to a delta, more than %d times",
                              SC_GIT_CHAIN_MAX));
            return NULL;
        }
        store->chain[count] = *at;
        if (find_base(store, *at, &header, at, err) < 0 || spend(store, COST_BACK, err) < 0)
            return NULL;
    }
}

struct sc_git_object *sc_git_store_apply(struct sc_git_store *store, uint64_t at,
                                         const struct sc_git_object *base,
                                         const struct sc_git_object *delta, struct sc_error *err)
{
    if (spend(store, 0, err) < 0)
        return NULL;
    struct sc_git_object *object =
        sc_git_object_apply(base, (struct sc_bytes){delta->bytes, delta->len}, err);
    /* A damaged one may have come as far as that. */
    store->limits->made += object == NULL ? SC_GIT_OBJECT_MAX : object->len;
    if (object == NULL)
        return NULL;
    sc_git_store_put(store, at, object);
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
        SC_CLEANUP(sc_git_object_unrefp)
        struct sc_git_object *delta = sc_git_store_packed(store, at, err);
        object = delta == NULL ? NULL : sc_git_store_apply(store, at, base, delta, err);
    }
    return object;
}

struct sc_git_object *sc_git_store_base(struct sc_git_store *store, uint64_t at,
                                        const struct sc_git_header *header, struct sc_error *err)
{
    uint64_t base = 0;
    return find_base(store, at, header, &base, err) < 0 ? NULL : sc_git_store_get(store, base, err);
}

/* ---- names ---- */

/* The object there, if it is one of those that are looked for. */
static int name_object(struct sc_git_store *store, struct sc_git_place *place, bool *ret_found,
                       struct sc_error *err)
{
    struct sc_error why = {0};
    SC_CLEANUP(sc_git_object_unrefp)
    struct sc_git_object *object = sc_git_store_get(store, place->at, &why);
    if (object == NULL)
        return why.code == SC_E_NOMEM ? sc_fail_nomem(err) : 0;
    place->named = true;
    uint64_t name = 0;
    int rc = sc_git_hash_name(&store->hash, object, store->names.size, &name, err);
    if (rc < 0)
        return rc;
    struct sc_git_wanted *wanted = sc_git_names_find(&store->names, name);
    if (wanted == NULL || wanted->at != 0)
        return 0;
    wanted->at = place->at;
    *ret_found = true;
    store->names.missing--;
    return 0;
}

int sc_git_store_find_names(struct sc_git_store *store, struct sc_error *err)
{
    int rc = 0;
    bool found = true;
    sc_git_names_sort(&store->names);
    for (int round = 0; found && round < ROUNDS_MAX; round++) {
        found = false;
        for (size_t i = 0; rc == 0 && store->names.missing > 0 && i < store->names.count; i++) {
            if (!store->names.places[i].named)
                rc = name_object(store, &store->names.places[i], &found, err);
        }
    }
    return rc;
}
