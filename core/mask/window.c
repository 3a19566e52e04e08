/* SPDX-License-Identifier: Apache-2.0
 *
 * Terminal escape sequences; see core/mask/window.h.
 */
#include "core/mask/window.h"

#include <string.h>

#include "core/banned.h"

#define ESC          0x1b
#define SEQUENCE_MAX ((size_t)64)

/* Length of the terminal sequence at an ESC; 0 when more is needed to tell. Of strings (OSC, DCS
 * ...) only the introducer: titles and links are text that may hold a value. */
static size_t sequence_length(const unsigned char *text, size_t len)
{
    if (len < 2)
        return 0;
    if (text[1] == '[') {
        for (size_t i = 2; i < len; i++) {
            if (text[i] >= 0x40 && text[i] <= 0x7e)
                return i + 1;
            if (text[i] < 0x20 || i >= SEQUENCE_MAX)
                return 1; /* not a sequence: the ESC alone */
        }
        return 0;
    }
    size_t at = 1;
    while (at < len && at < SEQUENCE_MAX && text[at] >= 0x20 && text[at] <= 0x2f)
        at++;
    if (at == len)
        return 0;
    return text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : 1;
}

/* The visible byte `visible` (and those behind it) stands at `raw`. */
static void add_run(struct sc_mask_stream *stream, struct sc_mask_window *window, size_t visible,
                    size_t raw)
{
    size_t last = window->run_count;
    if (last == 0 || stream->runs[last - 1].visible != visible)
        window->run_count++;
    else
        last--; /* two sequences with nothing between them */
    stream->runs[last] = (struct sc_mask_run){(uint32_t)visible, (uint32_t)raw};
}

size_t sc_mask_window_raw(const struct sc_mask_stream *stream, const struct sc_mask_window *window,
                          size_t visible)
{
    size_t low = 0;
    size_t high = window->run_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (stream->runs[middle].visible <= visible)
            low = middle;
        else
            high = middle;
    }
    return stream->runs[low].raw + (visible - stream->runs[low].visible);
}

void sc_mask_window_open(struct sc_mask_stream *stream, struct sc_mask_window *window)
{
    size_t len = 0;
    size_t at = 0;
    const unsigned char *esc = memchr(stream->raw, ESC, stream->raw_len);
    window->visible = esc == NULL ? stream->raw : stream->plain;
    add_run(stream, window, 0, 0);
    while (esc != NULL) {
        size_t until = (size_t)(esc - stream->raw);
        memcpy(stream->plain + len, stream->raw + at, until - at);
        len += until - at;
        at = until;
        size_t taken = sequence_length(esc, stream->raw_len - at);
        if (taken == 0 && !window->last)
            break; /* unfinished: the next step reads it */
        at += taken == 0 ? stream->raw_len - at : taken;
        add_run(stream, window, len, at);
        esc = memchr(stream->raw + at, ESC, stream->raw_len - at);
    }
    if (esc == NULL) {
        if (window->visible == stream->plain)
            memcpy(stream->plain + len, stream->raw + at, stream->raw_len - at);
        len += stream->raw_len - at;
        at = stream->raw_len;
    }
    add_run(stream, window, len, at);
    window->visible_len = len;
    const unsigned char *end = len > 0 ? memrchr(window->visible, '\n', len) : NULL;
    window->line = end == NULL ? 0 : (size_t)(end - window->visible) + 1;
}
