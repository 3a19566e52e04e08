/* SPDX-License-Identifier: Apache-2.0
 *
 * A fresh key for a scope: every record is sealed anew, every index changes, the grants are
 * renewed.
 */
#ifndef SC_VAULT_SCOPE_REKEY_H
#define SC_VAULT_SCOPE_REKEY_H

#include "vault/handle.h"

/* In a transaction that announced the grants. With `exposed` every live secret is marked as known
 * to somebody who should not know it any more. */
int sc_scope_rekey(struct sc_vault *vault, struct sc_scope *scope, bool exposed,
                   struct sc_error *err) SC_NODISCARD;

#endif
