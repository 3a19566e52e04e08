/* SPDX-License-Identifier: Apache-2.0
 *
 * The proof: the re-loaded file is the old tree with exactly the changes asked for. Works on the
 * two trees and the list of changes alone; how the text was spliced plays no part.
 */
#include <string.h>

#include "compose/edit/internal.h"
#include "core/str.h"

#include "core/banned.h"

struct proof {
    const struct sc_yaml_stream *after;
    const struct sc_edits *edits;
};

static int differs(const struct proof *p, const struct sc_yaml_node *node, const char *what,
                   struct sc_error *err)
{
    struct sc_yaml_position at = {0, 0};
    if (node != NULL)
        at = node->at;
    return sc_fail(err, SC_E_BUG, "'%s' line %u, column %u: the rewritten file differs: %s",
                   sc_yaml_name(p->after), at.line, at.column, what);
}

/* A new scalar must come out as this string whatever the reader's typing rules: quoted, or plain
 * text that begins like a word or a path. */
static bool is_string(const struct sc_yaml_node *node, const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    if (!sc_yaml_equals(node, text) || node->tag != NULL)
        return false;
    if (node->style != SC_YAML_PLAIN)
        return true;
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        if (sc_str_equal_nocase(text, words[i]))
            return false;
    }
    bool option = strncmp(text, "--", 2) == 0 && text[2] != '-'; /* no number */
    return option || (text[0] != '\0' && strchr("0123456789+-.~<=", text[0]) == NULL);
}

static int match_value(const struct proof *p, const struct sc_yaml_node *node,
                       const struct sc_edit_value *value, struct sc_error *err)
{
    if (node->anchor != NULL || node->kind != value->kind)
        return differs(p, node, "not what was added", err);
    if (value->bare)
        return sc_yaml_equals(node, value->text) && node->style == SC_YAML_PLAIN
                   ? 0
                   : differs(p, node, "not the text added", err);
    if (value->kind == SC_YAML_SCALAR)
        return is_string(node, value->text) ? 0 : differs(p, node, "not the text added", err);
    if (node->count != value->count)
        return differs(p, node, "not the entries added", err);
    for (size_t i = 0; i < value->count; i++) {
        if (value->kind == SC_YAML_MAPPING && !is_string(node->keys[i], value->keys[i]))
            return differs(p, node->keys[i], "not the key added", err);
        int rc = match_value(p, node->values[i], &value->values[i], err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int match(const struct proof *p, const struct sc_yaml_node *old,
                 const struct sc_yaml_node *new, struct sc_error *err);

/* The additions to `old` stand in `new` from entry `at` to its end. */
static int match_added(const struct proof *p, const struct sc_yaml_node *old,
                       const struct sc_yaml_node *new, size_t at, struct sc_error *err)
{
    const struct sc_edit *e = sc_edits_find(p->edits, old, SC_EDIT_ADD);
    for (; e != NULL; e = sc_edits_next(p->edits, e), at++) {
        if (at >= new->count)
            return differs(p, new, "an added entry is missing", err);
        if ((e->text != NULL) != (new->kind == SC_YAML_MAPPING) ||
            (e->text != NULL && !is_string(new->keys[at], e->text)))
            return differs(p, new->values[at], "not the key added", err);
        int rc = match_value(p, new->values[at], &e->value, err);
        if (rc < 0)
            return rc;
    }
    return at == new->count ? 0 : differs(p, new, "an entry too many", err);
}

/* What comes before the items of `old`; *at is behind it. */
static int match_leading(const struct proof *p, const struct sc_yaml_node *old,
                         const struct sc_yaml_node *new, size_t *at, struct sc_error *err)
{
    const struct sc_edit *e = sc_edits_find(p->edits, old, SC_EDIT_LEAD);
    int rc = 0;
    for (; e != NULL && rc == 0; e = sc_edits_next(p->edits, e)) {
        rc = *at < new->count ? match_value(p, new->values[*at], &e->value, err)
                              : differs(p, new, "a leading item is missing", err);
        ++*at;
    }
    return rc;
}

static int match_children(const struct proof *p, const struct sc_yaml_node *old,
                          const struct sc_yaml_node *new, struct sc_error *err)
{
    size_t at = 0;
    int led = match_leading(p, old, new, &at, err);
    if (led < 0)
        return led;
    for (size_t i = 0; i < old->count; i++) {
        if (sc_edits_find(p->edits, old->values[i], SC_EDIT_DELETE) != NULL)
            continue;
        if (at >= new->count)
            return differs(p, new, "an entry is missing", err);
        int rc = 0;
        if (old->kind == SC_YAML_MAPPING)
            rc = match(p, old->keys[i], new->keys[at], err);
        if (rc == 0)
            rc = match(p, old->values[i], new->values[at], err);
        if (rc < 0)
            return rc;
        at++;
    }
    return match_added(p, old, new, at, err);
}

static int match_leaf(const struct proof *p, const struct sc_yaml_node *old,
                      const struct sc_yaml_node *new, struct sc_error *err)
{
    const struct sc_edit *set = sc_edits_find(p->edits, old, SC_EDIT_SET);
    if (set == NULL)
        set = sc_edits_find(p->edits, old, SC_EDIT_RENAME);
    if (set != NULL)
        return is_string(new, set->text) ? 0 : differs(p, new, "not the new text", err);
    if (sc_edits_find(p->edits, old, SC_EDIT_ADD) != NULL)
        return new->kind == SC_YAML_SCALAR || new->kind == SC_YAML_ALIAS
                   ? differs(p, new, "nothing was added", err)
                   : match_added(p, old, new, 0, err);
    if (new->kind != old->kind || new->len != old->len ||
        (old->len > 0 && memcmp(new->text, old->text, old->len) != 0))
        return differs(p, new, "a value changed", err);
    if (old->kind == SC_YAML_SCALAR && old->style != new->style)
        return differs(p, new, "the style of a value changed", err);
    return 0;
}

static int match(const struct proof *p, const struct sc_yaml_node *old,
                 const struct sc_yaml_node *new, struct sc_error *err)
{
    if (!sc_str_equal(old->anchor, new->anchor))
        return differs(p, new, "an anchor changed", err);
    if (!sc_str_equal(old->tag, new->tag) && sc_edits_find(p->edits, old, SC_EDIT_SET) == NULL)
        return differs(p, new, "a tag changed", err);
    if (old->kind == SC_YAML_SCALAR || old->kind == SC_YAML_ALIAS)
        return match_leaf(p, old, new, err);
    bool filled = old->count == 0 && sc_edits_find(p->edits, old, SC_EDIT_ADD) != NULL;
    if (old->kind != new->kind || (old->style != new->style && !filled))
        return differs(p, new, "a collection changed", err);
    return match_children(p, old, new, err);
}

int sc_edit_verify(const struct sc_yaml_stream *before, struct sc_edits *edits,
                   const struct sc_yaml_stream *after, struct sc_error *err)
{
    struct proof p = {.after = after, .edits = edits};
    int rc = sc_edits_settle(edits, err);
    if (rc < 0)
        return rc;
    if (sc_yaml_count(before) != sc_yaml_count(after))
        return differs(&p, NULL, "the number of documents", err);
    for (size_t i = 0; i < sc_yaml_count(before) && rc == 0; i++) {
        const struct sc_yaml_node *old = sc_yaml_document(before, i)->root;
        const struct sc_yaml_node *new = sc_yaml_document(after, i)->root;
        if ((old == NULL) != (new == NULL))
            return differs(&p, new, "a document", err);
        if (old != NULL)
            rc = match(&p, old, new, err);
    }
    return rc;
}
