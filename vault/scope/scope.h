/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes: the part of a name before its last slash, with a random key of its own. The name is
 * sealed under the root key; whoever holds a grant only knows the scopes granted to them.
 */
#ifndef SC_VAULT_SCOPE_SCOPE_H
#define SC_VAULT_SCOPE_SCOPE_H

#include "vault/handle.h"

/* Scopes of one vault, at most. */
#define SC_SCOPES_MAX 65536

/* Reads all scopes into the handle, in order of uid; those of an unchanged epoch keep their keys.
 */
int sc_scope_load(struct sc_vault *vault, struct sc_error *err) SC_NODISCARD;
void sc_scope_unload(struct sc_vault *vault);

/* The scope of an entry's full name, with its keys. NOTFOUND, LOCKED. */
int sc_scope_find(struct sc_vault *vault, const char *entry, struct sc_scope **ret,
                  struct sc_error *err) SC_NODISCARD;
/* The same by the scope's own name; *ret is NULL where there is none. */
struct sc_scope *sc_scope_by_name(struct sc_vault *vault, const char *name, size_t len);
/* By its number in the file; NULL where there is none. */
struct sc_scope *sc_scope_by_id(struct sc_vault *vault, int64_t id);

/* Derives the keys if they are not there yet. LOCKED when nothing opens this scope. */
int sc_scope_open(struct sc_vault *vault, struct sc_scope *scope,
                  struct sc_error *err) SC_NODISCARD;

/* Finds or, in a transaction, makes the scope of an entry's full name. */
int sc_scope_ensure(struct sc_vault *vault, const char *entry, struct sc_scope **ret,
                    struct sc_error *err) SC_NODISCARD;

/* The keyed index of a leaf name. */
void sc_scope_index(const struct sc_scope *scope, const char *leaf, unsigned char idx[SC_KEY_SIZE]);

/* Gives a scope a fresh key and the next epoch, in a transaction; its rows are the caller's
 * business. The old keys are handed over (free with sc_arena_free()). */
int sc_scope_renew(struct sc_vault *vault, struct sc_scope *scope, struct sc_scope_keys **ret_old,
                   struct sc_error *err) SC_NODISCARD;

/* Writes name and key of a scope again under the root keys of the handle. */
int sc_scope_reseal(struct sc_vault *vault, struct sc_scope *scope,
                    struct sc_error *err) SC_NODISCARD;

#endif
