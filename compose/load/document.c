/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML nodes to typed values; see compose/load/document.h.
 *
 * Aliases are copied out, so that later steps may change each place by itself; the number of values
 * is limited for that reason. An anchor cannot contain its own alias: compose/yaml_doc.h refuses
 * it.
 */
#include "compose/load/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compose/tree/scalar.h"

#include "core/banned.h"

struct builder {
    const struct sc_document_input *in;
    size_t nodes;
    const struct sc_reset *resets;
    size_t reset_count;
};

/* How the walk came to a node. */
struct route {
    unsigned bits;
    struct sc_place via;
    bool literal_tags; /* inside !override: tags are not looked at */
};

static int build(struct builder *b, const struct sc_yaml_node *node, const struct sc_path *path,
                 const struct route *route, struct sc_value **ret, struct sc_error *err);

/* ---- messages ---- */

static void print_place(char *out, size_t size, const struct sc_value *value)
{
    const struct sc_place *place = &value->origin->place;
    if (place->file == NULL)
        place = &value->origin->via;
    if (place->file == NULL)
        out[0] = '\0';
    else if (place->line == 0)
        snprintf(out, size, "'%s': ", place->file->display);
    else
        snprintf(out, size, "'%s' line %u, column %u: ", place->file->display, place->line,
                 place->column);
}

