/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds credentials outside of the environments: commands, health checks, labels, build arguments,
 * contents of configs, options of drivers, hooks, extension fields. What is found, and how it is
 * judged, is what `audit` finds.
 */
#include <string.h>

#include "compose/judge/lines.h"
#include "compose/plan/place/scan.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- what was found ---- */

static bool known(const struct context *c, const struct sc_yaml_node *node, size_t start,
                  size_t end)
{
    for (size_t i = 0; i < c->found_count; i++) {
        if (sc_yaml_resolve(c->found[i].value_node) == node)
            return true;
    }
    for (size_t i = 0; i < c->literal_count; i++) {
        const struct literal *l = &c->literals[i];
        if (l->node == node && l->start < end && start < l->end)
            return true;
    }
    return false;
}

int sc_plan_place_add(struct scan *s, const struct literal *l, struct sc_error *err)
{
    struct context *c = s->c;
    if (known(c, l->node, l->start, l->end))
        return 0;
    if (c->literal_count == SC_PLAN_ITEMS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d credentials", SC_PLAN_ITEMS_MAX);
    if (!sc_plan_room(&c->literals, c->literal_count, &c->literal_cap, sizeof(*c->literals), err))
        return SC_E_NOMEM;
    struct literal *copy = &c->literals[c->literal_count++];
    *copy = *l;
    copy->service = s->service;
    copy->file = s->file;
    copy->where = s->where;
    copy->first = l->first < l->last ? l->first : l->start;
    copy->last = l->first < l->last ? l->last : l->end;
    return 0;
}

/* A name and the text from..to of a scalar. */
struct pair {
    const char *key; /* or NULL */
    size_t key_len;
    const struct sc_yaml_node *node;
    size_t from, to;
};

int sc_plan_place_part(struct scan *s, const struct place_text *in,
                       const struct sc_credential_part *part, struct literal *l,
                       struct sc_error *err)
{
    const bool named = part->key_len > 0;
    const char *key = named ? in->text + part->key : in->key;
    if (key != NULL) {
        l->key = sc_stash_dup(&s->c->plan->pool, key, named ? part->key_len : in->key_len, err);
        if (l->key == NULL)
            return SC_E_NOMEM;
    }
    const struct sc_bytes value = {(const unsigned char *)in->text + part->from,
                                   part->to - part->from};
    l->credential = part->credential;
    l->credential.offset -= part->from;
    sc_plan_part(l->key, value, &l->credential, &l->start, &l->end);
    l->start += part->from;
    l->end += part->from;
    return 0;
}

/* One credential of the text, like the literal given. */
static int add_part(struct scan *s, const struct pair *pair, const struct sc_credential_part *part,
                    const struct literal *like, struct sc_error *err)
{
    struct literal l = *like;
    const struct place_text in = {pair->node->text + pair->from, pair->key, pair->key_len};
    int rc = sc_plan_place_part(s, &in, part, &l, err);
    l.node = pair->node;
    l.start += pair->from;
    l.end += pair->from;
    return rc < 0 ? rc : sc_plan_place_add(s, &l, err);
}

static int judge(struct scan *s, const struct pair *pair, const struct literal *like,
                 struct sc_error *err)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count = sc_credential_parts(pair->key, pair->key_len, pair->node->text + pair->from,
                                       pair->to - pair->from, parts);
    int rc = 0;
    for (size_t i = 0; i < SC_MIN(count, (size_t)SC_CREDENTIAL_PARTS_MAX) && rc == 0; i++) {
        if (parts[i].credential.key != SC_KEY_HALF)
            rc = add_part(s, pair, &parts[i], like, err);
    }
    return rc;
}

/* ---- pairs ---- */

/* Hashes of basic authentication stand in labels of proxies. */
static bool is_user_list(const char *key, size_t len)
{
    return key != NULL && memmem(key, len, "basicauth.users", 15) != NULL;
}

static int judge_pair(struct scan *s, const char *key, size_t key_len,
                      const struct sc_yaml_node *node, size_t from, struct sc_error *err)
{
    struct literal l = {0};
    const char *value = node->text + from;
    if (is_user_list(key, key_len) && strchr(value, ':') != NULL && value[0] != '{' &&
        strstr(value, "${") == NULL) {
        l.credential = (struct sc_credential){
            .shape = SC_SHAPE_LITERAL, .key = SC_KEY_PASSWORD, .length = node->len - from};
        l.node = node;
        l.start = from;
        l.end = node->len;
        l.key = sc_stash_dup(&s->c->plan->pool, key, key_len, err);
        return l.key == NULL ? SC_E_NOMEM : sc_plan_place_add(s, &l, err);
    }
    const struct pair pair = {key, key_len, node, from, node->len};
    return judge(s, &pair, &l, err);
}

