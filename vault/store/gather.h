/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes to SQLite's log that follow each other, handed on as one: SQLite writes the head of each
 * page and the page by itself, which makes 24 system calls of a change of 12 pages.
 *
 * What is held back is handed on with the last page of a commit, and before anything else is done
 * with the file: nobody sees that it was held back, and a failure is still that of a write. Only
 * whole pages with their heads are held, so what is held is never part of a commit that has ended:
 * it is of a transaction that goes on, or was undone. Then it must be forgotten before another
 * process may write there.
 */
#ifndef SC_VAULT_STORE_GATHER_H
#define SC_VAULT_STORE_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "vault/store/sqlite.h"

/* The zero value holds nothing. */
struct sc_gather {
    unsigned char *bytes; /* NULL until something is held */
    size_t len;
    sqlite3_int64 at; /* where they belong */
    bool page_next;   /* the head of a page came last */
    bool last;        /* that page ends a commit */
};

/* Returns SQLite's codes. Without memory it writes at once. */
int sc_gather_write(struct sc_gather *gather, sqlite3_file *file, const void *bytes, int len,
                    sqlite3_int64 at);
int sc_gather_hand_on(struct sc_gather *gather, sqlite3_file *file);

/* Forgets what is held; and gives the memory back, too. */
void sc_gather_forget(struct sc_gather *gather);
void sc_gather_done(struct sc_gather *gather);

#endif
