/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as those see it who hand values out: without what the program keeps there for itself
 * (the originals of rewritten files).
 */
#ifndef SC_CLI_PROVISION_VISIBLE_H
#define SC_CLI_PROVISION_VISIBLE_H

#include "vault/vault.h"

struct sc_visible {
    struct sc_source inner;
};

/* A source over an unlocked vault; both are borrowed and outlive it. */
struct sc_source sc_visible_source(struct sc_visible *visible, struct sc_vault *vault);

#endif
