/* SPDX-License-Identifier: Apache-2.0
 *
 * Random changes of random YAML: either refused, or the new text loads to the changed model. The
 * first bytes choose the changes, the rest is the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "compose/edit/edit.h"

#include "core/banned.h"

#define CHOICES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct chooser {
    struct sc_edits edits;
    const uint8_t *choices;
    size_t visited;
};

static void require(bool ok, const struct sc_error *err)
{
    if (!ok) {
        fprintf(stderr, "%s\n", sc_error_message(err));
        abort();
    }
}

static void choose(struct chooser *c, const struct sc_yaml_node *n)
{
    static const struct sc_edit_value text = {.kind = SC_YAML_SCALAR, .text = "/run/secrets/it's"};
    static const struct sc_edit_value list = {
        .kind = SC_YAML_SEQUENCE, .count = 1, .values = &text};
    static const char *const keys[] = {"file"};
    static const struct sc_edit_value map = {
        .kind = SC_YAML_MAPPING, .count = 1, .values = &text, .keys = keys};
    uint8_t choice = c->choices[c->visited++ % CHOICES];
    bool leaf = n->kind == SC_YAML_SCALAR || n->kind == SC_YAML_ALIAS;
    int rc = 0;
    if (choice % 8 == 0 && leaf && n->is_key)
        rc = sc_edit_rename(&c->edits, n, "KEY_FILE", NULL);
    else if (choice % 8 == 0 && leaf)
        rc = sc_edit_set(&c->edits, n, choice & 64 ? "/run/secrets/x" : "a: b #\n", NULL);
    else if (choice % 8 == 1 && n->parent != NULL && !n->is_key)
        rc = sc_edit_delete(&c->edits, n, NULL);
    else if (choice % 8 == 2 && !n->is_key && (!leaf || sc_yaml_is_null(n)))
        rc = sc_edit_add(&c->edits, n, n->kind == SC_YAML_SEQUENCE ? NULL : "added",
                         choice & 64 ? &map : &list, NULL);
    else if (choice % 8 == 3 && n->kind == SC_YAML_SEQUENCE && n->count > 0)
        rc = sc_edit_lead(&c->edits, n, choice & 64 ? &map : &text, NULL);
    require(rc == 0, NULL);
}

static void walk(struct chooser *c, const struct sc_yaml_node *n)
{
    choose(c, n);
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == SC_YAML_MAPPING)
            walk(c, n->keys[i]);
        walk(c, n->values[i]);
    }
}

/* A renamed or added key may exist already, a deleted anchor may be in use: the result then does
 * not load, and the caller's proof refuses it. What loads must be what was asked for. */
static void check(const struct sc_yaml_stream *before, struct chooser *c)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_YAML_SIZE_MAX);
    SC_CLEANUP(sc_splices_done) struct sc_splices splices = {0};
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *after = NULL;
    int rc = sc_edit_apply(before, &c->edits, &splices, &out, &err);
    if (rc < 0) {
        require(rc == SC_E_UNSUPPORTED, &err);
        return;
    }
    if (sc_yaml_load(sc_buf_view(&out), "f", &after, NULL, &err) < 0)
        return;
    require(sc_edit_verify(before, &c->edits, after, &err) == 0, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICES)
        return 0;
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *before = NULL;
    struct sc_bytes text = {data + CHOICES, size - CHOICES};
    if (sc_yaml_load(text, "f", &before, NULL, NULL) < 0)
        return 0;
    struct chooser c = {.choices = data};
    for (size_t i = 0; i < sc_yaml_count(before); i++) {
        if (sc_yaml_document(before, i)->root != NULL)
            walk(&c, sc_yaml_document(before, i)->root);
    }
    check(before, &c);
    sc_edits_done(&c.edits);
    return 0;
}
