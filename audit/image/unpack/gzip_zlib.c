/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip (RFC 1952) and bare deflate (RFC 1951) by zlib, where ISA-L is absent.
 */
#include <stdlib.h>

#include <zlib.h>

#include "audit/image/unpack/coder.h"

#include "core/banned.h"

/* 15 bits of window, 16: a gzip header and trailer. */
#define WINDOW_GZIP (15 + 16)
/* The same window, and nothing around the data. */
#define WINDOW_DEFLATE (-15)

static void *open_window(int window, struct sc_error *err)
{
    z_stream *stream = calloc(1, sizeof(*stream));
    if (stream != NULL && inflateInit2(stream, window) == Z_OK)
        return stream;
    free(stream);
    SC_IGNORE(sc_fail_nomem(err));
    return NULL;
}

static void *open_gzip(struct sc_error *err)
{
    return open_window(WINDOW_GZIP, err);
}

static void *open_deflate(struct sc_error *err)
{
    return open_window(WINDOW_DEFLATE, err);
}

static int run(void *state, struct sc_coder_run *step)
{
    z_stream *stream = state;
    stream->next_in = (unsigned char *)step->in; /* the library does not write there */
    stream->avail_in = (unsigned)step->in_len;
    stream->next_out = step->out;
    stream->avail_out = (unsigned)step->out_len;
    int rc = inflate(stream, Z_NO_FLUSH);
    step->in_used = step->in_len - stream->avail_in;
    step->out_used = step->out_len - stream->avail_out;
    step->finished = rc == Z_STREAM_END;
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? 0 : -1;
}

static int restart(void *state)
{
    return inflateReset(state) == Z_OK ? 0 : -1;
}

static void close_coder(void *state)
{
    if (state != NULL)
        (void)inflateEnd(state);
    free(state);
}

const struct sc_coder sc_coder_gzip = {open_gzip, run, restart, close_coder};
const struct sc_coder sc_coder_deflate = {open_deflate, run, restart, close_coder};
