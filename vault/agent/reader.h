/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a value for a command, so that it need not open the vault itself.
 *
 * The vault that was read last stays open, with its keys, as long as commands keep coming and the
 * agent holds its identity. Each read verifies what any reader verifies; the answer says against
 * which state, and the command accepts it only if that is the one that it has pinned. Whatever is
 * not a plain success is left to the command. Threads: one.
 */
#ifndef SC_VAULT_AGENT_READER_H
#define SC_VAULT_AGENT_READER_H

#include <sys/stat.h>

#include "vault/agent/ring.h"
#include "vault/vault.h"

/* The zero value is closed. */
struct sc_agent_reader {
    struct sc_vault *vault;
    unsigned char id[SC_AGENT_ID_SIZE];
    char *path;
    struct stat file;
    int64_t until; /* seconds of the caller's clock */
};

/* Appends the value and its state to ret: OK, or ELSEWHERE. */
enum sc_agent_status sc_agent_reader_read(struct sc_agent_reader *reader,
                                          const struct sc_agent_ring *ring,
                                          const struct sc_agent_wanted *wanted, int64_t now,
                                          struct sc_secret *ret);

/* Closes what was not read for a while, and what the ring does not hold any more. */
void sc_agent_reader_expire(struct sc_agent_reader *reader, const struct sc_agent_ring *ring,
                            int64_t now);

void sc_agent_reader_close(struct sc_agent_reader *reader);

#endif
