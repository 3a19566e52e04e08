/* SPDX-License-Identifier: Apache-2.0
 *
 * The file key of an age file: made, wrapped for recipients (X25519 and scrypt stanzas), unwrapped,
 * and turned into the keys of the header's MAC and of the payload.
 *
 * Threads: any.
 */
#ifndef SC_VAULT_AGE_WRAP_H
#define SC_VAULT_AGE_WRAP_H

#include "vault/age/age.h"
#include "vault/age/age_crypto.h"
#include "vault/age/header.h"

#define SC_AGE_FILE_KEY_SIZE ((size_t)16)
#define SC_AGE_NONCE16_SIZE  ((size_t)16)

/* All secrets of one operation, in one block of locked memory. */
struct sc_age_keys {
    unsigned char file_key[SC_AGE_FILE_KEY_SIZE];
    unsigned char derived[SC_AGE_KEY_SIZE]; /* wrapping key, MAC key */
    unsigned char payload[SC_AGE_KEY_SIZE];
    unsigned char scalar[SC_AGE_KEY_SIZE]; /* ephemeral secret */
    unsigned char shared[SC_AGE_KEY_SIZE];
    unsigned char noise[SC_AGE_KEY_SIZE];
};

/* NULL with err set. */
struct sc_age_keys *sc_age_keys_new(struct sc_error *err) SC_NODISCARD;
void sc_age_keys_freep(struct sc_age_keys **keys);

/* Sets keys->file_key, hedged with the plaintext or the beginning of it. */
int sc_age_file_key_make(struct sc_age_keys *keys, struct sc_bytes plaintext,
                         struct sc_error *err) SC_NODISCARD;

/* Writes the whole header. */
int sc_age_wrap(struct sc_age_keys *keys, const struct sc_age_recipients *to, struct sc_buf *header,
                struct sc_error *err) SC_NODISCARD;

/* Finds keys->file_key and checks the MAC of the header parsed from `text`. */
int sc_age_unwrap(struct sc_age_keys *keys, const struct sc_age_identities *with,
                  const struct sc_age_header *header, struct sc_bytes text,
                  struct sc_error *err) SC_NODISCARD;

/* A fresh nonce for the payload, and keys->payload from file key and nonce. */
int sc_age_nonce_make(struct sc_age_keys *keys, unsigned char nonce[SC_AGE_NONCE16_SIZE],
                      struct sc_error *err) SC_NODISCARD;
void sc_age_payload_key(struct sc_age_keys *keys, const unsigned char nonce[SC_AGE_NONCE16_SIZE]);

#endif
