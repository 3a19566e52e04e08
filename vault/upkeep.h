/* SPDX-License-Identifier: Apache-2.0
 *
 * What an administrator does with a vault now and then: compacting it, and cutting bundles out of
 * it. The handle and its errors are those of vault/vault.h.
 */
#ifndef SC_VAULT_UPKEEP_H
#define SC_VAULT_UPKEEP_H

#include "vault/vault.h"

/* ---- bundles: some scopes in a file of their own, opened like a vault, for reading only ---- */

struct sc_vault_bundle {
    const struct sc_strv *scopes;
    int64_t until; /* good until then; 0: without end */
    bool history;  /* with old versions, not only their hashes */
};
/* Appends the bundle; it opens with the identities that have a grant on its scopes. NOTFOUND. */
int sc_vault_bundle(struct sc_vault *vault, const struct sc_vault_bundle *how, struct sc_buf *ret,
                    struct sc_error *err) SC_NODISCARD;
/* Whether the file at this path is one. */
bool sc_vault_is_bundle(const char *path);

/* ---- compacting ---- */

/* How a vault is written: with a write-ahead log, or portable, with a rollback journal: slower, for
 * file systems that cannot share memory between their users. */
enum sc_vault_storage { SC_VAULT_STORAGE_KEEP, SC_VAULT_STORAGE_USUAL, SC_VAULT_STORAGE_PORTABLE };

/* As sc_vault_create(), portable. */
int sc_vault_create_portable(const char *path, const struct sc_slot_new *slot,
                             struct sc_vault **ret, struct sc_error *err) SC_NODISCARD;

struct sc_vault_compact {
    uint64_t keep;       /* versions of an entry that stay in any case, newest first; 0: all */
    int64_t made_before; /* of the others go only those made before this time; 0: all of them */
    bool dry_run;        /* only count */
    const char *reason;  /* for the log */
    enum sc_vault_storage storage;
};
struct sc_vault_compacted {
    uint64_t versions, entries; /* that went, and of how many entries */
    uint64_t bytes_before, bytes_after;
};
/* Deletes old versions (none with keep and made_before both 0), shrinks the trees, and writes the
 * file anew without free pages. The newest version of an entry always stays. BUSY with the versions
 * deleted, but the file as large as it was, when somebody reads it all the time. Not in a batch. */
int sc_vault_compact(struct sc_vault *vault, const struct sc_vault_compact *how,
                     struct sc_vault_compacted *ret, struct sc_error *err) SC_NODISCARD;

/* ---- a vault of an older format ---- */

/* Opens it for sc_vault_upgrade(), and for nothing else if it is older. */
int sc_vault_open_old(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err) SC_NODISCARD;

struct sc_vault_upgraded {
    uint32_t from, to; /* the same: nothing was to be done */
    char *copy;        /* malloc'd path of the copy of the old one, or NULL */
};
/* Brings an unlocked vault to the newest format: a copy "PATH.v<format>.<state>.bak" first, then
 * one transaction, then the whole is verified; if that fails the copy is put back. */
int sc_vault_upgrade(struct sc_vault *vault, struct sc_vault_upgraded *ret,
                     struct sc_error *err) SC_NODISCARD;

#endif
