/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks a tree against the shapes; see compose/load/schema.h.
 */
#include "compose/load/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compose/load/document.h"
#include "compose/tree/items.h"
#include "compose/tree/tree.h"

#include "core/banned.h"

struct checker {
    struct sc_model_pool *pool;
    struct sc_strv *notes; /* NULL: strict */
    struct sc_error *err;
};

static int check(const struct checker *c, const struct sc_shape *shape, struct sc_value *value,
                 const struct sc_path *path);

/* ---- messages ---- */

/* "must be a text, a number or a list" */
static int wrong_type(const struct checker *c, const struct sc_shape *shape,
                      const struct sc_value *value, const struct sc_path *path)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {
        {SC_SCHEMA_TEXT, "a text"},        {SC_SCHEMA_NUMBER, "a number"},
        {SC_SCHEMA_INTEGER, "an integer"}, {SC_SCHEMA_SWITCH, "true or false"},
        {SC_SCHEMA_LIST, "a list"},        {SC_SCHEMA_MAP, "a mapping"},
        {SC_SCHEMA_NULL, "empty"},
    };
    char text[160] = "must be ";
    size_t used = strlen(text);
    unsigned left = 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++)
        left += (shape->types & names[i].type) != 0 ? 1 : 0;
    for (size_t i = 0; i < SC_ARRAY_SIZE(names); i++) {
        if ((shape->types & names[i].type) == 0)
            continue;
        left--;
        int n = snprintf(text + used, sizeof(text) - used, "%s%s", names[i].name,
                         left > 1    ? ", "
                         : left == 1 ? " or "
                                     : "");
        used += n > 0 ? (size_t)n : 0;
    }
    return sc_fail_value(c->err, SC_E_SYNTAX, value, path, "%s", text);
}

/* Whether one letter is missing, too much, wrong or swapped with its neighbour. */
static bool is_near(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    const char *x = a + i;
    const char *y = b + i;
    if (*x == '\0' && *y == '\0')
        return false;
    if (*x != '\0' && (strcmp(x + 1, y) == 0 || (*y != '\0' && strcmp(x + 1, y + 1) == 0)))
        return true;
    if (*y != '\0' && strcmp(x, y + 1) == 0)
        return true;
    return *x != '\0' && *y != '\0' && x[1] == y[0] && x[0] == y[1] && strcmp(x + 2, y + 2) == 0;
}

static const char *nearest(const struct sc_shape *shape, const char *key)
{
    for (const struct sc_shape_key *row = shape->keys; row != NULL && row->name != NULL; row++) {
        if (is_near(row->name, key))
            return row->name;
    }
    return NULL;
}

