/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed state: one record that says what the whole vault is. It holds the hashes of the slots,
 * the grants and every scope's tree, the head of the audit log and a number that only grows; a
 * writer signs it in the transaction that changes anything. Who holds the verify key can check all
 * of it.
 *
 * Rule: verify before you sign. A writer that signed what it had not verified would launder a
 * change made by somebody else.
 */
#ifndef SC_VAULT_STATE_STATE_H
#define SC_VAULT_STATE_STATE_H

#include "vault/crypto.h"
#include "vault/store/db.h"

#define SC_STATE_ID_SIZE 16
#define SC_STATE_SIZE    304
/* Where the vault's id stands in the record. */
#define SC_STATE_VAULT_AT 4

struct sc_vault;

struct sc_state {
    uint32_t format;
    uint64_t seq; /* 0: none read or written yet */
    unsigned char prev[SC_KEY_SIZE];
    int64_t time;
    unsigned char writer[SC_STATE_ID_SIZE]; /* slot */
    unsigned char txn[SC_STATE_ID_SIZE];
    uint32_t root_epoch;
    unsigned char vault_hash[SC_KEY_SIZE];
    unsigned char slots_hash[SC_KEY_SIZE];
    unsigned char grants_hash[SC_KEY_SIZE];
    unsigned char scopes_hash[SC_KEY_SIZE];
    uint64_t audit_len;
    unsigned char audit_head[SC_KEY_SIZE];
    unsigned char schema_hash[SC_KEY_SIZE];
    /* Not in the record: */
    unsigned char hash[SC_KEY_SIZE]; /* of the record */
    unsigned char sig[SC_SIGNATURE_SIZE];
};

/* The record's bytes, and back. FORMAT. */
void sc_state_encode(const struct sc_state *state, const unsigned char vault_id[SC_STATE_ID_SIZE],
                     unsigned char out[SC_STATE_SIZE]);
int sc_state_decode(struct sc_bytes body, const unsigned char vault_id[SC_STATE_ID_SIZE],
                    struct sc_state *ret, struct sc_error *err) SC_NODISCARD;

/* TAMPERED unless the vault's key signed this record. */
int sc_state_verify(const struct sc_vault *vault, struct sc_bytes body,
                    const unsigned char sig[SC_SIGNATURE_SIZE], struct sc_error *err) SC_NODISCARD;

/* Reads the state of the present snapshot; when it is another one than the handle has, verifies the
 * signature, the tables it covers and the pin, and renews the scopes. TAMPERED, ROLLBACK. */
int sc_state_refresh(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

/* Signs the next state with what the tables hold now, and stores it; in a transaction. `slots` and
 * `grants` tell which tables changed. */
struct sc_state_change {
    bool slots, grants;
    unsigned char txn[SC_STATE_ID_SIZE];
    unsigned char audit_head[SC_KEY_SIZE];
};
int sc_state_advance(struct sc_vault *vault, const struct sc_state_change *change,
                     struct sc_error *err) SC_NODISCARD;

/* Whether the slots and grants in the file are the signed ones. TAMPERED. */
int sc_state_check_slots(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
int sc_state_check_grants(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;

#endif
