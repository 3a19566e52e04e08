/* SPDX-License-Identifier: Apache-2.0
 *
 * What services are given: `secrets:` of each, and the top-level secrets behind them.
 */
#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

const char *sc_plan_grant_obstacle(const struct definition *d)
{
    const struct sc_yaml_node *secrets = sc_yaml_get(d->node, "secrets");
    if (!d->own || (secrets == NULL && sc_merged_get(d->node, "secrets") != NULL) ||
        sc_yaml_is(secrets, SC_YAML_ALIAS) || sc_plan_is_shared(secrets))
        return "the service's secrets come through an anchor; give it a list of its own first";
    return NULL;
}

int sc_plan_grant(struct context *c, const struct grant *grant, struct sc_error *err)
{
    if (!sc_plan_room(&c->grants, c->grant_count, &c->grant_cap, sizeof(*c->grants), err))
        return SC_E_NOMEM;
    c->grants[c->grant_count++] = *grant;
    return 0;
}

/* ---- under the service ---- */

static bool granted(const struct definition *d, const char *secret)
{
    const struct sc_yaml_node *list = sc_yaml_get(d->node, "secrets");
    for (size_t i = 0; sc_yaml_is(list, SC_YAML_SEQUENCE) && i < list->count; i++) {
        const struct sc_yaml_node *item = list->values[i];
        const char *text = sc_node_text(item);
        if (text == NULL)
            text = sc_node_text(sc_merged_get(item, "source"));
        if (sc_str_equal(text, secret))
            return true;
    }
    return false;
}

/* Whether an earlier grant is the same. */
static bool asked_before(const struct context *c, const struct grant *grant)
{
    for (const struct grant *g = c->grants; g < grant; g++) {
        if (g->service == grant->service && g->secret == grant->secret &&
            sc_str_equal(g->target, grant->target))
            return true;
    }
    return false;
}

/* `- name`, or with a target where the image looks for another file name. */
static struct sc_edit_value grant_value(const char *name, const char *target,
                                        struct sc_edit_value parts[2])
{
    static const char *const keys[] = {"source", "target"};
    const char *usual = sc_str_has_prefix(target, "/run/secrets/") ? target + 13 : target;
    if (sc_str_equal(usual, name))
        return (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = name};
    parts[0] = (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = name};
    parts[1] = (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = usual};
    return (struct sc_edit_value){
        .kind = SC_YAML_MAPPING, .count = 2, .keys = keys, .values = parts};
}

/* All grants that a definition does not have yet, in one go. */
static int add_grants(struct context *c, const struct definition *d, struct sc_error *err)
{
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    const struct sc_yaml_node *list = sc_yaml_get(d->node, "secrets");
    size_t count = 0;
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    struct sc_edit_value *items = sc_stash_array(&pool, c->grant_count, sizeof(*items), err);
    struct sc_edit_value *parts = sc_stash_array(&pool, 2 * c->grant_count, sizeof(*parts), err);
    if (items == NULL || parts == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < c->grant_count; i++) {
        const struct grant *g = &c->grants[i];
        const char *name = c->plan->secrets[g->secret].name;
        if (g->service != d || asked_before(c, g) || granted(d, name))
            continue;
        items[count] = grant_value(name, g->target, parts + 2 * count);
        count++;
    }
    if (count == 0)
        return 0;
    if (list == NULL) {
        struct sc_edit_value value = {.kind = SC_YAML_SEQUENCE, .count = count, .values = items};
        return sc_edit_add(edits, d->node, "secrets", &value, err);
    }
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = sc_edit_add(edits, list, NULL, &items[i], err);
    return rc;
}

/* ---- top level ---- */

/* Whether a service of this document is given the secret, there or by what it extends in another
 * file, whose own top level does not count. */
static bool needs(const struct context *c, const struct sc_yaml_node *root, size_t secret)
{
    for (size_t i = 0; i < c->grant_count; i++) {
        const struct definition *given = c->grants[i].service;
        if (c->grants[i].secret != secret)
            continue;
        if (sc_node_root(given->key) == root)
            return true;
        for (size_t k = 0; k < c->definition_count && c->plan->files[given->file].base; k++) {
            const struct definition *d = &c->definitions[k];
            if (!c->plan->files[d->file].base && sc_node_root(d->key) == root &&
                sc_merged_get(d->node, "extends") != NULL && sc_plan_serves(c, given, d))
                return true;
        }
    }
    return false;
}

static int add_top_level(struct context *c, size_t file, const struct sc_yaml_node *root,
                         struct sc_error *err)
{
    struct sc_plan *plan = c->plan;
    static const char *const file_key[] = {"file"};
    const struct sc_yaml_node *present = sc_yaml_get(root, "secrets");
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    struct sc_edit_value *paths = sc_stash_array(&pool, plan->secret_count, sizeof(*paths), err);
    struct sc_edit_value *maps = sc_stash_array(&pool, plan->secret_count, sizeof(*maps), err);
    const char **names = sc_stash_array(&pool, plan->secret_count, sizeof(*names), err);
    if (paths == NULL || maps == NULL || names == NULL)
        return SC_E_NOMEM;
    size_t count = 0;
    for (size_t s = 0; s < plan->secret_count; s++) {
        const char *name = plan->secrets[s].name;
        if (!needs(c, root, s) || sc_merged_get(present, name) != NULL)
            continue;
        char *path = sc_stash_printf(&pool, err, "%s/%s/%s", c->options->mount, plan->scope, name);
        if (path == NULL)
            return SC_E_NOMEM;
        paths[count] = (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = path};
        maps[count] = (struct sc_edit_value){
            .kind = SC_YAML_MAPPING, .count = 1, .keys = file_key, .values = &paths[count]};
        names[count++] = name;
    }
    if (count == 0)
        return 0;
    struct sc_edits *edits = &plan->files[file].edits;
    if (present == NULL) {
        struct sc_edit_value value = {
            .kind = SC_YAML_MAPPING, .count = count, .keys = names, .values = maps};
        return sc_edit_add(edits, root, "secrets", &value, err);
    }
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = sc_edit_add(edits, present, names[i], &maps[i], err);
    return rc;
}

int sc_plan_grants_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    if (c->grant_count == 0)
        return 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++)
        rc = add_grants(c, &c->definitions[i], err);
    for (size_t f = 0; f < c->plan->file_count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        for (size_t i = 0; yaml != NULL && i < sc_yaml_count(yaml) && rc == 0; i++) {
            if (sc_yaml_document(yaml, i)->root != NULL)
                rc = add_top_level(c, f, sc_yaml_document(yaml, i)->root, err);
        }
    }
    return rc;
}
