/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered about a slot or a grant: its label and when it was made, sealed under the
 * root.
 */
#ifndef SC_VAULT_SLOT_META_H
#define SC_VAULT_SLOT_META_H

#include "vault/handle.h"

/* Bytes of a label with its NUL. */
#define SC_LABEL_SIZE SC_KEY_LABEL_SIZE

struct sc_key_meta {
    int64_t created;
    const char *label;       /* NULL: none */
    const unsigned char *pk; /* of a grant's recipient; NULL for a slot */
};

/* `what` is "slot-meta" or "grant-meta"; `id` is SC_UID_SIZE bytes. Appends to ret. */
int sc_key_meta_seal(const struct sc_vault *vault, const char *what,
                     const unsigned char id[SC_UID_SIZE], const struct sc_key_meta *meta,
                     struct sc_buf *ret, struct sc_error *err) SC_NODISCARD;

struct sc_key_meta_opened {
    int64_t created;
    char label[SC_LABEL_SIZE];
    unsigned char pk[SC_KEY_SIZE];
};
int sc_key_meta_open(const struct sc_vault *vault, const char *what,
                     const unsigned char id[SC_UID_SIZE], struct sc_bytes sealed,
                     struct sc_key_meta_opened *ret, struct sc_error *err) SC_NODISCARD;

#endif
