/* SPDX-License-Identifier: Apache-2.0
 *
 * Values behind aliases (`PASSWORD: *password`). Each use becomes a text of its own; the text at
 * the anchor is a credential too, which goes when nothing refers to it any more.
 */
#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* Aliases of this node in a tree. */
static size_t count_aliases(const struct sc_yaml_node *node, const struct sc_yaml_node *target)
{
    if (node == NULL || node->kind == SC_YAML_SCALAR)
        return 0;
    if (node->kind == SC_YAML_ALIAS)
        return node->target == target ? 1 : 0;
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        count += count_aliases(node->values[i], target);
        if (node->kind == SC_YAML_MAPPING)
            count += count_aliases(node->keys[i], target);
    }
    return count;
}

bool sc_plan_is_shared(const struct sc_yaml_node *node)
{
    return node != NULL && node->anchor != NULL && count_aliases(sc_node_root(node), node) > 0;
}

/* An entry of a top-level extension field, or the field itself. */
static bool in_extension(const struct sc_yaml_node *node)
{
    while (node->parent != NULL && node->parent->parent != NULL)
        node = node->parent;
    const char *key = node->key != NULL ? sc_node_text(node->key) : NULL;
    return key != NULL && sc_str_has_prefix(key, "x-");
}

/* Aliases of the anchor that move. */
static size_t moving_uses(const struct context *c, const struct sc_yaml_node *target)
{
    size_t count = 0;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *o = &c->found[i];
        bool counts = o->reason == NULL && o->line == NULL &&
                      o->value_node->kind == SC_YAML_ALIAS && o->value_node->target == target;
        for (size_t k = 0; k < i && counts; k++)
            counts = c->found[k].value_node != o->value_node; /* one text for two services */
        count += counts;
    }
    return count;
}

/* Whether a variable has the text at the anchor as its own. */
static bool is_variable(const struct context *c, const struct sc_yaml_node *target)
{
    for (size_t i = 0; i < c->found_count; i++) {
        if (c->found[i].line == NULL && c->found[i].value_node == target)
            return true;
    }
    return false;
}

bool sc_plan_anchor_follows(const struct context *c, const struct occurrence *o)
{
    const struct sc_yaml_node *node = o->value_node;
    return o->line != NULL || node->anchor == NULL || node->kind == SC_YAML_ALIAS ||
           count_aliases(sc_node_root(node), node) == moving_uses(c, node);
}

static bool done_before(const struct context *c, const struct occurrence *o)
{
    for (const struct occurrence *b = c->found; b < o; b++) {
        if (b->line == NULL && b->value_node->kind == SC_YAML_ALIAS &&
            b->value_node->target == o->value_node->target && b->reason == NULL)
            return true;
    }
    return false;
}

/* The text at the anchor of a moved use. */
static int emit_anchor(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    const struct sc_yaml_node *target = o->value_node->target;
    if (is_variable(c, target))
        return 0; /* listed as that */
    bool unused = count_aliases(sc_node_root(target), target) == moving_uses(c, target);
    bool goes = unused && target->parent != NULL && target->key != NULL && in_extension(target);
    const struct sc_plan_item item = {
        .action = goes ? SC_PLAN_ADAPT : SC_PLAN_REPORT,
        .key = target->key != NULL ? sc_node_text(target->key) : NULL,
        .where = "extension",
        .class = sc_plan_class(&o->credential),
        .file = o->file,
        .at = target->at,
        .secret = goes ? c->plan->secrets[o->secret].name : NULL,
        .change = goes ? "removed; nothing refers to it any more" : NULL,
        .reason = goes ? NULL : "something that stays refers to this anchor; change it by hand",
    };
    int rc = sc_plan_mask_span(c->plan, o->file, target->span.start, target->span.end, err);
    if (rc == 0 && goes)
        rc = sc_edit_delete(&c->plan->files[o->file].edits, target, err);
    return rc < 0 ? rc : sc_plan_item_add(c->plan, &item, err);
}

int sc_plan_anchors(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        const struct occurrence *o = &c->found[i];
        if (o->reason == NULL && o->line == NULL && o->value_node->kind == SC_YAML_ALIAS &&
            !done_before(c, o))
            rc = emit_anchor(c, o, err);
    }
    return rc;
}
