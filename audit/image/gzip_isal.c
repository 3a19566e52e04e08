/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip (RFC 1952) and bare deflate (RFC 1951) by ISA-L, about twice as fast as zlib. gzip_zlib.c
 * stands in where it is absent.
 */
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

#include "audit/image/coder.h"

#include "core/banned.h"

static int start(struct inflate_state *inflater, uint32_t format)
{
    isal_inflate_init(inflater);
    inflater->crc_flag = format;
    return 0;
}

static int restart_gzip(void *state)
{
    return start(state, ISAL_GZIP);
}

static int restart_deflate(void *state)
{
    return start(state, ISAL_DEFLATE);
}

static void *open_gzip(void)
{
    struct inflate_state *inflater = malloc(sizeof(*inflater));
    if (inflater != NULL)
        (void)restart_gzip(inflater);
    return inflater;
}

static void *open_deflate(void)
{
    struct inflate_state *inflater = malloc(sizeof(*inflater));
    if (inflater != NULL)
        (void)restart_deflate(inflater);
    return inflater;
}

static int run(void *state, struct sc_coder_run *step)
{
    struct inflate_state *inflater = state;
    inflater->next_in = (unsigned char *)step->in; /* the library does not write there */
    inflater->avail_in = (unsigned)step->in_len;
    inflater->next_out = step->out;
    inflater->avail_out = (unsigned)step->out_len;
    int rc = isal_inflate(inflater);
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

const struct sc_coder sc_coder_gzip = {open_gzip, run, restart_gzip, free};
const struct sc_coder sc_coder_deflate = {open_deflate, run, restart_deflate, free};
