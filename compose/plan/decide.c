/* SPDX-License-Identifier: Apache-2.0
 *
 * Decides for each credential whether it can move, and says why not where it cannot.
 *
 * Rules: nothing is guessed about an image that is not in the table; a text shared by several
 * services moves only if all of them take it the same way; a variable of a service moves in all
 * files or in none, since most images refuse a variable and its file form together.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/plan/env/env.h"
#include "compose/plan/internal.h"
#include "compose/tree/scalar.h"
#include "core/str.h"

#include "core/banned.h"

/* Text of a map form that YAML reads as a number, a date or a switch, or a tag as another text, and
 * that the container gets otherwise than the file says: `0123` is `83`. */
static bool changes_by_typing(const struct context *c, const struct occurrence *o)
{
    const struct sc_yaml_node *node = sc_yaml_resolve(o->value_node);
    if (o->key_node == NULL || node == NULL || o->raw_len == 0)
        return false;
    const struct sc_scalar_source source = {
        .text = o->raw, .len = o->raw_len, .plain = node->style == SC_YAML_PLAIN, .tag = node->tag};
    SC_CLEANUP(sc_model_pool_done) struct sc_model_pool pool = {0};
    struct sc_value value = {0};
    int rc = sc_scalar_resolve(&pool, &source, &value, NULL);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    if (rc < 0)
        return true;
    return !sc_str_equal(sc_scalar_text(&pool, &value), o->raw);
}

/* The file form's own variable stands there already. */
static bool form_is_set(const struct occurrence *o)
{
    for (size_t i = 0; i < o->service->user_count; i++) {
        if (sc_variables_get(&o->service->users[i]->environment, o->argument) != NULL)
            return true;
    }
    return sc_plan_sets(o->service, o->argument) > 0;
}

static bool uses_other_variable(enum sc_image_way way)
{
    return way == SC_IMAGE_WAY_FILE || way == SC_IMAGE_WAY_NAME || way == SC_IMAGE_WAY_CMD;
}

/* Whether the variable goes, or gets another name: what else sets it comes to light then. */
static bool leaves_its_name(const struct occurrence *o)
{
    return o->native != NULL || (!o->use_shim && o->rule->way != SC_IMAGE_WAY_PREFIX);
}

/* Whether one that was found stands there: in the definition, or in an env file if d is NULL. */
static bool found_there(const struct context *c, const struct occurrence *o,
                        const struct definition *d, const char *path)
{
    for (const struct occurrence *b = o->key_first; b != NULL; b = b->key_next) {
        if (d != NULL ? b->service == d && b->line == NULL
                      : b->line != NULL && sc_str_equal(c->plan->files[b->file].path, path))
            return true;
    }
    return false;
}

/* The file that sets the variable for one of its services too, but to no credential; or NULL. */
static const char *set_beside(const struct context *c, const struct occurrence *o)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        bool own = d == o->service && o->line == NULL;
        if (!own && (sc_plan_serves(c, d, o->service) || sc_plan_serves(c, o->service, d)) &&
            sc_plan_sets(d, o->key) > 0 && !found_there(c, o, d, NULL))
            return c->plan->files[d->file].display;
    }
    for (size_t i = 0; i < o->service->user_count; i++) {
        const struct sc_service *user = o->service->users[i];
        for (size_t k = 0; k < user->env_file_count; k++) {
            const struct sc_project_file *file = user->env_files[k].file;
            if (file == NULL || file->text == NULL || found_there(c, o, NULL, file->path))
                continue;
            const struct sc_bytes text = {(const unsigned char *)file->text, file->size};
            if (sc_plan_env_settings(text, o->key) > 0)
                return file->display;
        }
    }
    return NULL;
}

/* Why this image cannot take the value from a file by itself; NULL if it can. */
static const char *image_reason(struct context *c, const struct occurrence *o)
{
    const char *image = o->service->image;
    if (o->rule == NULL && image == NULL)
        return "built here, so what it reads is not known; make the program read a file, or start "
               "it through secretsctl-shim";
    if (o->rule == NULL || (image != NULL && strcmp(sc_image_text(o->rule->image), "*") == 0 &&
                            o->rule->way == SC_IMAGE_WAY_SHIM))
        return sc_plan_say(c, "nothing is known of how '%s' takes %s from a file", image, o->key);
    if (o->rule->way == SC_IMAGE_WAY_SHIM)
        return sc_plan_say(c, "'%s' reads %s from the environment only",
                           image != NULL ? image : "the program", o->key);
    if (o->rule->way == SC_IMAGE_WAY_CONFIG)
        return sc_plan_say(c, "takes it from a configuration of its own: %s",
                           sc_image_text(o->rule->argument), NULL);
    return NULL;
}

