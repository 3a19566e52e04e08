/* SPDX-License-Identifier: Apache-2.0
 *
 * Random bytes; see core/random.h.
 */
#include "core/random.h"

#include <sodium.h>

#include "core/banned.h"

int sc_random_init(struct sc_error *err)
{
    if (sodium_init() < 0)
        return sc_fail(err, SC_E_FAILED, "cannot initialise libsodium");
    return 0;
}

int sc_random_bytes(void *out, size_t size, struct sc_error *err)
{
    int rc = sc_random_init(err);
    if (rc < 0)
        return rc;
    randombytes_buf(out, size);
    return 0;
}

uint32_t sc_random_below(uint32_t bound)
{
    return randombytes_uniform(bound);
}
