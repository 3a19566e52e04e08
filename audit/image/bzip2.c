/* SPDX-License-Identifier: Apache-2.0
 *
 * bzip2 by libbz2.
 */
#include <stdlib.h>

#include <bzlib.h>

#include "audit/image/coder.h"

#include "core/banned.h"

static void *open_coder(void)
{
    bz_stream *stream = calloc(1, sizeof(*stream));
    if (stream != NULL && BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static int run(void *state, struct sc_coder_run *step)
{
    bz_stream *stream = state;
    stream->next_in = (char *)step->in; /* the library does not write there */
    stream->avail_in = (unsigned)step->in_len;
    stream->next_out = (char *)step->out;
    stream->avail_out = (unsigned)step->out_len;
    int rc = BZ2_bzDecompress(stream);
    step->in_used = step->in_len - stream->avail_in;
    step->out_used = step->out_len - stream->avail_out;
    step->finished = rc == BZ_STREAM_END;
    return rc == BZ_OK || rc == BZ_STREAM_END ? 0 : -1;
}

static int restart(void *state)
{
    (void)BZ2_bzDecompressEnd(state);
    *(bz_stream *)state = (bz_stream){0};
    return BZ2_bzDecompressInit(state, 0, 0) == BZ_OK ? 0 : -1;
}

static void close_coder(void *state)
{
    if (state != NULL)
        (void)BZ2_bzDecompressEnd(state);
    free(state);
}

const struct sc_coder sc_coder_bzip2 = {open_coder, run, restart, close_coder};
