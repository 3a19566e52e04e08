/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees of typed values; see compose/value.h and compose/tree/tree.h.
 *
 * Maps keep the order of the file. Above INDEX_FROM entries a map has a hash table beside it, so
 * that a file with many thousand services costs linear time.
 */
#include "compose/tree/tree.h"

#include <stdarg.h>
#include <string.h>

#include "core/banned.h"

#define INDEX_FROM 12

/* Open addressing; slots hold the entry's position plus one, 0 = free. */
struct sc_map_index {
    size_t mask;
    uint32_t slots[];
};

static size_t hash(const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return (size_t)(h ^ (h >> 29));
}

static void index_add(struct sc_map_index *index, const char *key, size_t position)
{
    size_t slot = hash(key) & index->mask;
    while (index->slots[slot] != 0)
        slot = (slot + 1) & index->mask;
    index->slots[slot] = (uint32_t)(position + 1);
}

/* (Re)builds the table for a map with room for `cap` entries; no table where memory is short: then
 * look-ups walk the entries. */
static void index_build(struct sc_model_pool *pool, struct sc_value *map)
{
    map->index = NULL;
    if (map->cap <= INDEX_FROM)
        return;
    size_t size = 32;
    while (size < (size_t)map->cap * 2)
        size *= 2;
    struct sc_map_index *index =
        sc_model_pool_alloc(pool, sizeof(*index) + size * sizeof(index->slots[0]));
    if (index == NULL)
        return;
    index->mask = size - 1;
    for (size_t i = 0; i < map->count; i++)
        index_add(index, map->u.entries[i].key, i);
    map->index = index;
}

static size_t find(const struct sc_value *map, const char *key)
{
    if (map->index != NULL) {
        size_t slot = hash(key) & map->index->mask;
        while (map->index->slots[slot] != 0) {
            size_t position = map->index->slots[slot] - 1;
            if (strcmp(map->u.entries[position].key, key) == 0)
                return position;
            slot = (slot + 1) & map->index->mask;
        }
        return SIZE_MAX;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (map->u.entries[i].key[0] == key[0] && strcmp(map->u.entries[i].key, key) == 0)
            return i;
    }
    return SIZE_MAX;
}

const struct sc_entry *sc_value_entry(const struct sc_value *map, const char *key)
{
    if (map == NULL || map->kind != SC_VALUE_MAP)
        return NULL;
    size_t position = find(map, key);
    return position != SIZE_MAX ? &map->u.entries[position] : NULL;
}

struct sc_value *sc_value_get(const struct sc_value *map, const char *key)
{
    const struct sc_entry *entry = sc_value_entry(map, key);
    return entry != NULL ? entry->value : NULL;
}

struct sc_value *sc_value_at(const struct sc_value *map, ...)
{
    va_list keys;
    va_start(keys, map);
    struct sc_value *value = NULL;
    for (const char *key = va_arg(keys, const char *); key != NULL;
         key = va_arg(keys, const char *)) {
        value = sc_value_get(map, key);
        map = value;
    }
    va_end(keys);
    return value;
}

bool sc_value_is(const struct sc_value *value, enum sc_value_kind kind)
{
    return value != NULL && value->kind == kind;
}

const char *sc_value_text(const struct sc_value *value)
{
    return sc_value_is(value, SC_VALUE_STRING) ? value->u.text : NULL;
}

bool sc_value_equals(const struct sc_value *value, const char *text)
{
    return sc_value_is(value, SC_VALUE_STRING) && value->count == strlen(text) &&
           memcmp(value->u.text, text, value->count) == 0;
}

static bool same_maps(const struct sc_value *a, const struct sc_value *b)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct sc_value *other = sc_value_get(b, a->u.entries[i].key);
        if (other == NULL || !sc_value_same(a->u.entries[i].value, other))
            return false;
    }
    return true;
}

