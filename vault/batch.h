/* SPDX-License-Identifier: Apache-2.0
 *
 * Many records at once: checked, opened or sealed by as many threads as there are processors, and
 * handed over in the order in which they were added.
 *
 * Only cryptography runs in the threads; SQLite, and all that is handed over, stays with the
 * caller's, who reads on meanwhile: half of a batch is filled while the other is worked on. What is
 * opened lies in locked memory, SC_BATCH_BYTES of it or one record for each half.
 *
 * Ownership: a batch owns what it holds, and the threads; declare it with
 * SC_CLEANUP(sc_batch_done). Keys and numbers of the vault and the scopes of the items must stay as
 * they are until sc_batch_finish(). Threads: the caller's is one and the same.
 */
#ifndef SC_VAULT_BATCH_H
#define SC_VAULT_BATCH_H

#include "vault/record.h"

/* Records, and sealed bytes of them, in a half. */
#define SC_BATCH_RECORDS ((size_t)512)
#define SC_BATCH_BYTES   ((size_t)128 * 1024)

enum sc_batch_work {
    SC_BATCH_CHECK, /* sealed bytes against the item's hash */
    SC_BATCH_OPEN,  /* the same, and opened: the content is handed over */
    SC_BATCH_SEAL   /* content sealed: the sealed bytes are handed over, their hash in the item */
};

struct sc_batch_item {
    struct sc_place place;
    unsigned char hash[SC_KEY_SIZE];
    size_t tag; /* the caller's */
};

/* Sees one item after the other. What it is shown is borrowed until it returns. */
typedef int (*sc_batch_fn)(const struct sc_batch_item *item, struct sc_bytes result, void *ctx,
                           struct sc_error *err);

/* The first four fields are set by the caller, the others private. */
struct sc_batch {
    const struct sc_vault *vault;
    enum sc_batch_work work;
    sc_batch_fn each; /* or NULL */
    void *ctx;
    struct sc_batch_state *state; /* both halves, and the threads */
    unsigned filling;             /* which half; the other one is worked on, or empty */
};

/* Takes a copy of item and bytes. Fails also with what was wrong with an item before, or what
 * `each` said of it: the first of them in their order, and nothing is handed over after it. */
int sc_batch_add(struct sc_batch *batch, const struct sc_batch_item *item, struct sc_bytes bytes,
                 struct sc_error *err) SC_NODISCARD;

/* Hands over the rest. */
int sc_batch_finish(struct sc_batch *batch, struct sc_error *err) SC_NODISCARD;

void sc_batch_done(struct sc_batch *batch);

#endif
