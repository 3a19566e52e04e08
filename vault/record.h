/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: one sealed row of a scope, bound to its place by everything that stands beside it.
 */
#ifndef SC_VAULT_RECORD_H
#define SC_VAULT_RECORD_H

#include "vault/handle.h"

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

/* Seals the content there, replacing what stood there; in a transaction. */
int sc_record_write(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes content,
                    struct sc_error *err) SC_NODISCARD;

/* Seals the content there, over the stored bytes of a row that was deleted (re-keying). */
int sc_record_replace(struct sc_vault *vault, const struct sc_place *place, struct sc_bytes content,
                      int64_t blob_id, struct sc_error *err) SC_NODISCARD;

/* NOTFOUND without a message that names the entry: the caller knows it. */
int sc_record_read(struct sc_vault *vault, const struct sc_place *place, struct sc_secret *ret,
                   struct sc_error *err) SC_NODISCARD;

int sc_record_delete(struct sc_vault *vault, const struct sc_place *place,
                     struct sc_error *err) SC_NODISCARD;

/* Opens the sealed bytes of a row read by the caller. */
int sc_record_open(const struct sc_vault *vault, const struct sc_place *place,
                   struct sc_bytes sealed, struct sc_secret *ret,
                   struct sc_error *err) SC_NODISCARD;

/* TAMPERED unless the sealed bytes of a row have this hash. */
int sc_record_check(const struct sc_place *place, struct sc_bytes sealed,
                    const unsigned char hash[SC_KEY_SIZE], struct sc_error *err) SC_NODISCARD;

/* The row hash that the tree holds. */
void sc_record_hash(unsigned char out[SC_KEY_SIZE], const struct sc_place *place,
                    struct sc_bytes sealed);

#endif
