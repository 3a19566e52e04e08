/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes credentials out of commands and health checks, and lists all that were found.
 */
#include <ctype.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* ---- ["CMD", ...] as a text for a shell ---- */

static bool plain_word(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (strchr("_-./:=@%+,", *text) == NULL && isalnum((unsigned char)*text) == 0)
            return false;
    }
    return true;
}

/* Text of one word outside of the credentials: quoted where a shell would read more into it. */
static const char *put_text(struct context *c, const char *text, size_t len, struct sc_buf *out)
{
    char *copy = sc_stash_dup(&c->plan->pool, text, len, NULL);
    const char *value = copy != NULL ? sc_plan_value(c, copy, len) : NULL;
    if (copy == NULL)
        sc_plan_no_memory(c);
    if (value == NULL)
        return "a variable in it is not known here";
    if (len == 0)
        return NULL;
    if (strchr(copy, '$') != NULL && !plain_word(value))
        return "a variable in it holds characters that a shell would read";
    if (plain_word(value)) {
        sc_buf_puts(out, copy);
        return NULL;
    }
    if (strchr(copy, '\'') != NULL || strchr(copy, '\n') != NULL)
        return "its quotes cannot be kept; write it as CMD-SHELL first";
    sc_buf_printf(out, "'%s'", copy);
    return NULL;
}

/* One word, its credentials read from their files. */
static const char *put_word(struct context *c, const struct sc_yaml_node *word, struct sc_buf *out)
{
    size_t at = 0;
    const char *reason = NULL;
    for (;;) {
        const struct literal *next = NULL;
        for (size_t i = 0; i < c->literal_count; i++) {
            const struct literal *l = &c->literals[i];
            if (l->node == word && l->start >= at && (next == NULL || l->start < next->start))
                next = l;
        }
        size_t stop = next != NULL ? next->start : word->len;
        if (reason == NULL && (stop > at || word->len == 0))
            reason = put_text(c, word->text + at, stop - at, out);
        if (next == NULL || reason != NULL)
            return reason;
        if (c->plan->secret_count > 0)
            sc_buf_printf(
                out, "\"$$(cat /run/secrets/%s)\"",
                c->plan->secrets[SC_MIN(next->file_secret, c->plan->secret_count - 1)].name);
        at = next->end;
    }
}

const char *sc_plan_place_check(struct context *c, const struct sc_yaml_node *list,
                                const char **ret_reason)
{
    const struct literal *one = NULL;
    for (size_t i = 0; i < c->literal_count && one == NULL; i++)
        one = c->literals[i].list == list ? &c->literals[i] : NULL;
    *ret_reason = NULL;
    if (one == NULL || one->service->image == NULL || !sc_image_known(one->service->image))
        *ret_reason = "it is not known whether the image has a shell; if so, write it as CMD-SHELL "
                      "first";
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_YAML_SCALAR_MAX);
    for (size_t i = 1; i < list->count && *ret_reason == NULL; i++) {
        if (i > 1)
            sc_buf_putc(&text, ' ');
        *ret_reason = put_word(c, list->values[i], &text);
    }
    const char *copy = sc_stash_dup(&c->plan->pool, sc_buf_text(&text), text.len, NULL);
    if (copy == NULL || text.failed != 0)
        sc_plan_no_memory(c);
    return copy;
}

static int emit_check(struct context *c, const struct literal *l, struct sc_error *err)
{
    struct sc_edits *edits = &c->plan->files[l->file].edits;
    for (const struct literal *b = c->literals; b < l; b++) {
        if (b->list == l->list && b->reason == NULL)
            return 0; /* done with the first one */
    }
    const char *reason = NULL;
    const char *text = sc_plan_place_check(c, l->list, &reason);
    if (text == NULL || reason != NULL)
        return sc_fail_nomem(err);
    int rc = sc_edit_set(edits, l->list->values[0], "CMD-SHELL", err);
    if (rc == 0)
        rc = sc_edit_set(edits, l->list->values[1], text, err);
    for (size_t i = 2; i < l->list->count && rc == 0; i++)
        rc = sc_edit_delete(edits, l->list->values[i], err);
    return rc;
}

/* ---- the others ---- */

static int emit_include(struct context *c, const struct literal *l, const char *target,
                        struct sc_error *err)
{
    bool apart = l->option != NULL;
    struct exchange exchange = {
        .file = l->file, .node = l->node, .start = l->first, .end = l->last, .text = target};
    if (!apart) {
        exchange.text = sc_stash_printf(&c->plan->pool, err, "--include %s", target);
        if (exchange.text == NULL)
            return SC_E_NOMEM;
    }
    int rc = sc_plan_exchange(c, &exchange, err);
    if (rc < 0 || !apart)
        return rc;
    exchange = (struct exchange){
        .file = l->file, .node = l->option, .end = l->option->len, .text = "--include"};
    return sc_plan_exchange(c, &exchange, err);
}

