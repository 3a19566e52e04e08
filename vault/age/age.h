/* SPDX-License-Identifier: Apache-2.0
 *
 * age v1 (C2SP age specification): encrypting to X25519 recipients or to a passphrase, and back.
 * Interoperable with the age program; post-quantum recipients and plugins are not supported.
 *
 * Failures of a file tell apart: FORMAT "age armor ..." or "age header ..." (not readable), BADPASS
 * (no identity fits), TAMPERED "age header ..." (wrong MAC), TAMPERED "age payload ..." (cut or
 * changed).
 *
 * Keys are 32 bytes of X25519. Secret ones live in locked memory, the caller's and the ones in
 * between. File keys, ephemeral keys and nonces are hedged: hashed from fresh randomness, the
 * plaintext and the time, so that a cloned machine with a repeated random generator does not repeat
 * a key stream.
 *
 * Threads: any; no state is kept.
 */
#ifndef SC_VAULT_AGE_AGE_H
#define SC_VAULT_AGE_AGE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"
#include "vault/age/armor.h"
#include "vault/age/io.h"

#define SC_AGE_PUBLIC_SIZE 32
#define SC_AGE_SECRET_SIZE 32

/* "age1..." with its NUL. */
#define SC_AGE_RECIPIENT_TEXT_SIZE 63
/* Recipients of one file, and identities tried on one, at most. */
#define SC_AGE_RECIPIENTS_MAX 64
/* Bytes of a file of identities. */
#define SC_AGE_IDENTITY_FILE_MAX ((size_t)16 * 1024)

/* scrypt work factor, log2 of N: what we write, and the most we compute (1 GiB of memory). */
#define SC_AGE_SCRYPT_DEFAULT 18
#define SC_AGE_SCRYPT_MAX     20

/* ---- keys ---- */

/* "age1...": USAGE if it is not one (the text is not repeated: it may be a secret key). */
int sc_age_recipient_parse(const char *text, unsigned char ret_public[SC_AGE_PUBLIC_SIZE],
                           struct sc_error *err) SC_NODISCARD;
void sc_age_recipient_print(char out[SC_AGE_RECIPIENT_TEXT_SIZE],
                            const unsigned char public_key[SC_AGE_PUBLIC_SIZE]);

/* Lines of "AGE-SECRET-KEY-1...", with empty lines and lines of '#' between; the keys one after the
 * other, SC_AGE_SECRET_SIZE bytes each. FORMAT with the line number. */
int sc_age_identities_parse(struct sc_bytes text, struct sc_secret *ret_keys,
                            struct sc_error *err) SC_NODISCARD;

/* "AGE-SECRET-KEY-1..." without a line end. */
int sc_age_identity_print(const unsigned char secret_key[SC_AGE_SECRET_SIZE], struct sc_secret *ret,
                          struct sc_error *err) SC_NODISCARD;

/* ---- files ---- */

/* Whom a file is for: recipients, or a passphrase alone. */
struct sc_age_recipients {
    const unsigned char *keys; /* SC_AGE_PUBLIC_SIZE bytes each, one after the other */
    size_t count;
    const struct sc_secret *passphrase; /* or NULL */
    unsigned work_factor;               /* 0 = SC_AGE_SCRYPT_DEFAULT */
};

/* What a reader can offer; either may be empty or NULL. */
struct sc_age_identities {
    const struct sc_secret *keys; /* as from sc_age_identities_parse() */
    const struct sc_secret *passphrase;
};

/* Encrypts `in` to its end. What was written before a failure is to be thrown away. */
int sc_age_encrypt(const struct sc_age_recipients *to, bool armored, struct sc_age_reader in,
                   struct sc_age_writer out, struct sc_error *err) SC_NODISCARD;

/* Decrypts `in` to its end. Each chunk is authenticated before it is written, the end of the file
 * only by success: what was written before a failure is not the whole. */
int sc_age_decrypt(const struct sc_age_identities *with, enum sc_age_form form,
                   struct sc_age_reader in, struct sc_age_writer out,
                   struct sc_error *err) SC_NODISCARD;

/* One value for one recipient, binary form; appended to ret. */
int sc_age_seal(const unsigned char recipient[SC_AGE_PUBLIC_SIZE], struct sc_bytes plaintext,
                struct sc_buf *ret, struct sc_error *err) SC_NODISCARD;

/* The way back, all or nothing: TOOBIG over `max` bytes of plaintext. */
int sc_age_open(const unsigned char secret_key[SC_AGE_SECRET_SIZE], struct sc_bytes file,
                size_t max, struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

#endif
