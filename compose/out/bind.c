/* SPDX-License-Identifier: Apache-2.0
 *
 * Structures and collections; see compose/out/bind.h. Single values are in
 * compose/out/bind_value.c.
 */
#include "compose/out/bind.h"

#include <stdlib.h>
#include <string.h>

#include "compose/load/document.h"
#include "compose/out/bind_value.h"

#include "core/banned.h"

/* ---- order of keys ---- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Both keys differ at a and b, where neither has a letter; `back` digits in front are the same. */
static int compare_numbers(const char *a, const char *b, size_t back)
{
    bool leading = false;
    for (size_t i = 1; i <= back && (*a == '0' || *b == '0'); i++)
        leading = leading || a[-(ptrdiff_t)i] != '0';
    uint64_t left = leading ? 1 : 0;
    uint64_t right = left;
    size_t left_len = strspn(a, "0123456789");
    size_t right_len = strspn(b, "0123456789");
    for (size_t i = 0; i < left_len && i < 18; i++)
        left = left * 10 + (uint64_t)(a[i] - '0');
    for (size_t i = 0; i < right_len && i < 18; i++)
        right = right * 10 + (uint64_t)(b[i] - '0');
    if (left != right)
        return left < right ? -1 : 1;
    if (left_len != right_len)
        return left_len < right_len ? -1 : 1;
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Compares keys as Docker Compose orders them in YAML: numbers by value. */
static int natural_compare(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    if (a[i] == '\0' || b[i] == '\0')
        return a[i] == b[i] ? 0 : a[i] == '\0' ? -1 : 1;
    bool left = letter(a[i]);
    bool right = letter(b[i]);
    if (left && right)
        return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
    if (left != right) {
        bool after_digit = i > 0 && digit(a[i - 1]);
        return left == after_digit ? -1 : 1;
    }
    size_t back = 0;
    while (back < i && digit(a[i - back - 1]))
        back++;
    return compare_numbers(a + i, b + i, back);
}

static int compare_entries(const void *a, const void *b)
{
    return natural_compare(((const struct sc_entry *)a)->key, ((const struct sc_entry *)b)->key);
}

void sc_sort_map(struct sc_model_pool *pool, struct sc_value *map)
{
    size_t sorted = 1;
    while (sorted < map->count &&
           compare_entries(&map->u.entries[sorted - 1], &map->u.entries[sorted]) <= 0)
        sorted++;
    if (sorted >= map->count)
        return;
    qsort(map->u.entries, map->count, sizeof(map->u.entries[0]), compare_entries);
    sc_tree_reindex(pool, map);
}

/* ---- structures ---- */

/* Fields that structures show although they are not written: room for them, as a rule. */
#define UNWRITTEN 2

struct binder {
    struct sc_model_pool *pool;
    struct sc_error *err;
};

static int bind_struct(const struct binder *b, const struct sc_value *from,
                       const struct sc_field *fields, const struct sc_path *path,
                       struct sc_value **ret);

static int must_be(const struct binder *b, const struct sc_value *value, const struct sc_path *path,
                   const char *what)
{
    return sc_fail_value(b->err, SC_E_SYNTAX, value, path, "must be %s", what);
}

static int bind_structs(const struct binder *b, const struct sc_value *from,
                        const struct sc_field *fields, const struct sc_path *path,
                        struct sc_value **ret)
{
    if (from->kind != SC_VALUE_LIST)
        return must_be(b, from, path, "a list");
    struct sc_value *list = sc_tree_new(b->pool, SC_VALUE_LIST, from->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        struct sc_path next = sc_path_item(path, i);
        struct sc_value *item = NULL;
        rc = bind_struct(b, from->u.items[i], fields, &next, &item);
        if (rc == 0)
            rc = sc_tree_append(b->pool, list, item, b->err);
    }
    if (rc == 0)
        *ret = list;
    return rc;
}

/* name: structure; null stays null. */
static int bind_named(const struct binder *b, const struct sc_value *from,
                      const struct sc_field *field, const struct sc_path *path,
                      struct sc_value **ret)
{
    if (from->kind != SC_VALUE_MAP)
        return must_be(b, from, path, "a mapping");
    struct sc_value *map = sc_tree_new(b->pool, SC_VALUE_MAP, from->origin);
    int rc = map != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        const struct sc_entry *entry = &from->u.entries[i];
        struct sc_path next = sc_path_key(path, entry->key);
        struct sc_value *value = entry->value;
        if (field->kind == SC_FIELD_ULIMITS)
            rc = sc_bind_value(b->pool, SC_FIELD_ULIMIT, entry->value, &next, &value, b->err);
        else if (value->kind != SC_VALUE_NULL)
            rc = bind_struct(b, entry->value, field->fields, &next, &value);
        if (rc == 0)
            rc = sc_tree_set(b->pool, map, entry->key, value, &entry->at, b->err);
    }
    if (rc < 0)
        return rc;
    sc_sort_map(b->pool, map);
    *ret = map;
    return 0;
}

