/* SPDX-License-Identifier: Apache-2.0
 *
 * The payload of an age file: STREAM, chunks of 64 KiB under ChaCha20-Poly1305 with a counter and a
 * flag for the last chunk in the nonce, so that cutting, swapping and appending are detected.
 *
 * Threads: one at a time on one stream.
 */
#ifndef SC_VAULT_AGE_PAYLOAD_H
#define SC_VAULT_AGE_PAYLOAD_H

#include <stdbool.h>

#include "vault/age/age_crypto.h"
#include "vault/age/io.h"

#define SC_AGE_CHUNK_SIZE        ((size_t)64 * 1024)
#define SC_AGE_SEALED_CHUNK_SIZE (SC_AGE_CHUNK_SIZE + SC_AGE_TAG_SIZE)

/* Encrypts to the end of `plain`. `ahead` holds what was read from it already: the first
 * SC_AGE_CHUNK_SIZE + 1 bytes, or all when there are fewer; it serves as the buffer. */
int sc_age_payload_seal(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_secret *ahead,
                        struct sc_age_reader plain, struct sc_age_writer out,
                        struct sc_error *err) SC_NODISCARD;

/* The same for plaintext that is all there. */
int sc_age_payload_seal_bytes(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_bytes plain,
                              struct sc_age_writer out, struct sc_error *err) SC_NODISCARD;

/* Decrypts to the end of `in`; each chunk is written once it is authenticated. */
int sc_age_payload_open(const unsigned char key[SC_AGE_KEY_SIZE], struct sc_age_reader in,
                        struct sc_age_writer out, struct sc_error *err) SC_NODISCARD;

#endif
