/* SPDX-License-Identifier: Apache-2.0
 *
 * bzip2 by libbz2.
 */
#include <stdlib.h>

#include <bzlib.h>

#include "audit/image/unpack/coder.h"
#include "core/proc.h"
#include "core/macros.h"

#include "core/banned.h"

struct decoder {
    bz_stream stream;
    __typeof__(BZ2_bzDecompressInit) *init;
    __typeof__(BZ2_bzDecompress) *decompress;
    __typeof__(BZ2_bzDecompressEnd) *end;
};

static int load(struct decoder *decoder, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
        {"BZ2_bzDecompressInit", (void **)(void *)&decoder->init},
        {"BZ2_bzDecompress", (void **)(void *)&decoder->decompress},
        {"BZ2_bzDecompressEnd", (void **)(void *)&decoder->end},
    };
    return sc_proc_load_library("libbz2.so.1.0", symbols, SC_ARRAY_SIZE(symbols), err);
}

static void *open_coder(struct sc_error *err)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    int rc = decoder == NULL ? sc_fail_nomem(err) : load(decoder, err);
    if (rc == 0 && decoder->init(&decoder->stream, 0, 0) != BZ_OK)
        rc = sc_fail_nomem(err);
    if (rc == 0)
        return decoder;
    free(decoder);
    return NULL;
}

static int run(void *state, struct sc_coder_run *step)
{
    struct decoder *decoder = state;
    bz_stream *stream = &decoder->stream;
    stream->next_in = (char *)step->in; /* the library does not write there */
    stream->avail_in = (unsigned)step->in_len;
    stream->next_out = (char *)step->out;
    stream->avail_out = (unsigned)step->out_len;
    int rc = decoder->decompress(stream);
    step->in_used = step->in_len - stream->avail_in;
    step->out_used = step->out_len - stream->avail_out;
    step->finished = rc == BZ_STREAM_END;
    return rc == BZ_OK || rc == BZ_STREAM_END ? 0 : -1;
}

static int restart(void *state)
{
    struct decoder *decoder = state;
    (void)decoder->end(&decoder->stream);
    decoder->stream = (bz_stream){0};
    return decoder->init(&decoder->stream, 0, 0) == BZ_OK ? 0 : -1;
}

static void close_coder(void *state)
{
    struct decoder *decoder = state;
    (void)decoder->end(&decoder->stream);
    free(decoder);
}

const struct sc_coder sc_coder_bzip2 = {open_coder, run, restart, close_coder};
