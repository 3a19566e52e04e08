/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-1 (FIPS 180-4): the names of git's objects, and nothing that must withstand anybody. Threads:
 * one object, one thread.
 */
#ifndef SC_AUDIT_IMAGE_GIT_SHA1_H
#define SC_AUDIT_IMAGE_GIT_SHA1_H

#include <stdint.h>

#include "core/secret.h"

#define SC_SHA1_SIZE 20

struct sc_sha1 {
    uint32_t state[5];
    uint64_t len;
    unsigned char block[64];
};

void sc_sha1_init(struct sc_sha1 *hash);
void sc_sha1_add(struct sc_sha1 *hash, struct sc_bytes data);
/* Ends it: `hash` must be begun anew. */
void sc_sha1_end(struct sc_sha1 *hash, unsigned char out[SC_SHA1_SIZE]);

#endif
