/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands, entrypoints and health checks that use a variable which moves into a file.
 *
 * `$$NAME` in a Compose file reaches the container as $NAME, for a shell there to fill in. Once the
 * variable is gone the shell has to read the file: $$(cat /run/secrets/x). Where no shell runs the
 * text, $NAME was never filled in and nothing breaks.
 */
#include <ctype.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

static const char *const places[][2] = {
    {"healthcheck", "test"}, {"command", NULL}, {"entrypoint", NULL}};

static const struct sc_yaml_node *place_of(const struct definition *d, size_t place)
{
    const struct sc_yaml_node *node = sc_merged_get(d->node, places[place][0]);
    if (places[place][1] != NULL)
        node = sc_merged_get(node, places[place][1]);
    return node;
}

/* The first `$$NAME` or `$${NAME...}` at or after `from`; its bytes in *ret_len. NULL if none. */
static const char *find_use(const char *from, const char *name, size_t *ret_len)
{
    size_t n = strlen(name);
    for (const char *p = strstr(from, "$$"); p != NULL; p = strstr(p + 2, "$$")) {
        bool braces = p[2] == '{';
        const char *word = p + (braces ? 3 : 2);
        if (strncmp(word, name, n) != 0)
            continue;
        unsigned char after = (unsigned char)word[n];
        if (braces && after == '}') {
            *ret_len = n + 4;
            return p;
        }
        if (!braces && isalnum(after) == 0 && after != '_') {
            *ret_len = n + 2;
            return p;
        }
        if (braces && strchr(":-+=?#%", after) != NULL && after != '\0') {
            *ret_len = 0; /* used with an operator: no plain replacement */
            return p;
        }
    }
    return NULL;
}

static bool is_shell(const char *text)
{
    static const char *const shells[] = {"sh",      "bash",      "ash",           "dash",
                                         "/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/ash"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(shells); i++) {
        if (sc_str_equal(text, shells[i]))
            return true;
    }
    return false;
}

/* Whether a shell inside the container runs the text. */
static bool run_by_shell(const struct sc_yaml_node *node, size_t place)
{
    const struct sc_yaml_node *value = sc_yaml_resolve(node);
    const char *text = sc_node_text(value);
    if (text != NULL)
        return places[place][1] != NULL || strstr(text, "sh -c") != NULL ||
               strstr(text, "sh -ec") != NULL || strstr(text, "bash -lc") != NULL;
    if (!sc_yaml_is(value, SC_YAML_SEQUENCE) || value->count == 0)
        return false;
    for (size_t i = 0; i < value->count; i++) {
        const char *item = sc_node_text(value->values[i]);
        if (sc_str_equal(item, "CMD-SHELL") || is_shell(item) ||
            (item != NULL && strstr(item, "sh -c") != NULL))
            return true;
    }
    return false;
}

/* -c, -ec: the shell's script is what follows. */
static bool is_script_option(const char *text)
{
    return text != NULL && text[0] == '-' && text[1] != '-' &&
           memchr(text, 'c', strcspn(text, " ")) != NULL;
}

/* Whether the entrypoint is the shell that runs the command: `entrypoint: ["sh", "-c"]`. */
static bool entered_by_shell(const struct definition *d)
{
    const struct sc_yaml_node *entry = sc_yaml_resolve(sc_merged_get(d->node, "entrypoint"));
    const struct sc_yaml_node *command = sc_yaml_resolve(sc_merged_get(d->node, "command"));
    const char *text = sc_node_text(entry);
    bool list = sc_yaml_is(command, SC_YAML_SEQUENCE) && command->count > 0;
    bool shell = is_shell(text) || (text != NULL && strstr(text, "sh -c") != NULL);
    bool script =
        is_script_option(list ? sc_node_text(command->values[0]) : sc_node_text(command)) ||
        (text != NULL && strstr(text, " -c") != NULL);
    for (size_t i = 0; sc_yaml_is(entry, SC_YAML_SEQUENCE) && i < entry->count; i++) {
        shell = shell || is_shell(sc_node_text(entry->values[i]));
        script = script || is_script_option(sc_node_text(entry->values[i]));
    }
    return shell && script;
}

/* Whether a shell inside the container runs what stands at this place of the definition. */
static bool is_script(const struct definition *d, size_t place)
{
    return run_by_shell(place_of(d, place), place) ||
           (strcmp(places[place][0], "command") == 0 && entered_by_shell(d));
}

/* Whether the variable still holds the value there: what starts behind the shim gets it filled in,
 * a health check starts beside it. */
static bool is_filled_in(const struct occurrence *o, size_t place)
{
    return o->use_shim && places[place][1] == NULL;
}

/* One scalar of a command: NULL, or why it cannot be repaired. */
static const char *scalar_breaks(const struct occurrence *o, const struct definition *d,
                                 const struct sc_yaml_node *scalar)
{
    const char *text = sc_node_text(scalar);
    size_t len = 0;
    const char *use = text != NULL ? find_use(text, o->key, &len) : NULL;
    if (use == NULL)
        return NULL;
    if (o->native != NULL)
        return "a health check or command uses the variable; let it read the file first";
    if (o->use_shim && sc_plan_is_part(o))
        return "a health check or command uses the variable, which would hold a placeholder there; "
               "let it read a file";
    if (len == 0)
        return "a command or health check uses the variable with an operator; change it by hand "
               "first";
    if (scalar->kind == SC_YAML_ALIAS || !sc_node_inside(scalar, d->node))
        return "a command or health check behind an anchor uses the variable; write it out first";
    if (scalar->tag != NULL)
        return "a command or health check with a tag uses the variable; change it by hand first";
    return NULL;
}