static const char *value_reason(struct context *c, const struct occurrence *o)
{
    bool part = o->use_shim && sc_plan_is_part(o);
    if (part && o->many)
        return "too many credentials stand in it; let the program read a file";
    if (!sc_plan_is_interpolated(o)) {
        const struct sc_plan_spot spot = {
            .text = o->raw, .start = o->part, .end = o->part + o->part_len};
        bool plain = !sc_plan_has_escapes(&spot) &&
                     (o->line == NULL || memmem(o->resolved, strlen(o->resolved), o->raw + o->part,
                                                o->part_len) != NULL);
        return part && !plain ? "it is written with escapes; write it plainly first" : NULL;
    }
    if (c->options->project == NULL)
        return "its value comes from a variable, and the project was not loaded";
    if (o->various)
        return "services get different values of its variable; name the variables apart";
    if (o->resolved == NULL)
        return "another file sets it in the end; take it out here";
    if (part && o->piece == NULL)
        return "only a part of it is a credential, made of several variables or a default; set one "
               "variable for it";
    if (o->resolved[0] == '\0' || (part && o->piece[0] == '\0'))
        return "its value comes from a variable that is not set here; set it and run again";
    return NULL;
}

/* The first obstacle on the way of one occurrence by itself. */
static const char *own_reason(struct context *c, struct occurrence *o, struct sc_error *err)
{
    const char *reason = sc_plan_fixed_reason(c, o->service, o->file);
    if (reason != NULL)
        return reason;
    reason = image_reason(c, o);
    if (reason != NULL) {
        const struct shim *shim = sc_plan_shim(c, o->service);
        if (shim->reason != NULL)
            o->native = sc_plan_native(c, o);
        if (o->companion && o->native == NULL)
            return "it is no credential by itself";
        if (shim->reason != NULL && o->native == NULL)
            return sc_plan_say(c, "%s; the shim cannot help: %s", reason, shim->reason);
        const char *named_by = o->native != NULL ? o->native->named_by : NULL;
        o->use_shim = shim->reason == NULL;
        snprintf(o->argument, sizeof(o->argument), "%s", named_by != NULL ? named_by : o->key);
    }
    reason = value_reason(c, o);
    if (reason != NULL)
        return reason;
    if (!o->use_shim && o->native == NULL &&
        sc_image_argument(o->rule, o->key, o->argument, err) < 0)
        return "its file form has too long a name; shorten the variable's name";
    if (sc_plan_has_custom_tag(sc_yaml_resolve(o->value_node)) ||
        sc_plan_has_custom_tag(o->service->node))
        return "a tag (!reset, !override) stands on it; change it by hand";
    if (o->line != NULL) {
        reason = sc_plan_env_obstacle(c, o);
        if (reason != NULL)
            return reason;
    } else if (o->value_node->kind == SC_YAML_ALIAS && o->key_node == NULL) {
        return "the list's item stands behind an alias; write it out";
    } else {
        reason = sc_plan_env_named(c, o);
        if (reason != NULL)
            return reason;
    }
    if (changes_by_typing(c, o))
        return "YAML reads it as a number or a date, so the container gets another text; quote "
               "what is meant";
    bool other = o->native != NULL ? o->native->named_by != NULL
                                   : !o->use_shim && uses_other_variable(o->rule->way);
    if (other && form_is_set(o))
        return sc_plan_say(c, "%s is set as well; remove one of the two", o->argument, NULL);
    if (o->line == NULL && sc_plan_sets(o->service, o->key) > 1)
        return "the list sets it more than once; leave the last one only";
    const char *beside = leaves_its_name(o) ? set_beside(c, o) : NULL;
    if (beside != NULL)
        return sc_plan_say(c, "'%s' sets it as well, to no credential; remove one of the two",
                           beside, NULL);
    reason = sc_plan_grant_obstacle(o->service);
    return reason != NULL ? reason : sc_plan_command_breaks(c, o);
}