bool sc_value_same(const struct sc_value *a, const struct sc_value *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case SC_VALUE_NULL:
        return true;
    case SC_VALUE_BOOL:
        return a->u.boolean == b->u.boolean;
    case SC_VALUE_INT:
    case SC_VALUE_UINT:
        return a->u.natural == b->u.natural;
    case SC_VALUE_FLOAT:
        return memcmp(&a->u.real, &b->u.real, sizeof(a->u.real)) == 0;
    case SC_VALUE_STRING:
        return memcmp(a->u.text, b->u.text, a->count) == 0;
    case SC_VALUE_MAP:
        return same_maps(a, b);
    case SC_VALUE_LIST:
        for (size_t i = 0; i < a->count; i++) {
            if (!sc_value_same(a->u.items[i], b->u.items[i]))
                return false;
        }
        return true;
    default:
        return false;
    }
}

static size_t hash_bytes(size_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = hash * 31 + at[i];
    return hash;
}

size_t sc_value_hash(const struct sc_value *value)
{
    size_t hash = (size_t)value->kind + value->count;
    switch (value->kind) {
    case SC_VALUE_BOOL:
        return hash + value->u.boolean;
    case SC_VALUE_INT:
    case SC_VALUE_UINT:
        return hash_bytes(hash, &value->u.natural, sizeof(value->u.natural));
    case SC_VALUE_FLOAT:
        return hash_bytes(hash, &value->u.real, sizeof(value->u.real));
    case SC_VALUE_STRING:
        return hash_bytes(hash, value->u.text, value->count);
    case SC_VALUE_MAP:
        for (size_t i = 0; i < value->count; i++) { /* in whatever order */
            const struct sc_entry *entry = &value->u.entries[i];
            hash += hash_bytes(sc_value_hash(entry->value), entry->key, strlen(entry->key));
        }
        return hash;
    case SC_VALUE_LIST:
        for (size_t i = 0; i < value->count; i++)
            hash = hash * 31 + sc_value_hash(value->u.items[i]);
        return hash;
    case SC_VALUE_NULL:
    default:
        return hash;
    }
}

struct sc_value *sc_tree_new(struct sc_model_pool *pool, enum sc_value_kind kind,
                             const struct sc_origin *origin)
{
    struct sc_value *value = sc_model_pool_alloc(pool, sizeof(*value));
    if (value == NULL)
        return NULL;
    value->kind = kind;
    value->origin = origin;
    if (kind == SC_VALUE_STRING)
        value->u.text = "";
    return value;
}

struct sc_value *sc_tree_bool(struct sc_model_pool *pool, bool boolean,
                              const struct sc_origin *origin)
{
    struct sc_value *value = sc_tree_new(pool, SC_VALUE_BOOL, origin);
    if (value != NULL)
        value->u.boolean = boolean;
    return value;
}

struct sc_value *sc_tree_int(struct sc_model_pool *pool, int64_t integer,
                             const struct sc_origin *origin)
{
    struct sc_value *value = sc_tree_new(pool, SC_VALUE_INT, origin);
    if (value != NULL)
        value->u.integer = integer;
    return value;
}

struct sc_value *sc_tree_text_n(struct sc_model_pool *pool, const char *text, size_t n,
                                const struct sc_origin *origin)
{
    struct sc_value *value = text != NULL ? sc_tree_new(pool, SC_VALUE_STRING, origin) : NULL;
    if (value == NULL)
        return NULL;
    value->u.text = text;
    value->count = n;
    return value;
}

struct sc_value *sc_tree_text(struct sc_model_pool *pool, const char *text,
                              const struct sc_origin *origin)
{
    return sc_tree_text_n(pool, text, text != NULL ? strlen(text) : 0, origin);
}

/* The old array stays in the pool. */
int sc_tree_reserve(struct sc_model_pool *pool, struct sc_value *value, size_t n,
                    struct sc_error *err)
{
    bool map = value->kind == SC_VALUE_MAP;
    size_t item_size = map ? sizeof(struct sc_entry) : sizeof(struct sc_value *);
    if (n <= value->cap)
        return 0;
    if (n > UINT32_MAX / 2)
        return sc_fail(err, SC_E_TOOBIG, "a collection has too many entries");
    void *room = sc_model_pool_array(pool, n, item_size);
    if (room == NULL)
        return sc_model_pool_fail(pool, err);
    if (value->count > 0)
        memcpy(room, (void *)value->u.items, value->count * item_size);
    value->u.items = room; /* the union's pointers have one representation */
    value->cap = (uint32_t)n;
    if (map)
        index_build(pool, value);
    return 0;
}

