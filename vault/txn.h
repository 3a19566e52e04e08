/* SPDX-License-Identifier: Apache-2.0
 *
 * A writing transaction: what is between sc_vault_begin() and sc_vault_commit(), with the notes for
 * the audit log and the places whose hashes change.
 */
#ifndef SC_VAULT_TXN_H
#define SC_VAULT_TXN_H

#include "vault/handle.h"
#include "vault/scope/scope.h"

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
