/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes that more than one module needs: BLAKE2b (RFC 7693) and SHA-256 (FIPS 180-4), by
 * libsodium. Threads: any. None of these calls can fail.
 */
#ifndef SC_CORE_HASH_H
#define SC_CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>

#define SC_HASH_SIZE 32

/* BLAKE2b-256. `key` may be NULL (unkeyed) or 16 to 64 bytes. */
void sc_hash_blake2b(unsigned char out[SC_HASH_SIZE], const void *data, size_t len, const void *key,
                     size_t key_len);

/* SHA-256. */
void sc_hash_sha256(unsigned char out[SC_HASH_SIZE], const void *data, size_t len);

/* Lower-case hexadecimal with a NUL: `out` holds 2 * len + 1 bytes. */
void sc_hex(char *out, const void *data, size_t len);

/* Reads `len` bytes back from 2 * len digits as sc_hex() writes them. False at the first byte that
 * is none, an upper-case one or the end of a string, too; `out` is undefined then. */
bool sc_unhex(void *out, const void *text, size_t len);

/* What a hexadecimal digit of either case stands for; -1 for any other byte. */
int sc_hex_digit(unsigned char c);

#endif
