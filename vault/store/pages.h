/* SPDX-License-Identifier: Apache-2.0
 *
 * A sum in each page of the file. What SQLite keeps is signed row by row, but a page holds more
 * than rows: its header, free space, free pages. The last eight bytes of each page, which SQLite
 * leaves to others, hold a sum of the rest, so that check finds any flipped bit. It guards against
 * decay, not against lies: those are what the signature is for.
 *
 * The sums are written by a layer below SQLite, on the way into the file itself: not into the log,
 * which has sums of its own. Files without room for them (byte 20 of the header is 0) have none.
 */
#ifndef SC_VAULT_STORE_PAGES_H
#define SC_VAULT_STORE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define SC_PAGE_SIZE     4096
#define SC_PAGE_SUM_SIZE 8

struct sqlite3;
struct sc_sqlite;
struct sc_pages;

/* The sum of page `number` (from 1), over all but its last eight bytes. */
void sc_page_sum(uint32_t number, const unsigned char page[SC_PAGE_SIZE],
                 unsigned char out[SC_PAGE_SUM_SIZE]);
bool sc_page_is_whole(uint32_t number, const unsigned char page[SC_PAGE_SIZE]);

/* Makes the layer for one connection, on top of what SQLite uses by default; freed after it was
 * closed. NULL is allowed. The table of functions lives longer. */
int sc_pages_new(const struct sc_sqlite *sqlite, struct sc_pages **ret,
                 struct sc_error *err) SC_NODISCARD;
void sc_pages_freep(struct sc_pages **pages);
/* The name to open the connection with. */
const char *sc_pages_name(const struct sc_pages *pages);

/* SQLite's code of the last read that failed since this was asked last; 0: none did, or NULL. */
int sc_pages_failure(struct sc_pages *pages);

/* Leaves room for the sums in a file that is still empty. */
void sc_pages_reserve(const struct sc_sqlite *sqlite, struct sqlite3 *db);

/* Whether every page's sum is right and the file ends with its last page. The caller is in a read
 * transaction, and no log waits beside the file. TAMPERED, IO. */
int sc_pages_check(const struct sc_sqlite *sqlite, struct sqlite3 *db, const char *path,
                   bool *ret_summed, struct sc_error *err) SC_NODISCARD;

#endif
