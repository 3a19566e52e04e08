/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds every credential in the environments of all services of all files.
 */
#include <string.h>

#include "compose/judge/shape.h"
#include "compose/plan/internal.h"
#include "core/str.h"
#include "core/text/render.h"

#include "core/banned.h"

/* ---- services ---- */

static int add_definition(struct context *c, const struct definition *d, struct sc_error *err)
{
    if (!sc_plan_room(&c->definitions, c->definition_count, &c->definition_cap,
                      sizeof(*c->definitions), err))
        return SC_E_NOMEM;
    c->definitions[c->definition_count++] = *d;
    return 0;
}

static int add_services(struct context *c, size_t file, const struct sc_yaml_node *root,
                        struct sc_error *err)
{
    const struct sc_yaml_node *services = sc_yaml_resolve(sc_yaml_get(root, "services"));
    if (!sc_yaml_is(services, SC_YAML_MAPPING))
        return 0;
    for (size_t i = 0; i < services->count; i++) {
        const struct sc_yaml_node *node = sc_yaml_resolve(services->values[i]);
        const char *name = sc_node_text(services->keys[i]);
        if (name == NULL || !sc_yaml_is(node, SC_YAML_MAPPING))
            continue;
        struct definition d = {
            .file = file,
            .name = name,
            .key = services->keys[i],
            .node = node,
            .own = services->values[i]->kind == SC_YAML_MAPPING,
        };
        int rc = add_definition(c, &d, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- environments ---- */

struct scan {
    struct context *c;
    struct definition *d;
};

/* Filled in by the shim. */
static bool has_placeholder(const char *text, size_t len)
{
    return sc_render_has_placeholder((struct sc_bytes){(const unsigned char *)text, len});
}

/* Whether the pair is a credential, by the image's table or by its looks. */
static bool is_credential(const struct definition *d, struct occurrence *o)
{
    o->rule = sc_image_rule(d->image, o->key);
    if (o->rule != NULL && o->rule->way == SC_IMAGE_WAY_NONE)
        return false;
    if (has_placeholder(o->raw, o->raw_len) || strstr(o->raw, "/run/secrets/") != NULL)
        return false; /* filled in by the shim; or a file already ("file:/run/secrets/x") */
    if (sc_plan_native_companion(d->image, o->key) && o->raw_len > 0) {
        bool judged =
            sc_credential_judge(o->key, strlen(o->key), o->raw, o->raw_len, &o->credential);
        o->companion = !judged || o->credential.key == SC_KEY_HALF;
        return judged;
    }
    if (sc_credential_judge(o->key, strlen(o->key), o->raw, o->raw_len, &o->credential))
        return o->credential.key != SC_KEY_HALF || sc_image_rule_is_credential(o->rule);
    /* the table knows better than the name, but a pattern or an address says little of the value */
    if (!sc_image_rule_is_credential(o->rule))
        return false;
    const char *kind = sc_image_text(o->rule->kind);
    bool exact = strchr(sc_image_text(o->rule->variable), '*') == NULL &&
                 strstr(kind, "url") == NULL && strcmp(kind, "dsn") != 0;
    return exact && !sc_key_is_file(o->key, strlen(o->key)) &&
           sc_credential_judge("PASSWORD", 8, o->raw, o->raw_len, &o->credential);
}

/* What a variable is that is filled in with this text, if the text shows by itself that it holds a
 * credential, whatever it is called; else NONE. */
static enum sc_credential_shape shown_by(const char *key, const char *value)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count = sc_credential_parts(key, strlen(key), value, strlen(value), parts);
    for (size_t i = 0; i < SC_MIN(count, (size_t)SC_CREDENTIAL_PARTS_MAX); i++) {
        const struct sc_credential *found = &parts[i].credential;
        if (found->shape == SC_SHAPE_URL)
            return SC_SHAPE_URL_INTERPOLATED;
        if (found->shape == SC_SHAPE_KEY_MATERIAL ||
            (parts[i].key_len > 0 && found->key != SC_KEY_HALF))
            return SC_SHAPE_INTERPOLATED;
    }
    return SC_SHAPE_NONE;
}

/* All of the value is one variable, and what the services get shows a credential; or nothing yet,
 * where the address of a database belongs. */
static bool is_referenced_credential(const struct definition *d, struct occurrence *o)
{
    struct sc_shape_variable variable;
    if (!sc_shape_variable(o->raw, o->raw_len, &variable) || variable.length != o->raw_len)
        return false;
    enum sc_credential_shape shape = SC_SHAPE_NONE;
    for (size_t i = 0; i < d->user_count && shape == SC_SHAPE_NONE; i++) {
        const struct sc_variable *v = sc_variables_get(&d->users[i]->environment, o->key);
        bool set = v != NULL && v->value != NULL && v->value[0] != '\0';
        if (set)
            shape = shown_by(o->key, v->value);
        else if (sc_image_takes_address(d->image, o->key, strlen(o->key)))
            shape = SC_SHAPE_URL_INTERPOLATED;
    }
    if (shape == SC_SHAPE_NONE)
        return false;
    o->credential =
        (struct sc_credential){.shape = shape, .key = SC_KEY_PASSWORD, .length = o->raw_len};
    return true;
}

/* Nothing is set: what belongs there, its name says. */
static bool is_named_credential(const struct definition *d, struct occurrence *o)
{
    size_t len = strlen(o->key);
    enum sc_key_kind kind = sc_key_classify(o->key, len);
    o->credential = (struct sc_credential){.shape = SC_SHAPE_INTERPOLATED, .key = SC_KEY_PASSWORD};
    return kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET ||
           sc_image_takes_address(d->image, o->key, len);
}

/* `NAME:` or `- NAME` hands a variable of the caller on: what the loaded project says it holds. */
static bool is_passed_credential(const struct definition *d, struct occurrence *o)
{
    const struct sc_variable *variable =
        d->user_count == 1 ? sc_variables_get(&d->users[0]->environment, o->key) : NULL;
    o->rule = sc_image_rule(d->image, o->key);
    bool set = variable != NULL && variable->value != NULL && variable->value[0] != '\0';
    bool found = set ? sc_credential_judge(o->key, strlen(o->key), variable->value,
                                           strlen(variable->value), &o->credential) ||
                           shown_by(o->key, variable->value) != SC_SHAPE_NONE
                     : d->user_count == 1 && is_named_credential(d, o);
    if (!found || o->credential.key == SC_KEY_HALF)
        return false;
    o->credential.shape = SC_SHAPE_INTERPOLATED;
    o->credential.offset = o->credential.length = 0;
    o->resolved = set ? variable->value : "";
    o->passed = set ? variable->origin : NULL;
    return true;
}

static int push(struct context *c, struct occurrence *o, struct sc_error *err)
{
    if (!o->bare)
        sc_plan_set_part(o);
    if (c->found_count >= SC_PLAN_ITEMS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d credentials in one project",
                       SC_PLAN_ITEMS_MAX);
    if (!sc_plan_room(&c->found, c->found_count, &c->found_cap, sizeof(*c->found), err))
        return SC_E_NOMEM;
    c->found[c->found_count++] = *o;
    return 0;
}

/* Each credential inside of a text by itself: what is found is in order. */
static int push_parts(struct context *c, const struct occurrence *o,
                      const struct sc_credential_part *parts, size_t count, struct sc_error *err)
{
    size_t end = 0, first = c->found_count;
    int rc = 0;
    for (size_t i = 0; i < SC_MIN(count, (size_t)SC_CREDENTIAL_PARTS_MAX) && rc == 0; i++) {
        const struct sc_credential_part *part = &parts[i];
        struct occurrence one = *o;
        if (part->credential.key == SC_KEY_HALF || part->credential.offset < end ||
            has_placeholder(o->raw + part->credential.offset, part->credential.length))
            continue; /* two in the default of one variable are one */
        one.credential = part->credential;
        one.from = part->from;
        one.to = part->to;
        one.next = c->found_count > first;
        one.many = count > SC_CREDENTIAL_PARTS_MAX;
        if (part->key_len > 0) {
            one.inner = sc_stash_dup(&c->plan->pool, o->raw + part->key, part->key_len, err);
            if (one.inner == NULL)
                return SC_E_NOMEM;
        }
        rc = push(c, &one, err);
        if (rc == 0)
            end = c->found[c->found_count - 1].part + c->found[c->found_count - 1].part_len;
    }
    return rc;
}

/* A held text is taken as it is, with all that is in it. */
static int push_whole(struct context *c, struct occurrence *o, struct sc_error *err)
{
    bool variables = o->line == NULL && memchr(o->raw, '$', o->raw_len) != NULL;
    o->credential = (struct sc_credential){
        .shape = variables ? SC_SHAPE_INTERPOLATED : SC_SHAPE_LITERAL,
        .key = SC_KEY_PASSWORD,
        .length = o->raw_len,
    };
    return push(c, o, err);
}

int sc_plan_occurrence_add(struct context *c, struct occurrence *o, struct sc_error *err)
{
    o->to = o->raw_len;
    if (o->bare)
        return is_passed_credential(o->service, o) ? push(c, o, err) : 0;
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count = sc_credential_parts(o->key, strlen(o->key), o->raw, o->raw_len, parts);
    bool found = is_credential(o->service, o) || is_referenced_credential(o->service, o);
    if (o->rule != NULL && o->rule->way == SC_IMAGE_WAY_NONE)
        return 0;
    if (count > 0 && sc_plan_is_held(c, o))
        return push_whole(c, o, err);
    if (count > 1 || (count == 1 && (parts[0].key_len > 0 || has_placeholder(o->raw, o->raw_len))))
        return push_parts(c, o, parts, count, err);
    return found ? push(c, o, err) : 0;
}

static int add_occurrence(struct scan *s, struct occurrence *o, struct sc_error *err)
{
    o->service = s->d;
    o->file = s->d->file;
    o->shared = !s->d->own || !sc_node_inside(o->value_node, s->d->node);
    return sc_plan_occurrence_add(s->c, o, err);
}

static int scan_entry(const struct sc_yaml_node *key, const struct sc_yaml_node *value, void *ctx,
                      struct sc_error *err)
{
    const struct sc_yaml_node *scalar = sc_yaml_resolve(value);
    if (!sc_yaml_is(scalar, SC_YAML_SCALAR) || sc_node_text(key) == NULL)
        return 0;
    if (sc_yaml_is_null(scalar)) {
        struct occurrence bare = {.key = sc_node_text(key),
                                  .key_node = key,
                                  .value_node = value,
                                  .raw = "",
                                  .bare = true};
        return add_occurrence(ctx, &bare, err);
    }
    struct occurrence o = {
        .key = sc_node_text(key),
        .key_node = key,
        .value_node = value,
        .raw = scalar->text,
        .raw_len = scalar->len,
    };
    return add_occurrence(ctx, &o, err);
}

static int scan_item(struct scan *s, const struct sc_yaml_node *item, struct sc_error *err)
{
    const struct sc_yaml_node *scalar = sc_yaml_resolve(item);
    const char *equal = sc_yaml_is(scalar, SC_YAML_SCALAR) ? strchr(scalar->text, '=') : NULL;
    if (equal == NULL && sc_yaml_is(scalar, SC_YAML_SCALAR)) {
        struct occurrence bare = {.key = scalar->text, .value_node = item, .raw = "", .bare = true};
        return add_occurrence(s, &bare, err);
    }
    if (equal == NULL)
        return 0;
    char *key = sc_stash_dup(&s->c->plan->pool, scalar->text, (size_t)(equal - scalar->text), err);
    if (key == NULL)
        return SC_E_NOMEM;
    struct occurrence o = {
        .key = key,
        .value_node = item,
        .raw = equal + 1,
        .raw_len = scalar->len - (size_t)(equal + 1 - scalar->text),
    };
    return add_occurrence(s, &o, err);
}

static int scan_environment(struct context *c, struct definition *d, struct sc_error *err)
{
    struct scan s = {.c = c, .d = d};
    const struct sc_yaml_node *environment = sc_yaml_resolve(sc_merged_get(d->node, "environment"));
    if (sc_yaml_is(environment, SC_YAML_MAPPING))
        return sc_merged_each(environment, scan_entry, &s, err);
    int rc = 0;
    for (size_t i = 0;
         sc_yaml_is(environment, SC_YAML_SEQUENCE) && i < environment->count && rc == 0; i++)
        rc = scan_item(&s, environment->values[i], err);
    return rc;
}

int sc_plan_gather(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t f = 0; f < c->plan->file_count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        for (size_t i = 0; i < sc_yaml_count(yaml) && rc == 0; i++)
            rc = add_services(c, f, sc_yaml_document(yaml, i)->root, err);
    }
    if (rc == 0)
        rc = sc_plan_bases(c, err);
    for (size_t i = 0; i < c->definition_count && rc == 0; i++)
        rc = scan_environment(c, &c->definitions[i], err);
    return rc;
}