static int unknown_key(const struct checker *c, const struct sc_shape *shape,
                       const struct sc_entry *entry, const struct sc_path *path)
{
    bool names = (shape->flags & SC_SCHEMA_NAMES) != 0;
    const char *near = names ? NULL : nearest(shape, entry->key);
    struct sc_origin origin = {.place = entry->at};
    struct sc_value at = {.origin = &origin};
    struct sc_error note = {0};
    struct sc_error *err = c->notes != NULL ? &note : c->err;
    int rc = sc_fail_value(
        err, SC_E_SYNTAX, &at, path, "%s%s%s%s",
        names ? "a name has letters, digits, '.', '_' and '-' only" : "there is no such attribute",
        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    return c->notes != NULL ? sc_strv_add(c->notes, note.message, c->err) : rc;
}

/* ---- collections ---- */

static bool is_name(const char *key)
{
    size_t len = strlen(key);
    return len > 0 && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-") == len;
}

static bool is_lower(const char *key)
{
    return *key != '\0' && key[strspn(key, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* The shape of a key; NULL with *ret_known for one that is allowed unchecked. */
static const struct sc_shape *shape_of(const struct sc_shape *shape, const char *key,
                                       bool *ret_known)
{
    *ret_known = true;
    for (const struct sc_shape_key *row = shape->keys; row != NULL && row->name != NULL; row++) {
        if (row->name[0] == key[0] && strcmp(row->name, key) == 0)
            return row->shape;
    }
    if ((shape->flags & SC_SCHEMA_EXACT) == 0 && strncmp(key, "x-", 2) == 0 &&
        (shape->flags & (SC_SCHEMA_NAMES | SC_SCHEMA_LOWER)) == 0)
        return NULL;
    bool fits = (shape->flags & SC_SCHEMA_NAMES) != 0   ? is_name(key)
                : (shape->flags & SC_SCHEMA_LOWER) != 0 ? is_lower(key)
                                                        : *key != '\0';
    if (shape->other != NULL && fits)
        return shape->other;
    *ret_known = (shape->flags & (SC_SCHEMA_OPEN | SC_SCHEMA_LOWER)) != 0;
    return NULL;
}

/* `secrets:` with nothing behind it, or comments only. */
static bool is_forgotten(const struct sc_shape *shape, const struct sc_value *value)
{
    const unsigned fits = SC_SCHEMA_NULL | SC_SCHEMA_ANY;
    return value->kind == SC_VALUE_NULL && shape != NULL && (shape->types & fits) == 0 &&
           (shape->types & (SC_SCHEMA_LIST | SC_SCHEMA_MAP)) != 0;
}

/* Takes empty attributes out where a collection belongs, and notes them. */
static int drop_forgotten(const struct checker *c, const struct sc_shape *shape,
                          struct sc_value *map, const struct sc_path *path)
{
    int rc = 0;
    for (size_t i = map->count; c->notes != NULL && i-- > 0 && rc == 0;) {
        const struct sc_entry entry = map->u.entries[i];
        struct sc_path next = sc_path_key(path, entry.key);
        struct sc_error note = {0};
        bool known = false;
        if (!is_forgotten(shape_of(shape, entry.key, &known), entry.value))
            continue;
        sc_fail_value(&note, SC_E_SYNTAX, entry.value, &next, "is empty");
        sc_tree_remove(c->pool, map, entry.key);
        rc = sc_strv_add(c->notes, note.message, c->err);
    }
    return rc;
}

static int check_map(const struct checker *c, const struct sc_shape *shape, struct sc_value *map,
                     const struct sc_path *path)
{
    int dropped = drop_forgotten(c, shape, map, path);
    if (dropped < 0)
        return dropped;
    for (const struct sc_shape_key *row = shape->keys; row != NULL && row->name != NULL; row++) {
        if (row->required && sc_value_get(map, row->name) == NULL)
            return sc_fail_value(c->err, SC_E_SYNTAX, map, path, "'%s' is missing", row->name);
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct sc_entry *entry = &map->u.entries[i];
        struct sc_path next = sc_path_key(path, entry->key);
        bool known = false;
        const struct sc_shape *inner = shape_of(shape, entry->key, &known);
        static const struct sc_shape any = {.types = SC_SCHEMA_ANY};
        int rc = known ? check(c, inner != NULL ? inner : &any, entry->value, &next)
                       : unknown_key(c, shape, entry, &next);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_unique(const struct checker *c, const struct sc_value *list,
                        const struct sc_path *path)
{
    SC_CLEANUP(sc_item_set_done) struct sc_item_set items = {0};
    int rc = sc_item_set_begin(&items, list, list->count, c->err);
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        struct sc_path item = sc_path_item(path, i);
        if (!sc_item_set_put(&items, i))
            return sc_fail_value(c->err, SC_E_SYNTAX, list->u.items[i], &item,
                                 "stands in the list twice");
    }
    return rc;
}

static int check_list(const struct checker *c, const struct sc_shape *shape, struct sc_value *list,
                      const struct sc_path *path)
{
    static const struct sc_shape any = {.types = SC_SCHEMA_ANY};
    for (size_t i = 0; i < list->count; i++) {
        struct sc_path next = sc_path_item(path, i);
        int rc = check(c, shape->item != NULL ? shape->item : &any, list->u.items[i], &next);
        if (rc < 0)
            return rc;
    }
    return (shape->flags & SC_SCHEMA_UNIQUE) != 0 && list->count > 1 ? check_unique(c, list, path)
                                                                     : 0;
}

/* ---- scalars ---- */

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool sc_shape_container_name(const char *text)
{
    for (; *text != '\0'; text++) {
        char next = text[1];
        if (alphanumeric(*text) &&
            (alphanumeric(next) || next == '_' || next == '.' || next == '-'))
            return true;
    }
    return false;
}

bool sc_shape_pull_policy(const char *text)
{
    static const char *const words[] = {"always",  "never",   "build", "if_not_present",
                                        "missing", "refresh", "daily", "weekly"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    if (strncmp(text, "every_", 6) != 0 || text[6] == '\0')
        return false;
    for (text += 6; *text != '\0'; text++) {
        size_t digits = strspn(text, "0123456789");
        text += digits;
        if (digits == 0 || *text == '\0' || strchr("wdhms", *text) == NULL)
            return false;
    }
    return true;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    while (*choices != '\0') {
        size_t part = strcspn(choices, "|");
        if (part == len && memcmp(choices, text, len) == 0)
            return true;
        choices += part + (choices[part] == '|');
    }
    return false;
}

static int check_text(const struct checker *c, const struct sc_shape *shape,
                      const struct sc_value *value, const struct sc_path *path)
{
    if (shape->accepts != NULL && !shape->accepts(value->u.text))
        return sc_fail_value(c->err, SC_E_SYNTAX, value, path, "must %s", shape->must);
    if (shape->choices == NULL || is_choice(shape->choices, value->u.text))
        return 0;
    return sc_fail_value(c->err, SC_E_SYNTAX, value, path, "must be one of: %s", shape->choices);
}

static int check_range(const struct checker *c, const struct sc_shape *shape,
                       const struct sc_value *value, const struct sc_path *path)
{
    if (shape->max <= shape->min)
        return 0;
    bool fits = value->kind == SC_VALUE_INT && value->u.integer >= shape->min &&
                value->u.integer <= shape->max;
    if (value->kind == SC_VALUE_FLOAT)
        fits = value->u.real >= (double)shape->min && value->u.real <= (double)shape->max;
    return fits ? 0
                : sc_fail_value(c->err, SC_E_SYNTAX, value, path, "is out of its range (from %lld)",
                                (long long)shape->min);
}

/* Without a function of the mathematics library, for which there is no other need. From 2^53 on
 * nothing stands behind the point. */
static bool is_whole(double real)
{
    if (real > -0x1p53 && real < 0x1p53)
        return real == (double)(int64_t)real;
    return !isnan(real);
}

static unsigned type_of(const struct sc_value *value)
{
    switch (value->kind) {
    case SC_VALUE_NULL:
        return SC_SCHEMA_NULL;
    case SC_VALUE_BOOL:
        return SC_SCHEMA_SWITCH;
    case SC_VALUE_INT:
    case SC_VALUE_UINT:
        return SC_SCHEMA_NUMBER | SC_SCHEMA_INTEGER;
    case SC_VALUE_FLOAT:
        return SC_SCHEMA_NUMBER | (is_whole(value->u.real) ? (unsigned)SC_SCHEMA_INTEGER : 0);
    case SC_VALUE_STRING:
        return SC_SCHEMA_TEXT;
    case SC_VALUE_LIST:
        return SC_SCHEMA_LIST;
    case SC_VALUE_MAP:
    default:
        return SC_SCHEMA_MAP;
    }
}

static int check(const struct checker *c, const struct sc_shape *shape, struct sc_value *value,
                 const struct sc_path *path)
{
    static const struct sc_shape any_map = {
        .types = SC_SCHEMA_ANY, .flags = SC_SCHEMA_OPEN, .other = &any_map, .item = &any_map};
    if (value->kind == SC_VALUE_FLOAT && !isfinite(value->u.real))
        return sc_fail_value(c->err, SC_E_SYNTAX, value, path, "must be a finite number");
    if ((shape->types & SC_SCHEMA_ANY) != 0)
        shape = &any_map;
    else if ((type_of(value) & shape->types) == 0)
        return wrong_type(c, shape, value, path);
    switch (value->kind) {
    case SC_VALUE_STRING:
        return check_text(c, shape, value, path);
    case SC_VALUE_LIST:
        return check_list(c, shape, value, path);
    case SC_VALUE_MAP:
        return check_map(c, shape, value, path);
    case SC_VALUE_NULL:
    case SC_VALUE_BOOL:
        return 0;
    case SC_VALUE_INT:
    case SC_VALUE_UINT:
    case SC_VALUE_FLOAT:
    default:
        return check_range(c, shape, value, path);
    }
}

int sc_shape_check(struct sc_model_pool *pool, struct sc_value *root, struct sc_strv *notes,
                   struct sc_error *err)
{
    struct checker c = {.pool = pool, .notes = notes, .err = err};
    struct sc_path top = {0};
    return check(&c, &sc_shape_project, root, &top);
}
