/* SPDX-License-Identifier: Apache-2.0
 *
 * configs.content: the text becomes a template entry of the vault, its credentials entries of their
 * own, and the config is the file that the template is rendered to.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"
#include "core/text/template.h"

#include "core/banned.h"

/* The template of one text, and what it renders to now. */
struct draft {
    struct context *c;
    const struct literal *first; /* of the literals of this text */
    struct sc_buf template, rendered;
    const char *reason;
};

static void draft_done(struct draft *d)
{
    sc_buf_done(&d->template);
    sc_buf_done(&d->rendered);
}

static bool has_placeholder(const char *text)
{
    struct sc_template_part part;
    size_t at = 0;
    int got = 0;
    while ((got = sc_template_next(text, strlen(text), &at, &part)) > 0) {
        if (part.kind != SC_TEMPLATE_TEXT || part.ptr < text || part.ptr > text + strlen(text))
            return true;
    }
    return got < 0;
}

/* The next part of the text without a credential in it, as it is loaded. */
static const char *plain(struct draft *d, size_t from, size_t to)
{
    const char *text = sc_plan_value(d->c, d->first->node->text + from, to - from);
    if (text == NULL)
        d->reason = "it holds a variable that is not known here; set it and run again";
    else if (has_placeholder(text))
        d->reason = "the content holds placeholders already; put it into the vault by hand";
    return d->reason != NULL ? "" : text;
}

static struct sc_plan_spot spot_of(const struct literal *l)
{
    return (struct sc_plan_spot){l->node->text, l->start, l->end, l->value};
}

static int put_credential(struct draft *d, struct literal *l, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const struct sc_plan_spot spot = spot_of(l);
    const char *filter = NULL;
    int rc = sc_plan_filter(&spot, &value, &filter, err);
    if (rc == 0)
        rc = sc_plan_secret_for(d->c, l->key, "config", sc_secret_view(&value), &l->secret, err);
    if (rc < 0)
        return rc;
    d->c->plan->secrets[l->secret].inside = true;
    sc_buf_printf(&d->template, "{{secret:%s%s}}", d->c->plan->secrets[l->secret].name, filter);
    return 0;
}

static const char *obstacle(const struct context *c, const struct literal *l)
{
    const struct sc_yaml_node *node = l->node, *config = node->parent;
    const char *key = config->key != NULL ? sc_node_text(config->key) : NULL;
    if (c->plan->files[l->file].fixed != NULL)
        return c->plan->files[l->file].fixed;
    if (c->plan->files[l->file].base)
        return "it stands in a file that is reached by extends only; rewrite that file by itself";
    if (c->options->project == NULL || key == NULL)
        return "what stands in the config is not known, since the project was not loaded";
    if (node->tag != NULL || node->anchor != NULL || sc_plan_has_custom_tag(node))
        return "a tag or an anchor stands on the text; change it by hand";
    return sc_yaml_get(config, "file") != NULL ? "it has content and a file; leave one of the two"
                                               : NULL;
}

/* What the text is now; without a reason against it each credential has its value then. */
static int render(struct draft *d, struct sc_error *err)
{
    struct context *c = d->c;
    size_t at = 0;
    for (size_t i = 0; i < c->literal_count && d->reason == NULL; i++) {
        struct literal *l = &c->literals[i];
        if (l->node != d->first->node)
            continue;
        const struct sc_plan_spot spot = spot_of(l);
        l->value = sc_plan_value(c, l->node->text + l->start, l->end - l->start);
        if (sc_plan_has_escapes(&spot))
            d->reason =
                "a value in it is written with escapes; put the file into the vault by hand";
        else if (l->value == NULL || l->value[0] == '\0')
            d->reason =
                "a value in it comes from a variable that is not set here; set it and run again";
        if (d->reason != NULL)
            break;
        sc_buf_puts(&d->rendered, plain(d, at, l->start));
        sc_buf_puts(&d->rendered, l->value);
        at = l->end;
    }
    if (d->reason == NULL)
        sc_buf_puts(&d->rendered, plain(d, at, d->first->node->len));
    return sc_buf_status(&d->rendered, err);
}

/* Only where nothing is against it: secrets are made here. */
static int make_template(struct draft *d, struct sc_error *err)
{
    struct context *c = d->c;
    size_t at = 0;
    int rc = 0;
    for (size_t i = 0; i < c->literal_count && rc == 0; i++) {
        struct literal *l = &c->literals[i];
        if (l->node != d->first->node)
            continue;
        sc_buf_puts(&d->template, plain(d, at, l->start));
        rc = put_credential(d, l, err);
        at = l->end;
    }
    sc_buf_puts(&d->template, plain(d, at, d->first->node->len));
    return rc == 0 ? sc_buf_status(&d->template, err) : rc;
}

static int replace(struct context *c, struct literal *first, const char *key, size_t secret,
                   struct sc_error *err)
{
    const char *path = sc_stash_printf(&c->plan->pool, err, "%s/%s/%s", c->options->mount,
                                       c->plan->scope, c->plan->secrets[secret].name);
    const char *change = path == NULL ? NULL : sc_plan_say(c, "%s: file: %s", key, path);
    struct sc_edits *edits = &c->plan->files[first->file].edits;
    if (change == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < c->literal_count; i++) {
        if (c->literals[i].node == first->node) {
            c->literals[i].file_secret = secret;
            c->literals[i].change = change;
        }
    }
    int rc = sc_edit_rename(edits, first->node->key, "file", err);
    return rc < 0 ? rc : sc_edit_set(edits, first->node, path, err);
}

static void stay(struct context *c, const struct sc_yaml_node *node, const char *reason)
{
    for (size_t i = 0; i < c->literal_count; i++) {
        if (c->literals[i].node == node)
            c->literals[i].reason = reason;
    }
}

int sc_plan_place_content(struct context *c, struct literal *first, struct sc_error *err)
{
    const char *reason = obstacle(c, first);
    if (reason != NULL) {
        stay(c, first->node, reason);
        return 0;
    }
    const char *key = sc_node_text(first->node->parent->key);
    const struct sc_resource *config = sc_resources_get(&c->options->project->configs, key);
    SC_CLEANUP(draft_done)
    struct draft d = {
        .c = c,
        .first = first,
        .template = SC_BUF_INIT(SC_YAML_SCALAR_MAX),
        .rendered = SC_BUF_INIT(SC_YAML_SCALAR_MAX),
    };
    int rc = render(&d, err);
    size_t secret = 0;
    if (rc == 0 && d.reason == NULL &&
        (config == NULL || !sc_str_equal(config->content, sc_buf_text(&d.rendered))))
        d.reason = "another file gives the config its content in the end; take it out here";
    if (rc == 0 && d.reason == NULL)
        rc = make_template(&d, err);
    if (rc == 0 && d.reason == NULL)
        rc = sc_plan_secret_template(c, key, "config", sc_buf_view(&d.template), &secret, err);
    if (rc == 0 && d.reason == NULL)
        rc = replace(c, first, key, secret, err);
    if (d.reason != NULL)
        stay(c, first->node, d.reason);
    return rc;
}
