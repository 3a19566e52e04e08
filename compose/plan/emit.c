/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns decisions into changes of the files: variables, grants under the services, top-level
 * secrets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

#define TEXT_SIZE 640

const char *sc_plan_target(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    if (o->native != NULL && o->native->target != NULL)
        return sc_stash_dup(&c->plan->pool, o->native->target, strlen(o->native->target), err);
    if (!o->use_shim && o->native == NULL && o->rule->way == SC_IMAGE_WAY_FIXED)
        return sc_stash_dup(&c->plan->pool, o->argument, strlen(o->argument), err);
    return sc_stash_printf(&c->plan->pool, err, "/run/secrets/%s",
                           c->plan->secrets[o->file_secret].name);
}

/* ---- the variable ---- */

/* The variable's new name and value; an empty name: it goes. */
static void new_variable(const struct occurrence *o, const char *target, char name[TEXT_SIZE],
                         char value[TEXT_SIZE])
{
    const char *leaf = strrchr(target, '/') + 1;
    snprintf(name, TEXT_SIZE, "%s", o->key);
    snprintf(value, TEXT_SIZE, "%s", target);
    if (o->native != NULL) {
        snprintf(name, TEXT_SIZE, "%s", o->native->named_by != NULL ? o->native->named_by : "");
        return;
    }
    switch (o->rule->way) {
    case SC_IMAGE_WAY_FILE:
        snprintf(name, TEXT_SIZE, "%s", o->argument);
        break;
    case SC_IMAGE_WAY_NAME:
        snprintf(name, TEXT_SIZE, "%s", o->argument);
        snprintf(value, TEXT_SIZE, "%s", leaf);
        break;
    case SC_IMAGE_WAY_CMD:
        snprintf(name, TEXT_SIZE, "%s", o->argument);
        snprintf(value, TEXT_SIZE, "cat %s", target);
        break;
    case SC_IMAGE_WAY_PREFIX:
        snprintf(value, TEXT_SIZE, "%s%s", o->argument, target);
        break;
    case SC_IMAGE_WAY_FIXED:
        name[0] = '\0';
        break;
    case SC_IMAGE_WAY_PATH:
    case SC_IMAGE_WAY_CONFIG:
    case SC_IMAGE_WAY_SHIM:
    case SC_IMAGE_WAY_NONE:
    default:
        break;
    }
}

static int edit_variable(struct sc_edits *edits, const struct occurrence *o, const char *name,
                         const char *value, struct sc_error *err)
{
    if (name[0] == '\0')
        return sc_edit_delete(edits, o->value_node, err);
    if (o->key_node == NULL) {
        SC_CLEANUP(sc_buf_done) struct sc_buf item = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
        sc_buf_printf(&item, "%s=%s", name, value);
        int done = sc_buf_status(&item, err);
        return done < 0 ? done : sc_edit_set(edits, o->value_node, sc_buf_text(&item), err);
    }
    int rc = 0;
    if (!sc_str_equal(name, o->key))
        rc = sc_edit_rename(edits, o->key_node, name, err);
    return rc < 0 ? rc : sc_edit_set(edits, o->value_node, value, err);
}

/* What the shim fills in. */
static const char *placeholder(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    bool url = sc_plan_is_part(o) && o->url_filter;
    return sc_stash_printf(&c->plan->pool, err, "{{secret:%s%s}}", c->plan->secrets[o->secret].name,
                           url ? "|url" : "");
}

int sc_plan_variable(struct context *c, const struct occurrence *o, const char **ret_name,
                     const char **ret_value, struct sc_error *err)
{
    struct sc_stash *pool = &c->plan->pool;
    if (o->use_shim) {
        const char *piece = placeholder(c, o, err);
        size_t end = o->part + o->part_len;
        if (piece == NULL)
            return SC_E_NOMEM;
        *ret_name = o->key;
        *ret_value = sc_stash_printf(pool, err, "%.*s%s%.*s", (int)o->part, o->raw, piece,
                                     (int)(o->raw_len - end), o->raw + end);
        return *ret_value != NULL ? 0 : SC_E_NOMEM;
    }
    char name[TEXT_SIZE], value[TEXT_SIZE];
    const char *target = sc_plan_target(c, o, err);
    if (target == NULL)
        return SC_E_NOMEM;
    new_variable(o, target, name, value);
    *ret_name = sc_stash_dup(pool, name, strlen(name), err);
    *ret_value = sc_stash_dup(pool, value, strlen(value), err);
    return *ret_name != NULL && *ret_value != NULL ? 0 : SC_E_NOMEM;
}

