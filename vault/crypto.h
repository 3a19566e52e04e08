/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault's cryptography, on libsodium: key derivation, hashing, the committing seal, signatures,
 * Argon2id and X25519 key pairs. docs/FORMAT.md gives the bytes.
 *
 * Pure functions of their arguments but for the random salts. Keys are 32 bytes in memory of the
 * caller, who keeps them in the arena. Threads: any.
 */
#ifndef SC_VAULT_CRYPTO_H
#define SC_VAULT_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"

#define SC_KEY_SIZE       32
#define SC_SIGNATURE_SIZE 64
#define SC_KDF_SALT_SIZE  16

/* What a seal adds to its padded content: version, salt, commitment, tag. */
#define SC_SEAL_OVERHEAD (1 + 32 + 32 + 16)
/* Padded content is never shorter; so short values cannot be told apart. */
#define SC_PAD_MIN 256
/* The longest content a seal takes: a value and its header. */
#define SC_SEAL_PLAIN_MAX (SC_VALUE_MAX + 64 * 1024)

/* Hashes in steps: BLAKE2b-256 over "secretsctl/v1/" label NUL and what is added. */
struct sc_hasher {
    _Alignas(64) unsigned char opaque[384];
};
void sc_hasher_init(struct sc_hasher *hasher, const char *label);
void sc_hasher_add(struct sc_hasher *hasher, const void *bytes, size_t len);
void sc_hasher_add_u32(struct sc_hasher *hasher,
                       uint32_t value); /* little endian, as all numbers */
void sc_hasher_add_u64(struct sc_hasher *hasher, uint64_t value);
void sc_hasher_add_sized(struct sc_hasher *hasher, struct sc_bytes bytes); /* length (u64), bytes */
void sc_hasher_final(struct sc_hasher *hasher, unsigned char out[SC_KEY_SIZE]);

/* A short hash for one process's own use, with a key that nobody else knows: two words. */
#define SC_PRINT_KEY_SIZE 16
void sc_print(uint64_t out[2], const unsigned char key[SC_PRINT_KEY_SIZE], struct sc_bytes bytes);

/* BLAKE2b-256 keyed with `key` over "secretsctl/v1/" label NUL length(u64) data. */
void sc_kdf(unsigned char out[SC_KEY_SIZE], const unsigned char key[SC_KEY_SIZE], const char *label,
            struct sc_bytes data);

/* The keys of a seal: `key` encrypts, `hedge` is mixed into the salt so that a random generator
 * that repeats itself (a cloned machine) cannot make two contents share a key. */
struct sc_seal_key {
    const unsigned char *key;
    const unsigned char *hedge;
    const char *label;
};

/* Appends to ret the sealed content, bound to the key, the label and aad. */
int sc_seal(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes content,
            struct sc_buf *ret, struct sc_error *err) SC_NODISCARD;

/* Opens it in place of what ret held, which is gone after a failure, too. BADPASS: another key or
 * another aad; TAMPERED: the content was changed; FORMAT: it is no seal. `hedge` is not used. */
int sc_seal_open(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes sealed,
                 struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* The same in memory of the caller, for many at a time. */

/* `room` is in the arena, holds the content and has sc_seal_room(len) bytes; `out` has
 * sc_seal_size(len). Content and keys are left in the room: the caller wipes it. */
int sc_seal_at(const struct sc_seal_key *key, struct sc_bytes aad, unsigned char *room, size_t len,
               unsigned char *out, struct sc_error *err) SC_NODISCARD;
size_t sc_seal_room(size_t len);
size_t sc_seal_size(size_t len);

/* `room` is in the arena, has sealed.len bytes, and holds the content afterwards: *ret_len bytes.
 * The caller wipes it, after a failure too. */
int sc_seal_open_at(const struct sc_seal_key *key, struct sc_bytes aad, struct sc_bytes sealed,
                    unsigned char *room, size_t *ret_len, struct sc_error *err) SC_NODISCARD;

/* The padded length of `len` bytes of content: max(256, Padme(len + 1)). */
size_t sc_seal_padded(size_t len);

/* Ed25519. Signing takes the public key beside the seed, and with another seed's it would give the
 * seed away: only sc_sign_key_make() fills one. */
struct sc_sign_key {
    unsigned char seed[SC_KEY_SIZE];
    unsigned char pk[SC_KEY_SIZE];
};
void sc_sign_key_make(struct sc_sign_key *key, const unsigned char seed[SC_KEY_SIZE]);
void sc_sign(unsigned char sig[SC_SIGNATURE_SIZE], struct sc_bytes message,
             const struct sc_sign_key *key);
bool sc_sign_verify(const unsigned char sig[SC_SIGNATURE_SIZE], struct sc_bytes message,
                    const unsigned char pk[SC_KEY_SIZE]);

/* X25519: the public key of a secret key. */
void sc_x25519_public(unsigned char pk[SC_KEY_SIZE], const unsigned char sk[SC_KEY_SIZE]);

/* Argon2id v1.3, one lane. NOMEM where the memory cannot be had. */
struct sc_kdf_cost {
    uint32_t ops;
    uint64_t mem; /* bytes */
};
int sc_argon2id(unsigned char out[SC_KEY_SIZE], const struct sc_secret *passphrase,
                const unsigned char salt[SC_KDF_SALT_SIZE], struct sc_kdf_cost cost,
                struct sc_error *err) SC_NODISCARD;

#endif
