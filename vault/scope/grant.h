/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants: the key of one scope, sealed to an age recipient. Who holds a grant reads that scope and
 * nothing else, and cannot write: the signing key is not in it.
 */
#ifndef SC_VAULT_SCOPE_GRANT_H
#define SC_VAULT_SCOPE_GRANT_H

#include "vault/handle.h"
#include "vault/slot/meta.h"

#define SC_GRANT_HINT_SIZE 8
/* Grants of one vault, at most. */
#define SC_GRANTS_MAX 65536

struct sc_grant {
    int64_t scope_id;
    unsigned char hint[SC_GRANT_HINT_SIZE];
    int64_t n;
    struct sc_key_meta_opened meta; /* with the recipient's public key */
};

struct sc_grants {
    struct sc_grant *items;
    size_t count, cap;
};

/* Reads the grants of a scope, or of all (NULL), opening their labels: needs the root keys. */
int sc_grants_load(struct sc_vault *vault, const struct sc_scope *scope, struct sc_grants *ret,
                   struct sc_error *err) SC_NODISCARD;
void sc_grants_done(struct sc_grants *grants);

/* Seals labels and bundles again, under the present root keys, scope keys and verify key. In a
 * transaction that announced the grants. */
int sc_grants_reseal(struct sc_vault *vault, const struct sc_grants *grants,
                     struct sc_error *err) SC_NODISCARD;

/* Opens every grant made to one of these X25519 secret keys (32 bytes each, one after the other)
 * and keeps the scope keys in the handle. BADPASS when there is none. */
int sc_grants_unlock(struct sc_vault *vault, const struct sc_secret *identities,
                     struct sc_error *err) SC_NODISCARD;

/* The same again with the identities that opened the vault, once the grants have changed: those who
 * keep theirs have the new key of the scope in it. Where none is left the handle keeps what it has,
 * which opens nothing new. */
int sc_grants_reopen(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
void sc_grants_forget(struct sc_vault *vault);

#endif
