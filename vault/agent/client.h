/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking the agent: a process of the same user that holds the identities of unlocked vaults in
 * locked memory, behind a 0600 socket in a 0700 directory.
 *
 * Its place: $XDG_RUNTIME_DIR/secretsctl-agent/agent.sock, for root without that variable
 * /run/secretsctl-agent/agent.sock (not below /run/secretsctl, where entries are mounted).
 * Both sides refuse a peer of another user. Threads: any.
 */
#ifndef SC_VAULT_AGENT_CLIENT_H
#define SC_VAULT_AGENT_CLIENT_H

#include "vault/agent/wire.h"

/* Malloc'd path of the socket; NULL with UNSUPPORTED where there is no place for one. */
char *sc_agent_path(struct sc_error *err) SC_NODISCARD;

/* All of these: NOTFOUND when no agent answers at `path`, PERM when it belongs to somebody else. */

/* The identity that opens this vault; NOTFOUND also when the agent does not hold it. */
int sc_agent_get(const char *path, const unsigned char id[SC_AGENT_ID_SIZE], struct sc_secret *ret,
                 struct sc_error *err) SC_NODISCARD;

/* Gives it one, for so many seconds at most (0 = as long as the agent allows). */
int sc_agent_put(const char *path, const unsigned char id[SC_AGENT_ID_SIZE],
                 const struct sc_secret *identity, uint32_t seconds,
                 struct sc_error *err) SC_NODISCARD;

/* Makes it forget one vault, or all with id NULL. Not held is no failure. */
int sc_agent_lock(const char *path, const unsigned char *id, struct sc_error *err) SC_NODISCARD;

/* The value that is wanted, with the state it was verified against; `message` holds it, and
 * ret->value borrows from there. UNSUPPORTED: the agent does not answer this, the caller has to
 * open the vault. */
int sc_agent_read(const char *path, const struct sc_agent_wanted *wanted, struct sc_secret *message,
                  struct sc_agent_value *ret, struct sc_error *err) SC_NODISCARD;

struct sc_agent_list {
    struct sc_agent_held items[SC_AGENT_VAULTS_MAX];
    size_t count;
};
int sc_agent_list(const char *path, struct sc_agent_list *ret, struct sc_error *err) SC_NODISCARD;

#endif
