/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a service through secretsctl-shim, for programs that read the environment only.
 *
 * The shim becomes the first word of the entrypoint, so ENTRYPOINT and CMD of the image have to be
 * written out: a service that sets `entrypoint` loses the image's CMD. What runs must be the same
 * as before, word for word; where that is not known for sure, the shim is not used.
 */
#include <stdio.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- what the service starts ---- */

/* A command of the Compose file as words; false where a shell-like string needs real parsing. */
static bool words_of(struct context *c, const struct sc_yaml_node *node, const char ***ret,
                     size_t *ret_count)
{
    node = sc_yaml_resolve(node);
    const char *text = sc_node_text(node);
    size_t room = text != NULL ? strlen(text) + 1 : node->count + 1;
    const char **words = sc_stash_array(&c->plan->pool, room, sizeof(*words), NULL);
    size_t count = 0;
    if (words == NULL) {
        sc_plan_no_memory(c);
        return false;
    }
    if (text != NULL) {
        if (strpbrk(text, "\"'\\`$;&|<>()\n") != NULL)
            return false;
        for (size_t n = 0; *text != '\0'; text += n) {
            text += strspn(text, " \t");
            n = strcspn(text, " \t");
            if (n > 0 && (words[count++] = sc_stash_dup(&c->plan->pool, text, n, NULL)) == NULL) {
                sc_plan_no_memory(c);
                return false;
            }
        }
    } else {
        for (size_t i = 0; i < node->count; i++) {
            words[count] = sc_node_text(node->values[i]);
            if (words[count++] == NULL)
                return false;
        }
    }
    *ret = words;
    *ret_count = count;
    return true;
}

/* Words of an image, with `$` doubled as Compose wants it. */
static bool image_words(struct context *c, const struct sc_strv *from, const char ***ret,
                        size_t *ret_count)
{
    const char **words = sc_stash_array(&c->plan->pool, from->count + 1, sizeof(*words), NULL);
    if (words == NULL)
        return false;
    for (size_t i = 0; i < from->count; i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
        for (const char *p = from->items[i]; *p != '\0'; p++) {
            if (*p == '$')
                sc_buf_putc(&text, '$');
            sc_buf_putc(&text, *p);
        }
        words[i] = sc_stash_dup(&c->plan->pool, sc_buf_text(&text), text.len, NULL);
        if (words[i] == NULL || text.failed != 0)
            return false;
    }
    *ret = words;
    *ret_count = from->count;
    return true;
}

static const char *no_memory(const struct context *c)
{
    sc_plan_no_memory(c);
    return "out of memory";
}

/* Whether both are the same service of the project, in two files or documents. */
static bool same_service(const struct context *c, const struct definition *a,
                         const struct definition *b)
{
    const struct sc_plan_file *files = c->plan->files;
    return a != b && !files[a->file].base && !files[b->file].base && sc_str_equal(a->name, b->name);
}

static bool sets(const struct definition *d, const char *key)
{
    const struct sc_yaml_node *value = sc_yaml_resolve(sc_merged_get(d->node, key));
    return value != NULL && !sc_yaml_is_null(value);
}

/* Whether a command is set where this definition is the last one. */
static bool has_command(const struct context *c, const struct definition *d)
{
    const struct sc_yaml_node *own = sc_yaml_resolve(sc_yaml_get(d->node, "command"));
    bool empty = sc_yaml_is(own, SC_YAML_SEQUENCE) && own->count == 0;
    bool set = sets(d, "command");
    for (const struct definition *other = c->definitions; other < d && !set; other++)
        set = same_service(c, d, other) && sets(other, "command");
    return set && !empty;
}

/* Whether what it extends adds nothing to what starts: the loaded service has the command that is
 * written here, or none, and no entrypoint. */
static bool starts_as_written(const struct context *c, const struct definition *d)
{
    const struct sc_value *service = d->user_count == 1 ? d->users[0]->value : NULL;
    if (service == NULL)
        return false;
    const struct sc_value *entrypoint = sc_value_get(service, "entrypoint");
    const struct sc_value *command = sc_value_get(service, "command");
    bool commanded = command != NULL && command->kind == SC_VALUE_LIST && command->count > 0;
    return (entrypoint == NULL || entrypoint->kind == SC_VALUE_NULL) &&
           commanded == has_command(c, d);
}

