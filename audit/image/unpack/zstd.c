/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd (RFC 8878) by libzstd. Skippable frames are searched as raw bytes with the rest of the file.
 */
#include <stdlib.h>

#include <zstd.h>

#include "audit/image/unpack/coder.h"
#include "core/proc.h"
#include "core/macros.h"

#include "core/banned.h"

/* Windows up to 128 MiB, as zstd(1) takes without being asked. */
#define WINDOW_LOG_MAX 27

/* clang-format off */
#define ZSTD_FUNCTIONS(X) \
    X(createDStream) X(DCtx_setParameter) X(decompressStream) X(DCtx_reset) X(isError) X(freeDStream)
/* clang-format on */

struct decoder {
    ZSTD_DStream *stream;
#define X(name) __typeof__(ZSTD_##name) *name;
    ZSTD_FUNCTIONS(X)
#undef X
};

static int load(struct decoder *decoder, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
#define X(name) {"ZSTD_" #name, (void **)(void *)&decoder->name},
        ZSTD_FUNCTIONS(X)
#undef X
    };
    return sc_proc_load_library("libzstd.so.1", symbols, SC_ARRAY_SIZE(symbols), err);
}

static void close_coder(void *state)
{
    struct decoder *decoder = state;
    decoder->freeDStream(decoder->stream);
    free(decoder);
}

static void *open_coder(struct sc_error *err)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    if (decoder == NULL || load(decoder, err) < 0) {
        if (decoder == NULL)
            SC_IGNORE(sc_fail_nomem(err));
        free(decoder);
        return NULL;
    }
    decoder->stream = decoder->createDStream();
    if (decoder->stream == NULL || decoder->isError(decoder->DCtx_setParameter(
                                       decoder->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        close_coder(decoder);
        SC_IGNORE(sc_fail_nomem(err));
        return NULL;
    }
    return decoder;
}

static int run(void *state, struct sc_coder_run *step)
{
    const struct decoder *decoder = state;
    ZSTD_inBuffer in = {step->in, step->in_len, 0};
    ZSTD_outBuffer out = {step->out, step->out_len, 0};
    size_t rc = decoder->decompressStream(decoder->stream, &out, &in);
    step->in_used = in.pos;
    step->out_used = out.pos;
    step->finished = rc == 0;
    return decoder->isError(rc) ? -1 : 0;
}

static int restart(void *state)
{
    const struct decoder *decoder = state;
    size_t rc = decoder->DCtx_reset(decoder->stream, ZSTD_reset_session_only);
    return decoder->isError(rc) ? -1 : 0;
}

const struct sc_coder sc_coder_zstd = {open_coder, run, restart, close_coder};
