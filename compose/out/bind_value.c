/* SPDX-License-Identifier: Apache-2.0
 *
 * Final forms of values; see compose/out/bind_value.h.
 */
#include "compose/out/bind_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compose/form/words.h"
#include "compose/load/document.h"
#include "compose/load/interpolate.h"
#include "compose/tree/clock.h"
#include "compose/tree/scalar.h"
#include "core/str.h"

#include "core/banned.h"

struct value_binder {
    struct sc_model_pool *pool;
    const struct sc_value *from;
    const struct sc_path *path;
    struct sc_error *err;
};

static int must_be(const struct value_binder *b, const struct sc_value *value, const char *what)
{
    return sc_fail_value(b->err, SC_E_SYNTAX, value, b->path, "must be %s", what);
}

static int done(const struct value_binder *b, struct sc_value *value, struct sc_value **ret)
{
    if (value == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    *ret = value;
    return 0;
}

/* ---- scalars ---- */

/* The bound model shares what it does not change with the model before binding; neither is changed
 * any more then. */
static struct sc_value *as_it_is(const struct sc_value *value)
{
    return (struct sc_value *)value;
}

static struct sc_value *text_of(const struct value_binder *b, const struct sc_value *value)
{
    if (value->kind == SC_VALUE_STRING && !value->single)
        return as_it_is(value);
    if (value->kind == SC_VALUE_STRING)
        return sc_tree_text_n(b->pool, value->u.text, value->count, value->origin);
    const char *text = value->kind == SC_VALUE_NULL ? "" : sc_scalar_text(b->pool, value);
    return sc_tree_text(b->pool, text, value->origin);
}

static int bind_text(const struct value_binder *b, struct sc_value **ret)
{
    if (b->from->kind == SC_VALUE_LIST || b->from->kind == SC_VALUE_MAP)
        return must_be(b, b->from, "a text");
    return done(b, text_of(b, b->from), ret);
}

static int bind_bool(const struct value_binder *b, struct sc_value **ret)
{
    bool value = b->from->kind == SC_VALUE_BOOL && b->from->u.boolean;
    const char *text = sc_value_text(b->from);
    if (b->from->kind != SC_VALUE_BOOL && (text == NULL || !sc_cast_bool(text, &value)))
        return must_be(b, b->from, "true or false");
    return done(b, sc_tree_bool(b->pool, value, b->from->origin), ret);
}

static int bind_int(const struct value_binder *b, struct sc_value **ret)
{
    int64_t value = 0;
    const char *text = sc_value_text(b->from);
    if (b->from->kind == SC_VALUE_INT)
        value = b->from->u.integer;
    else if (b->from->kind == SC_VALUE_FLOAT && b->from->u.real >= -9.2e18 &&
             b->from->u.real <= 9.2e18)
        value = (int64_t)b->from->u.real;
    else if (text == NULL || !sc_cast_int(text, &value))
        return must_be(b, b->from, "an integer");
    return done(b, sc_tree_int(b->pool, value, b->from->origin), ret);
}

static int bind_float(const struct value_binder *b, struct sc_value **ret)
{
    double value = 0;
    const char *text = sc_value_text(b->from);
    if (b->from->kind == SC_VALUE_FLOAT)
        value = b->from->u.real;
    else if (b->from->kind == SC_VALUE_INT)
        value = (double)b->from->u.integer;
    else if (text == NULL || !sc_cast_float(text, &value))
        return must_be(b, b->from, "a number");
    struct sc_value *real = sc_tree_new(b->pool, SC_VALUE_FLOAT, b->from->origin);
    if (real != NULL) {
        real->single = true;
        real->u.real = (double)(float)value;
    }
    return done(b, real, ret);
}

static int bind_size(const struct value_binder *b, struct sc_value **ret)
{
    int64_t size = 0;
    const char *text = sc_value_text(b->from);
    if (b->from->kind == SC_VALUE_INT)
        size = b->from->u.integer;
    else if (b->from->kind == SC_VALUE_FLOAT)
        size = 0; /* Docker Compose takes no fraction here, and says nothing */
    else if (text == NULL || !sc_size_parse(text, &size))
        return must_be(b, b->from, "a size: a number, or one with k, m, g or t behind it");
    return done(
        b, sc_tree_text(b->pool, sc_model_pool_printf(b->pool, "%" PRId64, size), b->from->origin),
        ret);
}

static int bind_duration(const struct value_binder *b, struct sc_value **ret)
{
    int64_t duration = 0;
    char text[SC_CLOCK_TEXT_SIZE];
    const char *written = sc_scalar_text(b->pool, b->from);
    if (written == NULL || !sc_duration_parse(written, &duration))
        return must_be(b, b->from, "a duration with units: 90s, 1m30s");
    sc_duration_text(duration, text);
    return done(b, sc_tree_text(b->pool, sc_model_pool_dup(b->pool, text), b->from->origin), ret);
}

static int bind_mode(const struct value_binder *b, struct sc_value **ret)
{
    int64_t mode = b->from->kind == SC_VALUE_INT ? b->from->u.integer : -1;
    const char *text = sc_value_text(b->from);
    if (text != NULL && *text != '\0' && strspn(text, "01234567") == strlen(text) &&
        strlen(text) < 20)
        mode = (int64_t)strtoll(text, NULL, 8);
    if (mode < 0)
        return must_be(b, b->from, "an octal mode: 0440");
    return done(b,
                sc_tree_text(b->pool, sc_model_pool_printf(b->pool, "0%" PRIo64, (uint64_t)mode),
                             b->from->origin),
                ret);
}

static int bind_count(const struct value_binder *b, struct sc_value **ret)
{
    const char *text = sc_value_text(b->from);
    if (text != NULL && sc_str_equal_nocase(text, "all"))
        return done(b, sc_tree_int(b->pool, -1, b->from->origin), ret);
    return bind_int(b, ret);
}

/* ---- lists ---- */

static int bind_texts(const struct value_binder *b, struct sc_value **ret)
{
    const struct sc_value *from = b->from;
    if (from->kind == SC_VALUE_MAP)
        return must_be(b, from, "a list");
    struct sc_value *list = sc_tree_new(b->pool, SC_VALUE_LIST, from->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    if (rc == 0 && from->kind != SC_VALUE_LIST)
        rc = sc_tree_append(b->pool, list, text_of(b, from), b->err);
    for (size_t i = 0; rc == 0 && from->kind == SC_VALUE_LIST && i < from->count; i++) {
        const struct sc_value *item = from->u.items[i];
        if (item->kind == SC_VALUE_LIST || item->kind == SC_VALUE_MAP)
            return must_be(b, item, "a text");
        rc = sc_tree_append(b->pool, list, text_of(b, item), b->err);
    }
    if (rc == 0)
        *ret = list;
    return rc;
}

static int bind_command(const struct value_binder *b, struct sc_value **ret)
{
    if (b->from->kind == SC_VALUE_LIST)
        return bind_texts(b, ret);
    if (b->from->kind != SC_VALUE_STRING)
        return must_be(b, b->from, "a text or a list of texts");
    int rc = sc_words_split(b->pool, b->from, ret, b->err);
    return rc < 0 ? sc_wrap_value(b->err, rc, b->from, b->path) : 0;
}

static int bind_test(const struct value_binder *b, struct sc_value **ret)
{
    int rc = bind_texts(b, ret);
    if (rc < 0 || b->from->kind == SC_VALUE_LIST)
        return rc;
    struct sc_value *list = sc_tree_new(b->pool, SC_VALUE_LIST, b->from->origin);
    if (list == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    rc = sc_tree_append(b->pool, list, sc_tree_text(b->pool, "CMD-SHELL", sc_origin_implied()),
                        b->err);
    if (rc == 0)
        rc = sc_tree_append(b->pool, list, (*ret)->u.items[0], b->err);
    *ret = list;
    return rc;
}

static int bind_ssh(const struct value_binder *b, struct sc_value **ret)
{
    const struct sc_value *from = b->from;
    if (from->kind != SC_VALUE_MAP)
        return must_be(b, from, "a mapping");
    struct sc_value *list = sc_tree_new(b->pool, SC_VALUE_LIST, from->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        const struct sc_entry *entry = &from->u.entries[i];
        const char *path = sc_value_text(entry->value);
        const char *text = path == NULL || *path == '\0'
                               ? entry->key
                               : sc_model_pool_printf(b->pool, "%s: %s", entry->key, path);
        rc = sc_tree_append(b->pool, list, sc_tree_text(b->pool, text, entry->value->origin),
                            b->err);
    }
    if (rc == 0)
        *ret = list;
    return rc;
}

/* ---- extra_hosts ---- */

static int add_host(const struct value_binder *b, struct sc_value *list, const char *host,
                    size_t host_len, const struct sc_value *address)
{
    const char *text = sc_scalar_text(b->pool, address);
    if (text == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    size_t len = strlen(text);
    if (host_len == 0 || memchr(host, ':', host_len) != NULL || memchr(host, '=', host_len) != NULL)
        return must_be(b, address, "HOST=ADDRESS");
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    const char *pair =
        sc_model_pool_printf(b->pool, "%.*s=%.*s", (int)host_len, host, (int)len, text);
    return sc_tree_append(b->pool, list, sc_tree_text(b->pool, pair, address->origin), b->err);
}

/* "host=a,b" or "host:a". */
static int add_host_text(const struct value_binder *b, struct sc_value *list,
                         const struct sc_value *item)
{
    const char *text = sc_scalar_text(b->pool, item);
    if (text == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    const char *mark = strchr(text, '=');
    if (mark == NULL)
        mark = strchr(text, ':');
    if (mark == NULL)
        return must_be(b, item, "HOST=ADDRESS");
    const char *address = mark + 1;
    for (;;) {
        size_t len = strcspn(address, ",");
        const char *copy = sc_model_pool_ndup(b->pool, address, len);
        struct sc_value *one = sc_tree_text(b->pool, copy, item->origin);
        int rc = one != NULL ? add_host(b, list, text, (size_t)(mark - text), one)
                             : sc_model_pool_fail(b->pool, b->err);
        if (rc < 0 || address[len] == '\0')
            return rc;
        address += len + 1;
    }
}

static int compare_texts(const void *a, const void *b)
{
    const struct sc_value *const *left = a;
    const struct sc_value *const *right = b;
    return strcmp((*left)->u.text, (*right)->u.text);
}

static int bind_hosts(const struct value_binder *b, struct sc_value **ret)
{
    const struct sc_value *from = b->from;
    struct sc_value *list = sc_tree_new(b->pool, SC_VALUE_LIST, from->origin);
    int rc = list != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    if (from->kind != SC_VALUE_MAP && from->kind != SC_VALUE_LIST)
        return must_be(b, from, "a list or a mapping");
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        if (from->kind == SC_VALUE_LIST) {
            rc = add_host_text(b, list, from->u.items[i]);
            continue;
        }
        const struct sc_entry *entry = &from->u.entries[i];
        bool many = entry->value->kind == SC_VALUE_LIST;
        for (size_t j = 0; rc == 0 && j < (many ? entry->value->count : 1); j++)
            rc = add_host(b, list, entry->key, strlen(entry->key),
                          many ? entry->value->u.items[j] : entry->value);
    }
    if (rc < 0)
        return rc;
    if (list->count > 1)
        qsort(list->u.items, list->count, sizeof(list->u.items[0]), compare_texts);
    *ret = list;
    return 0;
}

/* ---- maps ---- */

/* The value of a variable. NULL without memory. */
static struct sc_value *variable(const struct value_binder *b, const struct sc_value *value,
                                 const char *text)
{
    bool same = text != NULL && value->kind == SC_VALUE_STRING && text == value->u.text;
    if (same && !value->single && strlen(text) == value->count)
        return as_it_is(value);
    return text != NULL ? sc_tree_text(b->pool, text, value->origin)
                        : sc_tree_new(b->pool, SC_VALUE_NULL, value->origin);
}

/* NAME=value, NAME. */
static int add_item(const struct value_binder *b, struct sc_value *map, const struct sc_value *item,
                    bool nulls)
{
    const char *text = sc_scalar_text(b->pool, item);
    if (text == NULL)
        return sc_model_pool_fail(b->pool, b->err);
    size_t len = strcspn(text, "=");
    if (nulls && len > 0 && strchr(" \t\n\v\f\r", text[len - 1]) != NULL)
        return must_be(b, item, "written without a blank behind the variable's name");
    const char *name = sc_model_pool_ndup(b->pool, text, len);
    const char *value = text[len] == '=' ? text + len + 1 : nulls ? NULL : "";
    return sc_tree_set(b->pool, map, name, variable(b, item, value), &item->origin->place, b->err);
}

static int bind_pairs(const struct value_binder *b, bool nulls, struct sc_value **ret)
{
    const struct sc_value *from = b->from;
    if (from->kind != SC_VALUE_MAP && from->kind != SC_VALUE_LIST)
        return must_be(b, from, "a list or a mapping");
    struct sc_value *map = sc_tree_new(b->pool, SC_VALUE_MAP, from->origin);
    int rc = map != NULL ? sc_tree_reserve(b->pool, map, from->count, b->err)
                         : sc_model_pool_fail(b->pool, b->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        if (from->kind == SC_VALUE_LIST) {
            rc = add_item(b, map, from->u.items[i], nulls);
            continue;
        }
        const struct sc_entry *entry = &from->u.entries[i];
        bool null = entry->value->kind == SC_VALUE_NULL;
        const char *text = null ? nulls ? NULL : "" : sc_scalar_text(b->pool, entry->value);
        rc = sc_tree_set(b->pool, map, entry->key, variable(b, entry->value, text), &entry->at,
                         b->err);
    }
    if (rc < 0)
        return rc;
    sc_sort_map(b->pool, map);
    *ret = map;
    return 0;
}

static int bind_multi(const struct value_binder *b, struct sc_value **ret)
{
    const struct sc_value *from = b->from;
    if (from->kind != SC_VALUE_MAP)
        return must_be(b, from, "a mapping");
    struct sc_value *map = sc_tree_new(b->pool, SC_VALUE_MAP, from->origin);
    int rc = map != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        struct value_binder inner = *b;
        struct sc_value *list = NULL;
        inner.from = from->u.entries[i].value;
        rc = bind_texts(&inner, &list);
        if (rc == 0)
            rc = sc_tree_set(b->pool, map, from->u.entries[i].key, list, &from->u.entries[i].at,
                             b->err);
    }
    if (rc < 0)
        return rc;
    sc_sort_map(b->pool, map);
    *ret = map;
    return 0;
}

/* One limit of two: a zero is printed in YAML only. */
static int bind_limit(const struct value_binder *b, const char *key, struct sc_value *map)
{
    struct value_binder inner = *b;
    struct sc_value *limit = NULL;
    inner.from = sc_value_get(b->from, key);
    int rc = 0;
    if (inner.from != NULL)
        rc = bind_int(&inner, &limit);
    else
        limit = sc_tree_int(b->pool, 0, b->from->origin);
    if (rc == 0 && limit != NULL && limit->u.integer == 0)
        limit->only = SC_ONLY_YAML;
    return rc < 0 ? rc : sc_tree_set(b->pool, map, key, limit, NULL, b->err);
}

static int bind_ulimit(const struct value_binder *b, struct sc_value **ret)
{
    if (b->from->kind != SC_VALUE_MAP)
        return bind_int(b, ret);
    struct sc_value *map = sc_tree_new(b->pool, SC_VALUE_MAP, b->from->origin);
    int rc = map != NULL ? 0 : sc_model_pool_fail(b->pool, b->err);
    if (rc == 0)
        rc = bind_limit(b, "soft", map);
    if (rc == 0)
        rc = bind_limit(b, "hard", map);
    if (rc == 0)
        *ret = map;
    return rc;
}

int sc_bind_value(struct sc_model_pool *pool, enum sc_field_kind kind, const struct sc_value *from,
                  const struct sc_path *path, struct sc_value **ret, struct sc_error *err)
{
    static int (*const binders[])(const struct value_binder *, struct sc_value **) = {
        [SC_FIELD_TEXT] = bind_text,       [SC_FIELD_BOOL] = bind_bool,
        [SC_FIELD_INT] = bind_int,         [SC_FIELD_FLOAT] = bind_float,
        [SC_FIELD_SIZE] = bind_size,       [SC_FIELD_DURATION] = bind_duration,
        [SC_FIELD_COMMAND] = bind_command, [SC_FIELD_TEST] = bind_test,
        [SC_FIELD_TEXTS] = bind_texts,     [SC_FIELD_MULTI] = bind_multi,
        [SC_FIELD_HOSTS] = bind_hosts,     [SC_FIELD_SSH] = bind_ssh,
        [SC_FIELD_COUNT] = bind_count,     [SC_FIELD_MODE] = bind_mode,
        [SC_FIELD_ULIMIT] = bind_ulimit,
    };
    struct value_binder b = {.pool = pool, .from = from, .path = path, .err = err};
    if (kind == SC_FIELD_ENVIRONMENT || kind == SC_FIELD_MAPPING)
        return bind_pairs(&b, kind == SC_FIELD_ENVIRONMENT, ret);
    return binders[kind](&b, ret);
}
