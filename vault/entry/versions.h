/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of one entry's history.
 */
#ifndef SC_VAULT_ENTRY_VERSIONS_H
#define SC_VAULT_ENTRY_VERSIONS_H

#include "vault/record.h"

struct sc_version {
    uint64_t number;
    enum sc_record_kind kind; /* value or tombstone */
};

/* Oldest first; *ret_list is malloc'd. */
int sc_versions_of(struct sc_vault *vault, const struct sc_place *name,
                   struct sc_version **ret_list, size_t *ret_count,
                   struct sc_error *err) SC_NODISCARD;

/* Reads one version: kind, time, size and number into info, the value into ret_value (or NULL). */
int sc_version_read(struct sc_vault *vault, const struct sc_place *place,
                    struct sc_entry_info *info, struct sc_secret *ret_value,
                    struct sc_error *err) SC_NODISCARD;

#endif
