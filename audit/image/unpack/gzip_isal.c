/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip (RFC 1952) and bare deflate (RFC 1951) by ISA-L, about twice as fast as zlib. gzip_zlib.c
 * stands in where it is absent.
 */
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

#include "audit/image/unpack/coder.h"
#include "core/proc.h"
#include "core/macros.h"

#include "core/banned.h"

struct decoder {
    struct inflate_state inflater;
    uint32_t format;
    __typeof__(isal_inflate_init) *init;
    __typeof__(isal_inflate) *inflate;
};

static int load(struct decoder *decoder, struct sc_error *err)
{
    const struct sc_symbol symbols[] = {
        {"isal_inflate_init", (void **)(void *)&decoder->init},
        {"isal_inflate", (void **)(void *)&decoder->inflate},
    };
    return sc_proc_load_library("libisal.so.2", symbols, SC_ARRAY_SIZE(symbols), err);
}

static int restart(void *state)
{
    struct decoder *decoder = state;
    decoder->init(&decoder->inflater);
    decoder->inflater.crc_flag = decoder->format;
    return 0;
}

static void *open_format(uint32_t format, struct sc_error *err)
{
    struct decoder *decoder = malloc(sizeof(*decoder));
    int rc = decoder == NULL ? sc_fail_nomem(err) : load(decoder, err);
    if (rc == 0) {
        decoder->format = format;
        (void)restart(decoder);
        return decoder;
    }
    free(decoder);
    return NULL;
}

static void *open_gzip(struct sc_error *err)
{
    return open_format(ISAL_GZIP, err);
}

static void *open_deflate(struct sc_error *err)
{
    return open_format(ISAL_DEFLATE, err);
}

static int run(void *state, struct sc_coder_run *step)
{
    struct decoder *decoder = state;
    struct inflate_state *inflater = &decoder->inflater;
    inflater->next_in = (unsigned char *)step->in; /* the library does not write there */
    inflater->avail_in = (unsigned)step->in_len;
    inflater->next_out = step->out;
    inflater->avail_out = (unsigned)step->out_len;
    int rc = decoder->inflate(inflater);
    step->in_used = step->in_len - inflater->avail_in;
    step->out_used = step->out_len - inflater->avail_out;
    step->finished = inflater->block_state == ISAL_BLOCK_FINISH;
    /* Behind bare deflate up to seven bytes have been read ahead. */
    if (step->finished && inflater->crc_flag == ISAL_DEFLATE) {
        size_t ahead = (size_t)inflater->read_in_length / 8;
        step->in_back = ahead > step->in_used ? ahead - step->in_used : 0;
        step->in_used -= ahead - step->in_back;
    }
    return rc == ISAL_DECOMP_OK || rc == ISAL_END_INPUT || rc == ISAL_OUT_OVERFLOW ? 0 : -1;
}

const struct sc_coder sc_coder_gzip = {open_gzip, run, restart, free};
const struct sc_coder sc_coder_deflate = {open_deflate, run, restart, free};
