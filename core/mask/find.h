/* SPDX-License-Identifier: Apache-2.0
 *
 * Where patterns stand in a window: as they are, and behind the escapes of text.
 *
 * The spans are visible positions. Both lower the window's hold position to the first byte at which
 * a pattern may still be beginning. Errors: NOMEM. Threads: one at a time.
 */
#ifndef SC_CORE_MASK_FIND_H
#define SC_CORE_MASK_FIND_H

#include "core/mask/window.h"

int sc_mask_find_exact(struct sc_mask_stream *stream, struct sc_mask_window *window,
                       struct sc_error *err) SC_NODISCARD;
int sc_mask_find_canonical(struct sc_mask_stream *stream, struct sc_mask_window *window,
                           struct sc_error *err) SC_NODISCARD;

/* One that begins in the last one, or touches it, makes that longer. */
int sc_mask_spans_add(struct sc_mask_spans *spans, struct sc_mask_span span,
                      struct sc_error *err) SC_NODISCARD;
/* One sorted list of spans that do not touch. */
void sc_mask_spans_unite(struct sc_mask_spans *spans);

#endif
