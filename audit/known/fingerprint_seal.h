/* SPDX-License-Identifier: Apache-2.0
 *
 * The container of a fingerprint file: sealed with a key, bound to a salt that is new each time.
 *
 *   "SCFINGR3" | salt (32) | nonce (24) | XChaCha20-Poly1305(padded content), salt as associated
 * data
 *
 * From key and salt come the keys of the seal, of the window hash and of the form hash, so that two
 * files share nothing. Content is padded to a multiple of 4,096 bytes.
 */
#ifndef SC_AUDIT_KNOWN_FINGERPRINT_SEAL_H
#define SC_AUDIT_KNOWN_FINGERPRINT_SEAL_H

#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define SC_FINGERPRINT_SALT_SIZE   32
#define SC_FINGERPRINT_DIGEST_SIZE 16

struct sc_fingerprint_keys {
    unsigned char salt[SC_FINGERPRINT_SALT_SIZE];
    struct sc_secret bytes; /* seal key, form key, multiplier: one after the other */
};

/* Derives the keys for keys->salt. BADPASS for a key of the wrong length. */
int sc_fingerprint_keys_derive(struct sc_fingerprint_keys *keys, const struct sc_secret *key,
                               struct sc_error *err) SC_NODISCARD;
void sc_fingerprint_keys_done(struct sc_fingerprint_keys *keys);

uint64_t sc_fingerprint_multiplier(const struct sc_fingerprint_keys *keys);

/* A short keyed hash of what the region looks like in a form: quick, and no proof. */
uint32_t sc_fingerprint_region_tag(const struct sc_fingerprint_keys *keys, struct sc_bytes region);

/* The keyed hash of a form. */
void sc_fingerprint_digest(const struct sc_fingerprint_keys *keys, struct sc_bytes form,
                           unsigned char out[SC_FINGERPRINT_DIGEST_SIZE]);

/* Appends the file to ret. */
int sc_fingerprint_seal(const struct sc_fingerprint_keys *keys, struct sc_bytes content,
                        struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* Opens a file: derives its keys, yields its content. BADPASS, FORMAT. */
int sc_fingerprint_unseal(struct sc_bytes file, const struct sc_secret *key,
                          struct sc_fingerprint_keys *ret_keys, struct sc_secret *ret_content,
                          struct sc_error *err) SC_NODISCARD;

#endif
