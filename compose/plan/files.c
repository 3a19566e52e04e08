/* SPDX-License-Identifier: Apache-2.0
 *
 * Top-level secrets that are plain files next to the Compose file: the content moves into the
 * vault, the entry names the run-time path. Services see no difference.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

static int report(struct context *c, size_t file, const struct sc_yaml_node *node,
                  const struct sc_plan_item *more, struct sc_error *err)
{
    struct sc_plan_item item = *more;
    item.key = sc_node_text(node->parent->key);
    item.where = "secrets";
    item.class = "literal";
    item.file = file;
    item.at = node->at;
    return sc_plan_item_add(c->plan, &item, err);
}

/* Reads and plans one entry; `node` is the text behind `file:`. */
static int move(struct context *c, size_t file, const struct sc_yaml_node *node, const char *path,
                struct sc_error *err)
{
    const char *name = sc_node_text(node->parent->key);
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_error why = {0};
    size_t secret = 0;
    int rc = c->options->read_secret(path, c->options->ctx, &value, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return report(
            c, file, node,
            &(struct sc_plan_item){.action = SC_PLAN_REPORT,
                                   .reason = "its file cannot be read here; run this where it can"},
            err);
    if (sc_secret_view(&value).len == 0)
        return 0;
    rc = sc_plan_secret_named(c, name, sc_secret_view(&value), &secret, &why);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return report(c, file, node,
                      &(struct sc_plan_item){
                          .action = SC_PLAN_REPORT,
                          .reason = "two files give it different contents; leave one of them"},
                      err);
    char *target =
        sc_stash_printf(&c->plan->pool, err, "%s/%s/%s", c->options->mount, c->plan->scope, name);
    if (target == NULL)
        return SC_E_NOMEM;
    rc = sc_edit_set(&c->plan->files[file].edits, node, target, err);
    if (rc < 0)
        return rc;
    struct sc_plan_item item = {
        .action = SC_PLAN_MOVE,
        .secret = name,
        .change = target,
        .note = "the file stays; remove it once the containers run without it",
    };
    return report(c, file, node, &item, err);
}

static int scan(struct context *c, size_t file, const struct sc_yaml_node *root,
                struct sc_error *err)
{
    const struct sc_yaml_node *secrets = sc_yaml_get(root, "secrets");
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(secrets, SC_YAML_MAPPING) && i < secrets->count && rc == 0; i++) {
        const struct sc_yaml_node *node = sc_yaml_get(secrets->values[i], "file");
        const char *key = sc_node_text(secrets->keys[i]);
        const struct sc_resource *resource =
            key != NULL ? sc_resources_get(&c->options->project->secrets, key) : NULL;
        if (!sc_yaml_is(node, SC_YAML_SCALAR) || secrets->values[i]->kind != SC_YAML_MAPPING ||
            resource == NULL || resource->file == NULL || node->len == 0 ||
            sc_str_has_prefix(resource->file, c->options->mount) ||
            !sc_name_part_valid(key, strlen(key)))
            continue;
        rc = move(c, file, node, resource->file, err);
    }
    return rc;
}

int sc_plan_files(struct context *c, struct sc_error *err)
{
    if (c->options->project == NULL || c->options->read_secret == NULL)
        return 0;
    int rc = 0;
    size_t count = c->plan->file_count;
    for (size_t f = 0; f < count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        bool stays = c->plan->files[f].fixed != NULL || c->plan->files[f].base;
        for (size_t i = 0; i < sc_yaml_count(yaml) && rc == 0 && !stays; i++)
            rc = scan(c, f, sc_yaml_document(yaml, i)->root, err);
    }
    return rc;
}
