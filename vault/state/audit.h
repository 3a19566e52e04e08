/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit log: a row for each change, chained by hashes whose head is in the signed state.
 * Anybody can see that nothing was cut out or rewritten; what was done, by whom and why is sealed.
 */
#ifndef SC_VAULT_STATE_AUDIT_H
#define SC_VAULT_STATE_AUDIT_H

#include "vault/state/state.h"
#include "vault/vault.h"

/* Fields of a row's record; docs/FORMAT.md. An operation is OP and then what belongs to it. */
enum sc_audit_tag {
    SC_AUDIT_TIME = 1,
    SC_AUDIT_SLOT = 2,
    SC_AUDIT_HOST = 3,
    SC_AUDIT_UID = 4,
    SC_AUDIT_PREVIOUS_KEY = 5, /* the key of all older rows, after the root key was changed */
    SC_AUDIT_OP = 10,
    SC_AUDIT_NAME = 11,
    SC_AUDIT_REASON = 12
};

/* Appends the row of the state that comes next; `operations` is a list of fields. In a transaction.
 */
int sc_audit_append(struct sc_vault *vault, struct sc_bytes operations,
                    struct sc_state_change *change, struct sc_error *err) SC_NODISCARD;

/* Verifies the chain from row `from` to the head in `state`. ret_before (or NULL) is the hash of
 * the state before row `from`. */
int sc_audit_verify(struct sc_vault *vault, const struct sc_state *state, uint64_t from,
                    unsigned char ret_before[SC_KEY_SIZE], struct sc_error *err) SC_NODISCARD;

/* Whether a transaction is in the log: the answer after a commit that failed half-way. */
int sc_audit_has_txn(struct sc_db *db, const unsigned char txn[SC_STATE_ID_SIZE], bool *ret,
                     struct sc_error *err) SC_NODISCARD;

/* A place in the log: the state that a change has made. */
struct sc_audit_mark {
    uint64_t seq;
    unsigned char state[32]; /* its hash */
};

/* Calls fn for each operation since the mark, newest first, after verifying them; then the mark is
 * the present state. *ret_known false: fn was not called, since the mark is none of this vault's
 * past, too far back, or the log cannot be read with these keys. LOCKED without any. */
int sc_audit_since(struct sc_vault *vault, struct sc_audit_mark *mark, bool *ret_known,
                   sc_log_fn fn, void *ctx, struct sc_error *err) SC_NODISCARD;

#endif
