/* SPDX-License-Identifier: Apache-2.0
 *
 * The primitives age v1 is made of, as thin names over libsodium 1.0.18: HMAC-SHA-256, HKDF-SHA-256
 * (built from HMAC, since libsodium has HKDF only from 1.0.19), ChaCha20-Poly1305, X25519, scrypt,
 * canonical base64.
 *
 * Callers keep keys in locked memory; what a call needs in between is wiped before it returns.
 * Threads: any. libsodium must be initialised (sc_random_init()) before the first call.
 */
#ifndef SC_VAULT_AGE_CRYPTO_H
#define SC_VAULT_AGE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/secret.h"

#define SC_AGE_KEY_SIZE   32 /* X25519 scalar or point, derived key, HMAC output */
#define SC_AGE_NONCE_SIZE 12
#define SC_AGE_TAG_SIZE   16

/* Most bytes HKDF-SHA-256 can give: 255 blocks. */
#define SC_AGE_HKDF_MAX ((size_t)255 * 32)

void sc_age_hmac(unsigned char out[SC_AGE_KEY_SIZE], struct sc_bytes key, struct sc_bytes data);

/* RFC 5869, extract and expand. False (out untouched) over SC_AGE_HKDF_MAX. */
bool sc_age_hkdf(unsigned char *out, size_t out_len, struct sc_bytes ikm, struct sc_bytes salt,
                 struct sc_bytes info);

/* RFC 8439. `out` holds plain.len + SC_AGE_TAG_SIZE bytes. */
void sc_age_aead_seal(unsigned char *out, const unsigned char key[SC_AGE_KEY_SIZE],
                      const unsigned char nonce[SC_AGE_NONCE_SIZE], struct sc_bytes plain,
                      struct sc_bytes ad);

/* False, and nothing in `out`, when the tag is wrong. `out` holds sealed.len - SC_AGE_TAG_SIZE. */
bool sc_age_aead_open(unsigned char *out, const unsigned char key[SC_AGE_KEY_SIZE],
                      const unsigned char nonce[SC_AGE_NONCE_SIZE], struct sc_bytes sealed,
                      struct sc_bytes ad);

/* RFC 7748. False for a point of low order (all-zero result). */
bool sc_age_x25519(unsigned char out[SC_AGE_KEY_SIZE], const unsigned char scalar[SC_AGE_KEY_SIZE],
                   const unsigned char point[SC_AGE_KEY_SIZE]);
void sc_age_x25519_base(unsigned char out[SC_AGE_KEY_SIZE],
                        const unsigned char scalar[SC_AGE_KEY_SIZE]);

/* RFC 7914 with N = 2^log2n, r = 8, p = 1: 1 KiB * N of memory. NOMEM when that cannot be had. */
int sc_age_scrypt(unsigned char out[SC_AGE_KEY_SIZE], struct sc_bytes passphrase,
                  struct sc_bytes salt, unsigned log2n, struct sc_error *err) SC_NODISCARD;

/* Compares in constant time. */
bool sc_age_equal(const void *a, const void *b, size_t len);

enum sc_age_base64 { SC_AGE_BASE64_RAW, SC_AGE_BASE64_PADDED };

/* Bytes of the text with its NUL. */
size_t sc_age_base64_size(enum sc_age_base64 form, size_t len);
void sc_age_base64_encode(char *out, enum sc_age_base64 form, struct sc_bytes data);

/* Only the canonical text of some bytes is accepted: no white space, no stray padding, no loose
 * bits. False when it is not, or needs more than `max` bytes. */
bool sc_age_base64_decode(unsigned char *out, size_t max, enum sc_age_base64 form,
                          struct sc_bytes text, size_t *ret_len);

#endif