/* ---- items ---- */

static const char *note_of(const struct context *c, const struct occurrence *o)
{
    if (c->plan->files[o->file].base)
        return "a project that extends this file too has to declare the secret as well";
    if (o->rule != NULL && (o->rule->flags & SC_IMAGE_FIRST_START) != 0 && !o->use_shim)
        return "read only when the data is first set up; an existing one keeps its password";
    if (o->credential.shape == SC_SHAPE_PLACEHOLDER)
        return "looks like a placeholder; rotate it";
    return NULL;
}

/* The names of the contract; see docs/CLI.md. */
const char *sc_plan_class(const struct sc_credential *credential)
{
    static const char *const names[] = {
        [SC_SHAPE_NONE] = "none",
        [SC_SHAPE_LITERAL] = "literal",
        [SC_SHAPE_PLACEHOLDER] = "placeholder",
        [SC_SHAPE_INTERPOLATED] = "interpolated",
        [SC_SHAPE_DEFAULT] = "default",
        [SC_SHAPE_URL] = "url",
        [SC_SHAPE_URL_INTERPOLATED] = "url-interpolated",
        [SC_SHAPE_KEY_MATERIAL] = "key-material",
    };
    return credential->key == SC_KEY_HALF ? "half" : names[credential->shape];
}

static int report_item(struct context *c, const struct occurrence *o, const char *change,
                       struct sc_error *err)
{
    bool moves = o->reason == NULL;
    struct sc_yaml_position at = {0};
    if (o->line != NULL)
        at = (struct sc_yaml_position){o->line->line, o->line->column};
    else
        at = o->value_node->at;
    struct sc_plan_item item = {
        .action = moves ? SC_PLAN_MOVE : SC_PLAN_REPORT,
        .service = o->service->name,
        .key = o->key,
        .where = o->line != NULL ? "env_file" : "environment",
        .class = sc_plan_class(&o->credential),
        .file = o->file,
        .at = at,
        .secret = moves ? c->plan->secrets[o->secret].name : NULL,
        .change = change,
        .reason = o->reason,
        .note = moves ? note_of(c, o) : NULL,
        .unverified =
            moves && !o->use_shim && o->native == NULL &&
            ((o->rule->flags & SC_IMAGE_VERIFIED) == 0 || sc_image_is_mirror(o->service->image)),
    };
    return sc_plan_item_add(c->plan, &item, err);
}

static int emit_one(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    if (o->companion && o->reason != NULL)
        return 0; /* nobody has to do anything about it */
    int rc = sc_plan_mask_add(c->plan, o, err);
    if (rc < 0)
        return rc;
    if (o->reason != NULL)
        return report_item(c, o, NULL, err);
    const char *name = NULL, *value = NULL, *change = NULL;
    const char *target = sc_plan_target(c, o, err);
    if (target == NULL)
        return SC_E_NOMEM;
    const char *reads_as = o->rule != NULL && !o->use_shim ? sc_image_text(o->rule->reads_as) : "";
    const struct grant grant = {
        .service = o->service,
        .secret = o->file_secret,
        .target = target,
        .reads_as = *reads_as != '\0' ? reads_as : NULL,
        .anyone = o->native != NULL && !o->native->owner,
    };
    rc = sc_plan_grant(c, &grant, err);
    if (rc == 0)
        rc = sc_plan_variable(c, o, &name, &value, err);
    if (rc < 0)
        return rc;
    if (o->use_shim)
        change = sc_stash_printf(&c->plan->pool, err, "%s filled in by the shim from {{secret:%s}}",
                                 o->key, c->plan->secrets[o->secret].name);
    else if (name[0] == '\0' && o->native != NULL && o->native->set != NULL)
        change = sc_stash_printf(&c->plan->pool, err, "(in %s)", target);
    else if (name[0] == '\0')
        change = sc_stash_printf(&c->plan->pool, err, "(file %s)", target);
    else
        change = sc_stash_printf(&c->plan->pool, err, "%s=%s", name, value);
    rc = change == NULL ? SC_E_NOMEM : report_item(c, o, change, err);
    if (rc < 0 || !o->first)
        return rc;
    if (o->line == NULL)
        return edit_variable(&c->plan->files[o->file].edits, o, name, value, err);
    if (o->use_shim)
        value = placeholder(c, o, err);
    return value == NULL ? SC_E_NOMEM : sc_plan_env_edit(c, o, name, value, err);
}

int sc_plan_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++)
        rc = emit_one(c, &c->found[i], err);
    return rc;
}
