/* SPDX-License-Identifier: Apache-2.0
 *
 * Bech32 (BIP 173, without its limit of 90 characters): the text form of age keys.
 *
 * Secret keys pass through here, so nothing is kept beside the caller's own buffers.
 * Threads: any.
 */
#ifndef SC_VAULT_AGE_BECH32_H
#define SC_VAULT_AGE_BECH32_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secret.h"

/* Characters of the longest text accepted. */
#define SC_BECH32_MAX ((size_t)512)

/* Characters of the text of `len` bytes under a prefix, without a NUL. */
size_t sc_bech32_size(const char *prefix, size_t len);

/* Writes sc_bech32_size() characters, no NUL. An upper-case prefix gives upper-case text. */
void sc_bech32_encode(char *out, const char *prefix, struct sc_bytes data);

/* Decodes text that must have exactly this prefix, in its case throughout, and hold exactly `len`
 * bytes. False otherwise, with `out` wiped. */
bool sc_bech32_decode(unsigned char *out, size_t len, const char *prefix, struct sc_bytes text);

#endif