/* ---- all or none ---- */

bool sc_plan_same_way(const struct occurrence *a, const struct occurrence *b)
{
    if (a->use_shim || b->use_shim || a->native != b->native)
        return a->use_shim && b->use_shim;
    return a->rule != NULL && b->rule != NULL && a->rule->way == b->rule->way &&
           sc_str_equal(a->argument, b->argument);
}

bool sc_plan_together(const struct occurrence *a, const struct occurrence *b)
{
    return a->service == b->service && sc_plan_same_text(a, b);
}

bool sc_plan_same_text(const struct occurrence *a, const struct occurrence *b)
{
    if (a->line == NULL || b->line == NULL)
        return a->line == b->line && a->value_node == b->value_node;
    return a->file == b->file && a->line->start == b->line->start;
}

/* Whether what stands around the credential means the same in a Compose file. */
static bool plain_rest(const struct occurrence *o)
{
    size_t end = o->part + o->part_len;
    return !o->use_shim ||
           (memchr(o->raw, '$', o->part) == NULL && memchr(o->raw, '\\', o->part) == NULL &&
            strpbrk(o->raw + end, "$\\") == NULL);
}

/* One line for services that take it in different ways: each is given its own variable. */
static bool may_part(const struct occurrence *a, const struct occurrence *b)
{
    return a->line != NULL && sc_plan_same_text(a, b) && sc_plan_env_may_add(a->service) &&
           sc_plan_env_may_add(b->service) && plain_rest(a) && plain_rest(b);
}

static bool linked(const struct context *c, const struct occurrence *a, const struct occurrence *b)
{
    return sc_plan_same_text(a, b) ||
           (sc_str_equal(a->key, b->key) && (sc_plan_serves(c, a->service, b->service) ||
                                             sc_plan_serves(c, b->service, a->service)));
}

/* The next one that may be linked, in order: of the same text or of the same key. */
static const struct occurrence *next_linked(const struct occurrence **text,
                                            const struct occurrence **key)
{
    bool of_key = *text == NULL || (*key != NULL && *key < *text);
    const struct occurrence *found = of_key ? *key : *text;
    if (*text == found && found != NULL)
        *text = found->text_next;
    if (*key == found && found != NULL)
        *key = found->key_next;
    return found;
}

static bool spread_one(struct context *c, struct occurrence *a)
{
    const struct occurrence *text = a->text_first, *key = a->key_first, *b = NULL;
    while ((b = next_linked(&text, &key)) != NULL) {
        if (a == b || !linked(c, a, b))
            continue;
        if (b->reason == NULL && (sc_plan_same_way(a, b) || may_part(a, b)))
            continue;
        a->reason =
            sc_plan_together(a, b) ? b->reason
            : a->value_node == b->value_node
                ? sc_plan_say(c,
                              "service '%s' shares this text and cannot follow; give that service "
                              "a text of its own",
                              b->service->name, NULL)
                : "the same variable is set at another place, which stays; see the reason there";
        return true;
    }
    return false;
}

/* A variable that gives its place to another one lets through what `<<` brings of its name, unless
 * that moves, too. */
static const char *uncovers(const struct context *c, const struct occurrence *o)
{
    const struct sc_yaml_node *behind =
        o->use_shim || o->line != NULL ? NULL : sc_merged_behind(o->value_node, o->key);
    for (size_t i = 0; i < c->found_count && behind != NULL; i++) {
        const struct occurrence *other = &c->found[i];
        if (other->value_node == behind && other->reason == NULL && !other->use_shim)
            behind = NULL;
    }
    return behind == NULL ? NULL
                          : "'<<' brings another value of this variable, which would come in its "
                            "place; take it out there";
}

