/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed bytes of many records, in the order in which they are stored: the quick way through the
 * file, where each page is read once and few are looked up.
 */
#ifndef SC_VAULT_STORE_BLOBS_H
#define SC_VAULT_STORE_BLOBS_H

#include "vault/store/db.h"

/* Where reading has got to. One at a time in a connection; SC_CLEANUP(sc_blobs_done). */
struct sc_blobs {
    struct sc_stmt *stmt;
    int64_t at; /* 0: nowhere yet */
};

int sc_blobs_begin(struct sc_db *db, struct sc_blobs *ret, struct sc_error *err) SC_NODISCARD;
/* Ids must grow from call to call. *ret is NULL where there is no such one; else borrowed until the
 * next call. */
int sc_blobs_read(struct sc_blobs *blobs, int64_t id, struct sc_bytes *ret,
                  struct sc_error *err) SC_NODISCARD;
void sc_blobs_done(struct sc_blobs *blobs);

#endif
