/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns decisions into changes of the files: variables, grants under the services, top-level
 * secrets.
 */
#include <stdio.h>
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

/* From where on the bytes up to the credential's end stand only once in the block scalar: from the
 * credential itself, else from the start of its line; SIZE_MAX if neither is so. */
static size_t unique_from(const struct context *c, const struct occurrence *o, size_t behind)
{
    size_t end = o->part + o->part_len, line = o->part;
    while (line > behind && o->raw[line - 1] != '\n')
        line--;
    const size_t from[] = {o->part, line + strspn(o->raw + line, " ")};
    for (size_t i = 0; i < SC_ARRAY_SIZE(from); i++) {
        if (from[i] <= o->part &&
            sc_plan_once(c->plan, o->file, o->value_node, o->raw + from[i], end - from[i]))
            return from[i];
    }
    return SIZE_MAX;
}

/* Pieces to exchange in the lines of a block scalar, so that it stays one. Nothing is done where it
 * cannot be said which one is meant. */
static int edit_lines(struct context *c, const struct occurrence *o, const char *value,
                      bool *ret_done, struct sc_error *err)
{
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    const char **pieces = sc_stash_array(&pool, 2 * c->found_count + 1, sizeof(*pieces), err);
    size_t count = 0, behind = 0;
    if (pieces == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *part = &c->found[i];
        if (!sc_plan_together(part, o))
            continue;
        size_t from = unique_from(c, part, behind);
        if (from == SIZE_MAX)
            return 0;
        const char *piece = sc_plan_placeholder(c, part, err);
        behind = part->part + part->part_len;
        pieces[count++] = sc_stash_dup(&pool, o->raw + from, behind - from, err);
        if (piece != NULL)
            pieces[count++] = sc_stash_printf(&pool, err, "%.*s%s", (int)(part->part - from),
                                              o->raw + from, piece);
        if (piece == NULL || pieces[count - 2] == NULL || pieces[count - 1] == NULL)
            return SC_E_NOMEM;
    }
    *ret_done = true;
    return sc_edit_set_pieces(&c->plan->files[o->file].edits, o->value_node, value, pieces, err);
}

static int edit_variable(struct context *c, const struct occurrence *o, const char *name,
                         const char *value, struct sc_error *err)
{
    struct sc_edits *edits = &c->plan->files[o->file].edits;
    bool changed = false;
    if (o->use_shim && sc_plan_is_part(o) && o->key_node != NULL) {
        int rc = edit_lines(c, o, value, &changed, err);
        if (rc < 0 || changed)
            return rc;
    }
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

const char *sc_plan_placeholder(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    return sc_stash_printf(&c->plan->pool, err, "{{secret:%s%s}}",
                           c->plan->secrets[o->file_secret].name, o->filter);
}

/* The text with placeholders in place of all its credentials, which are found in order. */
static const char *filled_in(struct context *c, const struct occurrence *o, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
    size_t at = 0;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *part = &c->found[i];
        if (!sc_plan_together(part, o))
            continue;
        const char *piece = sc_plan_placeholder(c, part, err);
        if (piece == NULL)
            return NULL;
        sc_buf_append(&text, o->raw + at, part->part - at);
        sc_buf_puts(&text, piece);
        at = part->part + part->part_len;
    }
    sc_buf_append(&text, o->raw + at, o->raw_len - at);
    if (sc_buf_status(&text, err) < 0)
        return NULL;
    return sc_stash_dup(&c->plan->pool, sc_buf_text(&text), text.len, err);
}

int sc_plan_variable(struct context *c, const struct occurrence *o, const char **ret_name,
                     const char **ret_value, struct sc_error *err)
{
    struct sc_stash *pool = &c->plan->pool;
    if (o->use_shim) {
        *ret_name = o->key;
        *ret_value = filled_in(c, o, err);
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

static bool has_rule(const struct occurrence *o)
{
    return o->rule != NULL && strcmp(sc_image_text(o->rule->image), "*") != 0;
}

/* A line of an env file that the service gets with others: its image is known, or another service
 * is known to be the one that reads it. */
static bool is_stray(const struct occurrence *o)
{
    if (o->line == NULL || !o->use_shim || has_rule(o) || o->service->image == NULL)
        return false;
    bool stray = sc_image_known(o->service->image);
    for (const struct occurrence *b = o->text_first; b != NULL && !stray; b = b->text_next)
        stray = has_rule(b);
    return stray;
}

static const char *note_of(const struct context *c, const struct occurrence *o)
{
    if (sc_plan_is_held(c, o))
        return "all of it is one entry, since its credentials cannot be told apart";
    if (c->plan->files[o->file].base)
        return "a project that extends this file too has to declare the secret as well";
    if (o->rule != NULL && (o->rule->flags & SC_IMAGE_FIRST_START) != 0 && !o->use_shim)
        return "read only when the data is first set up; an existing one keeps its password";
    if (is_stray(o))
        return "nothing is known of its image reading it; if it does not, give the service an env "
               "file without it";
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
        .note = moves ? note_of(c, o) : sc_plan_stays_note(c, o),
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
    int rc = sc_plan_mask_add(c, o, err);
    if (rc < 0 || (o->next && (o->reason != NULL || !o->use_shim)))
        return rc; /* what is said and done about the first one holds for all of the text */
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
                                 o->key, c->plan->secrets[o->file_secret].name);
    else if (name[0] == '\0' && o->native != NULL && o->native->set != NULL)
        change = sc_stash_printf(&c->plan->pool, err, "(in %s)", target);
    else if (name[0] == '\0')
        change = sc_stash_printf(&c->plan->pool, err, "(file %s)", target);
    else
        change = sc_stash_printf(&c->plan->pool, err, "%s=%s", name, value);
    rc = change == NULL ? SC_E_NOMEM : report_item(c, o, change, err);
    if (rc < 0 || !o->first)
        return rc;
    return o->line == NULL ? edit_variable(c, o, name, value, err)
                           : sc_plan_env_edit(c, o, name, value, err);
}

int sc_plan_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->found_count && rc == 0; i++)
        rc = emit_one(c, &c->found[i], err);
    return rc;
}