static int bind_field(const struct binder *b, const struct sc_value *from,
                      const struct sc_field *field, const struct sc_path *path,
                      struct sc_value **ret)
{
    switch (field->kind) {
    case SC_FIELD_STRUCT:
        return bind_struct(b, from, field->fields, path, ret);
    case SC_FIELD_STRUCTS:
        return bind_structs(b, from, field->fields, path, ret);
    case SC_FIELD_STRUCT_MAP:
    case SC_FIELD_ULIMITS:
        return bind_named(b, from, field, path, ret);
    default:
        return sc_bind_value(b->pool, field->kind, from, path, ret, b->err);
    }
}

static bool is_zero(const struct sc_value *value, const struct sc_field *field)
{
    switch (value->kind) {
    case SC_VALUE_NULL:
        return true;
    case SC_VALUE_BOOL:
        return !value->u.boolean;
    case SC_VALUE_INT:
    case SC_VALUE_UINT:
        return value->u.natural == 0;
    case SC_VALUE_FLOAT:
        return value->u.real == 0;
    case SC_VALUE_STRING:
        if (field->kind == SC_FIELD_SIZE)
            return sc_value_equals(value, "0");
        return value->count == 0 ||
               (field->kind == SC_FIELD_DURATION && sc_value_equals(value, "0s"));
    case SC_VALUE_LIST:
    case SC_VALUE_MAP:
    default:
        return value->count == 0;
    }
}

/* What a field shows that is not written; NULL for nothing. */
static struct sc_value *unset_value(const struct binder *b, const struct sc_field *field,
                                    const struct sc_value *from)
{
    static const enum sc_value_kind kinds[] = {
        [SC_FIELD_TEXT] = SC_VALUE_STRING,
        [SC_FIELD_BOOL] = SC_VALUE_BOOL,
        [SC_FIELD_INT] = SC_VALUE_INT,
        [SC_FIELD_FLOAT] = SC_VALUE_FLOAT,
    };
    const struct sc_origin *origin = from->origin;
    if ((field->flags & SC_FIELD_JSON_NULL) != 0) {
        struct sc_value *null = sc_tree_new(b->pool, SC_VALUE_NULL, origin);
        if (null != NULL)
            null->only = SC_ONLY_JSON;
        return null;
    }
    if (field->kind == SC_FIELD_SIZE)
        return sc_tree_text(b->pool, "0", origin);
    return sc_tree_new(b->pool, kinds[field->kind], origin);
}

/* A structure whose zero value JSON prints as {} (with what it always has inside). */
static int empty_struct(const struct binder *b, const struct sc_field *field,
                        const struct sc_value *from, const struct sc_path *path,
                        struct sc_value **ret)
{
    struct sc_value *nothing = sc_tree_new(b->pool, SC_VALUE_MAP, from->origin);
    if (nothing == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    int rc = bind_struct(b, nothing, field->fields, path, ret);
    if (rc == 0)
        (*ret)->only = SC_ONLY_JSON;
    return rc;
}

/* Only entries that JSON alone prints: for YAML the structure is empty. */
static bool only_json(const struct sc_value *map)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->u.entries[i].value->only != SC_ONLY_JSON)
            return false;
    }
    return true;
}