static const char *fill(struct context *c, const struct definition *d, struct shim *shim)
{
    const struct sc_yaml_node *entrypoint = sc_yaml_resolve(sc_yaml_get(d->node, "entrypoint"));
    bool has_entrypoint = sets(d, "entrypoint"), commanded = has_command(c, d);
    if (has_entrypoint && !words_of(c, entrypoint, &shim->entrypoint, &shim->entrypoint_count))
        return "its entrypoint is a shell-like text; write it as a list first";
    if (has_entrypoint && shim->entrypoint_count > 0) {
        shim->there = sc_str_equal(shim->entrypoint[0], SC_PLAN_SHIM_TARGET);
        return shim->entrypoint[0][0] == '\0' ? "its entrypoint is an empty word; name a program"
                                              : NULL;
    }
    if (has_entrypoint && commanded)
        return NULL; /* the command alone is the program */
    SC_CLEANUP(sc_image_start_done) struct sc_image_start start = {0};
    const char *reason = sc_plan_start(c, d, &start);
    if (reason != NULL)
        return reason;
    if (start.architecture != NULL && c->options->shim_architecture != NULL &&
        !sc_str_equal(start.architecture, c->options->shim_architecture))
        return sc_plan_say(c, "it is made for %s and the image for %s",
                           c->options->shim_architecture, start.architecture);
    if (!has_entrypoint &&
        !image_words(c, &start.entrypoint, &shim->entrypoint, &shim->entrypoint_count))
        return no_memory(c);
    if (!commanded && !image_words(c, &start.command, &shim->command, &shim->command_count))
        return no_memory(c);
    sc_image_start_hash(&start, shim->drift);
    if (shim->entrypoint_count == 0 && shim->command_count == 0 && !commanded)
        return "the image starts nothing by itself; set an entrypoint";
    return NULL;
}

/* What stands in the way whatever the image is. */
static const char *obstacle(const struct context *c, const struct definition *d)
{
    static const char *const lists[] = {"volumes", "secrets", "entrypoint", "command"};
    if (c->options->shim == NULL)
        return c->options->no_shim != NULL
                   ? c->options->no_shim
                   : "it is not installed; install it, or name it with --shim";
    if (!d->own)
        return "the service stands behind an alias; write it out";
    if (c->plan->files[d->file].base)
        return "it is a base; set the variable in the services that extend it";
    for (size_t i = 0; i < SC_ARRAY_SIZE(lists); i++) {
        const struct sc_yaml_node *own = sc_yaml_get(d->node, lists[i]);
        if (own != sc_merged_get(d->node, lists[i]) || sc_yaml_is(own, SC_YAML_ALIAS) ||
            sc_plan_is_shared(own))
            return "parts of the service come through an anchor; write them out";
    }
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *other = &c->definitions[i];
        if (same_service(c, d, other) && sets(other, "entrypoint"))
            return "several files say what the service starts; leave one of them";
        if ((other == d || same_service(c, d, other)) && sets(other, "extends") &&
            !sets(d, "entrypoint") && !starts_as_written(c, d))
            return "the service extends another one, which may say what it starts; set its "
                   "entrypoint";
        if (!sc_str_equal(other->name, d->name) && sc_plan_serves(c, d, other))
            return "another service extends this one and would start through it too";
    }
    return NULL;
}

/* The definition that is changed for the shim: an earlier one that sets the entrypoint, since what
 * starts there gets through it alone too; else this one. */
static struct definition *home_of(const struct context *c, struct definition *d)
{
    for (struct definition *other = c->definitions; other < d && !sets(d, "entrypoint"); other++) {
        if (same_service(c, d, other) && sets(other, "entrypoint"))
            return other;
    }
    return d;
}

const struct shim *sc_plan_shim(struct context *c, struct definition *d)
{
    static const struct shim none = {.reason = "out of memory"};
    struct definition *home = home_of(c, d);
    if (d->shim == NULL && home != d)
        d->shim = sc_plan_shim(c, home);
    if (d->shim != NULL)
        return d->shim;
    struct shim *shim = sc_stash_alloc(&c->plan->pool, sizeof(*shim), NULL);
    if (shim == NULL) {
        sc_plan_no_memory(c);
        return &none;
    }
    shim->home = d;
    shim->reason = obstacle(c, d);
    if (shim->reason == NULL)
        shim->reason = fill(c, d, shim);
    d->shim = shim;
    return shim;
}

/* ---- changes ---- */

static bool needed(const struct context *c, const struct definition *d)
{
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *o = &c->found[i];
        if (o->use_shim && o->reason == NULL && o->service->shim->home == d)
            return true;
    }
    return false;
}

static int replace_entry(struct sc_edits *edits, const struct sc_yaml_node *map, const char *key,
                         const struct sc_edit_value *value, struct sc_error *err)
{
    const struct sc_yaml_node *old = sc_yaml_get(map, key);
    int rc = old != NULL ? sc_edit_delete(edits, old, err) : 0;
    return rc < 0 ? rc : sc_edit_add(edits, map, key, value, err);
}

/* Words of a list that has none. */
static int add_words(struct sc_edits *edits, const struct sc_yaml_node *list,
                     const char *const *words, size_t count, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct sc_edit_value word = {.kind = SC_YAML_SCALAR, .text = words[i]};
        rc = sc_edit_add(edits, list, NULL, &word, err);
    }
    return rc;
}

/* The same as one text; the words are plain, since they were read from one or are ours. */
static int set_text(struct sc_edits *edits, const struct sc_yaml_node *text,
                    const char *const *words, size_t count, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf joined = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
    for (size_t i = 0; i < count; i++)
        sc_buf_printf(&joined, "%s%s", i > 0 ? " " : "", words[i]);
    int rc = sc_buf_status(&joined, err);
    return rc < 0 ? rc : sc_edit_set(edits, text, sc_buf_text(&joined), err);
}

