/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of compose/edit only.
 */
#ifndef SC_COMPOSE_EDIT_INTERNAL_H
#define SC_COMPOSE_EDIT_INTERNAL_H

#include "compose/edit/edit.h"

/* How this file is written, measured on itself. */
struct sc_edit_style {
    const char *newline;
    size_t step;          /* columns a nested mapping is indented by */
    size_t sequence_step; /* columns a sequence is indented under its key: step, or 0 */
};

/* Prepares a list for look-ups: sorts by node, folds deletions of whole collections. */
int sc_edits_settle(struct sc_edits *edits, struct sc_error *err) SC_NODISCARD;

/* The first edit of this kind on the node (NULL if none), after settling; further ones of ADD
 * follow in the array while the node is the same. */
const struct sc_edit *sc_edits_find(const struct sc_edits *edits, const struct sc_yaml_node *node,
                                    enum sc_edit_kind kind);
/* The next ADD on the same node, or NULL. */
const struct sc_edit *sc_edits_next(const struct sc_edits *edits, const struct sc_edit *edit);

/* Columns between the start of its line and a byte. */
size_t sc_edit_column(const struct sc_yaml_stream *stream, size_t offset);

/* In the order of the text; what is put at one place keeps the order of the calls. */
void sc_splices_sort(struct sc_splices *splices);
/* ending.c: what has to follow where the file has no last newline and its end changes. */
int sc_edit_mend_ending(const struct sc_yaml_stream *stream, struct sc_splices *splices,
                        struct sc_error *err) SC_NODISCARD;

struct sc_edit_style sc_edit_style_of(const struct sc_yaml_stream *stream);

/* Whether a blank line comes before another entry at the top level of the document. */
bool sc_edit_sets_apart(const struct sc_yaml_stream *stream, const struct sc_yaml_node *root);

/* Writes a scalar so that it reads back as the string `text`, in the given style where it can be.
 */
void sc_edit_render_scalar(const char *text, enum sc_yaml_style style, bool in_flow,
                           struct sc_buf *out);
/* "key: value" lines of a block mapping at `indent`, each ended by a newline; key NULL: a list
 * item. */
void sc_edit_render_block(const char *key, const struct sc_edit_value *value, size_t indent,
                          const struct sc_edit_style *style, struct sc_buf *out);
/* The same inside brackets; `quoted`: keys and texts in double quotes, as JSON wants them. */
void sc_edit_render_flow(const char *key, const struct sc_edit_value *value, bool quoted,
                         struct sc_buf *out);

#endif
