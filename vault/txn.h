/* SPDX-License-Identifier: Apache-2.0
 *
 * A writing transaction: what is between sc_vault_begin() and sc_vault_commit(), with the notes for
 * the audit log and the places whose hashes change.
 */
#ifndef SC_VAULT_TXN_H
#define SC_VAULT_TXN_H

#include "vault/handle.h"
#include "vault/scope/scope.h"

/* Rows are verified, SQLite's pages are not: made by somebody without a key, they may say the
 * signed rows before a write and, by it, others after it. So before anything is signed, the rows
 * that stand in the changed buckets must come to what was verified there and what was done to it.
 * What writes a whole scope anew, or changes slots or grants, looks at the structure of all pages
 * first.
 */
struct sc_tree_row;
struct sc_place;

/* Adds a row that was read to a tally. Nothing outside a transaction. */
void sc_txn_count(const struct sc_vault *vault, const struct sc_scope *scope,
                  const struct sc_tree_row *row, struct sc_tally *to);
/* TAMPERED: what was read after writing is not what was written. */
int sc_txn_fail(struct sc_error *err) SC_NODISCARD;
/* SQLite's own check of the whole file, once in a transaction. TAMPERED. */
int sc_txn_check_structure(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
/* A row with this hash was written, or is about to go, in a bucket that was announced. */
enum sc_txn_change { SC_TXN_COMES, SC_TXN_GOES };
void sc_txn_changes(struct sc_vault *vault, const struct sc_place *place,
                    const unsigned char hash[SC_KEY_SIZE], enum sc_txn_change change);

/* Announces a change of the rows under idx, before it happens: verifies what stands there now. */
int sc_txn_touch(struct sc_vault *vault, struct sc_scope *scope,
                 const unsigned char idx[SC_KEY_SIZE], struct sc_error *err) SC_NODISCARD;
/* Whether that was announced already in this transaction: its rows are ours, not yet in the tree.
 */
bool sc_txn_has_touched(const struct sc_vault *vault, const struct sc_scope *scope,
                        const unsigned char idx[SC_KEY_SIZE]);

/* The whole scope is about to be written anew: verifies all of it, and rebuilds its tree at commit.
 */
int sc_txn_touch_all(struct sc_vault *vault, struct sc_scope *scope,
                     struct sc_error *err) SC_NODISCARD;

/* Announces a change of the key slots or the grants: verifies them. */
int sc_txn_touch_slots(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
int sc_txn_touch_grants(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* A line for the audit log: what was done ("add"), to which entry or scope, and why (or NULL). */
int sc_txn_note(struct sc_vault *vault, const char *op, const char *name, const char *reason,
                struct sc_error *err) SC_NODISCARD;
/* The root key changes with this transaction: keeps the old audit key for the rows before it. */
int sc_txn_note_audit_key(struct sc_vault *vault, const unsigned char old[SC_KEY_SIZE],
                          struct sc_error *err) SC_NODISCARD;

/* Begins unless a batch is open; *ret_own tells whether sc_txn_end() has to finish it. */
int sc_txn_join(struct sc_vault *vault, bool *ret_own, struct sc_error *err) SC_NODISCARD;

/* With rc 0 and `own` commits; with a failure rolls an own transaction back. Returns the outcome.
 */
int sc_txn_end(struct sc_vault *vault, bool own, int rc, struct sc_error *err) SC_NODISCARD;

#endif
