/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles from somebody else: the shape is checked as a whole, and what was checked can be walked
 * to the end of each part.
 */
#include <stdint.h>
#include <stdlib.h>

#include "vault/bundle/bundle.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct sc_bundle_part *part)
{
    struct sc_bundle_grant grant;
    struct sc_bundle_row row;
    struct sc_bytes grants = part->grants, rows = part->rows;
    uint64_t count = 0;
    while (sc_bundle_next_grant(&grants, &grant))
        count++;
    if (count != part->grant_count || grants.len != 0)
        abort();
    count = 0;
    while (sc_bundle_next_row(&rows, &row))
        count++;
    if (count != part->row_count || rows.len != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_bundle bundle;
    if (sc_bundle_parse((struct sc_bytes){data, size}, &bundle, NULL) < 0)
        return 0;
    for (size_t i = 0; i < bundle.part_count; i++)
        walk(&bundle.parts[i]);
    if (bundle.covered.len + SC_SIGNATURE_SIZE != size)
        abort();
    return 0;
}
