/* SPDX-License-Identifier: Apache-2.0
 *
 * Mappings as they are after aliases and merge keys; see compose/plan/internal.h.
 */
#include <string.h>

#include "compose/plan/internal.h"

#include "core/banned.h"

static bool is_merge_key(const struct sc_yaml_node *key)
{
    return sc_yaml_equals(key, "<<") && key->style == SC_YAML_PLAIN;
}

static const struct sc_yaml_node *merged_get(const struct sc_yaml_node *mapping, const char *key,
                                             int depth);

/* What `<<` brings of it. */
static const struct sc_yaml_node *inherited(const struct sc_yaml_node *mapping, const char *key,
                                            int depth)
{
    const struct sc_yaml_node *found = NULL;
    for (size_t i = 0; i < mapping->count && depth > 0; i++) {
        if (!is_merge_key(mapping->keys[i]))
            continue;
        const struct sc_yaml_node *from = sc_yaml_resolve(mapping->values[i]);
        if (sc_yaml_is(from, SC_YAML_MAPPING))
            return merged_get(from, key, depth - 1);
        for (size_t k = 0; from != NULL && k < from->count && found == NULL; k++)
            found = merged_get(from->values[k], key, depth - 1);
    }
    return found;
}

static const struct sc_yaml_node *merged_get(const struct sc_yaml_node *mapping, const char *key,
                                             int depth)
{
    mapping = sc_yaml_resolve(mapping);
    const struct sc_yaml_node *own = sc_yaml_get(mapping, key);
    return own != NULL || !sc_yaml_is(mapping, SC_YAML_MAPPING) ? own
                                                                : inherited(mapping, key, depth);
}

const struct sc_yaml_node *sc_merged_get(const struct sc_yaml_node *mapping, const char *key)
{
    return merged_get(mapping, key, SC_YAML_DEPTH_MAX);
}

const struct sc_yaml_node *sc_merged_behind(const struct sc_yaml_node *value, const char *key)
{
    const struct sc_yaml_node *mapping = value->parent;
    return sc_yaml_is(mapping, SC_YAML_MAPPING) ? inherited(mapping, key, SC_YAML_DEPTH_MAX) : NULL;
}

struct walk {
    const struct sc_yaml_node *top;
    sc_merged_fn fn;
    void *ctx;
};

static int each(struct walk *w, const struct sc_yaml_node *mapping, int depth, struct sc_error *err)
{
    mapping = sc_yaml_resolve(mapping);
    if (!sc_yaml_is(mapping, SC_YAML_MAPPING) || depth == 0)
        return 0;
    /* what a mapping has itself wins, and no key stands there twice but through an alias */
    bool own = mapping == sc_yaml_resolve(w->top);
    for (size_t i = 0; i < mapping->count && own; i++)
        own = mapping->keys[i]->kind == SC_YAML_SCALAR;
    int rc = 0;
    for (size_t i = 0; i < mapping->count && rc == 0; i++) {
        const struct sc_yaml_node *key = sc_yaml_resolve(mapping->keys[i]);
        const struct sc_yaml_node *value = mapping->values[i];
        if (is_merge_key(mapping->keys[i])) {
            const struct sc_yaml_node *from = sc_yaml_resolve(value);
            if (sc_yaml_is(from, SC_YAML_MAPPING))
                rc = each(w, from, depth - 1, err);
            for (size_t k = 0;
                 from != NULL && from->kind == SC_YAML_SEQUENCE && k < from->count && rc == 0; k++)
                rc = each(w, from->values[k], depth - 1, err);
            continue;
        }
        /* only the entry that wins */
        if (sc_yaml_is(key, SC_YAML_SCALAR) && (own || sc_merged_get(w->top, key->text) == value))
            rc = w->fn(mapping->keys[i], value, w->ctx, err);
    }
    return rc;
}

int sc_merged_each(const struct sc_yaml_node *mapping, sc_merged_fn fn, void *ctx,
                   struct sc_error *err)
{
    struct walk w = {.top = mapping, .fn = fn, .ctx = ctx};
    return each(&w, mapping, SC_YAML_DEPTH_MAX, err);
}

const char *sc_node_text(const struct sc_yaml_node *node)
{
    node = sc_yaml_resolve(node);
    return sc_yaml_is(node, SC_YAML_SCALAR) ? node->text : NULL;
}

bool sc_node_inside(const struct sc_yaml_node *node, const struct sc_yaml_node *outer)
{
    for (; node != NULL; node = node->parent) {
        if (node == outer)
            return true;
    }
    return false;
}

const struct sc_yaml_node *sc_node_root(const struct sc_yaml_node *node)
{
    while (node->parent != NULL)
        node = node->parent;
    return node;
}

const char *sc_plan_fixed_reason(const struct context *c, const struct definition *d, size_t file)
{
    const struct sc_plan_file *files = c->plan->files;
    const struct sc_plan_file *changed = &files[files[file].yaml != NULL ? file : d->file];
    if (changed->base && c->options->project == NULL)
        return "what extends it is not known, since the project was not loaded";
    if (changed->base && d->user_count == 0)
        return "no service of this project gets it from that file; rewrite the file by itself";
    return changed->fixed;
}

bool sc_plan_has_custom_tag(const struct sc_yaml_node *node)
{
    for (; node != NULL; node = node->parent) {
        if (node->tag != NULL && node->tag[0] == '!')
            return true;
    }
    return false;
}

size_t sc_plan_sets(const struct definition *d, const char *name)
{
    const struct sc_yaml_node *environment = sc_yaml_resolve(sc_merged_get(d->node, "environment"));
    size_t n = strlen(name), times = 0;
    if (sc_yaml_is(environment, SC_YAML_MAPPING))
        return sc_merged_get(environment, name) != NULL;
    for (size_t i = 0; environment != NULL && i < environment->count; i++) {
        const char *item = sc_node_text(environment->values[i]);
        times += item != NULL && strncmp(item, name, n) == 0 && (item[n] == '=' || item[n] == '\0');
    }
    return times;
}
