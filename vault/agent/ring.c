/* SPDX-License-Identifier: Apache-2.0
 *
 * What an agent holds; see vault/agent/ring.h.
 */
#include "vault/agent/ring.h"

#include <string.h>

#include "core/banned.h"

static struct sc_agent_key *find(const struct sc_agent_ring *ring,
                                 const unsigned char id[SC_AGENT_ID_SIZE])
{
    for (size_t i = 0; i < ring->count; i++) {
        if (memcmp(ring->keys[i].id, id, SC_AGENT_ID_SIZE) == 0)
            return (struct sc_agent_key *)&ring->keys[i];
    }
    return NULL;
}

int sc_agent_ring_put(struct sc_agent_ring *ring, const unsigned char id[SC_AGENT_ID_SIZE],
                      struct sc_bytes identity, int64_t until, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret copy = {0};
    struct sc_agent_key *key = find(ring, id);
    if (key == NULL && ring->count == SC_AGENT_VAULTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the agent holds %d vaults already", SC_AGENT_VAULTS_MAX);
    int rc = sc_secret_append(&copy, identity.ptr, identity.len, err);
    if (rc < 0)
        return rc;
    if (key == NULL) {
        key = &ring->keys[ring->count++];
        memcpy(key->id, id, SC_AGENT_ID_SIZE);
    }
    key->until = until;
    sc_secret_move(&key->identity, &copy);
    return 0;
}

const struct sc_agent_key *sc_agent_ring_get(const struct sc_agent_ring *ring,
                                             const unsigned char id[SC_AGENT_ID_SIZE])
{
    return find(ring, id);
}

static void drop(struct sc_agent_ring *ring, struct sc_agent_key *key)
{
    struct sc_agent_key *last = &ring->keys[--ring->count];
    sc_secret_done(&key->identity);
    if (key != last) {
        *key = *last;
        *last = (struct sc_agent_key){0};
    }
}

bool sc_agent_ring_remove(struct sc_agent_ring *ring, const unsigned char id[SC_AGENT_ID_SIZE])
{
    struct sc_agent_key *key = find(ring, id);
    if (key != NULL)
        drop(ring, key);
    return key != NULL;
}

void sc_agent_ring_expire(struct sc_agent_ring *ring, int64_t now)
{
    for (size_t i = ring->count; i-- > 0;) {
        if (ring->keys[i].until <= now)
            drop(ring, &ring->keys[i]);
    }
}

int64_t sc_agent_ring_next(const struct sc_agent_ring *ring)
{
    int64_t next = -1;
    for (size_t i = 0; i < ring->count; i++) {
        if (next < 0 || ring->keys[i].until < next)
            next = ring->keys[i].until;
    }
    return next;
}

void sc_agent_ring_clear(struct sc_agent_ring *ring)
{
    while (ring->count > 0)
        drop(ring, &ring->keys[ring->count - 1]);
}
