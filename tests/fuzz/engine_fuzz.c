/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the answer of an engine: HTTP, and the JSON in it.
 */
#include <stdint.h>

#include "audit/known/json_walk.h"
#include "audit/surface/http.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore_piece(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    (void)piece;
    (void)ctx;
    (void)err;
    return 0;
}

static int ignore_scalar(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    (void)scalar;
    (void)ctx;
    (void)err;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_bytes bytes = {data, size};
    SC_IGNORE(sc_http_parse(bytes, ignore_piece, NULL, NULL));
    SC_IGNORE(sc_json_walk(bytes, ignore_scalar, NULL, NULL));
    return 0;
}