/* key: value, - key=value, - text; all the way down. */
static int scan_pairs(struct scan *s, const struct sc_yaml_node *node, struct sc_error *err)
{
    int rc = 0;
    if (node == NULL || node->kind == SC_YAML_ALIAS)
        return 0; /* what an alias stands for is looked at where it is written */
    for (size_t i = 0; i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *value = node->values[i];
        if (value->kind == SC_YAML_MAPPING || value->kind == SC_YAML_SEQUENCE) {
            rc = scan_pairs(s, value, err);
            continue;
        }
        if (value->kind != SC_YAML_SCALAR || sc_yaml_is_null(value))
            continue;
        const char *key = node->kind == SC_YAML_MAPPING ? sc_node_text(node->keys[i]) : NULL;
        const char *equal = key == NULL ? strchr(value->text, '=') : NULL;
        const char *scheme = strstr(value->text, "://");
        if (key != NULL)
            rc = judge_pair(s, key, strlen(key), value, 0, err);
        else if (equal != NULL && (scheme == NULL || equal < scheme))
            rc = judge_pair(s, value->text, (size_t)(equal - value->text), value,
                            (size_t)(equal + 1 - value->text), err);
        else
            rc = judge_pair(s, NULL, 0, value, 0, err);
    }
    return rc;
}

/* ---- attributes ---- */

static int scan_service(const struct scan *from, const struct sc_yaml_node *service,
                        struct sc_error *err);

static int pairs_at(const struct scan *from, const char *where, const struct sc_yaml_node *node,
                    struct sc_error *err)
{
    struct scan s = *from;
    s.where = where;
    return scan_pairs(&s, node, err);
}

/* post_start, pre_stop, develop.watch[].exec */
static int scan_hooks(const struct scan *s, const char *where, const struct sc_yaml_node *node,
                      struct sc_error *err)
{
    int rc = 0;
    if (sc_yaml_is(node, SC_YAML_SEQUENCE)) {
        for (size_t i = 0; i < node->count && rc == 0; i++)
            rc = scan_hooks(s, where, node->values[i], err);
        return rc;
    }
    rc = sc_plan_place_words(s, where, sc_yaml_get(node, "command"), err);
    if (rc == 0)
        rc = pairs_at(s, where, sc_yaml_get(node, "environment"), err);
    const struct sc_yaml_node *exec = sc_yaml_get(node, "exec");
    return rc == 0 && exec != NULL ? scan_hooks(s, where, exec, err) : rc;
}

static int scan_attribute(const struct scan *s, const char *name, const struct sc_yaml_node *value,
                          struct sc_error *err)
{
    static const char *const hooks[] = {"post_start", "pre_stop", "pre_start"};
    static const char *const options[] = {"storage_opt", "sysctls", "provider", "log_opt"};
    if (strcmp(name, "command") == 0 || strcmp(name, "entrypoint") == 0)
        return sc_plan_place_words(s, name, value, err);
    if (strcmp(name, "healthcheck") == 0)
        return sc_plan_place_words(s, name, sc_yaml_get(value, "test"), err);
    if (strcmp(name, "labels") == 0 || strcmp(name, "annotations") == 0)
        return pairs_at(s, name, value, err);
    if (strcmp(name, "deploy") == 0)
        return pairs_at(s, "labels", sc_yaml_get(value, "labels"), err);
    if (strcmp(name, "logging") == 0)
        return pairs_at(s, "logging.options", sc_yaml_get(value, "options"), err);
    if (strcmp(name, "develop") == 0)
        return scan_hooks(s, "develop.watch", sc_yaml_get(value, "watch"), err);
    if (strcmp(name, "build") == 0) {
        int rc = pairs_at(s, "build.args", sc_yaml_get(value, "args"), err);
        return rc < 0 ? rc : pairs_at(s, "build.labels", sc_yaml_get(value, "labels"), err);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(hooks); i++) {
        if (strcmp(name, hooks[i]) == 0)
            return scan_hooks(s, hooks[i], value, err);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(options); i++) {
        if (strcmp(name, options[i]) == 0)
            return pairs_at(s, options[i], value, err);
    }
    return sc_str_has_prefix(name, "x-") ? pairs_at(s, "extension", value, err) : 0;
}

/* Whether a service is there to look at the node where it is written. */
static bool in_a_service(const struct context *c, const struct sc_yaml_node *node)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        if (c->definitions[i].own && sc_node_inside(node, c->definitions[i].node))
            return true;
    }
    return false;
}