/* Whether the text is another service's too, through an anchor: what is read there may be another
 * file for each. */
static bool is_shared(const struct context *c, const struct definition *of, size_t place,
                      const struct sc_yaml_node *value)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        if (!sc_str_equal(d->name, of->name) && sc_yaml_resolve(place_of(d, place)) == value)
            return true;
    }
    return false;
}

static bool uses(const struct occurrence *o, const struct sc_yaml_node *value)
{
    size_t len = 0;
    const char *text = sc_node_text(value);
    bool found = text != NULL && find_use(text, o->key, &len) != NULL;
    for (size_t i = 0; sc_yaml_is(value, SC_YAML_SEQUENCE) && i < value->count && !found; i++) {
        text = sc_node_text(value->values[i]);
        found = text != NULL && find_use(text, o->key, &len) != NULL;
    }
    return found;
}

const char *sc_plan_command_breaks(const struct context *c, const struct occurrence *o)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        if (!sc_plan_serves(c, d, o->service) && !sc_plan_serves(c, o->service, d))
            continue;
        for (size_t p = 0; p < SC_ARRAY_SIZE(places); p++) {
            const struct sc_yaml_node *node = place_of(d, p);
            const struct sc_yaml_node *value = sc_yaml_resolve(node);
            if (is_filled_in(o, p) || !is_script(d, p))
                continue;
            if (uses(o, value) && is_shared(c, d, p, value))
                return "a command or health check that is shared through an anchor uses the "
                       "variable; write it out first";
            const char *reason = scalar_breaks(o, d, node);
            for (size_t k = 0; sc_yaml_is(value, SC_YAML_SEQUENCE) && k < value->count; k++) {
                const char *other = scalar_breaks(o, d, value->values[k]);
                reason = reason == NULL ? other : reason;
            }
            if (reason != NULL)
                return reason;
        }
    }
    return NULL;
}

/* ---- repairs ---- */

/* The first use of a moved variable of this service at or after `from`; NULL if there is none. */
static const struct occurrence *next_use(const struct context *c, const struct definition *d,
                                         size_t place, const char *from, const char **ret_at,
                                         size_t *ret_len)
{
    const struct occurrence *hit = NULL;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *o = &c->found[i];
        size_t len = 0;
        if (o->reason != NULL || is_filled_in(o, place) ||
            (!sc_plan_serves(c, d, o->service) && !sc_plan_serves(c, o->service, d)))
            continue;
        const char *use = find_use(from, o->key, &len);
        if (use != NULL && len > 0 && (hit == NULL || use < *ret_at)) {
            hit = o;
            *ret_at = use;
            *ret_len = len;
        }
    }
    return hit;
}

/* Reads the file in place of every use of a moved variable. */
static int repair_scalar(struct context *c, const struct definition *d, size_t place,
                         const struct sc_yaml_node *scalar, struct sc_error *err)
{
    const char *text = scalar->kind == SC_YAML_SCALAR ? scalar->text : NULL;
    const struct occurrence *first = NULL, *o = NULL;
    const char *at = NULL;
    size_t len = 0;
    for (const char *from = text;
         text != NULL && (o = next_use(c, d, place, from, &at, &len)) != NULL; from = at + len) {
        const char *target = sc_plan_target(c, o, err);
        struct exchange exchange = {
            .file = d->file,
            .node = scalar,
            .start = (size_t)(at - text),
            .end = (size_t)(at - text) + len,
        };
        if (target != NULL)
            exchange.text = sc_stash_printf(&c->plan->pool, err, "$$(cat %s)", target);
        if (exchange.text == NULL)
            return SC_E_NOMEM;
        int rc = sc_plan_exchange(c, &exchange, err);
        if (rc < 0)
            return rc;
        first = first == NULL ? o : first;
    }
    if (first == NULL)
        return 0;
    struct sc_plan_item item = {
        .action = SC_PLAN_ADAPT,
        .service = d->name,
        .key = first->key,
        .where = places[place][0],
        .class = "command",
        .file = d->file,
        .at = scalar->at,
        .secret = c->plan->secrets[first->secret].name,
        .change = "reads the file in place of the variable",
    };
    return sc_plan_item_add(c->plan, &item, err);
}

int sc_plan_commands(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        const struct definition *d = &c->definitions[i];
        for (size_t p = 0; p < SC_ARRAY_SIZE(places) && rc == 0; p++) {
            const struct sc_yaml_node *node = place_of(d, p);
            const struct sc_yaml_node *value = sc_yaml_resolve(node);
            if (node == NULL || !sc_node_inside(value, d->node) || !is_script(d, p))
                continue;
            rc = repair_scalar(c, d, p, value, err);
            for (size_t k = 0; sc_yaml_is(value, SC_YAML_SEQUENCE) && k < value->count && rc == 0;
                 k++)
                rc = repair_scalar(c, d, p, value->values[k], err);
        }
    }
    return rc;
}
