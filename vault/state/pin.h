/* SPDX-License-Identifier: Apache-2.0
 *
 * Pins: what this user has seen of a vault, kept outside of it, so that an older copy put back is
 * noticed. $XDG_STATE_HOME/secretsctl/pins/<vault id> (else ~/.local/state, for root
 * /var/lib/secretsctl/state), a few lines of text; docs/FORMAT.md.
 *
 * Where nothing can be kept (CI), SECRETSCTL_VAULT_KEY gives the verify key; how old a state may be
 * is the caller's demand.
 */
#ifndef SC_VAULT_STATE_PIN_H
#define SC_VAULT_STATE_PIN_H

#include "vault/state/state.h"

#define SC_PIN_HEX_SIZE (2 * SC_KEY_SIZE + 1)

struct sc_pin {
    bool known;
    uint64_t seq;
    char key[SC_PIN_HEX_SIZE];
    char hash[SC_PIN_HEX_SIZE];
};

/* FORMAT. */
int sc_pin_parse(const char *text, struct sc_pin *ret) SC_NODISCARD;

/* Compares a state whose signature fits with what was seen before. ROLLBACK: older, or another
 * history; TAMPERED: another verify key. */
int sc_pin_check(struct sc_vault *vault, const struct sc_state *state,
                 struct sc_error *err) SC_NODISCARD;

/* Whether exactly this state is what was seen last. */
bool sc_pin_is_at(const unsigned char vault_id[SC_STATE_ID_SIZE],
                  const unsigned char verify_key[SC_KEY_SIZE], uint64_t seq,
                  const unsigned char hash[SC_KEY_SIZE]);

/* Whether the environment says what to accept: a pipeline that keeps no pins. */
bool sc_pin_is_given(void);

/* Remembers the handle's state, if it is newer than the pin; with `force` in any case. Durable. */
int sc_pin_update(struct sc_vault *vault, bool force, struct sc_error *err) SC_NODISCARD;

#endif
