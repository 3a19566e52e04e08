/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of an entry. The name record holds everything a listing shows, without the value;
 * each version has a record of its own with a short header and the value.
 */
#ifndef SC_VAULT_ENTRY_META_H
#define SC_VAULT_ENTRY_META_H

#include "vault/record.h"

/* The name record's content. */
int sc_meta_encode(const struct sc_entry_info *info, struct sc_secret *ret,
                   struct sc_error *err) SC_NODISCARD;
/* Fills info; its name is joined from the scope and the leaf in the record. */
int sc_meta_decode(const struct sc_scope *scope, struct sc_bytes content,
                   struct sc_entry_info *info, struct sc_error *err) SC_NODISCARD;

/* A version's record: header and value; of a tombstone the header alone. */
int sc_value_encode(const struct sc_vault *vault, const struct sc_entry_info *info,
                    struct sc_bytes value, struct sc_secret *ret,
                    struct sc_error *err) SC_NODISCARD;
/* Fills what belongs to the version (kind, time, size) and borrows the value. */
int sc_value_decode(struct sc_bytes content, struct sc_entry_info *info, struct sc_bytes *ret_value,
                    struct sc_error *err) SC_NODISCARD;

/* Reads and decodes the name record. NOTFOUND names the entry. */
int sc_meta_read(struct sc_vault *vault, struct sc_scope *scope, const char *name,
                 struct sc_entry_info *ret, struct sc_error *err) SC_NODISCARD;
int sc_meta_write(struct sc_vault *vault, struct sc_scope *scope, const struct sc_entry_info *info,
                  struct sc_error *err) SC_NODISCARD;

#endif
