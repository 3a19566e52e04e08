/* SPDX-License-Identifier: Apache-2.0
 *
 * xz by liblzma: archives inside layers.
 */
#include <stdlib.h>

#include <lzma.h>

#include "audit/image/coder.h"

#include "core/banned.h"

/* Memory of a decoder: what xz -9 needs, and no more. */
#define MEMORY_MAX ((uint64_t)72 * 1024 * 1024)

static int restart(void *state)
{
    return lzma_stream_decoder(state, MEMORY_MAX, 0) == LZMA_OK ? 0 : -1;
}

static void *open_coder(void)
{
    lzma_stream *stream = calloc(1, sizeof(*stream));
    if (stream != NULL && restart(stream) < 0) {
        free(stream);
        return NULL;
    }
    return stream;
}

static int run(void *state, struct sc_coder_run *step)
{
    lzma_stream *stream = state;
    stream->next_in = step->in;
    stream->avail_in = step->in_len;
    stream->next_out = step->out;
    stream->avail_out = step->out_len;
    lzma_ret rc = lzma_code(stream, LZMA_RUN);
    step->in_used = step->in_len - stream->avail_in;
    step->out_used = step->out_len - stream->avail_out;
    step->finished = rc == LZMA_STREAM_END;
    return rc == LZMA_OK || rc == LZMA_STREAM_END || rc == LZMA_BUF_ERROR ? 0 : -1;
}

static void close_coder(void *state)
{
    if (state != NULL)
        lzma_end(state);
    free(state);
}

const struct sc_coder sc_coder_xz = {open_coder, run, restart, close_coder};
