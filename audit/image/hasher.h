/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing beside the search: a piece is hashed by a thread of its own while the caller looks
 * through it. To hash a layer takes longer than to search it, and neither waits for the other.
 *
 * Threads: one caller. Small pieces, and all of them where there is one processor only or no thread
 * to be had, are hashed at once.
 */
#ifndef SC_AUDIT_IMAGE_HASHER_H
#define SC_AUDIT_IMAGE_HASHER_H

#include "audit/image/sha256.h"
#include "core/error.h"

struct sc_hasher;

struct sc_hasher *sc_hasher_new(struct sc_error *err) SC_NODISCARD;
void sc_hasher_free(struct sc_hasher *hasher);

/* Adds data to the hash, which nobody may touch before sc_hasher_wait() has been called; the data
 * must stay as they are until then. */
void sc_hasher_begin(struct sc_hasher *hasher, struct sc_sha256 *hash, struct sc_bytes data);
void sc_hasher_wait(struct sc_hasher *hasher);

#endif
