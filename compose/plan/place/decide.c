/* SPDX-License-Identifier: Apache-2.0
 *
 * Decides which credential outside of the environments can be taken out, and says what a person has
 * to do with the others.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- what a person has to do ---- */

static const char *build_advice(struct context *c, const struct literal *l)
{
    const char *path = NULL, *name = l->key != NULL ? l->key : "name";
    size_t use = 0, line = 0;
    if (l->service != NULL)
        line = sc_plan_dockerfile_arg(c, l->service, name, &path, &use);
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(2048);
    sc_buf_puts(&text, "a build argument stays in the image's history: in ");
    if (line > 0)
        sc_buf_printf(&text, "'%s' line %zu", path, line);
    else
        sc_buf_puts(&text, "the Dockerfile");
    sc_buf_printf(&text, " replace ARG by RUN --mount=type=secret,id=%s,env=%s where it is used",
                  name, name);
    if (line > 0 && use > 0)
        sc_buf_printf(&text, ", first on line %zu", use);
    sc_buf_puts(&text, ", and give the secret under build.secrets");
    const char *copy = sc_stash_dup(&c->plan->pool, sc_buf_text(&text), text.len, NULL);
    if (copy == NULL)
        sc_plan_no_memory(c);
    return copy != NULL ? copy : "a build argument stays in the image's history";
}

static const char *advice(struct context *c, const struct literal *l)
{
    const char *where = l->where;
    if (strcmp(where, "labels") == 0 || strcmp(where, "annotations") == 0)
        return l->key != NULL && strstr(l->key, "basicauth.users") != NULL
                   ? "everyone who may ask the engine reads labels; put the list into a file from "
                     "the vault and name it with basicauth.usersfile"
                   : "everyone who may ask the engine reads labels; name a file in the program's "
                     "own configuration instead";
    if (strcmp(where, "build.args") == 0)
        return build_advice(c, l);
    if (strcmp(where, "build.labels") == 0)
        return "a label of an image is part of it for good; remove it and rotate the value";
    if (sc_str_has_suffix(where, "driver_opts") || strcmp(where, "storage_opt") == 0)
        return "the engine hands it to a driver, which reads no file; mount on the host with a "
               "credentials file and bind the folder";
    if (strcmp(where, "logging.options") == 0)
        return "the engine hands it to the log driver, which reads no file; let a collector with a "
               "file of its own send the logs";
    if (strcmp(where, "extension") == 0)
        return "no service that can be rewritten uses this text; remove it, or write it where it "
               "is used";
    if (strcmp(where, "sysctls") == 0 || strcmp(where, "provider") == 0 ||
        strcmp(where, "log_opt") == 0)
        return "nothing there can read a file; set it outside of this file";
    if (l->service == NULL)
        return "it stands in a fragment; write the command out in the service that uses it";
    if (strcmp(where, "develop.watch") == 0 || sc_str_has_prefix(where, "p")) /* hooks */
        return "read it from a file: sh -c '... \"$$(cat /run/secrets/NAME)\"'";
    return "arguments are seen by everyone who can list processes; use the program's option for a "
           "file, or sh -c '... \"$$(cat /run/secrets/NAME)\"'";
}

/* ---- obstacles ---- */

/* A block scalar is changed in place, where the text has to be found. */
static bool findable(const struct context *c, const struct literal *l)
{
    const struct sc_yaml_node *node = l->node;
    return (node->style != SC_YAML_LITERAL && node->style != SC_YAML_FOLDED) ||
           sc_plan_once(c->plan, l->file, node, node->text + l->first, l->last - l->first);
}

/* Included files, and bases that they extend, may have variables of their own: what a text with
 * variables is has to be what the services were loaded with. */
static const char *loaded_reason(struct context *c, const struct literal *l)
{
    const struct sc_yaml_node *node = l->node;
    if (strchr(node->text, '$') == NULL)
        return NULL;
    if (c->valued != node) /* the credentials of one text come after each other */
        c->valued_as = sc_plan_value(c, node->text, node->len);
    c->valued = node;
    const char *mine = c->valued_as;
    for (size_t i = 0; i < l->service->user_count; i++) {
        const char *text =
            sc_value_text(sc_plan_loaded(l->service->users[i]->merged, c->plan->files[l->file].path,
                                         (struct sc_yaml_span){node->full_start, node->span.end}));
        if (text == NULL)
            return "another file sets it in the end; take it out here";
        if (!sc_str_equal(text, mine))
            return "its variable has another value in the included file; name the variables apart";
    }
    return NULL;
}

/* Whether another service has the text too: by an alias of it or of what it stands in, or because
 * it merges the whole service and has no such attribute of its own. */
static bool is_shared(const struct context *c, const struct literal *l)
{
    const struct sc_yaml_node *at = l->node;
    for (; at->parent != l->service->node; at = at->parent) {
        if (sc_plan_is_shared(at))
            return true;
    }
    const char *name = at->key != NULL ? sc_node_text(at->key) : NULL;
    for (size_t i = 0; i < c->definition_count && name != NULL; i++) {
        const struct definition *d = &c->definitions[i];
        if (d != l->service && sc_yaml_resolve(sc_merged_get(d->node, name)) == at)
            return true;
    }
    return sc_plan_is_shared(at);
}

