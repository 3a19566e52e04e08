/* SPDX-License-Identifier: Apache-2.0
 *
 * Lossless changes of a YAML file: what shall change in the tree, turned into splices of the text,
 * and the proof that the new text is the old tree with exactly these changes.
 *
 * Changes are said in terms of nodes (struct sc_yaml_node) of one loaded file. Applying them copies
 * every byte that no change names: comments, order, quoting, indentation and line ends stay. A
 * change that cannot be made by a clean splice is refused (UNSUPPORTED), never approximated; and
 * whatever the splices did, sc_edit_verify() compares the re-loaded result with the changes,
 * computed on the trees alone.
 *
 * Ownership: the list copies texts into its pool; nodes belong to the loaded file and outlive it.
 * Threads: one at a time.
 */
#ifndef SC_COMPOSE_EDIT_EDIT_H
#define SC_COMPOSE_EDIT_EDIT_H

#include "compose/yaml_doc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/stash.h"

/* Changes of one file, at most. */
#define SC_EDITS_MAX 100000

/* Something new: a scalar (which comes out as a string unless `bare`), a list or a map. */
struct sc_edit_value {
    enum sc_yaml_kind kind;
    const char *text; /* scalar */
    bool bare;        /* scalar: written as it is, a number or a switch */
    size_t count;
    const char *const *keys; /* map */
    const struct sc_edit_value *values;
};

enum sc_edit_kind {
    SC_EDIT_SET,    /* node: scalar or alias; becomes the string `text` */
    SC_EDIT_RENAME, /* node: a scalar key; becomes `text` */
    SC_EDIT_DELETE, /* node: a value of a mapping (its key goes too) or an item of a sequence */
    SC_EDIT_ADD,    /* node: a mapping (key, value), a sequence (value), or an empty value */
    SC_EDIT_LEAD    /* node: a sequence that has items; the value comes before the first one */
};

struct sc_edit {
    enum sc_edit_kind kind;
    const struct sc_yaml_node *node;
    const char *text; /* SET, RENAME: the new text; ADD to a mapping: the key */
    struct sc_edit_value value;
    /* SET of a block scalar: the pieces to exchange in its lines, so that they stay lines: from,
     * to, from, to, ..., NULL. NULL: the scalar is written anew. */
    const char *const *pieces;
    size_t order; /* of the calls */
};

/* Zero value = no changes; SC_CLEANUP(sc_edits_done). */
struct sc_edits {
    struct sc_edit *items;
    size_t count, cap;
    struct sc_stash pool;
};

int sc_edit_set(struct sc_edits *edits, const struct sc_yaml_node *node, const char *text,
                struct sc_error *err) SC_NODISCARD;
/* The same, said as pieces (from, to, ..., NULL; copied) to exchange wherever they stand as words.
 */
int sc_edit_set_pieces(struct sc_edits *edits, const struct sc_yaml_node *node, const char *text,
                       const char *const *pieces, struct sc_error *err) SC_NODISCARD;
int sc_edit_rename(struct sc_edits *edits, const struct sc_yaml_node *key, const char *text,
                   struct sc_error *err) SC_NODISCARD;
/* Deleting every entry of a collection deletes the collection's own entry instead. */
int sc_edit_delete(struct sc_edits *edits, const struct sc_yaml_node *node,
                   struct sc_error *err) SC_NODISCARD;
/* key: NULL for a sequence. The value is copied. Entries are added at the end, in order of the
 * calls. */
int sc_edit_add(struct sc_edits *edits, const struct sc_yaml_node *node, const char *key,
                const struct sc_edit_value *value, struct sc_error *err) SC_NODISCARD;

/* Items in front of those of a sequence, in order of the calls. */
int sc_edit_lead(struct sc_edits *edits, const struct sc_yaml_node *sequence,
                 const struct sc_edit_value *value, struct sc_error *err) SC_NODISCARD;

void sc_edits_done(struct sc_edits *edits);

/* One replaced range of the text. */
struct sc_splice {
    size_t start, end;
    const char *text;
    size_t len;
    size_t order;
};

struct sc_splices {
    struct sc_splice *items; /* ascending, not overlapping, after sc_edit_apply() */
    size_t count, cap;
    struct sc_stash pool;
};

void sc_splices_done(struct sc_splices *splices);

/* Appends a splice; the text is copied. */
int sc_splices_add(struct sc_splices *splices, size_t start, size_t end, const char *text,
                   struct sc_error *err) SC_NODISCARD;

/* Sorts (stable: texts put at one place keep their order) and writes the new text. UNSUPPORTED if
 * two overlap; `name` is the file's, for the message. */
int sc_splices_apply(struct sc_splices *splices, struct sc_bytes text, const char *name,
                     struct sc_buf *out, struct sc_error *err) SC_NODISCARD;

/* The new text of the file. UNSUPPORTED where a change is not a clean splice. `splices` (empty
 * before) gets what was replaced. */
int sc_edit_apply(const struct sc_yaml_stream *stream, struct sc_edits *edits,
                  struct sc_splices *splices, struct sc_buf *out,
                  struct sc_error *err) SC_NODISCARD;

/* 0 if `after` is `before` with exactly these changes; BUG with the place of the first difference.
 */
int sc_edit_verify(const struct sc_yaml_stream *before, struct sc_edits *edits,
                   const struct sc_yaml_stream *after, struct sc_error *err) SC_NODISCARD;

#endif
