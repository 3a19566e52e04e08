/* SPDX-License-Identifier: Apache-2.0
 *
 * A filter that replaces values in a stream of output, whatever the pieces it comes in.
 *
 * The union of all places where a pattern stands is replaced; places that overlap or touch become
 * one mark. Terminal escape sequences are looked through and put out in order, so a value with a
 * colour change inside is found and the change is kept. What may still become a value is held back;
 * a line end always decides. What was held and then released (a prompt, an echo) is remembered: if
 * it turns out to begin a value, the rest of it is masked.
 *
 * Ownership: borrows the patterns. Threads: one at a time.
 */
#ifndef SC_CORE_MASK_STREAM_H
#define SC_CORE_MASK_STREAM_H

#include "core/buf.h"
#include "core/mask/patterns.h"

/* Bytes given to one feed, at most. */
#define SC_MASK_FEED_MAX ((size_t)64 * 1024)
/* Bytes put out by one call, at most: the window, and a mark for each four bytes of it. */
#define SC_MASK_OUT_MAX  ((size_t)64 * 1024 * 1024)
#define SC_MASK_TEXT_MAX 256

struct sc_mask_span {
    size_t from, to;
    uint32_t value;
};

struct sc_mask_spans {
    struct sc_mask_span *items;
    size_t count, cap;
};

/* Text to print for a value; NULL prints the general one. */
typedef const char *(*sc_mask_text_fn)(uint32_t value, void *ctx);

/* Visible bytes from here to the next run stand in the raw text from `raw` on. */
struct sc_mask_run {
    uint32_t visible, raw;
};

/* Canonical bytes from here to the next piece: plain ones, which stand in the visible text from
 * `from` on, or with `taken` those that an escape of so many visible bytes stands for. */
struct sc_mask_piece {
    uint32_t canon, from, taken;
};

/* Fields are private. */
struct sc_mask_stream {
    const struct sc_mask_patterns *patterns;
    const char *text; /* what stands for a value */
    sc_mask_text_fn text_of;
    void *text_ctx;
    unsigned char *raw; /* held back, and the newest bytes */
    size_t raw_len, raw_cap;
    size_t released; /* of raw: put out already, kept for what they may begin */
    size_t carry;    /* visible bytes at the beginning that a mark already stands for */
    uint32_t carry_value;
    bool after_mark;      /* a mark was the last visible thing put out */
    unsigned char *plain; /* raw without escape sequences, where there are some */
    struct sc_mask_run *runs;
    unsigned char *canon;
    struct sc_mask_piece *pieces;
    uint32_t *escapes; /* visible places at which an escape may begin */
    struct sc_mask_spans spans;
    unsigned long long marks; /* put out so far */
};

/* `text` ("***") is borrowed. USAGE over SC_MASK_TEXT_MAX, NOMEM. */
int sc_mask_stream_init(struct sc_mask_stream *stream, const struct sc_mask_patterns *patterns,
                        const char *text, struct sc_error *err) SC_NODISCARD;

/* Takes up to SC_MASK_FEED_MAX bytes and appends to `out` what is decided. */
int sc_mask_stream_feed(struct sc_mask_stream *stream, const void *bytes, size_t len,
                        struct sc_buf *out, struct sc_error *err) SC_NODISCARD;

/* How many bytes are held back and not released. */
size_t sc_mask_stream_held(const struct sc_mask_stream *stream);

/* Puts out what is held, without forgetting it. */
void sc_mask_stream_release(struct sc_mask_stream *stream, struct sc_buf *out);

/* The end: a held beginning of a value of 8 bytes or more is masked, a shorter one put out. */
int sc_mask_stream_end(struct sc_mask_stream *stream, struct sc_buf *out,
                       struct sc_error *err) SC_NODISCARD;

void sc_mask_stream_done(struct sc_mask_stream *stream);

#endif
