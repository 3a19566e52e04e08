/* SPDX-License-Identifier: Apache-2.0
 *
 * Key slots: ways to the root bundle. Every slot is an X25519 key pair; the bundle is an age file
 * for its public key. A passphrase or key file protects the slot's secret key only, so the root key
 * can be changed without asking anyone for a passphrase.
 */
#ifndef SC_VAULT_SLOT_SLOT_H
#define SC_VAULT_SLOT_SLOT_H

#include "vault/handle.h"

/* Slots of one vault, at most: each passphrase slot costs a try its whole KDF. */
#define SC_SLOTS_MAX 64
/* Bytes of a slot's age file and of its wrapped key. */
#define SC_SLOT_BLOB_MAX 8192

enum sc_slot_kind {
    SC_SLOT_PASSPHRASE = 1,
    SC_SLOT_KEY_FILE = 2,
    SC_SLOT_BOTH = 3,
    SC_SLOT_RECIPIENT = 4
};

struct sc_slot {
    unsigned char id[SC_UID_SIZE];
    enum sc_slot_kind kind;
    unsigned char pk[SC_KEY_SIZE];
    struct sc_kdf_cost cost; /* ops 0: the kind has none */
    unsigned char salt[SC_KDF_SALT_SIZE];
};

/* The key that protects a slot's secret key. BADPASS when `with` lacks what the kind needs, without
 * running anything; FORMAT for costs outside the limits. `kek` is arena memory. */
int sc_slot_derive(const struct sc_vault *vault, const struct sc_slot *slot,
                   const struct sc_unlock *with, unsigned char kek[SC_KEY_SIZE],
                   struct sc_error *err) SC_NODISCARD;

/* Refuses a cost below the floor (a weakened slot) or above the ceiling (a denial of service). With
 * `any` only what no machine could want. */
int sc_slot_check_cost(struct sc_kdf_cost cost, bool any, struct sc_error *err) SC_NODISCARD;
struct sc_kdf_cost sc_slot_cost(const struct sc_slot_new *slot);

/* The slot's secret key under its KEK, bound to everything in the slot. */
int sc_slot_wrap(const struct sc_vault *vault, const struct sc_slot *slot,
                 const unsigned char kek[SC_KEY_SIZE], const unsigned char sk[SC_KEY_SIZE],
                 struct sc_buf *ret, struct sc_error *err) SC_NODISCARD;
int sc_slot_unwrap(const struct sc_vault *vault, const struct sc_slot *slot,
                   const unsigned char kek[SC_KEY_SIZE], struct sc_bytes wrapped,
                   struct sc_secret *ret_sk, struct sc_error *err) SC_NODISCARD;

/* The key in a key file's text. BADPASS when it is not one of ours. */
int sc_slot_read_key_file(const struct sc_secret *text, unsigned char key[SC_KEY_SIZE],
                          struct sc_error *err) SC_NODISCARD;

/* Adds a slot, in a transaction of an unlocked handle. */
int sc_slot_insert(struct sc_vault *vault, const struct sc_slot_new *slot,
                   unsigned char ret_id[SC_UID_SIZE], struct sc_error *err) SC_NODISCARD;

/* Tries what is offered on every slot, then on the grants. BADPASS when nothing fits. */
int sc_slot_unlock(struct sc_vault *vault, const struct sc_unlock *with,
                   struct sc_error *err) SC_NODISCARD;
/* Takes the present root keys from the slots with what opened the vault before. LOCKED if that slot
 * is gone. */
int sc_slot_reopen(struct sc_vault *vault, uint32_t epoch, struct sc_error *err) SC_NODISCARD;

/* ---- the root bundle ---- */

#define SC_ROOT_BUNDLE_SIZE 112

/* Derives the root keys of a root key and seed that stand in `keys` already. */
void sc_root_derive(struct sc_vault *vault, struct sc_root_keys *keys);
/* Encrypts the bundle of the handle's root keys to a public key. */
int sc_root_seal(const struct sc_vault *vault, const unsigned char pk[SC_KEY_SIZE],
                 struct sc_buf *ret, struct sc_error *err) SC_NODISCARD;
/* Opens one and takes its keys into the handle. BADPASS, TAMPERED. */
int sc_root_open(struct sc_vault *vault, const unsigned char sk[SC_KEY_SIZE],
                 struct sc_bytes sealed, struct sc_error *err) SC_NODISCARD;

#endif
