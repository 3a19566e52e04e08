/* SPDX-License-Identifier: Apache-2.0
 *
 * A unified diff of a spliced file, as patch(1) reads it.
 */
#ifndef SC_COMPOSE_EDIT_DIFF_H
#define SC_COMPOSE_EDIT_DIFF_H

#include "compose/edit/edit.h"

/* Lines of context around a change. */
#define SC_DIFF_CONTEXT 3

/* Escape sequences put around lines; NULL or "" for none. */
struct sc_diff_paint {
    const char *header, *hunk, *removed, *added, *reset;
};

/* What is shown of a line instead of what stands there: appends to `out`. offset: where an old line
 * begins in the file; SIZE_MAX for a new one. NULL shows all. Used to mask credentials. */
typedef void (*sc_diff_show_fn)(const char *line, size_t len, size_t offset, void *ctx,
                                struct sc_buf *out);

struct sc_diff {
    const char *name; /* "a/NAME" and "b/NAME" in the header */
    struct sc_bytes before;
    const struct sc_splices *splices; /* ascending; see sc_splices_apply() */
    struct sc_diff_paint paint;
    sc_diff_show_fn show;
    void *ctx;
};

/* Appends the diff; nothing when there are no splices. */
int sc_diff_write(const struct sc_diff *diff, struct sc_buf *out,
                  struct sc_error *err) SC_NODISCARD;

#endif