/* Makes room for one more item or entry. */
static int grow(struct sc_model_pool *pool, struct sc_value *value, struct sc_error *err)
{
    if (value->count < value->cap)
        return 0;
    return sc_tree_reserve(pool, value, value->cap == 0 ? 4 : (size_t)value->cap * 2, err);
}

int sc_tree_append(struct sc_model_pool *pool, struct sc_value *list, struct sc_value *item,
                   struct sc_error *err)
{
    if (item == NULL)
        return sc_model_pool_fail(pool, err);
    int rc = grow(pool, list, err);
    if (rc == 0)
        list->u.items[list->count++] = item;
    return rc;
}

int sc_tree_set(struct sc_model_pool *pool, struct sc_value *map, const char *key,
                struct sc_value *value, const struct sc_place *at, struct sc_error *err)
{
    if (value == NULL || key == NULL)
        return sc_model_pool_fail(pool, err);
    size_t position = find(map, key);
    if (position == SIZE_MAX) {
        int rc = grow(pool, map, err);
        if (rc < 0)
            return rc;
        position = map->count++;
        if (map->index != NULL)
            index_add(map->index, key, position);
    }
    struct sc_entry *entry = &map->u.entries[position];
    entry->key = key;
    entry->value = value;
    entry->at = at != NULL ? *at : (struct sc_place){0};
    return 0;
}

void sc_tree_reindex(struct sc_model_pool *pool, struct sc_value *map)
{
    index_build(pool, map);
}

bool sc_tree_remove(struct sc_model_pool *pool, struct sc_value *map, const char *key)
{
    size_t position = find(map, key);
    if (position == SIZE_MAX)
        return false;
    map->count--;
    memmove(&map->u.entries[position], &map->u.entries[position + 1],
            (map->count - position) * sizeof(map->u.entries[0]));
    index_build(pool, map);
    return true;
}

static bool clone_children(struct sc_model_pool *pool, struct sc_value *copy,
                           const struct sc_value *value)
{
    bool map = value->kind == SC_VALUE_MAP;
    copy->cap = (uint32_t)value->count;
    copy->u.items = sc_model_pool_array(pool, value->count,
                                        map ? sizeof(struct sc_entry) : sizeof(struct sc_value *));
    if (copy->u.items == NULL)
        return false;
    for (size_t i = 0; i < value->count; i++) {
        const struct sc_value *child = map ? value->u.entries[i].value : value->u.items[i];
        struct sc_value *child_copy = sc_tree_clone(pool, child);
        if (child_copy == NULL)
            return false;
        if (map) {
            copy->u.entries[i] = value->u.entries[i];
            copy->u.entries[i].value = child_copy;
        } else {
            copy->u.items[i] = child_copy;
        }
    }
    if (map)
        index_build(pool, copy);
    return true;
}

struct sc_value *sc_tree_clone(struct sc_model_pool *pool, const struct sc_value *value)
{
    struct sc_value *copy = sc_model_pool_alloc(pool, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    *copy = *value;
    bool collection = value->kind == SC_VALUE_MAP || value->kind == SC_VALUE_LIST;
    if (!collection)
        return copy;
    copy->index = NULL;
    return clone_children(pool, copy, value) ? copy : NULL;
}

const struct sc_origin *sc_origin_implied(void)
{
    static const struct sc_origin implied = {.routes = SC_ROUTE_IMPLIED};
    return &implied;
}

int sc_tree_route(struct sc_model_pool *pool, struct sc_value *value, unsigned routes,
                  const struct sc_place *via, struct sc_error *err)
{
    if ((value->origin->routes & routes) != routes || via != NULL) {
        struct sc_origin *copy = sc_model_pool_alloc(pool, sizeof(*copy));
        if (copy == NULL)
            return sc_model_pool_fail(pool, err);
        *copy = *value->origin;
        copy->routes |= routes;
        if (via != NULL)
            copy->via = *via;
        value->origin = copy;
    }
    bool map = value->kind == SC_VALUE_MAP;
    if (!map && value->kind != SC_VALUE_LIST)
        return 0;
    for (size_t i = 0; i < value->count; i++) {
        struct sc_value *child = map ? value->u.entries[i].value : value->u.items[i];
        int rc = sc_tree_route(pool, child, routes, via, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
