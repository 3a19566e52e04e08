/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed state of a vault.
 */
#ifndef SC_VAULT_STATE_STATE_H
#define SC_VAULT_STATE_STATE_H

#include "vault/crypto.h"

struct sc_state {
    uint64_t seq; /* 0: not read yet */
    unsigned char hash[SC_KEY_SIZE];
};

#endif