static void spread_reasons(struct context *c)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < c->found_count; i++) {
            struct occurrence *o = &c->found[i];
            if (o->reason == NULL && o->line != NULL)
                o->reason = sc_plan_env_lookup(c, o);
            if (o->reason == NULL && o->native != NULL && o->native->set != NULL)
                o->reason = sc_plan_native_set(c, o);
            if (o->reason == NULL)
                o->reason = uncovers(c, o);
            if (o->reason == NULL && !sc_plan_anchor_follows(c, o))
                o->reason = "something else refers to this text by its anchor and cannot follow; "
                            "write it out there";
            again = again || (o->reason != NULL && !o->settled);
            o->settled = o->reason != NULL;
            if (o->reason == NULL && spread_one(c, o))
                again = true;
        }
    }
}

/* Whether the text was found as a credential of this service too: they follow together or not at
 * all. */
static bool has_own(const struct occurrence *o, const struct definition *d)
{
    const struct occurrence *same = o->text_first;
    while (same != NULL && same->service != d)
        same = same->text_next;
    return same != NULL;
}

/* A service that gets the text too but for which it is no credential, or that extends the service
 * and has an image of another kind. */
static const char *bystander(struct context *c, const struct occurrence *o)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        if (d == o->service || sc_str_equal(d->name, o->service->name) || has_own(o, d))
            continue;
        const struct sc_yaml_node *environment =
            sc_yaml_resolve(sc_merged_get(d->node, "environment"));
        bool gets = sc_node_inside(o->value_node, environment) ||
                    (sc_yaml_is(environment, SC_YAML_MAPPING) &&
                     sc_merged_get(environment, o->key) == o->value_node) ||
                    sc_plan_serves(c, o->service, d);
        if (!gets)
            continue;
        const struct sc_image_rule *rule = sc_image_rule(d->image, o->key);
        char argument[SC_IMAGE_ARGUMENT_SIZE] = "";
        if (o->use_shim || o->native != NULL || rule == NULL || rule->way != o->rule->way ||
            sc_image_argument(rule, o->key, argument, NULL) < 0 ||
            !sc_str_equal(argument, o->argument))
            return sc_plan_say(c,
                               "service '%s' gets this text too and cannot take it from a file; "
                               "give that service a text of its own",
                               d->name, NULL);
    }
    return NULL;
}

/* What the container gets: "$$" stands for one "$". */
static int unescape(const char *text, size_t len, struct sc_secret *ret, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < len && rc == 0; i++) {
        rc = sc_secret_append(ret, text + i, 1, err);
        if (text[i] == '$' && i + 1 < len && text[i + 1] == '$')
            i++;
    }
    return rc;
}

/* All that the container gets. */
static int whole_of(const struct occurrence *o, struct sc_secret *ret, struct sc_error *err)
{
    return sc_plan_is_interpolated(o) || o->line != NULL
               ? sc_secret_append(ret, o->resolved, strlen(o->resolved), err)
               : unescape(o->raw, o->raw_len, ret, err);
}

/* The credential inside of it, and the filter with which a template writes it there. */
static int part_of(const struct occurrence *o, struct sc_secret *ret, const char **ret_filter,
                   struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret written = {0};
    int rc = o->piece != NULL ? sc_secret_append(&written, o->piece, strlen(o->piece), err)
                              : unescape(o->raw + o->part, o->part_len, &written, err);
    if (rc == 0)
        rc = sc_secret_append(&written, "", 1, err);
    const struct sc_plan_spot spot = {
        .text = o->raw,
        .start = o->part,
        .end = o->part + o->part_len,
        .value = (const char *)sc_secret_view(&written).ptr,
    };
    return rc < 0 ? rc : sc_plan_filter(&spot, ret, ret_filter, err);
}

/* A file takes the whole value; the shim's template only the credential inside of it. */
static int value_of(struct occurrence *o, struct sc_secret *ret, struct sc_error *err)
{
    o->filter = "";
    return o->use_shim && sc_plan_is_part(o) ? part_of(o, ret, &o->filter, err)
                                             : whole_of(o, ret, err);
}

const char *sc_plan_stays_note(struct context *c, const struct occurrence *o)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const char *filter = NULL;
    bool part = sc_plan_is_part(o), interpolated = sc_plan_is_interpolated(o);
    if ((o->resolved == NULL && (interpolated || o->line != NULL)) ||
        (part && interpolated && o->piece == NULL))
        return NULL;
    int rc = part ? part_of(o, &value, &filter, NULL) : whole_of(o, &value, NULL);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    return rc < 0 ? NULL : sc_plan_twin_note(c, sc_secret_view(&value));
}

