/* SPDX-License-Identifier: Apache-2.0
 *
 * xz by liblzma: archives inside layers.
 */
#include <stdlib.h>

#include <lzma.h>

#include "audit/image/unpack/coder.h"
#include "core/proc.h"
#include "core/macros.h"

#include "core/banned.h"

/* Memory of a decoder: what xz -9 needs, and no more. */
#define MEMORY_MAX ((uint64_t)72 * 1024 * 1024)

struct decoder {
    lzma_stream stream;
    __typeof__(lzma_stream_decoder) *stream_decoder;
    __typeof__(lzma_code) *code;
    __typeof__(lzma_end) *end;
};

static int load(struct decoder *decoder, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
        {"lzma_stream_decoder", (void **)(void *)&decoder->stream_decoder},
        {"lzma_code", (void **)(void *)&decoder->code},
        {"lzma_end", (void **)(void *)&decoder->end},
    };
    return sc_proc_load_library("liblzma.so.5", symbols, SC_ARRAY_SIZE(symbols), err);
}

static int restart(void *state)
{
    struct decoder *decoder = state;
    return decoder->stream_decoder(&decoder->stream, MEMORY_MAX, 0) == LZMA_OK ? 0 : -1;
}

static void *open_coder(struct sc_error *err)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    int rc = decoder == NULL ? sc_fail_nomem(err) : load(decoder, err);
    if (rc == 0 && restart(decoder) < 0)
        rc = sc_fail_nomem(err);
    if (rc == 0)
        return decoder;
    free(decoder);
    return NULL;
}

static int run(void *state, struct sc_coder_run *step)
{
    struct decoder *decoder = state;
    lzma_stream *stream = &decoder->stream;
    stream->next_in = step->in;
    stream->avail_in = step->in_len;
    stream->next_out = step->out;
    stream->avail_out = step->out_len;
    lzma_ret rc = decoder->code(stream, LZMA_RUN);
    step->in_used = step->in_len - stream->avail_in;
    step->out_used = step->out_len - stream->avail_out;
    step->finished = rc == LZMA_STREAM_END;
    return rc == LZMA_OK || rc == LZMA_STREAM_END || rc == LZMA_BUF_ERROR ? 0 : -1;
}

static void close_coder(void *state)
{
    struct decoder *decoder = state;
    decoder->end(&decoder->stream);
    free(decoder);
}

const struct sc_coder sc_coder_xz = {open_coder, run, restart, close_coder};
