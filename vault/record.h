/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: one sealed row of a scope, bound to its place by everything that stands beside it.
 */
#ifndef SC_VAULT_RECORD_H
#define SC_VAULT_RECORD_H

#include "core/buf.h"
#include "vault/handle.h"

/* The sealed bytes of one, at most. */
#define SC_RECORD_SEALED_MAX ((size_t)1310720)

enum sc_record_kind { SC_RECORD_VALUE = 1, SC_RECORD_TOMBSTONE = 2, SC_RECORD_NAME = 3 };

/* Where a record stands. Version 0 is the name record of an entry. */
struct sc_place {
    struct sc_scope *scope; /* with keys */
    unsigned char idx[SC_KEY_SIZE];
    uint64_t version;
    enum sc_record_kind kind;
};

struct sc_place sc_place_of(struct sc_scope *scope, const char *leaf, uint64_t version,
                            enum sc_record_kind kind);

/* Seals the content there; in a transaction. A name's record replaces the one that stood there,
 * everything else is new. */
int sc_record_write(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes content,
                    struct sc_error *err) SC_NODISCARD;

/* NOTFOUND without a message that names the entry: the caller knows it. */
int sc_record_read(struct sc_vault *vault, const struct sc_place *place, struct sc_secret *ret,
                   struct sc_error *err) SC_NODISCARD;

int sc_record_delete(struct sc_vault *vault, const struct sc_place *place,
                     struct sc_error *err) SC_NODISCARD;

/* ---- The steps of these, for those who do them to many records (any thread) ---- */

/* As sc_seal_at() and sc_seal_open_at(). */
int sc_record_seal(const struct sc_vault *vault, const struct sc_place *place, unsigned char *room,
                   size_t len, unsigned char *out, struct sc_error *err) SC_NODISCARD;
int sc_record_open(const struct sc_vault *vault, const struct sc_place *place,
                   struct sc_bytes sealed, unsigned char *room, size_t *ret_len,
                   struct sc_error *err) SC_NODISCARD;

/* TAMPERED unless the sealed bytes of a row have this hash. */
int sc_record_check(const struct sc_place *place, struct sc_bytes sealed,
                    const unsigned char hash[SC_KEY_SIZE], struct sc_error *err) SC_NODISCARD;

/* The row hash that the tree holds. */
void sc_record_hash(unsigned char out[SC_KEY_SIZE], const struct sc_place *place,
                    struct sc_bytes sealed);

/* TAMPERED: says that a record of the scope `what`. */
int sc_record_fail(const struct sc_scope *scope, const char *what,
                   struct sc_error *err) SC_NODISCARD;

/* ---- Re-keying, in a transaction in which the whole scope is touched ---- */

/* Stores sealed bytes over those with this number. */
int sc_record_restore(struct sc_vault *vault, struct sc_bytes sealed, int64_t blob_id,
                      struct sc_error *err) SC_NODISCARD;

/* The row beside them, where none stands. */
int sc_record_insert(struct sc_vault *vault, const struct sc_place *place,
                     const unsigned char hash[SC_KEY_SIZE], int64_t blob_id,
                     struct sc_error *err) SC_NODISCARD;

#endif
