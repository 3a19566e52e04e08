/* SPDX-License-Identifier: Apache-2.0
 *
 * What a grant seals: scope key, scope name and the verify key; and helpers that belong to grants.
 */
#ifndef SC_VAULT_SCOPE_BUNDLE_H
#define SC_VAULT_SCOPE_BUNDLE_H

#include "vault/scope/grant.h"

/* Bytes of a bundle, and of a grant's age file or label. */
#define SC_SCOPE_BUNDLE_MAX ((size_t)120 + SC_NAME_SIZE)
#define SC_GRANT_BLOB_MAX   8192

/* An age file of the scope's bundle for one recipient; the scope's keys must be open. */
int sc_scope_bundle_seal(const struct sc_vault *vault, const struct sc_scope *scope,
                         const unsigned char pk[SC_KEY_SIZE], struct sc_buf *ret,
                         struct sc_error *err) SC_NODISCARD;

/* Fills all but the key. FORMAT, or TAMPERED for one of another vault. */
int sc_scope_bundle_parse(const struct sc_vault *vault, struct sc_bytes bundle,
                          struct sc_granted *ret, struct sc_error *err) SC_NODISCARD;
/* The scope key in a bundle that was parsed; borrowed. */
const unsigned char *sc_scope_bundle_key(struct sc_bytes bundle);

void sc_grant_hint(const struct sc_vault *vault, const unsigned char pk[SC_KEY_SIZE],
                   unsigned char hint[SC_GRANT_HINT_SIZE]);
int sc_grant_meta_seal(struct sc_vault *vault, const struct sc_scope *scope,
                       const struct sc_grant *grant, struct sc_buf *ret,
                       struct sc_error *err) SC_NODISCARD;

#endif