static int put_field(const struct binder *b, struct sc_value *map, const struct sc_field *field,
                     struct sc_value *value, const struct sc_place *at)
{
    if (value == NULL || (field->flags & SC_FIELD_CAPITAL) == 0)
        return sc_tree_set(b->pool, map, field->name, value, at, b->err);
    struct sc_value *yaml = sc_tree_clone(b->pool, value);
    struct sc_value *json = sc_tree_clone(b->pool, value);
    char *capital = sc_model_pool_dup(b->pool, field->name);
    if (yaml == NULL || json == NULL || capital == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    *capital = (char)(*capital - 32);
    yaml->only = SC_ONLY_YAML;
    json->only = SC_ONLY_JSON;
    int rc = sc_tree_set(b->pool, map, field->name, yaml, at, b->err);
    return rc < 0 ? rc : sc_tree_set(b->pool, map, capital, json, at, b->err);
}

static int add_field(const struct binder *b, const struct sc_value *from,
                     const struct sc_field *field, const struct sc_path *path, struct sc_value *map)
{
    const struct sc_entry *entry = sc_value_entry(from, field->name);
    struct sc_path next = sc_path_key(path, field->name);
    struct sc_value *value = NULL;
    int rc = 0;
    bool written = entry != NULL && entry->value->kind != SC_VALUE_NULL;
    if (written)
        rc = bind_field(b, entry->value, field, &next, &value);
    if (rc < 0)
        return rc;
    bool json_empty = (field->flags & SC_FIELD_JSON_EMPTY) != 0;
    if (json_empty && (value == NULL || only_json(value)))
        rc = empty_struct(b, field, from, &next, &value);
    else if ((field->flags & SC_FIELD_HIDE_TRUE) != 0 && value != NULL && value->u.boolean)
        return 0;
    else if (value == NULL && (field->flags & (SC_FIELD_ALWAYS | SC_FIELD_JSON_NULL)) == 0)
        return 0;
    else if (value == NULL)
        value = unset_value(b, field, from);
    else if ((field->flags & (SC_FIELD_KEEP | SC_FIELD_ALWAYS)) == 0 && is_zero(value, field))
        return 0;
    return rc < 0 ? rc : put_field(b, map, field, value, entry != NULL ? &entry->at : NULL);
}

/* x-*: YAML prints them behind the fields, JSON not at all. */
static int add_extensions(const struct binder *b, const struct sc_value *from, struct sc_value *map)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct sc_entry *entry = &from->u.entries[i];
        if (strncmp(entry->key, "x-", 2) != 0)
            continue;
        struct sc_value *copy = sc_tree_clone(b->pool, entry->value);
        if (copy != NULL)
            copy->only = SC_ONLY_YAML;
        int rc = sc_tree_set(b->pool, map, entry->key, copy, &entry->at, b->err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int bind_struct(const struct binder *b, const struct sc_value *from,
                       const struct sc_field *fields, const struct sc_path *path,
                       struct sc_value **ret)
{
    if (from->kind != SC_VALUE_MAP)
        return must_be(b, from, path, "a mapping");
    struct sc_value *map = sc_tree_new(b->pool, SC_VALUE_MAP, from->origin);
    int rc = map != NULL ? sc_tree_reserve(b->pool, map, from->count + UNWRITTEN, b->err)
                         : sc_model_pool_fail(b->pool, b->err);
    for (const struct sc_field *field = fields; rc == 0 && field->name != NULL; field++)
        rc = add_field(b, from, field, path, map);
    if (rc == 0)
        rc = add_extensions(b, from, map);
    if (rc == 0)
        *ret = map;
    return rc;
}

int sc_bind(struct sc_model_pool *pool, const struct sc_value *from, const struct sc_field *fields,
            const struct sc_path *path, struct sc_value **ret, struct sc_error *err)
{
    struct binder b = {.pool = pool, .err = err};
    return bind_struct(&b, from, fields, path, ret);
}
