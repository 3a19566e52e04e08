/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip (RFC 1952) by ISA-L, about twice as fast as zlib. gzip_zlib.c stands in where it is absent.
 */
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

#include "audit/image/coder.h"

#include "core/banned.h"

static int restart(void *state)
{
    struct inflate_state *inflater = state;
    isal_inflate_init(inflater);
    inflater->crc_flag = ISAL_GZIP;
    return 0;
}

static void *open_coder(void)
{
    struct inflate_state *inflater = malloc(sizeof(*inflater));
    if (inflater != NULL)
        (void)restart(inflater);
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
    return rc == ISAL_DECOMP_OK || rc == ISAL_END_INPUT || rc == ISAL_OUT_OVERFLOW ? 0 : -1;
}

const struct sc_coder sc_coder_gzip = {open_coder, run, restart, free};
