/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd (RFC 8878) by libzstd. Skippable frames are searched as raw bytes with the rest of the file.
 */
#include <zstd.h>

#include "audit/image/coder.h"

#include "core/banned.h"

/* Windows up to 128 MiB, as zstd(1) takes without being asked. */
#define WINDOW_LOG_MAX 27

static void *open_coder(void)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream != NULL &&
        ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDStream(stream);
        return NULL;
    }
    return stream;
}

static int run(void *state, struct sc_coder_run *step)
{
    ZSTD_inBuffer in = {step->in, step->in_len, 0};
    ZSTD_outBuffer out = {step->out, step->out_len, 0};
    size_t rc = ZSTD_decompressStream(state, &out, &in);
    step->in_used = in.pos;
    step->out_used = out.pos;
    step->finished = rc == 0;
    return ZSTD_isError(rc) ? -1 : 0;
}

static int restart(void *state)
{
    return ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only)) ? -1 : 0;
}

static void close_coder(void *state)
{
    ZSTD_freeDStream(state);
}

const struct sc_coder sc_coder_zstd = {open_coder, run, restart, close_coder};