static int scan_service(const struct scan *from, const struct sc_yaml_node *service,
                        struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(service, SC_YAML_MAPPING) && i < service->count && rc == 0; i++) {
        const char *name = sc_node_text(service->keys[i]);
        const struct sc_yaml_node *value = sc_yaml_resolve(service->values[i]);
        if (name != NULL && (value == service->values[i] || !in_a_service(from->c, value)))
            rc = scan_attribute(from, name, value, err);
    }
    return rc;
}

/* ---- the rest of a file ---- */

struct content {
    struct scan *s;
    const struct sc_yaml_node *node;
};

static int on_line(void *ctx, struct sc_region key, struct sc_region value, struct sc_error *err)
{
    static const char by_place[] = "password";
    const struct content *in = ctx;
    struct literal l = {.way = LITERAL_CONTENT};
    const bool named = key.len > 0;
    const struct pair pair = {named ? in->node->text + key.offset : by_place,
                              named ? key.len : sizeof(by_place) - 1, in->node, value.offset,
                              value.offset + value.len};
    return judge(in->s, &pair, &l, err);
}

static int scan_configs(const struct scan *from, const struct sc_yaml_node *configs,
                        struct sc_error *err)
{
    struct scan s = *from;
    int rc = 0;
    s.where = "configs.content";
    for (size_t i = 0; sc_yaml_is(configs, SC_YAML_MAPPING) && i < configs->count && rc == 0; i++) {
        const char *name = sc_node_text(configs->keys[i]);
        const struct sc_yaml_node *node = sc_yaml_get(configs->values[i], "content");
        if (!sc_yaml_is(node, SC_YAML_SCALAR) || configs->values[i]->kind != SC_YAML_MAPPING)
            continue;
        struct content in = {&s, node};
        const struct sc_region whole = {0, node->len};
        bool logins = name != NULL && sc_logins_named(name);
        rc = (logins ? sc_logins_read : sc_lines_read)(node->text, whole, on_line, &in, err);
        if (rc == 0 && !logins)
            rc = sc_directives_read(node->text, whole, on_line, &in, err);
    }
    return rc;
}

/* Volumes and networks: options of their drivers, and labels. */
static int scan_resources(const struct scan *s, const char *where, const struct sc_yaml_node *node,
                          struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(node, SC_YAML_MAPPING) && i < node->count && rc == 0; i++) {
        rc = pairs_at(s, where, sc_yaml_get(node->values[i], "driver_opts"), err);
        if (rc == 0)
            rc = pairs_at(s, "labels", sc_yaml_get(node->values[i], "labels"), err);
    }
    return rc;
}

/* x-name: a fragment of a service, or anything. */
static int scan_extension(const struct scan *s, const struct sc_yaml_node *node,
                          struct sc_error *err)
{
    static const char *const marks[] = {"environment", "command", "image", "healthcheck", "build"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(marks); i++) {
        if (node->kind == SC_YAML_MAPPING && sc_yaml_get(node, marks[i]) != NULL) {
            int rc = scan_service(s, node, err);
            return rc < 0 ? rc : pairs_at(s, "extension", sc_yaml_get(node, "environment"), err);
        }
    }
    return pairs_at(s, "extension", node, err);
}

static int scan_root(struct context *c, size_t file, const struct sc_yaml_node *root,
                     struct sc_error *err)
{
    struct scan s = {.c = c, .file = file};
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(root, SC_YAML_MAPPING) && i < root->count && rc == 0; i++) {
        const char *name = sc_node_text(root->keys[i]);
        const struct sc_yaml_node *value = root->values[i];
        if (name == NULL)
            continue;
        if (strcmp(name, "volumes") == 0)
            rc = scan_resources(&s, "volumes.driver_opts", value, err);
        else if (strcmp(name, "networks") == 0)
            rc = scan_resources(&s, "networks.driver_opts", value, err);
        else if (strcmp(name, "configs") == 0)
            rc = scan_configs(&s, value, err);
        else if (sc_str_has_prefix(name, "x-"))
            rc = scan_extension(&s, value, err);
    }
    return rc;
}

int sc_plan_places(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        struct definition *d = &c->definitions[i];
        const struct scan s = {.c = c, .service = d, .file = d->file};
        if (d->own)
            rc = scan_service(&s, d->node, err);
    }
    for (size_t f = 0; f < c->plan->file_count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        for (size_t i = 0; yaml != NULL && i < sc_yaml_count(yaml) && rc == 0; i++)
            rc = scan_root(c, f, sc_yaml_document(yaml, i)->root, err);
    }
    return rc;
}
