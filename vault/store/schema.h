/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a vault. A vault holds exactly these, text for text: a trigger, a view or a changed
 * column in a file that came from elsewhere makes it refused before anything in it is used.
 */
#ifndef SC_VAULT_STORE_SCHEMA_H
#define SC_VAULT_STORE_SCHEMA_H

#include "vault/crypto.h"
#include "vault/store/db.h"

/* The format this program writes, and the PRAGMA user_version of its files. */
#define SC_FORMAT_VERSION 1

/* Makes the tables in a new file; in a transaction of the caller. */
int sc_schema_create(struct sc_db *db, struct sc_error *err) SC_NODISCARD;

/* FORMAT: no vault, or one of a newer format. TAMPERED: the tables differ. */
int sc_schema_check(struct sc_db *db, struct sc_error *err) SC_NODISCARD;

/* BLAKE2b-256 of the text of all tables, for the signed state. */
void sc_schema_hash(unsigned char out[SC_KEY_SIZE]);

#endif
