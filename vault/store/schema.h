/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a vault. A vault holds exactly these, text for text: a trigger, a view or a changed
 * column in a file that came from elsewhere makes it refused before anything in it is used.
 */
#ifndef SC_VAULT_STORE_SCHEMA_H
#define SC_VAULT_STORE_SCHEMA_H

#include "vault/crypto.h"
#include "vault/store/db.h"
#include "vault/store/formats.h"

/* The format that this program writes. */
const struct sc_format *sc_schema_now(void);

/* Makes the tables in a new file; in a transaction of the caller. */
int sc_schema_create(struct sc_db *db, struct sc_error *err) SC_NODISCARD;

/* Which tables the file has, and which format it says it is: a newer one with the tables of the
 * newest that this program knows is let through. FORMAT: no vault. UNSUPPORTED: other tables of a
 * newer format. TAMPERED: the tables differ. */
int sc_schema_check(struct sc_db *db, const struct sc_format **ret, uint32_t *ret_number,
                    struct sc_error *err) SC_NODISCARD;
/* TAMPERED unless the file has exactly the tables of this format. */
int sc_schema_compare(struct sc_db *db, const struct sc_format *format,
                      struct sc_error *err) SC_NODISCARD;
int sc_schema_set_number(struct sc_db *db, uint32_t number, struct sc_error *err) SC_NODISCARD;

/* BLAKE2b-256 of the text of all tables, for the signed state. */
void sc_schema_hash(const struct sc_format *format, unsigned char out[SC_KEY_SIZE]);

#endif