static int emit_shell(struct context *c, const struct literal *l, const char *target,
                      struct sc_error *err)
{
    const char *quote = l->quoted ? "" : l->in_text ? "\\\"" : "\"";
    struct exchange exchange = {
        .file = l->file,
        .node = l->node,
        .start = l->first,
        .end = l->last,
        .text = sc_stash_printf(&c->plan->pool, err, "%s$$(cat %s)%s", quote, target, quote),
    };
    return exchange.text == NULL ? SC_E_NOMEM : sc_plan_exchange(c, &exchange, err);
}

static int emit_move(struct context *c, const struct literal *l, const char **ret_change,
                     struct sc_error *err)
{
    const struct grant grant = {
        .service = l->service,
        .secret = l->file_secret,
        .target = sc_stash_printf(&c->plan->pool, err, "/run/secrets/%s",
                                  c->plan->secrets[l->file_secret].name),
        /* servers step down to a user of the image before they read */
        .anyone = l->way == LITERAL_INCLUDE,
    };
    if (grant.target == NULL)
        return SC_E_NOMEM;
    int rc = sc_plan_grant(c, &grant, err);
    if (rc < 0)
        return rc;
    bool include = l->way == LITERAL_INCLUDE;
    *ret_change =
        sc_stash_printf(&c->plan->pool, err, include ? "--include %s" : "$(cat %s)", grant.target);
    if (*ret_change == NULL)
        return SC_E_NOMEM;
    if (include)
        return emit_include(c, l, grant.target, err);
    return l->way == LITERAL_CHECK ? emit_check(c, l, err) : emit_shell(c, l, grant.target, err);
}

static struct sc_plan_piece piece_of(const struct literal *l)
{
    return (struct sc_plan_piece){l->file, l->node, l->start, l->end};
}

/* Where the credential itself begins, when the bytes are the text. */
static struct sc_yaml_position position(const struct context *c, const struct literal *l)
{
    const struct sc_plan_piece piece = piece_of(l);
    struct sc_yaml_span span;
    return sc_plan_piece_bytes(c->plan, &piece, &span)
               ? sc_yaml_position(c->plan->files[l->file].yaml, span.start)
               : l->node->at;
}

static const char *class_of(const struct literal *l)
{
    bool literal = l->credential.shape == SC_SHAPE_LITERAL;
    if (literal && (l->list != NULL || strcmp(l->where, "command") == 0 ||
                    strcmp(l->where, "entrypoint") == 0 || strcmp(l->where, "healthcheck") == 0))
        return "command";
    return literal && sc_str_has_suffix(l->where, "labels") ? "label"
                                                            : sc_plan_class(&l->credential);
}

static const char *note_of(struct context *c, const struct literal *l)
{
    if (l->reason == NULL)
        return l->credential.shape == SC_SHAPE_PLACEHOLDER ? "looks like a placeholder; rotate it"
                                                           : NULL;
    const char *value = sc_plan_value(c, l->node->text + l->start, l->end - l->start);
    if (value == NULL)
        return NULL;
    return sc_plan_twin_note(c, (struct sc_bytes){(const unsigned char *)value, strlen(value)});
}

static int emit_one(struct context *c, struct literal *l, struct sc_error *err)
{
    const struct sc_plan_piece piece = piece_of(l);
    /* of a held one nobody knows where the other credential stands */
    int rc = sc_plan_literal_is_held(c, l)
                 ? sc_plan_mask_span(c->plan, l->file, l->node->span.start, l->node->span.end, err)
                 : sc_plan_mask_piece(c->plan, &piece, err);
    const char *change = NULL;
    if (rc == 0 && l->reason == NULL && l->way == LITERAL_CONTENT)
        change = l->change;
    else if (rc == 0 && l->reason == NULL)
        rc = emit_move(c, l, &change, err);
    if (rc < 0)
        return rc;
    bool moves = l->reason == NULL;
    const struct sc_plan_item item = {
        .action = moves ? SC_PLAN_MOVE : SC_PLAN_REPORT,
        .service = l->service != NULL ? l->service->name : NULL,
        .key = l->key,
        .where = l->where,
        .class = class_of(l),
        .file = l->file,
        .at = position(c, l),
        .secret = moves ? c->plan->secrets[l->secret].name : NULL,
        .change = change,
        .reason = l->reason,
        .note = note_of(c, l),
    };
    return sc_plan_item_add(c->plan, &item, err);
}

int sc_plan_places_emit(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->literal_count && rc == 0; i++)
        rc = emit_one(c, &c->literals[i], err);
    return rc;
}