/* A list of words, or a text where one stands already. */
static int put_words(struct context *c, const struct definition *d, const char *key,
                     const char *const *words, size_t count, struct sc_error *err)
{
    const struct sc_yaml_node *present = sc_yaml_get(d->node, key);
    if (sc_yaml_is(present, SC_YAML_SEQUENCE) && present->count == 0)
        return add_words(&c->plan->files[d->file].edits, present, words, count, err);
    if (sc_yaml_is(present, SC_YAML_SCALAR) && present->len > 0 && !sc_yaml_is_null(present))
        return set_text(&c->plan->files[d->file].edits, present, words, count, err);
    struct sc_edit_value *items = sc_stash_array(&c->plan->pool, count, sizeof(*items), err);
    if (items == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct sc_edit_value){.kind = SC_YAML_SCALAR, .text = words[i]};
    struct sc_edit_value list = {.kind = SC_YAML_SEQUENCE, .count = count, .values = items};
    return replace_entry(&c->plan->files[d->file].edits, d->node, key, &list, err);
}

static int put_entrypoint(struct context *c, const struct definition *d, struct sc_error *err)
{
    static const struct sc_edit_value front[] = {
        {.kind = SC_YAML_SCALAR, .text = SC_PLAN_SHIM_TARGET},
        {.kind = SC_YAML_SCALAR, .text = "--"},
    };
    const struct shim *shim = d->shim;
    const struct sc_yaml_node *present = sc_yaml_get(d->node, "entrypoint");
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    if (sc_yaml_is(present, SC_YAML_SEQUENCE) && present->count > 0) {
        int rc = sc_edit_lead(edits, present, &front[0], err);
        return rc < 0 ? rc : sc_edit_lead(edits, present, &front[1], err);
    }
    size_t count = shim->entrypoint_count + SC_ARRAY_SIZE(front);
    const char **words = sc_stash_array(&c->plan->pool, count, sizeof(*words), err);
    if (words == NULL)
        return SC_E_NOMEM;
    words[0] = front[0].text;
    words[1] = front[1].text;
    for (size_t i = 0; i < shim->entrypoint_count; i++)
        words[i + 2] = shim->entrypoint[i];
    return put_words(c, d, "entrypoint", words, count, err);
}

static int put_volume(struct context *c, const struct definition *d, struct sc_error *err)
{
    static const char *const keys[] = {"type", "source", "target", "read_only"};
    const struct sc_edit_value values[] = {
        {.kind = SC_YAML_SCALAR, .text = "bind"},
        {.kind = SC_YAML_SCALAR, .text = c->options->shim},
        {.kind = SC_YAML_SCALAR, .text = SC_PLAN_SHIM_TARGET},
        {.kind = SC_YAML_SCALAR, .text = "true", .bare = true},
    };
    const struct sc_edit_value mount = {
        .kind = SC_YAML_MAPPING, .count = SC_ARRAY_SIZE(keys), .keys = keys, .values = values};
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    const struct sc_yaml_node *present = sc_yaml_get(d->node, "volumes");
    if (present != NULL)
        return sc_edit_add(edits, present, NULL, &mount, err);
    const struct sc_edit_value list = {.kind = SC_YAML_SEQUENCE, .count = 1, .values = &mount};
    return sc_edit_add(edits, d->node, "volumes", &list, err);
}

static int put_label(struct context *c, const struct definition *d, struct sc_error *err)
{
    static const char *const keys[] = {SC_START_LABEL};
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    const struct sc_yaml_node *present = sc_merged_get(d->node, "labels");
    const struct sc_edit_value text = {.kind = SC_YAML_SCALAR, .text = d->shim->drift};
    if (d->shim->drift[0] == '\0' || present != sc_yaml_get(d->node, "labels") ||
        sc_yaml_is(present, SC_YAML_ALIAS))
        return 0;
    if (sc_yaml_is(present, SC_YAML_SEQUENCE)) {
        char item[64];
        snprintf(item, sizeof(item), "%s=%s", keys[0], d->shim->drift);
        const struct sc_edit_value line = {.kind = SC_YAML_SCALAR, .text = item};
        return sc_edit_add(edits, present, NULL, &line, err);
    }
    if (present != NULL)
        return sc_edit_add(edits, present, keys[0], &text, err);
    const struct sc_edit_value map = {
        .kind = SC_YAML_MAPPING, .count = 1, .keys = keys, .values = &text};
    return sc_edit_add(edits, d->node, "labels", &map, err);
}

/* entrypoint, command, volume, label */
static int emit_one(struct context *c, const struct definition *d, struct sc_error *err)
{
    int rc = put_entrypoint(c, d, err);
    if (rc == 0 && d->shim->command_count > 0)
        rc = put_words(c, d, "command", d->shim->command, d->shim->command_count, err);
    if (rc == 0)
        rc = put_volume(c, d, err);
    return rc < 0 ? rc : put_label(c, d, err);
}

int sc_plan_shims_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        const struct definition *d = &c->definitions[i];
        if (needed(c, d) && !d->shim->there)
            rc = emit_one(c, d, err);
    }
    return rc;
}
