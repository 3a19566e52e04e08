/* SPDX-License-Identifier: Apache-2.0
 *
 * One step's view of a masked stream: its raw bytes without the terminal's escape sequences.
 *
 * Owns nothing: the bytes and the runs are the stream's. Threads: one at a time.
 */
#ifndef SC_CORE_MASK_WINDOW_H
#define SC_CORE_MASK_WINDOW_H

#include "core/mask/stream.h"

struct sc_mask_window {
    const unsigned char *visible;
    size_t visible_len;
    size_t run_count; /* the last one stands for the end */
    size_t escape;    /* the first of the escapes that was not read yet; a last one is at the end */
    size_t line;      /* visible start of the unfinished line */
    size_t hold;      /* visible; everything before is decided */
    bool last;
};

/* Fills all but the escapes and the hold position; `last` is the caller's. */
void sc_mask_window_open(struct sc_mask_stream *stream, struct sc_mask_window *window);

/* Where a visible byte, or the end, stands in the raw text. */
size_t sc_mask_window_raw(const struct sc_mask_stream *stream, const struct sc_mask_window *window,
                          size_t visible);

#endif