static const char *obstacle(struct context *c, const struct literal *l)
{
    if (l->way == LITERAL_STAYS || l->service == NULL)
        return advice(c, l);
    const char *fixed = sc_plan_fixed_reason(c, l->service, l->file);
    if (fixed != NULL)
        return fixed;
    if (sc_plan_literal_is_held(c, l))
        return "what is left of it would be taken for a credential again; take it out by hand";
    if (!sc_node_inside(l->node, l->service->node))
        return "it stands behind an anchor; write it out in the service first";
    if (sc_plan_has_custom_tag(l->node))
        return "a tag (!reset, !override) stands on it; change it by hand";
    if (l->node->tag != NULL || l->node->anchor != NULL)
        return "a tag or an anchor stands on the text; change it by hand";
    if (l->value == NULL)
        return "its value comes from a variable, and the project was not loaded";
    if (l->value[0] == '\0')
        return "its value comes from a variable that is not set here; set it and run again";
    const char *loaded = loaded_reason(c, l);
    if (loaded != NULL)
        return loaded;
    if (!sc_plan_alike(l->service))
        return "services that differ in image or user extend it; write it out in each of them";
    if (!findable(c, l))
        return "the text stands there several times; change it by hand";
    return sc_plan_grant_obstacle(l->service);
}

/* A value that redis reads back from a file as it is. */
static bool fits_redis(const char *value)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    }
    return true;
}

static void judge_command(struct context *c, struct literal *l)
{
    l->value = sc_plan_value(c, l->node->text + l->start, l->end - l->start);
    l->reason = obstacle(c, l);
    if (l->reason != NULL)
        return;
    if (l->way == LITERAL_INCLUDE && !fits_redis(l->value))
        l->reason = "the value holds control characters; put it into the server's own "
                    "configuration file";
    if (l->way == LITERAL_SHELL && strchr(l->value, '\n') != NULL)
        l->reason = "the value has several lines; read it from a file by hand";
    if (l->way == LITERAL_CHECK)
        sc_plan_place_check(c, l->list, &l->reason);
    if (l->reason == NULL && is_shared(c, l))
        l->reason = "another service has this text through an anchor; write it out in each of them";
}

/* ---- secrets ---- */

static int assign(struct context *c, struct literal *l, struct sc_error *err)
{
    struct sc_bytes value = {(const unsigned char *)l->value, strlen(l->value)};
    char key[SC_NAME_PART_MAX], stem[SC_NAME_PART_MAX + 8], template[2 * SC_NAME_PART_MAX];
    /* a variable's name is the best one: ${REDIS_PASSWORD} */
    const char *text = l->node->text + l->start;
    size_t from = strspn(text, "${"), n = 0;
    while (text[0] == '$' && from + n < l->end - l->start &&
           (text[from + n] == '_' || isalnum((unsigned char)text[from + n]) != 0))
        n++;
    if (n > 0)
        snprintf(key, sizeof(key), "%.*s", (int)SC_MIN(n, sizeof(key) - 1), text + from);
    else
        snprintf(key, sizeof(key), "%s_%s", l->service->name,
                 l->way == LITERAL_INCLUDE || l->key == NULL ? "password" : l->key);
    int rc = sc_plan_secret_for(c, key, l->service->name, value, &l->secret, err);
    l->file_secret = l->secret;
    if (rc < 0 || l->way != LITERAL_INCLUDE)
        return rc;
    struct sc_plan_secret *secret = &c->plan->secrets[l->secret];
    secret->inside = true;
    snprintf(stem, sizeof(stem), "%.*s.conf", SC_NAME_PART_MAX - 8, secret->name);
    snprintf(template, sizeof(template), "%s \"{{secret:%s|json}}\"\n", l->key, secret->name);
    value = (struct sc_bytes){(const unsigned char *)template, strlen(template)};
    return sc_plan_secret_template(c, stem, l->service->name, value, &l->file_secret, err);
}

/* All credentials of one check move, or none: it is written anew. */
static void spread(struct context *c)
{
    for (size_t i = 0; i < c->literal_count; i++) {
        struct literal *a = &c->literals[i];
        for (size_t k = 0; k < c->literal_count && a->way == LITERAL_CHECK && a->reason == NULL;
             k++) {
            const struct literal *b = &c->literals[k];
            if (b->list == a->list && b->reason != NULL)
                a->reason = "another credential of the same check stays; see the reason there";
        }
    }
}

void sc_plan_places_judge(struct context *c)
{
    for (size_t i = 0; i < c->literal_count; i++) {
        if (c->literals[i].way != LITERAL_CONTENT)
            judge_command(c, &c->literals[i]);
    }
    spread(c);
}

int sc_plan_places_assign(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->literal_count && rc == 0; i++) {
        struct literal *l = &c->literals[i];
        if (l->way != LITERAL_CONTENT && l->reason == NULL)
            rc = assign(c, l, err);
    }
    for (size_t i = 0; i < c->literal_count && rc == 0; i++) {
        struct literal *l = &c->literals[i];
        if (l->way == LITERAL_CONTENT && (i == 0 || c->literals[i - 1].node != l->node))
            rc = sc_plan_place_content(c, l, err);
    }
    return rc;
}