/* A file takes the whole text, with all that is in it. */
static const struct occurrence *first_of(const struct occurrence *o)
{
    const struct occurrence *first = o->text_first;
    while (!sc_plan_together(first, o))
        first = first->text_next;
    return first;
}

int sc_plan_assign(struct context *c, struct occurrence *o, struct sc_error *err)
{
    if (o->next && !o->use_shim) {
        const struct occurrence *first = first_of(o);
        o->secret = first->secret;
        o->file_secret = first->file_secret;
        return 0;
    }
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = value_of(o, &value, err);
    if (rc < 0)
        return rc;
    /* what is stored of DATABASE_URL is its password */
    char key[SC_NAME_PART_MAX];
    bool part = o->use_shim && sc_plan_is_part(o);
    if (part && o->use != NULL)
        snprintf(key, sizeof(key), "%s", o->use->name);
    else
        snprintf(key, sizeof(key), "%s%s%s", o->key, part ? "_" : "",
                 !part              ? ""
                 : o->inner != NULL ? o->inner
                                    : "password");
    rc = sc_plan_secret_for(c, key, o->service->name, sc_secret_view(&value), &o->secret, err);
    o->file_secret = o->secret;
    return rc;
}

/* ---- which belong together ---- */

static int compare_texts(const struct occurrence *a, const struct occurrence *b)
{
    if ((a->line == NULL) != (b->line == NULL))
        return a->line == NULL ? -1 : 1;
    if (a->line == NULL)
        return a->value_node == b->value_node                        ? 0
               : (uintptr_t)a->value_node < (uintptr_t)b->value_node ? -1
                                                                     : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->line->start < b->line->start ? -1 : a->line->start > b->line->start;
}

static int compare_keys(const struct occurrence *a, const struct occurrence *b)
{
    return strcmp(a->key, b->key);
}

/* In order among equals. */
static int by_text(const void *x, const void *y)
{
    const struct occurrence *a = *(struct occurrence *const *)x,
                            *b = *(struct occurrence *const *)y;
    int order = compare_texts(a, b);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static int by_key(const void *x, const void *y)
{
    const struct occurrence *a = *(struct occurrence *const *)x,
                            *b = *(struct occurrence *const *)y;
    int order = compare_keys(a, b);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static int link_all(struct context *c, struct sc_error *err)
{
    const size_t count = c->found_count;
    struct occurrence **all = calloc(SC_MAX(count, (size_t)1), sizeof(struct occurrence *));
    if (all == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        all[i] = &c->found[i];
    qsort(all, count, sizeof(*all), by_text);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && compare_texts(all[i - 1], all[i]) == 0;
        all[i]->text_first = again ? all[i - 1]->text_first : all[i];
        all[i]->first = !again;
        if (again)
            all[i - 1]->text_next = all[i];
    }
    qsort(all, count, sizeof(*all), by_key);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && compare_keys(all[i - 1], all[i]) == 0;
        all[i]->key_first = again ? all[i - 1]->key_first : all[i];
        if (again)
            all[i - 1]->key_next = all[i];
    }
    free(all);
    return 0;
}

int sc_plan_decide(struct context *c, struct sc_error *err)
{
    int rc = link_all(c, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < c->found_count; i++) {
        struct occurrence *o = &c->found[i];
        o->reason = own_reason(c, o, err);
        if (o->reason == NULL && o->line == NULL)
            o->reason = bystander(c, o);
        o->settled = o->reason != NULL;
    }
    spread_reasons(c);
    /* a variable of its own gives a better name than a piece of a URL, so it comes first */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < c->found_count && rc == 0; i++) {
            struct occurrence *o = &c->found[i];
            bool part = o->use_shim && sc_plan_is_part(o);
            if (o->reason == NULL && part == (pass == 1) && !sc_plan_is_address(o))
                rc = sc_plan_assign(c, o, err);
        }
    }
    for (size_t i = 0; i < c->found_count && rc == 0; i++) {
        if (c->found[i].reason == NULL && c->found[i].native != NULL)
            rc = sc_plan_native_assign(c, &c->found[i], err);
    }
    return rc;
}