int sc_fail_value(struct sc_error *err, int code, const struct sc_value *value,
                  const struct sc_path *path, const char *fmt, ...)
{
    char where[SC_ERROR_MESSAGE_MAX] = "";
    char text[SC_ERROR_MESSAGE_MAX];
    char path_text[SC_PATH_TEXT_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (value != NULL)
        print_place(where, sizeof(where), value);
    return sc_fail(err, code, "%s%s: %s", where, sc_path_print(path_text, path), text);
}

int sc_wrap_value(struct sc_error *err, int code, const struct sc_value *value,
                  const struct sc_path *path)
{
    char where[SC_ERROR_MESSAGE_MAX] = "";
    char path_text[SC_PATH_TEXT_SIZE];
    print_place(where, sizeof(where), value);
    return sc_wrap(err, code, "%s%s", where, sc_path_print(path_text, path));
}

/* ---- places ---- */

static struct sc_place place_of(const struct builder *b, const struct sc_yaml_node *node)
{
    return (struct sc_place){.file = b->in->file,
                             .line = node->at.line,
                             .column = node->at.column,
                             .start = node->span.start,
                             .end = node->span.end};
}

static struct sc_value *value_new(struct builder *b, const struct sc_yaml_node *node,
                                  enum sc_value_kind kind, const struct route *route)
{
    struct sc_origin *origin = sc_model_pool_alloc(b->in->pool, sizeof(*origin));
    if (origin == NULL)
        return NULL;
    origin->place = place_of(b, node);
    origin->via = route->via;
    origin->routes = SC_ROUTE_LITERAL | b->in->routes | route->bits;
    return sc_tree_new(b->in->pool, kind, origin);
}

/* For a message about a node that has no value yet. */
static int fail_node(struct builder *b, const struct sc_yaml_node *node, const struct sc_path *path,
                     const char *text, struct sc_error *err)
{
    struct sc_origin origin = {.place = place_of(b, node)};
    struct sc_value value = {.origin = &origin};
    return sc_fail_value(err, SC_E_SYNTAX, &value, path, "%s", text);
}

/* ---- !reset and !override ---- */

static bool is_tag(const struct sc_yaml_node *node, const char *tag)
{
    return node->tag != NULL && strcmp(node->tag, tag) == 0;
}

/* Remembers the path. Items of lists cannot be reset: Docker Compose never matches them. */
static int record(struct builder *b, const struct sc_path *path, struct sc_error *err)
{
    if (++b->reset_count > SC_COMPOSE_RESETS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "'%s' has more than %d !reset and !override tags",
                       b->in->file->display, SC_COMPOSE_RESETS_MAX);
    struct sc_reset *reset = sc_model_pool_alloc(b->in->pool, sizeof(*reset));
    const char **keys = sc_model_pool_array(b->in->pool, path->depth + 1, sizeof(*keys));
    if (reset == NULL || keys == NULL)
        return sc_model_pool_fail(b->in->pool, err);
    size_t depth = path->depth;
    for (const struct sc_path *step = path; step != NULL && step->depth > 0; step = step->up) {
        if (step->key == NULL)
            return 0;
        keys[step->depth - 1] = step->key;
    }
    *reset = (struct sc_reset){.keys = keys, .depth = depth, .next = b->resets};
    b->resets = reset;
    return 0;
}

void sc_reset_apply(struct sc_model_pool *pool, const struct sc_reset *resets,
                    struct sc_value *root)
{
    for (; resets != NULL; resets = resets->next) {
        struct sc_value *map = root;
        for (size_t i = 0; i + 1 < resets->depth && map != NULL; i++)
            map = sc_value_get(map, resets->keys[i]);
        if (sc_value_is(map, SC_VALUE_MAP) && resets->depth > 0)
            sc_tree_remove(pool, map, resets->keys[resets->depth - 1]);
    }
}

/* ---- collections ---- */

static int build_list(struct builder *b, const struct sc_yaml_node *node,
                      const struct sc_path *path, const struct route *route, struct sc_value *list,
                      struct sc_error *err)
{
    int rc = sc_tree_reserve(b->in->pool, list, node->count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < node->count; i++) {
        struct sc_path next = sc_path_item(path, i);
        struct sc_value *item = NULL;
        rc = build(b, node->values[i], &next, route, &item, err);
        if (rc == 0 && item != NULL)
            rc = sc_tree_append(b->in->pool, list, item, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_merge_key(const struct sc_yaml_node *key)
{
    if (key->kind != SC_YAML_SCALAR)
        return false;
    if (key->tag != NULL)
        return strcmp(key->tag, "tag:yaml.org,2002:merge") == 0;
    return key->style == SC_YAML_PLAIN && key->len == 2 && memcmp(key->text, "<<", 2) == 0;
}

/* The text of a key, which has to be a string for Compose. */
static int key_text(struct builder *b, const struct sc_yaml_node *written,
                    const struct sc_path *path, const char **ret, struct sc_error *err)
{
    const struct sc_yaml_node *key = sc_yaml_resolve(written);
    if (key->kind != SC_YAML_SCALAR)
        return fail_node(b, written, path, "a key must be a text", err);
    const char *text = sc_model_pool_ndup(b->in->pool, key->text, key->len); /* outlives the YAML */
    struct sc_scalar_source source = {text, key->len, key->style == SC_YAML_PLAIN, key->tag};
    struct sc_value typed = {0};
    if (text == NULL)
        return sc_model_pool_fail(b->in->pool, err);
    int rc = sc_scalar_resolve(b->in->pool, &source, &typed, err);
    if (rc < 0)
        return rc;
    if (typed.kind != SC_VALUE_STRING)
        return fail_node(b, written, path, "a key that is no text for YAML; put it in quotes", err);
    if (strlen(typed.u.text) != typed.count)
        return fail_node(b, written, path, "a key with a NUL byte", err);
    *ret = typed.u.text;
    return 0;
}

/* Where entries go: all of them, or those that are not there yet (merge keys). */
struct target {
    struct sc_value *map;
    bool missing_only;
    bool no_list; /* an item of a merge key's list is no list itself */
};

/* Adds the entries of a mapping. */
static int add_entries(struct builder *b, const struct sc_yaml_node *node,
                       const struct sc_path *path, const struct route *route,
                       const struct target *to, struct sc_error *err)
{
    int rc = sc_tree_reserve(b->in->pool, to->map, to->map->count + node->count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < node->count; i++) {
        const char *key = NULL;
        if (is_merge_key(node->keys[i]))
            continue;
        rc = key_text(b, node->keys[i], path, &key, err);
        if (rc < 0)
            return rc;
        if (to->missing_only && sc_value_get(to->map, key) != NULL)
            continue;
        struct sc_path next = sc_path_key(path, key);
        struct sc_value *value = NULL;
        rc = build(b, node->values[i], &next, route, &value, err);
        if (rc < 0)
            return rc;
        if (value == NULL)
            continue;
        struct sc_place at = place_of(b, node->keys[i]);
        rc = sc_tree_set(b->in->pool, to->map, key, value, &at, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int add_merged(struct builder *b, const struct sc_yaml_node *node,
                      const struct sc_path *path, const struct route *route,
                      const struct target *to, struct sc_error *err);

/* One value of `<<`, or one item of the list there. */
static int merge_one(struct builder *b, const struct sc_yaml_node *value,
                     const struct sc_path *path, const struct route *route, const struct target *to,
                     struct sc_error *err)
{
    const struct sc_yaml_node *from = sc_yaml_resolve(value);
    if (from->kind == SC_YAML_SEQUENCE && !to->no_list) {
        struct target item = *to;
        item.no_list = true;
        for (size_t i = 0; i < from->count; i++) {
            int rc = merge_one(b, from->values[i], path, route, &item, err);
            if (rc < 0)
                return rc;
        }
        return 0;
    }
    if (from->kind != SC_YAML_MAPPING)
        return fail_node(b, value, path, "'<<' takes a mapping or a list of mappings", err);
    struct target missing = {.map = to->map, .missing_only = true};
    int rc = add_entries(b, from, path, route, &missing, err);
    return rc == 0 ? add_merged(b, from, path, route, &missing, err) : rc;
}

/* The merge keys of a mapping: its own entries win, and earlier ones over later ones. */
static int add_merged(struct builder *b, const struct sc_yaml_node *node,
                      const struct sc_path *path, const struct route *route,
                      const struct target *to, struct sc_error *err)
{
    for (size_t i = 0; i < node->count; i++) {
        if (!is_merge_key(node->keys[i]))
            continue;
        struct route merged = *route;
        merged.bits |= SC_ROUTE_MERGE_KEY;
        merged.via = place_of(b, node->keys[i]);
        struct target all = {.map = to->map};
        int rc = merge_one(b, node->values[i], path, &merged, &all, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- nodes ---- */

static int build_scalar(struct builder *b, const struct sc_yaml_node *node,
                        const struct sc_path *path, struct sc_value *value, struct sc_error *err)
{
    const char *text = sc_model_pool_ndup(b->in->pool, node->text, node->len);
    struct sc_scalar_source source = {text, node->len, node->style == SC_YAML_PLAIN, node->tag};
    if (text == NULL)
        return sc_model_pool_fail(b->in->pool, err);
    int rc = sc_scalar_resolve(b->in->pool, &source, value, err);
    return rc < 0 ? sc_wrap_value(err, rc, value, path) : 0;
}

static int build_target(struct builder *b, const struct sc_yaml_node *node,
                        const struct sc_path *path, const struct route *route,
                        struct sc_value **ret, struct sc_error *err)
{
    if (++b->nodes > SC_COMPOSE_NODES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "'%s' has more than %d values once aliases are put in",
                       b->in->file->display, SC_COMPOSE_NODES_MAX);
    static const enum sc_value_kind kinds[] = {[SC_YAML_SCALAR] = SC_VALUE_STRING,
                                               [SC_YAML_MAPPING] = SC_VALUE_MAP,
                                               [SC_YAML_SEQUENCE] = SC_VALUE_LIST};
    struct sc_value *value = value_new(b, node, kinds[node->kind], route);
    if (value == NULL)
        return sc_model_pool_fail(b->in->pool, err);
    int rc = 0;
    if (node->kind == SC_YAML_SCALAR) {
        rc = build_scalar(b, node, path, value, err);
    } else if (node->kind == SC_YAML_SEQUENCE) {
        rc = build_list(b, node, path, route, value, err);
    } else {
        struct target to = {.map = value};
        rc = add_entries(b, node, path, route, &to, err);
        if (rc == 0)
            rc = add_merged(b, node, path, route, &to, err);
    }
    if (rc == 0)
        *ret = value;
    return rc;
}

/* Leaves *ret NULL for a node that !reset takes out. */
static int build(struct builder *b, const struct sc_yaml_node *node, const struct sc_path *path,
                 const struct route *route, struct sc_value **ret, struct sc_error *err)
{
    struct route next = *route;
    const struct sc_yaml_node *target = sc_yaml_resolve(node);
    if (target == NULL)
        return fail_node(b, node, path, "an alias without its anchor", err);
    if (target != node) {
        next.bits |= SC_ROUTE_ALIAS;
        next.via = place_of(b, node);
    }
    bool reset = !next.literal_tags && is_tag(target, "!reset");
    bool override = !next.literal_tags && is_tag(target, "!override");
    if (reset || override) {
        int rc = record(b, path, err);
        if (rc < 0 || reset)
            return rc;
        next.literal_tags = true;
    }
    return build_target(b, target, path, &next, ret, err);
}

int sc_document_build(const struct sc_document_input *in, const struct sc_yaml_document *document,
                      struct sc_value **ret_root, const struct sc_reset **ret_resets,
                      struct sc_error *err)
{
    struct builder b = {.in = in};
    struct sc_path top = {0};
    struct route route = {0};
    struct sc_value *root = NULL;
    if (document->root != NULL) {
        int rc = build(&b, document->root, &top, &route, &root, err);
        if (rc < 0)
            return rc;
    }
    *ret_root = root;
    *ret_resets = b.resets;
    return 0;
}
