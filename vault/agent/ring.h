/* SPDX-License-Identifier: Apache-2.0
 *
 * What an agent holds: for each vault the identity that opens it, in locked memory, until its time
 * is over. No clocks and no I/O in here: the time comes from the caller. Threads: one.
 */
#ifndef SC_VAULT_AGENT_RING_H
#define SC_VAULT_AGENT_RING_H

#include "vault/agent/wire.h"

struct sc_agent_key {
    unsigned char id[SC_AGENT_ID_SIZE];
    int64_t until; /* seconds of the caller's clock */
    struct sc_secret identity;
};

/* The zero value is empty. */
struct sc_agent_ring {
    struct sc_agent_key keys[SC_AGENT_VAULTS_MAX];
    size_t count;
};

/* Adds or replaces. TOOBIG when there is no room. */
int sc_agent_ring_put(struct sc_agent_ring *ring, const unsigned char id[SC_AGENT_ID_SIZE],
                      struct sc_bytes identity, int64_t until, struct sc_error *err) SC_NODISCARD;

/* Borrowed; NULL if it is not held. */
const struct sc_agent_key *sc_agent_ring_get(const struct sc_agent_ring *ring,
                                             const unsigned char id[SC_AGENT_ID_SIZE]);

/* False if it was not held. */
bool sc_agent_ring_remove(struct sc_agent_ring *ring, const unsigned char id[SC_AGENT_ID_SIZE]);

/* Wipes what is over at `now`. */
void sc_agent_ring_expire(struct sc_agent_ring *ring, int64_t now);

/* When the next one is over, or -1. */
int64_t sc_agent_ring_next(const struct sc_agent_ring *ring);

/* Wipes everything. */
void sc_agent_ring_clear(struct sc_agent_ring *ring);

#endif
